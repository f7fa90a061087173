"""How many statements a page asked, and how long the database took over them: two headers, when asked for."""

import time
from collections.abc import Callable
from typing import Any

from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase


class CountStatements:
    """Counts while `X-Bench: count` is sent; a request that is timed is left alone."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if request.headers.get("X-Bench") != "count":
            return self.get_response(request)
        asked: list[tuple[str, float]] = []

        def note(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: dict[str, Any]) -> Any:
            begun = time.perf_counter()
            try:
                return execute(sql, params, many, context)
            finally:
                asked.append((sql, time.perf_counter() - begun))

        with connection.execute_wrapper(note):
            response = self.get_response(request)
            if isinstance(response, HttpResponse):
                response.content  # noqa: B018 - a lazy answer is rendered here
        response["X-Statements"] = str(len(asked))
        response["X-Database-Ms"] = f"{1000 * sum(seconds for _sql, seconds in asked):.2f}"
        return response
