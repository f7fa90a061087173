"""What the people of the demo company would like to be different in the process."""

from decimal import Decimal

from accounts.models import User
from process.services import improvements

IDEAS = (
    (
        "fr",
        "PI-2",
        "交付成本由交付经理当场填写",
        "概算送审后才发现少算了驻场与差旅，退回一次要两三天。",
        "概算评审会前，交付经理在明细上确认交付成本。",
    ),
    (
        "ar",
        "ML-2",
        "线索分发提醒到手机",
        "下班前登记的线索常常第二天下午才分发。",
        "登记后半个工作小时无人处理就提醒线索管理员。",
    ),
)


def propose_improvements(people: dict[str, User]) -> None:
    """Two ideas; the owner of the first one's step has adopted it and waits for a version."""
    made = [
        improvements.open(by=people[who], step=step, title=title, problem=problem, idea=idea)
        for who, step, title, problem, idea in IDEAS
    ]
    improvements.accept(made[0], by=people["pfc"], target=Decimal("24"))
