"""Home and global search."""

import datetime as dt

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from accounts.request import Request
from core.calendar import calendar_warning, today
from core.parameters import takes
from core.text import clean_text
from desk import selectors
from process.shapes import Cell, Row


def home(request: Request) -> HttpResponse:
    """The first page: it stands at once, and fetches what waits for me."""
    return render(request, "desk/home.html", {"title": _("Home")})


def work(request: Request) -> HttpResponse:
    """The inbox, my numbers and what I was told, as a fragment of the first page."""
    day = today()
    context = {
        # Due days in the weeks ahead may rest on a calendar that is only assumed.
        "calendar_warning": calendar_warning(day, day + dt.timedelta(days=60)),
        "groups": selectors.inbox(request.user),
        "stats": selectors.numbers(request.user),
        "notices": selectors.recent_notices(request.user),
    }
    return render(request, "desk/_work.html", context)


@takes("q")
def search(request: Request) -> HttpResponse:
    """Everything the person may see that contains the words."""
    text = clean_text(request.GET.get("q", ""))[:100].strip()
    groups = []
    for outlet, records in selectors.find(request.user, text) if text else []:
        rows = [
            Row(
                [Cell(record.title, sub=record.code), Cell(record.state_label, badge=record.state_colour)],
                url=record.get_absolute_url(),
            )
            for record in records
        ]
        groups.append(
            {"title": outlet.model._meta.verbose_name_plural, "rows": rows, "url": f"{outlet.url('list')}?q={text}"}
        )
    return render(request, "desk/search.html", {"title": _("Search"), "q": text, "groups": groups})
