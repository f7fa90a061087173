"""What is still open on a case above the project: named with its link, imported by nobody below."""

from dataclasses import dataclass

from django.db.models import QuerySet

from process.models import CaseRecord

# The apps above the spine, in floor order. Their kinds are known to the kernel's case rows only.
ABOVE = ("guidance", "solutions", "contracts", "billing", "delivery", "operations", "closing")


@dataclass(frozen=True)
class OpenRecord:
    """One open record of a later stage."""

    code: str
    title: str
    url: str


def open_rows(case_id: int) -> QuerySet[CaseRecord]:
    """Open records above the project. A draft binds nobody and has no verb that ends it, so it blocks nothing."""
    found = CaseRecord.objects.filter(case_id=case_id, is_open=True).exclude(state="draft")
    return found.exclude(kind__startswith="projects.").order_by("pk")


def open_above(case_id: int) -> list[OpenRecord]:
    """The open records above the project, each with the page where its own verb ends it."""
    return [
        OpenRecord(row.code, row.title, record_url(row))
        for row in open_rows(case_id)
        if row.kind.partition(".")[0] in ABOVE
    ]


def record_url(row: CaseRecord) -> str:
    """The page of the record behind a case row."""
    from process.outlet import outlet_of

    outlet = outlet_of(row.kind)
    return outlet.url("detail", row.object_id) if outlet else ""
