"""The log: append-only, chained per case. It is also the outbox that readers follow."""

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from process.models.case import Case


class Xid8Field(models.Field):
    """PostgreSQL's transaction id: readers go below pg_snapshot_xmin, because ids become visible out of order."""

    def db_type(self, connection) -> str:
        return "xid8"


class CurrentTransaction(models.Func):
    """The id of the running transaction."""

    template = "pg_current_xact_id()"
    output_field = Xid8Field()


class LogEntry(models.Model):
    """One act: who did what to which record, from which state to which, and what changed."""

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="log")
    seq = models.PositiveIntegerField()
    at = models.DateTimeField(default=timezone.now)
    xid = Xid8Field(db_default=CurrentTransaction(), editable=False)
    kind = models.CharField(max_length=60)
    object_id = models.BigIntegerField()
    action = models.CharField(max_length=80)
    state_from = models.CharField(max_length=20, blank=True)
    state_to = models.CharField(max_length=20, blank=True)
    actor_kind = models.CharField(max_length=10)
    actor_name = models.CharField(max_length=120)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    ip = models.GenericIPAddressField(null=True)
    note = models.TextField(blank=True)
    changes = models.JSONField(default=dict)
    mac = models.CharField(max_length=64)

    class Meta:
        verbose_name = _("log entry")
        verbose_name_plural = _("log entries")
        constraints = [models.UniqueConstraint(fields=["case", "seq"], name="log_seq_once")]
        indexes = [
            models.Index(fields=["kind", "object_id", "-id"], name="log_by_record"),
            models.Index(fields=["at"], name="log_by_time"),
            # Who did which act on what: the report on the segregation of duties joins it with itself.
            models.Index(
                fields=["action", "object_id", "user", "id"], condition=models.Q(user__isnull=False), name="log_by_act"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.action} {self.actor_name}"
