"""The book of a deal: the four costings, the ledger behind them, the forecast, explanations."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import BadRequest, PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.actor import Actor
from accounts.models import User
from accounts.request import Request
from core.errors import DomainError, NotAllowed
from core.idempotency import new_key
from core.money import format_money
from core.paging import Keyset, capped_count, page
from core.parameters import refuse_unknown
from core.search import search
from core.text import clean_text
from finance import rows, selectors
from finance.forms import ExplainForm, ForecastLineForm
from finance.models import CostBook, CostSheet, LedgerEntry, VarianceAlert
from finance.services import alerts as alert_services
from finance.services import book as book_services
from process import access, show
from process.shapes import Action, Cell, Column, Lines, Row, Table
from process.views.forms import actor_of, cleaned_lines, done, formsets, once, problem, shown_formsets, status_of

PAGE_SIZE = 50


def _book(request: Request, pk: int) -> CostBook:
    """The book, or 404 where the person may not know of it, or 403 without the right to cost."""
    found = get_object_or_404(CostBook.objects.visible_to(request.user).select_related("owner"), pk=pk)
    if not request.user.has_right("see_cost"):
        raise PermissionDenied
    return found


def _pages(request: Request, found: Any) -> dict[str, str]:
    urls = {}
    for name, cursor in (("next_url", found.next_cursor), ("previous_url", found.previous_cursor)):
        params = request.GET.copy()
        if cursor:
            params["cursor"] = cursor
        urls[name] = f"?{params.urlencode()}" if cursor else ""
    return urls


def books(request: Request) -> HttpResponse:
    """All books with their costings side by side."""
    if not request.user.has_right("see_cost"):
        raise PermissionDenied
    refuse_unknown(request, ("q", "cursor", "frozen"))
    queryset: Any = CostBook.objects.visible_to(request.user).select_related("owner")
    if request.GET.get("frozen"):
        queryset = queryset.filter(is_frozen=True)
    text = clean_text(request.GET.get("q", ""))[:100]
    if text.strip():
        queryset = search(queryset, "search_text", text, weighed=True)
    found = page(queryset, keyset=Keyset(("-id",)), cursor=request.GET.get("cursor"), size=PAGE_SIZE)
    summaries = selectors.four_costings_of(found.rows)
    number, capped = capped_count(queryset)
    here = reverse("finance:book-list")
    context = {
        "title": _("Cost books"),
        "q": request.GET.get("q", ""),
        "views": [
            {"label": _("All"), "url": here, "active": not request.GET.get("frozen")},
            {"label": _("Frozen"), "url": f"{here}?frozen=1", "active": bool(request.GET.get("frozen"))},
        ],
        "columns": [{"key": one.key, "label": one.label, "align": one.align} for one in rows.book_columns()],
        "rows": [rows.book_row(summaries[book.pk]) for book in found.rows],
        "count_text": f"{number}+" if capped else str(number),
        "empty_text": _("A book is opened with every lead and carries its cost to the final accounts."),
        **_pages(request, found),
    }
    return render(request, "generic/list.html", context)


def book(request: Request, pk: int) -> HttpResponse:
    """四算 of one deal in full."""
    found = _book(request, pk)
    four = selectors.four_costings(found)
    context = {
        "title": str(found),
        "book": found,
        "stats": _stats(four),
        "fourcost": rows.matrix(four, full=True),
        "tables": [_alerts(found, request), _sheets(found, request.user)],
        "actions": _actions(found, request),
    }
    return render(request, "finance/book.html", context)


def _stats(four: selectors.FourCostings) -> list[dict[str, Any]]:
    used = four.total.used_percent
    tone = {"": "", "warn": "warn", "bad": "bad"}[four.total.over if four.total.amounts["budget"] else ""]
    margin = four.margin("forecast")
    share = four.margin_percent("forecast")
    return [
        {"label": _("Budget"), "value": format_money(four.total.amounts["budget"])},
        {"label": _("Cost to date"), "value": format_money(four.total.amounts["actual"])},
        {"label": _("Committed"), "value": format_money(four.total.amounts["committed"])},
        {"label": _("Used"), "value": f"{used} %" if used is not None else "–", "tone": tone},
        {
            "label": _("Forecast margin"),
            "value": format_money(margin) if margin is not None else "–",
            "sub": f"{share} %" if share is not None else "",
            "tone": "bad" if margin is not None and margin < 0 else "",
        },
    ]


def _alerts(found: CostBook, request: Request) -> Table:
    columns = [
        Column("category", _("Cost category")),
        Column("threshold", _("Threshold")),
        Column("budget", _("Budget"), "end"),
        Column("used", _("Used when it opened"), "end"),
        Column("since", _("Since")),
        Column("cause", _("Cause")),
    ]
    listed = []
    shown: set[int] = set()
    for alert in selectors.open_alerts(found).order_by("-threshold", "category__position"):
        if alert.category_id in shown:  # the louder alert of the same line says it all
            continue
        shown.add(alert.category_id)
        explain = []
        if alert_services.may_explain(alert, Actor.of(request.user)):
            explain = [Action(_("Explain"), reverse("finance:alert-explain", args=[found.pk, alert.pk]), modal=True)]
        cells = [
            Cell(str(alert.category)),
            Cell(f"{alert.threshold} %", badge="red" if alert.threshold > 90 else "orange"),
            Cell(format_money(alert.net_budget), cls="num"),
            Cell(format_money(alert.net_used), cls="num"),
            Cell(show.text_of(alert.opened_at)),
            Cell(str(alert.cause) if alert.cause else "–", sub=alert.explanation),
        ]
        listed.append(Row(cells, actions=explain))
    empty = _("No budget line is used beyond 90 %.")
    return Table(_("Budget alerts"), columns, listed, id="alerts", has_actions=bool(listed), empty_text=empty)


def _new_sheet_url(found: CostBook, user: User) -> str:
    """Where a costing of the book is begun, for those who may write one."""
    if found.is_frozen or not access.may(CostSheet(book=found, case_id=found.case_id), "open", Actor.of(user)):
        return ""
    return f"{reverse('finance:cost-sheet-new')}?book={found.pk}"


def _sheets(found: CostBook, user: User) -> Table:
    names = ("code", "title", "kind", "version", "net_revenue", "net_cost", "margin_percent", "state")
    columns = [show.column(CostSheet, name) for name in names]
    sheets = found.sheets.order_by("-pk")[:50]
    listed = [Row([show.cell(one, name) for name in names], url=one.get_absolute_url()) for one in sheets]
    return Table(
        _("Cost sheets"),
        columns,
        listed,
        id="sheets",
        add_url=_new_sheet_url(found, user),
        add_label=_("New costing"),
        empty_text=_("No costing yet: an estimate comes first."),
    )


def _actions(found: CostBook, request: Request) -> list[Action]:
    actions = [Action(_("Ledger"), rows.entries_url(found))]
    if not found.is_frozen and book_services.may_forecast(found, Actor.of(request.user)):
        actions.append(Action(_("Enter forecast"), reverse("finance:book-forecast", args=[found.pk])))
    return actions


def entries(request: Request, pk: int) -> HttpResponse:
    """The ledger of a book, narrowed by category, nature and month; each entry leads to its document."""
    found = _book(request, pk)
    queryset, chips = _narrowed(found, request)
    listed = page(queryset, keyset=Keyset(("-id",)), cursor=request.GET.get("cursor"), size=PAGE_SIZE)
    number, capped = capped_count(queryset)
    columns = rows.entry_columns()
    context = {
        "title": _("Ledger of %(book)s") % {"book": found},
        "book": found,
        "chips": chips,
        "columns": [{"key": one.key, "label": one.label, "align": one.align} for one in columns],
        "rows": [rows.entry_row(entry) for entry in listed.rows],
        "count_text": f"{number}+" if capped else str(number),
        "empty_text": _("Nothing is posted here yet."),
        "natures": [
            {"label": label, "url": rows.entries_url(found, nature=code), "active": request.GET.get("nature") == code}
            for code, label in LedgerEntry.Nature.choices
        ],
        **_pages(request, listed),
    }
    return render(request, "finance/entries.html", context)


def _narrowed(found: CostBook, request: Request) -> tuple[Any, list[dict[str, str]]]:
    """(queryset, chips); BadRequest for anything that is no filter of this page."""
    refuse_unknown(request, ("category", "nature", "cursor"))
    queryset = LedgerEntry.objects.filter(book=found).select_related("category")
    chips = []
    nature, code = request.GET.get("nature", ""), request.GET.get("category", "")
    if nature:
        if nature not in LedgerEntry.Nature.values:
            raise BadRequest(_("Unknown filter: %(name)s") % {"name": nature[:40]})
        queryset = queryset.filter(nature=nature)
        chips.append({"label": str(LedgerEntry.Nature(nature).label), "remove_url": _without(request, "nature")})
    if code:
        ids = selectors.category_ids(clean_text(code))
        if not ids:
            raise BadRequest(_("Unknown filter: %(name)s") % {"name": clean_text(code)[:40]})
        queryset = queryset.filter(category_id__in=ids)
        label = str(selectors.category(clean_text(code)))
        chips.append({"label": label, "remove_url": _without(request, "category")})
    return queryset, chips


def _without(request: Request, name: str) -> str:
    params = request.GET.copy()
    params.pop(name, None)
    params.pop("cursor", None)
    return f"?{params.urlencode()}"


def panel(request: Request, case_id: int) -> HttpResponse:
    """四算 on the project's page, for those who may see cost."""
    found = selectors.book_for(request.user, case_id)
    if found is None:
        raise Http404
    if not request.user.has_right("see_cost"):
        empty = _("Cost and margin are shown to those with the right to see them.")
        return render(request, "generic/panel.html", {"empty_text": empty})
    four = selectors.four_costings(found)
    context = {
        "book": found,
        "fourcost": rows.matrix(four, brief=True),
        "is_empty": not four.rows and not four.sheets,
        "alerts": [
            {"text": f"{alert.category}: {alert.threshold} %", "link": ""}
            for alert in selectors.open_alerts(found).filter(threshold=100)
        ],
        "open_url": found.get_absolute_url(),
        "new_url": _new_sheet_url(found, request.user),
    }
    return render(request, "finance/_fourcost_panel.html", context)


