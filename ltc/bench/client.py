"""A browser as small as it can be: one connection that stays open, cookies, a clock around each answer."""

import http.client
import time
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from ltc.bench.workloads import Ask
from ltc.local.console import Problem

_TOKEN = "b" * 32


@dataclass(frozen=True)
class Answer:
    """How long it took in milliseconds, and what the counter said when it was asked."""

    status: int
    took: float
    statements: int = 0
    database: float = 0.0
    body: bytes = b""


class Client:
    """Requests of one person to one server."""

    def __init__(self, port: int, session: str = "") -> None:
        self.port = port
        self.cookies = f"csrftoken={_TOKEN}" + (f"; sessionid={session}" if session else "")
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)

    def send(self, ask: Ask, *, count: bool = False) -> Answer:
        """Ask, read the whole answer, and say how long that took."""
        headers = {"Cookie": self.cookies, "X-CSRFToken": _TOKEN, "Host": "127.0.0.1"}
        if ask.htmx:
            headers["HX-Request"] = "true"
        if ask.api:
            headers["Accept"] = "application/json"
        if count:
            headers["X-Bench"] = "count"
        body = None
        if ask.form is not None:
            body = urlencode(ask.form)
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        begun = time.perf_counter()
        response, content = self._exchange("POST" if body is not None else "GET", ask.path, body, headers)
        took = 1000 * (time.perf_counter() - begun)
        said = response.headers
        return Answer(
            response.status, took, int(said.get("X-Statements") or 0), float(said.get("X-Database-Ms") or 0), content
        )

    def _exchange(self, method: str, path: str, body: str | None, headers: dict[str, str]) -> Any:
        try:
            self.connection.request(method, path, body, headers)
            response = self.connection.getresponse()
        except (http.client.RemoteDisconnected, ConnectionError, BrokenPipeError):
            # The server closed an idle connection: what was sent was not taken.
            self.connection.close()
            self.connection.request(method, path, body, headers)
            response = self.connection.getresponse()
        return response, response.read()

    def expect(self, ask: Ask, answers: frozenset[int], *, count: bool = False) -> Answer:
        """The answer, or a Problem that names what came instead."""
        answer = self.send(ask, count=count)
        if answer.status not in answers:
            text = answer.body[:300].decode(errors="replace")
            raise Problem(f"{ask.path} answered {answer.status}: {text}")
        return answer
