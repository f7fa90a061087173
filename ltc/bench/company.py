"""The company that is measured: who, which deals, in which state, all told by a number from 1 to N.

50 people in 6 departments; N leads and contacts, N/2 customers and projects, N/4 quotes, contracts and invoices.
One name in twenty is Chinese. Most deals are over, as in a company that has worked for years.
"""

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal

PEOPLE = 50
DEPARTMENTS = ("sales_north", "sales_east", "sales_south", "sales_west", "sales_industry", "channel")
LEAD_STATES = ("new", "assigned", "working", "nurturing", "pooled", "qualified")
HELD_BY_NOBODY = ("new", "pooled")
# The pair that three leads have, and the one that nobody has.
RARE, NOWHERE, FREQUENT = "鑫隆", "zqxj", "ab"
# Every so many leads one has been talked about for long: its page has a timeline of that length.
TALKED_ABOUT, TALK = 250, 40

_FIRST = ("Cabot", "Norton", "Eastern", "Delta", "Habitat", "Union", "Pioneer", "Summit", "Orient", "Vertex", "Global")
_SECOND = (
    "Steel",
    "Water",
    "Transit",
    "Power",
    "Foods",
    "Health",
    "Optics",
    "Marine",
    "Grid",
    "Paper",
    "Cable",
    "Mining",
)
_THIRD = ("Works", "Group", "Systems", "Partners", "Industries", "Holdings", "Labs")
_CITY = ("北京", "上海", "广州", "成都", "武汉", "西安", "南京", "杭州", "青岛")
_MARK = ("华讯", "东方", "明德", "远景", "同舟", "天成", "立信", "博远", "恒达", "瑞丰", "新源")
_TRADE = ("水务", "电力", "交通", "医疗", "教育", "制造", "能源", "科技")
_NEED = ("network upgrade", "data platform", "line control", "video centre", "backup site", "label printing")
_ZH_NEED = ("网络改造", "数据平台", "产线控制", "指挥中心", "灾备中心")
_DAY = dt.date(2023, 1, 2)


@dataclass(frozen=True)
class Size:
    """How many of each a company of N leads has."""

    leads: int

    @property
    def half(self) -> int:
        return self.leads // 2

    @property
    def quarter(self) -> int:
        return self.leads // 4

    # Cases: those of the leads, of projects without a lead, of the customers, of the receipts.
    @property
    def cases(self) -> int:
        return self.leads + self.quarter + self.half + self.quarter

    def case_of_project(self, number: int) -> int:
        """The first half of the projects came out of leads."""
        return 4 * number if number <= self.quarter else self.leads + number - self.quarter

    def case_of_customer(self, number: int) -> int:
        return self.leads + self.quarter + number

    def case_of_receipt(self, number: int) -> int:
        return self.leads + self.quarter + self.half + number


def person(number: int) -> int:
    """Whose it is: 0 to 49."""
    return (number // 4) % PEOPLE


def company_name(number: int) -> str:
    """A name; one in twenty is Chinese, and three of all are rare."""
    if number in (20, 400, 880):
        return f"{RARE}实业{number}有限公司"
    if number % 20 == 0:
        spot, mark, trade = _CITY[number % 9], _MARK[number // 20 % 11], _TRADE[number // 220 % 8]
        return f"{spot}{mark}{trade}{number}有限公司"
    return f"{_FIRST[number % 11]} {_SECOND[number // 11 % 12]} {_THIRD[number // 132 % 7]} {number}"


def title(number: int) -> str:
    """What the deal is about."""
    if number % 20 == 0:
        return f"{company_name(number)[:4]}{_ZH_NEED[number // 20 % 5]}"
    return f"{_FIRST[number % 11]} {_NEED[number % 6]} {number}"


def lead_state(number: int) -> str:
    """A quarter became projects; the others are spread evenly, with a few that were nothing."""
    if number % 4 == 0:
        return "converted"
    kind = (number - number // 4 + 7 * (number // 200)) % 25
    return "invalid" if kind == 24 else LEAD_STATES[kind // 4]


def project_state(number: int) -> tuple[str, str]:
    """(state, stage): every second one has a contract; most are over."""
    chance = number * 7919 % 1009 * 100 // 1009
    if number % 2 == 0:
        if chance < 85:
            return "closed", "closed"
        return "approved", "contract" if chance < 90 else "delivery" if chance < 95 else "operations"
    if chance < 70:
        return "lost", "guidance"
    if chance < 80:
        return "cancelled", "initiation"
    if chance < 86:
        return "draft", "initiation"
    return "approved", "guidance" if chance < 93 else "solution"


def is_running(state: str) -> bool:
    """Whether somebody has work with a project in this state."""
    return state in ("draft", "in_review", "approved")


def amounts(number: int) -> tuple[int, int, int]:
    """(gross, net, tax) of a deal at 13 %, in whole yuan that add up."""
    hundreds = 100 + number * 7919 % 9900
    return 113 * hundreds, 100 * hundreds, 13 * hundreds


def cost(number: int, share: str) -> Decimal:
    """A part of the net value as cost."""
    return (amounts(number)[1] * Decimal(share)).quantize(Decimal("0.01"))


DAYS = [_DAY + dt.timedelta(days=offset) for offset in range(1100)]


def day(number: int, size: int) -> dt.date:
    """Later numbers came later, over three years."""
    return DAYS[number * 1090 // size]


def moment(number: int, size: int) -> dt.datetime:
    """A moment of that day, in UTC, at which the log says it happened."""
    at = day(number, size)
    return dt.datetime(at.year, at.month, at.day, number // 60 % 8 + 1, number % 60, tzinfo=dt.UTC)