def _expected(found: Any) -> list[dict[str, Any]]:
    """One line per category that has a budget, a cost or a forecast."""
    four = selectors.four_costings(found)
    entered = {total.category.code: total for total in found.totals.select_related("category")}
    listed = []
    for row in four.rows:
        if not (row.budget or row.used):
            continue
        if row.level == 0 and any(other.code.startswith(f"{row.code}.") for other in four.rows):
            continue
        total = entered.get(row.code)
        category = total.category if total else selectors.category(row.code)
        listed.append({"category": category, "net_to_complete": total.net_to_complete if total else None})
    return listed


FORECAST_LINES = {
    "lines": Lines(
        ForecastLineForm, gettext_lazy("Still to come by category"), read=_expected, add_label=gettext_lazy("Add line")
    )
}


def forecast(request: Request, pk: int) -> HttpResponse:
    """预计完工: the delivery manager enters bottom-up what is still to come."""
    found = _book(request, pk)
    if not book_services.may_forecast(found, Actor.of(request.user)):
        raise NotAllowed(_("%(who)s may not do this here.") % {"who": request.user})
    made = formsets(FORECAST_LINES, request, found)
    context: dict[str, Any] = {
        "title": _("Forecast at completion: %(book)s") % {"book": found},
        "idempotency_key": request.POST.get("idempotency_key") or new_key(),
        "cancel_url": found.get_absolute_url(),
    }
    status = 200
    if request.method == "POST":
        status = 422
        if all([formset.is_valid() for formset in made.values()]):

            def act() -> str:
                book_services.forecast(found, by=actor_of(request), lines=cleaned_lines(made)["lines"])
                return found.get_absolute_url()

            try:
                address = once(request, act)
            except DomainError as error:
                context |= problem(error) | {"idempotency_key": new_key()}
                status = status_of(error)
            else:
                messages.success(request, _("Saved."))
                return done(request, address)
    context["formsets"] = shown_formsets(FORECAST_LINES, made)
    return render(request, "generic/form.html", context, status=status)


