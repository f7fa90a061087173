"""What the tests of people and their doors share."""

from collections.abc import Iterator
from typing import Any

import pytest

from ltc.mail import mail_settings
from tests.accounts.mail_server import MailServer


@pytest.fixture
def mail_server(settings: Any) -> Iterator[MailServer]:
    """A mail server the product knows of."""
    running = MailServer()
    running.start()
    for name, value in mail_settings(running.url).items():
        setattr(settings, name, value)
    settings.LTC_MAIL, settings.LTC_SITE_URL = True, "https://ltc.example.com"
    settings.DEFAULT_FROM_EMAIL = "LTC <ltc@example.com>"
    yield running
    running.stop()
