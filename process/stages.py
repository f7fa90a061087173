"""The stages of lead to cash, in order. Everything that lists stages repeats this list; a test compares."""

from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True)
class StageInfo:
    """One stage: its code, name, the app whose records live in it and the gate that opens it."""

    code: str
    label: Any
    app: str
    gate: str = ""
    probability: int = 0


STAGES = (
    StageInfo("lead", _("Lead"), "leads", "", 10),
    StageInfo("initiation", _("Initiation"), "projects", "", 20),
    StageInfo("guidance", _("Guidance"), "guidance", "ATI", 40),
    StageInfo("solution", _("Solution"), "solutions", "", 60),
    StageInfo("contract", _("Contract"), "contracts", "ATB", 80),
    StageInfo("delivery", _("Delivery"), "delivery", "ATC", 100),
    StageInfo("operations", _("Operations"), "operations", "", 100),
    StageInfo("closed", _("Closed"), "closing", "ATCC", 100),
)
BY_CODE = {stage.code: stage for stage in STAGES}
PROJECT_STAGES = tuple(stage.code for stage in STAGES[1:])


def label(code: str) -> str:
    """The name of the stage in the reader's language; other counters (billing, closing) have names too."""
    if code in BY_CODE:
        return str(BY_CODE[code].label)
    return str(COUNTERS.get(code, code))


# Counters that are not stages of the spine but take work over all the same.
COUNTERS = {"billing": _("Billing"), "closing": _("Final accounts")}


def position(code: str) -> int:
    """How far along the way a stage lies, counted from 0."""
    return next(index for index, stage in enumerate(STAGES) if stage.code == code)
