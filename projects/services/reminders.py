"""What people are reminded of, once each."""

from typing import Any

from django.utils.translation import gettext_noop

from accounts.services import notify
from core.calendar import today
from projects.models import Project


def remind_of_resumption() -> int:
    """Tell the account manager of every suspended project that its day has come; once per day named."""
    told = 0
    due = Project.objects.filter(state="suspended", resume_on__lte=today(), owner__isnull=False)
    project: Any
    for project in due.order_by("pk").iterator():
        told += notify(
            [project.owner_id],
            gettext_noop("%(project)s was to be resumed on %(day)s"),
            key=f"resume:{project.pk}:{project.resume_on}",
            params={"project": str(project), "day": str(project.resume_on)},
            link=project.get_absolute_url(),
            level="warning",
        )
    return told
