"""The text in the pack that says how it is checked, in both languages."""

from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext as _


def text() -> str:
    """What every reader is told, first in the language of the house."""
    parts = []
    for code, _name in settings.LANGUAGES:
        with translation.override(code):
            parts.append("\n\n".join(_paragraphs()))
    return "\n\n----\n\n".join(parts) + "\n"


def _paragraphs() -> list[str]:
    return [
        _("Evidence pack of one project, as far as its reader may see it."),
        _(
            "Taken out again by the same reader while nothing was done to the deal, it is the same to the "
            "byte: compare its SHA-256."
        ),
        _(
            "manifest.json names size and SHA-256 of every file here. Under “files” stand those hung on "
            "records, with the hash kept when each was added; one that was altered or lost since is not "
            "“intact”."
        ),
        _(
            "log.jsonl is the log of the case, one entry a line, numbered without gaps. “mac” is HMAC-SHA256 "
            "in hex, with the key of the log (LTC_LOG_KEY), over this JSON array in UTF-8, without spaces "
            "and with the names of objects in order: the mac of the entry before (empty for the first), "
            "case_id, seq, at, kind, object_id, action, state_from, state_to, actor_kind, actor_name, "
            "user_id, ip, note, changes."
        ),
        _(
            "What the reader may not see is named under “withheld”; such an entry keeps its place and its "
            "mac, but cannot be computed again from this pack."
        ),
        _(
            "The last mac is the head that manifest.json names. Compare it with the file of anchors that is "
            "kept outside the database (LTC_ANCHOR_FILE); earlier anchors stand in anchors.jsonl."
        ),
        _("On a server: ./run manage verify_pack FILE.zip does all of this."),
    ]
