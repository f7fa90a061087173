"""The secrets of a local installation: made once at random, then kept in a file only its owner reads."""

import json
import secrets
from pathlib import Path

from ltc.local.locks import held
from ltc.local.paths import private_text

NAMES = ("LTC_SECRET_KEY", "LTC_LOG_KEY")


def load(folder: Path) -> dict[str, str]:
    """The secrets of `folder`, made when missing."""
    path = folder / "secrets.json"
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        with held(folder / "locks" / "secrets"):
            if not path.exists():
                private_text(path, json.dumps({name: secrets.token_urlsafe(48) for name in NAMES}, indent=1))
    return dict(json.loads(path.read_text(encoding="utf-8")))
