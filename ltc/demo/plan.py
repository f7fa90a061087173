"""What a deal is about: the plan that the people of the story carry out, and the hospital deal."""

from dataclasses import dataclass
from decimal import Decimal

from django.core.files.base import ContentFile

from core.dictionary import Term
from finance.models import CostCategory, TaxRate

PDF = b"%PDF-1.4\n% the agreed text of the contract\n%%EOF\n"


def term(dictionary: str, code: str) -> Term:
    """A word of a dictionary."""
    return Term.objects.get(dictionary=dictionary, code=code)


def rate(code: str) -> TaxRate:
    """A tax rate by code."""
    return TaxRate.objects.get(code=code)


def category(code: str) -> CostCategory:
    """A cost category by code."""
    return CostCategory.objects.get(code=code)


def text_file(name: str = "contract.pdf") -> ContentFile:
    """The contract's text; the stamped copy must be the very same file."""
    return ContentFile(PDF, name=name)


@dataclass(frozen=True)
class Item:
    """One line of the quote: name, gross price with tax, tax rate, cost category."""

    name: str
    gross: Decimal
    tax: str


@dataclass(frozen=True)
class Cost:
    """One line of the estimate: category, gross amount with the supplier's tax, or days at a rate."""

    category: str
    text: str
    gross: Decimal = Decimal(0)
    tax: str = ""
    deductible: bool = False
    days: Decimal = Decimal(0)


@dataclass(frozen=True)
class Terms:
    """One payment term: event, percent, retention or not."""

    event: str
    percent: Decimal
    retention: bool = False


@dataclass(frozen=True)
class Plan:
    """What a deal is about."""

    title: str
    company: str
    tax_id: str
    contact: str
    phone: str
    need: str
    items: tuple[Item, ...]
    costs: tuple[Cost, ...]
    terms: tuple[Terms, ...]
    source: str = "inquiry"
    industry: str = "health"
    project_type: str = "integration"
    variant: str = "direct"
    presales: Decimal = Decimal(10000)
    # How long ago its acceptances were signed: what is not paid since is overdue.
    accepted_days_ago: int = 0

    @property
    def gross(self) -> Decimal:
        return sum((item.gross for item in self.items), Decimal(0))


# The deal every figure of which is known: 1,006,000 gross = 900,000 net over three rates; cost 640,600; margin 28.82 %.
HOSPITAL = Plan(
    title="市第一人民医院 智慧病房平台一期",
    company="市第一人民医院",
    tax_id="12110000400000001X",
    contact="张主任",
    phone="010-5555 0101",
    need="建设覆盖 12 个病区的智慧病房平台,含设备、安装与系统对接",
    items=(
        Item("病房交互终端与网关", Decimal(791000), "13"),
        Item("安装与综合布线", Decimal(109000), "9"),
        Item("系统对接与培训服务", Decimal(106000), "6"),
    ),
    costs=(
        Cost("material.hardware", "终端与网关采购", Decimal(565000), "13", deductible=True),
        Cost("subcontract.service", "安装劳务", Decimal(51500), "3", deductible=True),
        Cost("material.auxiliary", "辅材", Decimal(10600), "6"),
        Cost("labour.implementation", "实施", days=Decimal(40)),
    ),
    terms=(
        Terms("effect", Decimal(30)),
        Terms("arrival", Decimal(30)),
        Terms("final", Decimal(30)),
        Terms("retention", Decimal(10), retention=True),
    ),
)
