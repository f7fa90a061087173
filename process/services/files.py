"""Hanging files on records."""

import datetime as dt
import hashlib
import time
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from accounts.actor import Actor
from accounts.models import User
from core.errors import Refused
from process.models import Attachment, StageRecord
from process.models.files import UPLOADS
from process.services.log import lock_case, write_log


@transaction.atomic
def attach(record: StageRecord, *, file: Any, by: Actor | User, purpose: str = "", note: str = "") -> Attachment:
    """Hang a file on a record; its SHA-256 is kept, so an altered file is found.

    Raises Refused for an empty file or one beyond LTC_UPLOAD_MAX_BYTES.
    """
    actor = Actor.of(by)
    if file.size == 0:
        raise Refused(_("The file is empty."))
    if file.size > settings.LTC_UPLOAD_MAX_BYTES:
        limit = settings.LTC_UPLOAD_MAX_BYTES // (1024 * 1024)
        raise Refused(_("The file is larger than %(limit)s MB.") % {"limit": limit})
    digest = hashlib.sha256()
    for chunk in file.chunks():
        digest.update(chunk)
    case = lock_case(record.case_id)
    attachment = Attachment(
        case=case,
        kind=record.record_kind(),
        object_id=record.pk,
        purpose=purpose,
        name=str(file.name)[-200:],
        file=file,
        size=file.size,
        sha256=digest.hexdigest(),
        added_by=actor.user,
    )
    attachment.file.save(attachment.name, attachment.file.file, save=False)
    try:
        attachment.save(force_insert=True)
        write_log(
            case,
            kind=record.record_kind(),
            object_id=record.pk,
            action=f"{record.noun()}.attach",
            by=actor,
            note=note,
            changes={"file": ["", attachment.name], "sha256": ["", attachment.sha256], "purpose": ["", purpose]},
        )
    except BaseException:
        attachment.file.delete(save=False)
        raise
    return attachment


def sweep_strays(older_than: dt.timedelta = dt.timedelta(days=1)) -> int:
    """Remove files no row knows of: their transaction was cut off after they were written; returns how many."""
    root, before = Path(settings.MEDIA_ROOT), time.time() - older_than.total_seconds()
    removed = 0
    for folder in root.glob(f"{UPLOADS}/*"):
        old = {
            f"{UPLOADS}/{folder.name}/{path.name}": path for path in folder.iterdir() if path.stat().st_mtime < before
        }
        known = set(Attachment.objects.filter(file__in=old).values_list("file", flat=True))
        for name in old.keys() - known:
            old[name].unlink(missing_ok=True)
            removed += 1
    return removed
