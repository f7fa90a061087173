"""How people look at a list: filters, order and columns under a name; without a name, what they are used to."""

from typing import TYPE_CHECKING, ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from core.models import TimeStamped

if TYPE_CHECKING:
    from accounts.models import User


class SavedViewQuerySet(models.QuerySet):
    """The views of one list."""

    def shown_to(self, user: "User") -> "SavedViewQuerySet":
        """One's own, those shared with one's department, and those shared with everybody."""
        seen = Q(owner=user) | Q(sharing=SavedView.Sharing.ALL)
        if user.department_id:
            seen |= Q(sharing=SavedView.Sharing.DEPARTMENT, department_id=user.department_id)
        return self.filter(seen)


class SavedView(TimeStamped):
    """A list as somebody wants it: the query of its address and its columns, read with the rights of whoever looks."""

    class Sharing(models.TextChoices):
        OWN = "own", _("only for me")
        DEPARTMENT = "department", _("for my department")
        ALL = "all", _("for everybody")

    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", verbose_name=_("owner")
    )
    kind = models.CharField(max_length=60)
    name = models.CharField(_("name"), max_length=60, blank=True)
    query = models.CharField(max_length=1000, blank=True)
    columns = models.JSONField(default=list, blank=True)
    sharing = models.CharField(_("shared"), max_length=12, choices=Sharing.choices, default=Sharing.OWN)
    department = models.ForeignKey(
        "accounts.Department", on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )

    objects = SavedViewQuerySet.as_manager()

    class Meta:
        verbose_name = _("saved view")
        verbose_name_plural = _("saved views")
        ordering: ClassVar = ["name", "pk"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["owner", "kind", "name"], name="one_view_of_a_name"),
            models.CheckConstraint(
                condition=Q(sharing="department", department__isnull=False)
                | (~Q(sharing="department") & Q(department__isnull=True)),
                name="view_shared_with_a_department",
            ),
            models.CheckConstraint(condition=~Q(name="") | Q(sharing="own"), name="habits_are_not_shared"),
        ]
        indexes: ClassVar = [models.Index(fields=["kind"], name="views_of_a_list")]

    def __str__(self) -> str:
        return self.name
