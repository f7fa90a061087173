"""How much deciding there is: answers, hours and rounds by document and role, and who never says no."""

import datetime as dt
from dataclasses import dataclass

from django.db.models import Count, F, FloatField, Q
from django.db.models.functions import Extract
from django.utils import timezone

from approvals.models import Decision
from core.aggregates import Percentile

WINDOW = dt.timedelta(days=90)
# From so many answers on, a step that never refused anything may be one that need not be asked.
ENOUGH = 10
NO = (Decision.Opinion.DISAGREE, Decision.Opinion.SEND_BACK)


@dataclass(frozen=True)
class Load:
    """What one role answered on one kind of document in 90 days; hours as they passed, None without an answer."""

    document: str
    kind: str
    role: str
    answered: int
    waiting: int
    late: int
    conditional: int
    refused: int
    rounds: float | None
    median_hours: float | None
    in_time_percent: int | None

    @property
    def never_refuses(self) -> bool:
        """Whether every one of many answers was a plain yes."""
        return self.answered >= ENOUGH and not self.refused and not self.conditional


def of_the_company() -> list[Load]:
    """Every step of approval that was answered in the last 90 days or still waits, the most answered first.

    Rounds are requests per document: 1 where nothing came back. No deal and no person is named.
    """
    now = timezone.now()
    asked = Q(decided_at__gte=now - WINDOW) | Q(decided_at__isnull=True, request__state="pending")
    answered = Q(decided_at__isnull=False)
    took = Extract(F("decided_at") - F("step__opened_at"), "epoch", output_field=FloatField())
    rows = (
        Decision.objects.filter(asked, step__isnull=False)
        .order_by()
        .values("request__document_kind", "kind", "role")
        .annotate(
            answered=Count("pk", filter=answered),
            waiting=Count("pk", filter=~answered),
            late=Count("pk", filter=~answered & Q(step__due_at__lt=now)),
            conditional=Count("pk", filter=Q(opinion=Decision.Opinion.CONDITIONAL)),
            refused=Count("pk", filter=Q(opinion__in=NO)),
            requests=Count("request", distinct=True, filter=answered),
            documents=Count("request__document_id", distinct=True, filter=answered),
            in_time=Count("pk", filter=answered & Q(decided_at__lte=F("step__due_at"))),
            median=Percentile(took, 0.5),
        )
    )
    found = [
        Load(
            document=row["request__document_kind"],
            kind=row["kind"],
            role=row["role"],
            answered=row["answered"],
            waiting=row["waiting"],
            late=row["late"],
            conditional=row["conditional"],
            refused=row["refused"],
            rounds=round(row["requests"] / row["documents"], 1) if row["documents"] else None,
            median_hours=round(row["median"] / 3600, 1) if row["median"] is not None else None,
            in_time_percent=round(100 * row["in_time"] / row["answered"]) if row["answered"] else None,
        )
        for row in rows
    ]
    return sorted(found, key=lambda one: (-one.answered, one.document, one.kind, one.role))
