"""The demo company: deals in every stage, so that no page is empty."""

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal

from billing.services import dunning
from ltc.demo.bank import import_statement
from ltc.demo.ideas import propose_improvements
from ltc.demo.letters import issue_letters
from ltc.demo.people import make_entity, make_people
from ltc.demo.plan import HOSPITAL, Item, Plan
from ltc.demo.practices import survey
from ltc.demo.story import Deal

# The way of a deal, as far as it has come: each name is a method of Deal.
WAY: tuple[tuple[str, Callable[[Deal], object]], ...] = (
    ("collected", Deal.collect),
    ("working", Deal.distribute),
    ("initiation", Deal.qualify),
    ("planned", Deal.plan_project),
    ("guidance", Deal.decide_initiation),
    ("guided", Deal.guide),
    ("solution", Deal.conclude_guidance),
    ("designed", Deal.design),
    ("bid", Deal.decide_bid),
    ("contract", Deal.win),
    ("negotiated", Deal.negotiate),
    ("decided", Deal.decide_contract),
    ("effective", Deal.sign),
    ("advance", lambda deal: deal.bill_and_collect("effect")),
    ("delivery", Deal.start_delivery),
    ("bought", Deal.buy),
    ("worked", Deal.work),
    ("arrived", Deal.arrive),
    ("arrival paid", lambda deal: deal.bill_and_collect("arrival")),
    ("accepted", Deal.accept_finally),
    ("final paid", lambda deal: deal.bill_and_collect("final")),
    ("operations", Deal.serve),
    ("provisional", Deal.settle),
    ("retention paid", Deal.end_warranty),
    ("closed", Deal.finalize),
)


def scaled(title: str, company: str, tax_id: str, need: str, share: str, industry: str) -> Plan:
    """A deal of another size with the hospital's shape."""
    factor = Decimal(share)
    return replace(
        HOSPITAL,
        title=title,
        company=company,
        tax_id=tax_id,
        # A number of its own: two leads with one telephone would be taken for the same signal.
        phone=f"010-5555 2{tax_id[-4:-1]}",
        need=need,
        industry=industry,
        items=tuple(Item(item.name, (item.gross * factor).quantize(Decimal("1")), item.tax) for item in HOSPITAL.items),
        costs=tuple(replace(cost, gross=cost.gross * factor, days=cost.days) for cost in HOSPITAL.costs),
    )


DEALS: tuple[tuple[Plan, str], ...] = (
    (HOSPITAL, "provisional"),
    (
        replace(
            scaled(
                "城东区政务云二期", "城东区大数据局", "11110105MB00000021", "政务云扩容与等保改造", "2.4", "government"
            ),
            accepted_days_ago=75,
        ),
        "arrived",
    ),
    (
        scaled(
            "滨海港口调度系统", "滨海港务集团有限公司", "91120000100000031A", "集装箱调度系统国产化", "3.1", "transport"
        ),
        "negotiated",
    ),
    (
        scaled("云岭职院实训平台", "云岭职业技术学院", "12530000400000041B", "智能制造实训平台", "0.8", "education"),
        "bid",
    ),
    (
        scaled(
            "华东制造 MES 升级", "华东精密制造有限公司", "91320000100000051C", "产线 MES 升级与看板", "1.2", "equipment"
        ),
        "guided",
    ),
    (scaled("江北水厂监测", "江北水务有限公司", "91500000100000061D", "管网在线监测", "0.5", "water"), "planned"),
    (
        scaled(
            "西部银行网点改造", "西部商业银行股份有限公司", "91610000100000071E", "智慧网点改造 40 家", "1.9", "bank"
        ),
        "working",
    ),
    (
        scaled("天河商圈客流分析", "天河商业管理有限公司", "91440000100000081F", "客流分析与停车引导", "0.3", "retail"),
        "collected",
    ),
)


def seed() -> int:
    """Make people and deals; returns the number of deals."""
    people = make_people()
    make_entity()
    for plan, goal in DEALS:
        deal = Deal(plan, people)
        for name, step in WAY:
            step(deal)
            if name == goal:
                break
        if goal == "planned":
            deal.pass_unconfirmed()
    issue_letters(people)
    import_statement(people)
    dunning.propose()
    propose_improvements(people)
    survey(people)
    return len(DEALS)
