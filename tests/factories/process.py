"""Steps as an administrator writes them."""

from typing import Any

# A review done by hand that locks the qualifying of a lead.
REVIEW: dict[str, Any] = {
    "code": "ML-5",
    "stage": "lead",
    "zh": "信息安全评审",
    "en": "Information security review",
    "accountable": "qa",
    "by_hand": True,
    "starts_on": ["lead.start"],
    "locks": ["lead.qualify"],
    "sla_hours": 16,
    "controls": [{"kind": "quality", "zh": "评审", "en": "Reviewed", "by": "lock:lead.qualify"}],
}
