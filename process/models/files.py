"""Files hung on records. They are served only through a permission check."""

import uuid

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from process.models.case import Case

UPLOADS = "attachments"


def upload_path(attachment: "Attachment", filename: str) -> str:
    """A stored name says nothing about the content and cannot be guessed."""
    return f"{UPLOADS}/{attachment.case_id}/{uuid.uuid4().hex}"


class Attachment(models.Model):
    """A file with its hash; a file is never replaced, a new one is added."""

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="attachments")
    kind = models.CharField(max_length=60)
    object_id = models.BigIntegerField()
    purpose = models.CharField(_("purpose"), max_length=40, blank=True)
    name = models.CharField(_("name"), max_length=200)
    file = models.FileField(_("file"), upload_to=upload_path, max_length=200)
    size = models.BigIntegerField()
    sha256 = models.CharField(max_length=64)
    added_at = models.DateTimeField(default=timezone.now)
    added_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")

    class Meta:
        verbose_name = _("file")
        verbose_name_plural = _("files")
        indexes = [models.Index(fields=["kind", "object_id"], name="file_by_record")]

    def __str__(self) -> str:
        return self.name
