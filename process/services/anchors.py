"""Anchoring the log outside the database, so that even its owner cannot rewrite history unseen."""

import json
import os

from django.conf import settings
from django.utils import timezone

from process.models import Case


def anchor_heads() -> int:
    """Append the head of every chain that grew since the last anchor to LTC_ANCHOR_FILE; returns how many."""
    path = settings.LTC_ANCHOR_FILE
    known: dict[int, int] = {}
    if path.exists():
        with path.open(encoding="utf-8") as lines:
            known = {anchor["case"]: anchor["seq"] for anchor in map(json.loads, lines)}
    now = timezone.now().isoformat()
    path.parent.mkdir(parents=True, exist_ok=True)
    written = 0
    with path.open("a", encoding="utf-8") as file:
        for pk, seq, mac in (
            Case.objects.filter(log_length__gt=0).values_list("pk", "log_length", "log_head").iterator()
        ):
            if known.get(pk, 0) < seq:
                file.write(json.dumps({"at": now, "case": pk, "seq": seq, "mac": mac}) + "\n")
                written += 1
        file.flush()
        os.fsync(file.fileno())
    return written
