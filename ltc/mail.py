"""Reads LTC_SMTP_URL: smtp://, smtps:// (TLS at once) or starttls://, with user, password, host and port."""

from typing import Any
from urllib.parse import unquote, urlsplit

PORTS = {"smtp": 25, "smtps": 465, "starttls": 587}


def mail_settings(url: str) -> dict[str, Any]:
    """Django's EMAIL_ settings for the URL; without one, nothing is sent.

    Raises ValueError naming what is wrong, without the password.
    """
    if not url:
        return {"EMAIL_BACKEND": "django.core.mail.backends.dummy.EmailBackend"}
    parts = urlsplit(url)
    if parts.scheme not in PORTS or not parts.hostname:
        raise ValueError("LTC_SMTP_URL must be smtp://, smtps:// or starttls:// with a host")
    return {
        "EMAIL_BACKEND": "django.core.mail.backends.smtp.EmailBackend",
        "EMAIL_HOST": parts.hostname,
        "EMAIL_PORT": parts.port or PORTS[parts.scheme],
        "EMAIL_HOST_USER": unquote(parts.username or ""),
        "EMAIL_HOST_PASSWORD": unquote(parts.password or ""),
        "EMAIL_USE_SSL": parts.scheme == "smtps",
        "EMAIL_USE_TLS": parts.scheme == "starttls",
        "EMAIL_TIMEOUT": 10,
    }
