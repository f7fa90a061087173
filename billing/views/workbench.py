"""The collection workbench: whom to collect from, and a click that leads to the next act."""

from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from billing.dunning import Next
from billing.views.tables import money
from billing.workbench import ORDER, Work, customers, lines_of, work_of
from core.paging import Page, page
from process.shapes import Cell, Column, Row, Table

SIZE = 50
COLUMNS = [
    Column("customer", _("Payer")),
    Column("open", _("Still open"), "end"),
    Column("overdue", _("Overdue"), "end"),
    Column("disputed", _("Disputed"), "end"),
    Column("contact", _("Last contact")),
    Column("promise", _("Promised for")),
    Column("act", _("Next act")),
]
ACTS = {
    Next.NOTHING: _("Nothing"),
    Next.BANK: _("Check the bank data"),
    Next.DISPUTE: _("Settle the dispute"),
    Next.ESCALATE: _("Escalate to the head"),
    Next.CALL: _("Call"),
}


def workbench(user: User, owner: int | None, cursor: str | None) -> tuple[Table, Page[Any]]:
    """One page of customers with what comes next, the most overdue first."""
    lines = lines_of(user, owner)
    found = page(customers(lines), keyset=ORDER, cursor=cursor, size=SIZE)
    rows = [_row(one) for one in work_of(found.rows, lines, user)]
    return Table(_("Whom to collect from"), COLUMNS, rows), found


def _row(one: Work) -> Row:
    statement = reverse("billing:customer-statement", args=[one.customer.pk])
    return Row(
        [
            Cell(str(one.customer), sub=one.currency, url=statement),
            money(one.open),
            money(one.overdue),
            money(one.disputed),
            Cell(one.contacted_on.isoformat() if one.contacted_on else "–"),
            Cell(one.promised_on.isoformat() if one.promised_on else "–"),
            Cell(act_label(one), url=act_url(one)),
        ]
    )


def act_label(one: Work) -> str:
    """The next act in words."""
    if one.act == Next.LETTER:
        return _t("Letter, level %(level)s") % {"level": one.level}
    return str(ACTS[one.act])


def act_url(one: Work) -> str:
    """Where the next act is done; empty where there is none."""
    line = one.line.get_absolute_url()
    if one.act == Next.LETTER and one.letter is not None:
        return str(one.letter.get_absolute_url())
    return {
        Next.NOTHING: "",
        Next.BANK: reverse("billing:bank-statement-list"),
        Next.DISPUTE: f"{line}dispute/",
        Next.ESCALATE: f"{line}escalate/",
        Next.LETTER: f"{line}propose_letter/",
        Next.CALL: f"{line}remind/",
    }[one.act]
