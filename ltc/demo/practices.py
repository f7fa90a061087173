"""How the demo company does its steps today: surveyed by its PMO, half of the way to LTC."""

import datetime as dt
from dataclasses import dataclass
from typing import Any

from accounts.models import Department
from core.calendar import today
from ltc.demo.story import People
from maturity.models import Practice
from maturity.services import levels, snapshot
from maturity.services import practice as practices

# How many months the demo looks back.
MONTHS = 5
# So many months ago the assessments count for the first time.
ASSESSED_BACK = 2


@dataclass(frozen=True)
class AsIs:
    """One pair as the survey found it; `days` until it shall be done in LTC, negative where that day is past.

    `since`: how many months ago it was moved to LTC; before, it was a spreadsheet like any other.
    """

    department: str
    step: str
    medium: str
    fit: int
    pain: str = ""
    gap: str = ""
    owner: str = ""
    days: int | None = None
    since: int = MONTHS

    def then(self, back: int) -> dict[str, Any]:
        """In what it was done so many months ago, and how well that did fit."""
        if self.medium == "ltc" and back > self.since:
            return {"medium": "excel", "fit": 1}
        return {"medium": self.medium, "fit": self.fit}


SURVEY = (
    AsIs(
        "marketing",
        "ML-1",
        "ltc",
        2,
        "展会线索仍先记在纸上，回来再补录",
        "线索应当天登记，售前成本从当天起计",
        "leads",
        None,
    ),
    AsIs("channel", "ML-1", "excel", 1, "渠道报备表每周发一次邮件，重复线索多", "不查重，也不进公海", "leads", 45),
    AsIs("sales", "ML-2", "ltc", 4),
    AsIs("sales", "ML-3", "ltc", 3, "培育提醒要自己记", "", since=4),
    AsIs("sales", "ML-4", "ltc", 4, since=4),
    AsIs("sales", "PI-1", "ltc", 3, "交付经理常在立项后才指定", "铁三角三人应在 ATI 前到位"),
    AsIs("solution", "PI-2", "ltc", 3, "", "风险区间还没有估", "solution_head", since=3),
    AsIs("management", "PI-3", "ltc", 4, since=3),
    AsIs("sales", "CG-1", "excel", 2, "干系人表在个人电脑里，人走就丢", "应按决策链登记在引导计划里", "ar", -12),
    AsIs("solution", "CG-2", "ltc", 3, since=3),
    AsIs("solution", "SS-1", "ltc", 3, since=2),
    AsIs("solution", "SS-2", "paper", 1, "验证结果只有现场签字的纸", "通过标准应事先写明", "sr", 60),
    AsIs("sales", "SS-3", "excel", 2, "报价单版本多，折扣靠口头批", "折扣应按授权规则审批", "ar", 30),
    AsIs("bid_centre", "SS-3", "excel", 1),
    AsIs("management", "SS-4", "ltc", 4, since=2),
    AsIs("commercial", "NC-1", "ltc", 2, "偏离清单在 Word 里", "偏离应逐条登记并评审", since=1),
    AsIs("legal", "NC-2", "oa", 2, "合同评审在 OA 里，看不到成本与毛利", "评审意见应与合同版本绑定", "legal", 20),
    AsIs("management", "NC-3", "ltc", 3, since=2),
    AsIs("sales", "DA-1", "paper", 1, "交底会没有记录", "承诺清单应随合同移交", "ar", -5),
    AsIs("delivery", "DA-2", "ltc", 3, since=1),
    AsIs("delivery", "DA-3", "ltc", 2, "里程碑进度靠周报汇总", "", since=1),
    AsIs("delivery", "DA-4", "none", 0, "变更口头答应，事后补单", "先批准后施工", "delivery_head", 40),
    AsIs("delivery", "DA-5", "ltc", 4, since=0),
    AsIs("finance", "CB-1", "erp", 3, "开票申请要在 ERP 里重录一遍", "按应收自动带出", "finance", 90),
    AsIs("sales", "CB-2", "ltc", 3, since=0),
    AsIs("finance", "DA-6", "excel", 2, "月结靠手工归集成本", "核算应由流水直接得出", "pfc", 60),
    AsIs("delivery", "OM-1", "ltc", 3, since=0),
    AsIs("service", "OM-2", "ltc", 4),
)
EXCLUDED = (("bid_centre", "SS-3", "投标中心只编制标书，报价由销售负责"),)


ASSESSED = (
    ("lead", "taught", "销售与市场新人培训签到表，操作手册在知识库"),
    ("lead", "agreed", "销售、市场、渠道三方会签的流程确认单"),
    ("initiation", "taught", "铁三角立项演练两场"),
    ("solution", "taught", "方案部内训记录"),
    ("delivery", "taught", "交付经理认证名单"),
    ("delivery", "agreed", "交付、财务、客服流程评审纪要"),
)
# Stage, level, days until then.
TARGETS = (("lead", 4, 180), ("initiation", 3, 90), ("contract", 3, 120), ("delivery", 4, 210), ("operations", 3, 150))


def survey(people: People) -> None:
    """Months of survey by the hand of the PMO, with targets and assessments. Harmless when repeated.

    OM-3 and OM-4 are left to be looked at.
    """
    keeper = people["delivery_head"]
    departments = {one.code: one for one in Department.objects.all()}
    if Practice.objects.exists():
        return
    made = {(one.department, one.step): _open(one, departments[one.department], people) for one in SURVEY}
    for code, step, reason in EXCLUDED:
        practices.exclude(made[code, step], by=keeper, note=reason)
    for back in range(MONTHS, -1, -1):
        for one in SURVEY:
            found, then = made[one.department, one.step], one.then(back)
            if found.state == "applicable" and then["medium"] != found.medium:
                practices.edit(found, by=keeper, **then)
        for stage, criterion, evidence in ASSESSED if back == ASSESSED_BACK else ():
            levels.assess(stage=stage, criterion=criterion, is_met=True, evidence=evidence, by=keeper)
        snapshot.keep(_month(today(), back))
    for stage, level, days in TARGETS:
        levels.set_target(stage=stage, level=level, due_on=today() + dt.timedelta(days=days), by=keeper)


def _open(one: AsIs, department: Department, people: People) -> Practice:
    return practices.open(
        by=people["delivery_head"],
        department=department,
        step=one.step,
        pain=one.pain,
        gap=one.gap,
        owner=people[one.owner] if one.owner else None,
        due_on=today() + dt.timedelta(days=one.days) if one.days is not None else None,
        **one.then(MONTHS),
    )


def _month(day: dt.date, back: int) -> dt.date:
    """The first day of the month so many months before."""
    number = day.year * 12 + day.month - 1 - back
    return dt.date(number // 12, number % 12 + 1, 1)
