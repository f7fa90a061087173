"""A program that calls the API as one person, in English unless it says otherwise."""

import json
from typing import Any

from django.http import HttpResponse
from django.test import Client

from accounts.models import User
from tests.helpers import signed_in


class Caller:
    """Signed in by session, or by the token it is given."""

    def __init__(self, user: User | None = None, *, token: str = "", language: str = "en") -> None:
        self.client = signed_in(user) if user is not None and not token else Client()
        self.headers = {"Accept-Language": language} if language else {}
        if token:
            self.headers["Authorization"] = f"Bearer {token}"

    def get(self, path: str, **headers: str) -> HttpResponse:
        return self.client.get(f"/api/v1/{path}", headers=self._headers(headers))

    def follow(self, address: str) -> HttpResponse:
        """An address the API gave."""
        return self.client.get(address, headers=self.headers)

    def post(self, path: str, body: Any = None, **headers: str) -> HttpResponse:
        return self._send("post", path, body, headers)

    def patch(self, path: str, body: Any, **headers: str) -> HttpResponse:
        return self._send("patch", path, body, headers)

    def upload(self, path: str, fields: dict[str, Any], **headers: str) -> HttpResponse:
        return self.client.post(f"/api/v1/{path}", fields, headers=self._headers(headers))

    def _send(self, method: str, path: str, body: Any, headers: dict[str, str]) -> HttpResponse:
        text = body if isinstance(body, str | bytes) else json.dumps({} if body is None else body)
        send = getattr(self.client, method)
        return send(f"/api/v1/{path}", text, content_type="application/json", headers=self._headers(headers))

    def _headers(self, more: dict[str, str]) -> dict[str, str]:
        return {**self.headers, **{name.replace("_", "-"): value for name, value in more.items()}}


def problem(answer: HttpResponse, status: int) -> dict[str, Any]:
    """The problem details of an answer, which must have this status."""
    assert answer.status_code == status, (answer.status_code, answer.content.decode()[:1000])
    assert answer["Content-Type"] == "application/problem+json"
    body = answer.json()
    assert body["status"] == status and body["title"] and body["type"]
    return body
