"""What everybody of the service desk may see and do."""

from typing import TYPE_CHECKING

from django.db.models import Q

from process.models import StageRecord

if TYPE_CHECKING:
    from accounts.actor import Actor
    from accounts.models import User


class Serviced(StageRecord):
    """A record the whole service desk may see and work on, beside the seats of the case."""

    class Meta(StageRecord.Meta):
        abstract = True

    def is_service_desk(self, actor: "Actor") -> bool:
        """Service managers and engineers of the company."""
        return actor.user is not None and bool(actor.user.role_codes & {"service", "engineer"})

    @classmethod
    def visibility(cls, user: "User") -> Q:
        if user.role_codes & {"service", "engineer"}:
            return Q(pk__isnull=False)
        return super().visibility(user)
