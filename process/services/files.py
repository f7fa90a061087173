"""Hanging files on records."""

import hashlib
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from accounts.actor import Actor
from accounts.models import User
from core.errors import Refused
from process.models import Attachment, StageRecord
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
    attachment = Attachment.objects.create(
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
    write_log(
        case,
        kind=record.record_kind(),
        object_id=record.pk,
        action=f"{record.noun()}.attach",
        by=actor,
        note=note,
        changes={"file": ["", attachment.name], "sha256": ["", attachment.sha256], "purpose": ["", purpose]},
    )
    return attachment
