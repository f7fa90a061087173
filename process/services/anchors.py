"""Anchoring the log outside the database, so that even its owner cannot rewrite history unseen."""

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.conf import settings
from django.utils import timezone

from process.models import Case


def anchors_in(path: Path) -> Iterator[dict[str, Any] | None]:
    """Every anchor of a file, in order; None for a line that is none (cut off by a crash, or tampered with)."""
    if not path.exists():
        return
    with path.open(encoding="utf-8", errors="replace") as lines:
        for line in lines:
            try:
                anchor = json.loads(line)
                yield {"case": int(anchor["case"]), "seq": int(anchor["seq"]), "mac": anchor["mac"], "at": anchor["at"]}
            except (ValueError, TypeError, KeyError):
                yield None


def _ends_torn(path: Path) -> bool:
    """Whether the file's last line was not written to its end."""
    with path.open("rb") as file:
        file.seek(0, os.SEEK_END)
        if file.tell() == 0:
            return False
        file.seek(-1, os.SEEK_END)
        return file.read(1) != b"\n"


def anchor_heads() -> int:
    """Append the head of every chain that grew since the last anchor to LTC_ANCHOR_FILE; returns how many."""
    path = settings.LTC_ANCHOR_FILE
    known = {anchor["case"]: anchor["seq"] for anchor in anchors_in(path) if anchor is not None}
    now = timezone.now().isoformat()
    path.parent.mkdir(parents=True, exist_ok=True)
    written = 0
    with path.open("a", encoding="utf-8") as file:
        if _ends_torn(path):
            file.write("\n")
        heads = Case.objects.filter(log_length__gt=0).values_list("pk", "log_length", "log_head")
        for pk, seq, mac in heads.iterator():
            if known.get(pk, 0) < seq:
                file.write(json.dumps({"at": now, "case": pk, "seq": seq, "mac": mac}) + "\n")
                written += 1
        file.flush()
        os.fsync(file.fileno())
    return written
