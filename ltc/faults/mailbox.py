"""A real SMTP server on this machine that takes mail, and now and then hangs up before it says so."""

import threading
from collections import defaultdict
from email import message_from_bytes
from typing import Any

from aiosmtpd.controller import Controller

from ltc.local import ports

RUDE_EVERY = 7  # every so many messages it takes one and hangs up without an answer


class Mailbox:
    """Everything that came in: Message-ID to the recipients it was for, once per delivery."""

    def __init__(self, rude_every: int = RUDE_EVERY) -> None:
        self.port, self.rude_every = ports.pick(), rude_every
        self.seen: dict[str, list[str]] = defaultdict(list)
        self.hung_up = 0
        self._count = 0
        self._lock = threading.Lock()
        self._controller = Controller(self, hostname="127.0.0.1", port=self.port)

    @property
    def url(self) -> str:
        """What the demo is told."""
        return f"smtp://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Listen."""
        self._controller.start()

    def stop(self) -> None:
        """Refuse connections."""
        self._controller.stop()

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        """Take a message; the rude way is to take it and say nothing."""
        message = message_from_bytes(envelope.content)
        with self._lock:
            self._count += 1
            self.seen[str(message["Message-ID"])] += envelope.rcpt_tos
            rude = self.rude_every and self._count % self.rude_every == 0
            self.hung_up += bool(rude)
        if rude:
            server.transport.abort()
        return "250 taken"