def explain(request: Request, pk: int, alert_pk: int) -> HttpResponse:
    """Why a budget line runs over."""
    found = _book(request, pk)
    alert = get_object_or_404(VarianceAlert.objects.select_related("book", "category"), pk=alert_pk, book=found)
    if not alert_services.may_explain(alert, Actor.of(request.user)):
        raise NotAllowed(_("%(who)s may not do this here.") % {"who": request.user})
    initial = {"cause": alert.cause_id, "explanation": alert.explanation}
    form = ExplainForm(request.POST or None, user=request.user, initial=initial)
    context: dict[str, Any] = {
        "title": _("Explain: %(alert)s") % {"alert": alert},
        "form": form,
        "post_url": request.path,
        "cancel_url": found.get_absolute_url(),
        "idempotency_key": request.POST.get("idempotency_key") or new_key(),
    }
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():

            def act() -> str:
                alert_services.explain(alert, by=actor_of(request), **form.cleaned_data)
                return found.get_absolute_url()

            try:
                address = once(request, act)
            except DomainError as error:
                context |= problem(error) | {"idempotency_key": new_key()}
                status = status_of(error)
            else:
                messages.success(request, _("Saved."))
                return done(request, address)
    template = "generic/verb.html" if request.htmx else "generic/verb_page.html"
    return render(request, template, context, status=status)
