"""A real SMTP server on this machine, that takes mail or behaves as told."""

from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

from aiosmtpd.controller import Controller

from ltc.local import ports


class MailServer:
    """Takes mail, or behaves as told: `refuse` answers a code, `hang_up` takes the mail and says nothing."""

    def __init__(self) -> None:
        self.port = ports.pick()
        self.taken: list[EmailMessage] = []
        self.refuse = ""
        self.refuse_recipient = ""
        self.hang_up = 0
        self.hold: Any = None

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self.port}"

    def start(self) -> None:
        self._controller = Controller(self, hostname="127.0.0.1", port=self.port)
        self._controller.start()

    def stop(self) -> None:
        self._controller.stop()

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:
        if self.refuse_recipient:
            return self.refuse_recipient
        envelope.rcpt_tos.append(address)
        return "250 fine"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        if self.refuse:
            return self.refuse
        self.taken.append(message_from_bytes(envelope.content, policy=policy.default))
        if self.hang_up:
            self.hang_up -= 1
            server.transport.abort()
        if self.hold:
            self.hold()
        return "250 taken"
