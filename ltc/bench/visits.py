"""Who visits which pages of a filled database: `python -m ltc.bench.visits` prints sessions and addresses as JSON."""

import html
import json
import re
from typing import Any

import django

PEOPLE = {"admin": "bench0", "team": "bench1"}


def session(user: Any) -> str:
    """A session as signing in makes it."""
    from django.test import Client

    client = Client()
    client.force_login(user)
    return str(client.session.session_key)


def deep(queryset: Any, keyset: Any) -> str:
    """A cursor that stands in the middle of a list: the one that page gave to whoever walked there."""
    from core.paging import page

    middle = queryset.model._default_manager.count() // 2
    return str(page(queryset.filter(pk__lt=middle), keyset=keyset, size=50).next_cursor or "")


def visits_of(user: Any) -> dict[str, Any]:
    """The addresses that a person opens and the records that the person moves."""
    from leads.models import Lead
    from leads.views import LeadOutlet
    from ltc.bench import company
    from projects.models import Project
    from projects.views import ProjectOutlet

    leads, projects = Lead.objects.visible_to(user), Project.objects.visible_to(user)
    lead: Any = leads.filter(pk__in=range(company.TALKED_ABOUT, leads.model.objects.count() + 1, company.TALKED_ABOUT))
    lead = lead.order_by("pk").first() or leads.order_by("pk").first()
    project: Any = projects.filter(stage="delivery").order_by("pk").first()
    return {
        "session": session(user),
        "lead": lead.pk,
        "project": project.pk,
        "case": project.case_id,
        "book": project.book_id,
        "moved": Lead.objects.filter(owner=user, state="working").order_by("pk").values_list("pk", flat=True)[0],
        "deep_leads": deep(LeadOutlet().queryset(user), LeadOutlet.order),
        "deep_projects": deep(ProjectOutlet().queryset(user), ProjectOutlet.order),
        "panels": panels(user, project),
    }


def panels(user: Any, project: Any) -> list[str]:
    """The fragments a project's page fetches: that of its first screen, then those that are scrolled to."""
    from django.test import Client

    client = Client(headers={"host": "127.0.0.1"})
    client.force_login(user)
    page = client.get(project.get_absolute_url()).content.decode()
    found = re.findall(r'hx-get="([^"]+)" hx-trigger="(?:load|intersect once)"', page)
    return [html.unescape(address) for address in found]


def main() -> None:
    """Print everything as one JSON object."""
    from accounts.models import User
    from core.dictionary import Term

    found: dict[str, Any] = {name: visits_of(User.objects.get(username=username)) for name, username in PEOPLE.items()}
    found["source"] = Term.objects.filter(dictionary="lead.source").values_list("pk", flat=True)[0]
    print(json.dumps(found))


if __name__ == "__main__":
    django.setup()
    main()
