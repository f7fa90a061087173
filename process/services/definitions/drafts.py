"""Writing the next version of the L3 catalogue: one draft, step by step, checked when it is published."""

from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from accounts.models import User
from core.errors import Refused, Stale
from process.models import ProcessDraft, ProcessVersion
from process.services.definitions.publishing import check, differences, lock_catalogue, publish, require_editor


def current_draft() -> ProcessDraft | None:
    """The draft somebody is writing, if any."""
    return ProcessDraft.objects.select_related("based_on", "updated_by").first()


@transaction.atomic
def start_draft(*, by: User) -> ProcessDraft:
    """Begin the next version as a copy of the one in force; Refused where a draft is being written already."""
    require_editor(by)
    latest = ProcessVersion.objects.order_by("-number").first()
    if latest is None:
        raise Refused(_("There is no published process yet."))
    try:
        with transaction.atomic():
            return ProcessDraft.objects.create(based_on=latest, content=latest.content, updated_by=by)
    except IntegrityError as error:
        raise Refused(_("A draft is being written already.")) from error


def _locked(version: int | None) -> ProcessDraft:
    draft = ProcessDraft.objects.select_for_update().first()
    if draft is None:
        raise Refused(_("There is no draft."))
    if version is not None and version != draft.row_version:
        raise Stale({str(_("version")): (version, draft.row_version)})
    return draft


def _save(draft: ProcessDraft, content: list[dict[str, Any]], by: User) -> ProcessDraft:
    draft.content, draft.updated_by = content, by
    draft.row_version += 1
    draft.save(update_fields=["content", "updated_by", "row_version", "updated_at"])
    return draft


@transaction.atomic
def write_step(step: dict[str, Any], *, by: User, code: str = "", version: int | None = None) -> ProcessDraft:
    """Put a step into the draft: in the place of `code`, or as a new one at the end of its stage.

    Raises NotAllowed, Stale when the draft is no longer the one that was shown, Refused for a code that stands twice.
    """
    require_editor(by)
    draft = _locked(version)
    codes = [one["code"] for one in draft.content]
    if step["code"] != code and step["code"] in codes:
        raise Refused(_("The step %(code)s stands twice.") % {"code": step["code"]})
    content = list(draft.content)
    if code:
        if code not in codes:
            raise Refused(_("The draft has no step %(code)s.") % {"code": code})
        content[codes.index(code)] = step
    else:
        same = [index for index, one in enumerate(content) if one["stage"] == step["stage"]]
        content.insert(same[-1] + 1 if same else len(content), step)
    return _save(draft, content, by)


@transaction.atomic
def remove_step(code: str, *, by: User, version: int | None = None) -> ProcessDraft:
    """Take a step out of the draft; running cases that have it keep it."""
    require_editor(by)
    draft = _locked(version)
    content = [one for one in draft.content if one["code"] != code]
    if len(content) == len(draft.content):
        raise Refused(_("The draft has no step %(code)s.") % {"code": code})
    return _save(draft, content, by)


@transaction.atomic
def discard_draft(*, by: User) -> None:
    """Throw the draft away; nothing that is in force changes."""
    require_editor(by)
    _locked(None).delete()


@transaction.atomic
def publish_draft(*, by: User, note: str, version: int | None = None) -> ProcessVersion:
    """Put the draft in force with a reason; Refused with everything that is wrong with it, or when it changes nothing.

    Also refused when another version was published meanwhile: the draft is compared with that one first.
    """
    require_editor(by)
    latest = lock_catalogue()
    draft = _locked(version)
    reasons = [] if note.strip() else [_("Please give a reason.")]
    if latest != draft.based_on:
        reasons.append(_("%(version)s was published meanwhile: begin a new draft on it.") % {"version": latest})
    if not differences(draft.based_on.content, draft.content):
        reasons.append(_("The draft changes nothing."))
    reasons += check(draft.content, draft.based_on.artefacts)
    if reasons:
        raise Refused(reasons)
    based_on = draft.based_on
    draft.delete()
    made, _created = publish(
        draft.content,
        based_on.artefacts,
        origin=ProcessVersion.Origin.EDITED,
        delivered=based_on.delivered,
        note=note,
        by=by,
    )
    return made
