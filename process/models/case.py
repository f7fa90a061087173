"""The case 主线: what all records of one deal share. It has no state of its own, so there are no two truths."""

from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateTimeRangeField, RangeOperators
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

SEATS = {
    "ar": _("AR account manager"),
    "sr": _("SR solution manager"),
    "fr": _("FR delivery manager"),
    "director": _("Project director"),
    "pfc": _("Project finance"),
    "service": _("Service manager"),
    "member": _("Team member"),
    "reviewer": _("Reviewer"),
}
TRIANGLE = ("ar", "sr", "fr")
# Seats that exist on a case only; the others are also roles of the company, which count on every case.
CASE_ONLY = (*TRIANGLE, "member", "reviewer")
# Seats that only one person can hold at a time; the others may be held by several.
SINGLE_SEATS = ("ar", "sr", "fr", "director", "pfc", "service")


class Case(models.Model):
    """One deal from its first lead to its last ticket; holds the head of its log chain."""

    title = models.CharField(_("title"), max_length=200)
    opened_at = models.DateTimeField(default=timezone.now)
    # Where the need came from: the case of the project whose operations found it.
    origin = models.ForeignKey("self", on_delete=models.PROTECT, null=True, blank=True, related_name="offspring")
    # The version of the L3 catalogue the deal is walked by: publishing another changes nothing here.
    process_version = models.ForeignKey(
        "process.ProcessVersion",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("process version"),
    )
    log_length = models.PositiveIntegerField(default=0)
    log_head = models.CharField(max_length=64, blank=True)

    class Meta:
        verbose_name = _("case")
        verbose_name_plural = _("cases")

    def __str__(self) -> str:
        return self.title


class SeatQuerySet(models.QuerySet):
    def current(self) -> "SeatQuerySet":
        """Seats held now: their period has no end (an empty period has none either, but is not held)."""
        return self.filter(during__upper_inf=True)


class Seat(models.Model):
    """Who sits where on a case, and from when to when."""

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="seats")
    role = models.CharField(_("seat"), max_length=20, choices=list(SEATS.items()))
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="seats")
    during = DateTimeRangeField(_("period"))

    objects = SeatQuerySet.as_manager()

    class Meta:
        verbose_name = _("seat")
        verbose_name_plural = _("seats")
        constraints = [
            ExclusionConstraint(
                name="one_holder_per_seat",
                expressions=[
                    ("case", RangeOperators.EQUAL),
                    ("role", RangeOperators.EQUAL),
                    ("during", RangeOperators.OVERLAPS),
                ],
                condition=Q(role__in=SINGLE_SEATS),
            ),
        ]
        indexes = [
            models.Index(fields=["user", "case"], name="seat_by_user"),
            # Every list asks for it: read without the seats that ended, and without the table.
            models.Index(fields=["user", "case"], condition=Q(during__upper_inf=True), name="seat_held_by_user"),
        ]

    def __str__(self) -> str:
        return f"{SEATS[self.role]}: {self.user}"


class CaseRecord(models.Model):
    """One row per stage record, kept by the doors: what is still open on a case, with whom, since when."""

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="records")
    kind = models.CharField(max_length=60)
    object_id = models.BigIntegerField()
    code = models.CharField(max_length=40)
    title = models.CharField(max_length=200)
    state = models.CharField(max_length=20)
    stage = models.CharField(max_length=20)
    is_open = models.BooleanField(default=True)
    holder = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    department = models.ForeignKey("accounts.Department", on_delete=models.PROTECT, null=True, related_name="+")
    since = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["kind", "object_id"], name="one_row_per_record")]
        indexes = [
            models.Index(fields=["case"], condition=Q(is_open=True), name="case_open_records"),
            models.Index(fields=["holder", "since"], condition=Q(is_open=True), name="held_records"),
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.title}"


def holders_of(case_id: int | None, role: str) -> list[int]:
    """User ids behind a word: who sits on that seat of the case (None: of none), else all with the company role."""
    if role in SEATS:
        seats = Seat.objects.current().filter(case_id=case_id, role=role, user__is_active=True)
        held = list(seats.values_list("user_id", flat=True))
        if held or role in CASE_ONLY:
            return held
    people = get_user_model().objects.filter(is_active=True, roles__code=role)
    return list(people.order_by("pk").values_list("pk", flat=True))
