"""A browser as far as writing needs one: cookies, the hidden fields of a form, and an answer or none."""

import html
import http.client
import re
import uuid
from dataclasses import dataclass
from urllib.parse import urlencode

from ltc.local.console import Problem

HIDDEN = ("csrfmiddlewaretoken", "idempotency_key", "version")
_INPUT = re.compile(r"<input\b[^>]*>")
_ATTRIBUTE = re.compile(r'([\w-]+)="([^"]*)"')


@dataclass(frozen=True)
class Answer:
    """What came back; status 0 when nothing did."""

    status: int
    location: str = ""
    body: str = ""

    @property
    def taken(self) -> bool:
        """True when the server said that it has done it."""
        return 200 <= self.status < 400

    @property
    def lost(self) -> bool:
        """True when nobody can know whether it was done: no answer, or a server in trouble."""
        return self.status == 0 or self.status >= 500

    def hidden(self) -> dict[str, str]:
        """The hidden fields of the page's form, as a browser would send them back."""
        found = {}
        for tag in _INPUT.findall(self.body):
            attributes = dict(_ATTRIBUTE.findall(tag))
            if attributes.get("name") in HIDDEN:
                found[attributes["name"]] = html.unescape(attributes.get("value", ""))
        return found


class Browser:
    """One person at one site."""

    def __init__(self, port: int, username: str, password: str, timeout: float = 30) -> None:
        self.port, self.username, self.password = port, username, password
        self.cookies: dict[str, str] = {}
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout)

    def get(self, path: str) -> Answer:
        """Fetch a page."""
        return self._send("GET", path, None, {})

    def post(self, path: str, form: dict[str, str], file: tuple[str, bytes] | None = None) -> Answer:
        """Send a form, with a file when there is one."""
        if file is None:
            return self._send("POST", path, urlencode(form).encode(), {"Content-Type": _FORM})
        boundary = uuid.uuid4().hex
        body = _multipart(boundary, form, file)
        return self._send("POST", path, body, {"Content-Type": f"multipart/form-data; boundary={boundary}"})

    def _send(self, method: str, path: str, body: bytes | None, headers: dict[str, str]) -> Answer:
        headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        headers["Referer"] = f"http://127.0.0.1:{self.port}{path}"
        try:
            self.connection.request(method, path, body, headers)
            response = self.connection.getresponse()
            content = response.read()
        except (OSError, http.client.HTTPException):
            return Answer(0)
        finally:
            self.connection.close()  # one that is kept and ends by itself would look like a fault
        for cookie in response.headers.get_all("Set-Cookie") or ():
            name, _, value = cookie.partition(";")[0].partition("=")
            self.cookies[name.strip()] = value
        return Answer(response.status, response.headers.get("Location") or "", content.decode(errors="replace"))

    def sign_in(self) -> None:
        """Through the sign-in page, like everybody."""
        page = self.get("/login/")
        name = "login" if 'name="login"' in page.body else "username"
        answer = self.post("/login/", {**page.hidden(), name: self.username, "password": self.password})
        if answer.status != 302:
            raise Problem(f"{self.username} could not sign in: the page answered {answer.status}.")


_FORM = "application/x-www-form-urlencoded"


def _multipart(boundary: str, form: dict[str, str], file: tuple[str, bytes]) -> bytes:
    parts = [
        f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
        for name, value in form.items()
    ]
    head = f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="{file[0]}"\r\n'
    parts += [f"{head}Content-Type: text/plain\r\n\r\n".encode(), file[1], f"\r\n--{boundary}--\r\n".encode()]
    return b"".join(parts)
