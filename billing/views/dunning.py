"""Pages of dunning letters: looked at, worded, printed, sent or skipped."""

from typing import Any

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import translation
from django.utils.translation import get_language
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.request import Request
from billing.forms import DunningLetterForm, SendLetterForm, SkipLetterForm
from billing.letters import LANGUAGES, Paper, dunning_paper, statements_of
from billing.models import DunningLetter
from billing.services import dunning as services
from billing.views.tables import money
from core.calendar import today
from core.money import format_money
from core.parameters import day_of, one_of, takes
from customers.models import Customer
from process.outlet import Outlet
from process.shapes import Act, Action, Cell, Column, Row, Table


class DunningLetterOutlet(Outlet):
    """Dunning letters: proposed by the system, sent by people."""

    model = DunningLetter
    services = services
    edit_form = DunningLetterForm
    verb_forms = {"send": SendLetterForm, "skip": SkipLetterForm}
    acts = {"renew": Act(_("Renew"), who=DunningLetter.edit_who, states=("proposed",))}
    icon = "mail"
    columns = ("code", "customer", "level", "gross_amount", "currency", "owner", "sent_on", "state")
    related = ("owner", "customer", "rung", "entity")
    sorts = {"code": ("code", "id"), "amount": ("gross_amount", "id")}
    board_states = ("proposed",)
    amount_field = "gross_amount"
    empty_text = _("Letters are proposed every morning for what is overdue, neither disputed nor promised for later.")
    facts = (
        (_("Letter"), ("customer", "entity", "rung", "level", "currency", "owner", "sent_on", "sent_how", "again_on")),
        (_("Text"), ("text_zh", "text_en")),
    )

    def stats(self, record: DunningLetter, user: User) -> list[dict[str, Any]]:
        return [
            {"label": _t("Amount"), "value": format_money(record.gross_amount), "sub": record.currency},
            {"label": _t("Level"), "value": str(record.level), "sub": str(record.rung)},
        ]

    def tables(self, record: DunningLetter, user: User) -> list[Table]:
        day = record.sent_on or today()
        rows = [
            Row(
                [
                    Cell(item.receivable.code, sub=item.receivable.title),
                    Cell(str(item.receivable.due_on)),
                    Cell(str((day - item.receivable.due_on).days) if item.receivable.due_on else "–", cls="num"),
                    Cell(str(item.level), cls="num"),
                    money(item.gross_amount),
                ],
                url=item.receivable.get_absolute_url(),
            )
            for item in record.items.select_related("receivable").order_by("receivable__due_on", "pk")
        ]
        columns = [
            Column("line", _("Receivable")),
            Column("due", _("Due")),
            Column("late", _("Days overdue"), "end"),
            Column("level", _("Level"), "end"),
            Column("open", _("Still open"), "end"),
        ]
        return [Table(_("What it asks for"), columns, rows)]

    def actions(self, record: DunningLetter, user: User) -> list[Action]:
        return [Action(_t("On paper"), f"{record.get_absolute_url()}paper/")]


def _language(request: Request) -> str:
    own = "en" if (get_language() or "").startswith("en") else "zh"
    return one_of(request.GET.get("language", "") or own, LANGUAGES)


def _table(paper: Paper) -> Table:
    """The lines of a paper, in its language."""
    columns = [
        Column("contract", _t("Contract")),
        Column("title", _t("What for")),
        Column("due", _t("Due")),
        Column("late", _t("Days overdue"), "end"),
        Column("owed", _t("Owed"), "end"),
        Column("open", _t("Still open"), "end"),
    ]
    rows = [
        Row(
            [
                Cell(line.contract),
                Cell(line.title, cls="wrap"),
                Cell(line.due_on.isoformat() if line.due_on else "–"),
                Cell(str(line.days_overdue or "–"), cls="num"),
                money(line.owed),
                money(line.open),
            ]
        )
        for line in paper.lines
    ]
    total = [Cell(f"{_t('Total')} {paper.currency}"), Cell(), Cell(), Cell(), Cell(), money(paper.total)]
    return Table(paper.kind, columns, rows, footer_cells=total)


def _render(request: Request, title: str, papers: list[Paper], language: str, **more: Any) -> HttpResponse:
    """The papers in their own language, on a page in the reader's."""
    with translation.override("zh-hans" if language == "zh" else "en"):
        drawn = [(paper, _table(paper)) for paper in papers]
        words = {
            "to": _t("To:"),
            "number": _t("Number"),
            "capital": _t("In capital characters"),
            "account": _t("Please pay to"),
        }
    context = {"title": title, "papers": drawn, "words": words, "language": language, **more}
    return render(request, "billing/paper.html", context)


@takes("language")
def letter_paper(request: Request, pk: int) -> HttpResponse:
    """A dunning letter as it is printed."""
    letter = get_object_or_404(DunningLetterOutlet().page_queryset(request.user), pk=pk)
    language = _language(request)
    return _render(request, letter.code, [dunning_paper(letter, language)], language, back=letter.get_absolute_url())


@takes("language", "on")
def customer_statement(request: Request, pk: int) -> HttpResponse:
    """What a customer owes on a day, as far as the reader sees it, as it is printed."""
    customer = get_object_or_404(Customer.objects.visible_to(request.user), pk=pk)
    language, on = _language(request), day_of(request.GET.get("on", ""))
    papers = statements_of(customer, request.user, on, language)
    return _render(request, _t("Statement of account"), papers, language, on=on, back=customer.get_absolute_url())
