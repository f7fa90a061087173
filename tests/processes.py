"""Real processes of LTC beside a test, on its own database and Redis: web servers and workers."""

import http.client
import os
import subprocess
import sys
import time
import urllib.parse
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from django.conf import settings

from ltc.local import ports
from ltc.local.locks import held
from ltc.local.testing import TestRun

WORKER = "-m celery --quiet -A ltc.celery worker --concurrency 1 --without-mingle --without-gossip"


def wait_until(condition: Callable[[], bool], what: str, seconds: float = 60) -> None:
    """Poll, since it happens in another process; a machine under load is given its time."""
    limit = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < limit, f"waited {seconds} s in vain until {what}"
        time.sleep(0.05)


@contextmanager
def program(log: Path, *arguments: str, **environ: str) -> Iterator["subprocess.Popen[bytes]"]:
    """A Python program as ltc_app, with its children in a process group of its own; ended in order."""
    ours = {key: value for key, value in os.environ.items() if key != "DATABASE_OWNER_URL"}
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, *arguments],
            cwd=settings.BASE_DIR,
            env=ours | {"PYTHONUNBUFFERED": "1"} | environ,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.terminate()
            process.wait(timeout=60)


@contextmanager
def worker(log: Path, *options: str, **environ: str) -> Iterator["subprocess.Popen[bytes]"]:
    """A worker that is ready."""
    arguments = [*WORKER.split(), "--hostname", f"{log.stem}@test", *options]
    with program(log, *arguments, **{"LTC_LOG_LEVEL": "INFO"} | environ) as process:
        wait_until(lambda: b" ready." in log.read_bytes() or process.poll() is not None, "the worker is ready")
        assert process.poll() is None, log.read_text()
        yield process


@contextmanager
def web(log: Path, **environ: str) -> Iterator[int]:
    """A web server that answers; its port."""
    with web_process(log, **environ) as (_, port):
        yield port


@contextmanager
def web_process(log: Path, **environ: str) -> Iterator[tuple["subprocess.Popen[bytes]", int]]:
    """A web server that answers, and its port."""
    port = ports.pick()
    own = {"PORT": str(port), "LTC_WEB_WORKERS": "1", "LTC_STATIC": str(collected())}
    with program(log, "-m", "gunicorn", **own | environ) as process:
        wait_until(lambda: _answers(port) or process.poll() is not None, "the web server answers")
        assert process.poll() is None, log.read_text()
        yield process, port


def collected() -> Path:
    """The static files under their hashed names, collected once per run."""
    folder = Path(TestRun.current().folder) / "static"
    with held(folder.with_name("static.lock")):
        if not (folder / "staticfiles.json").exists():
            command = [sys.executable, "-W", "ignore", "manage.py", "collectstatic", "--noinput", "--verbosity", "0"]
            environ = os.environ | {"LTC_STATIC": str(folder)}
            subprocess.run(command, cwd=settings.BASE_DIR, env=environ, check=True)
    return folder


def _answers(port: int) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/healthz")
        connection.getresponse()
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
    return True


class Browser:
    """Just enough of one: cookies, forms and the token in them."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.cookies: dict[str, str] = {}

    def ask(self, method: str, path: str, body: dict[str, str] | None = None, **headers: str) -> tuple[int, str, str]:
        """Status, text and request id of an answer."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        if body is not None:
            body = {"csrfmiddlewaretoken": self.cookies.get("csrftoken", ""), **body}
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        connection.request(method, path, urllib.parse.urlencode(body or {}) if body is not None else None, headers)
        answer = connection.getresponse()
        self._keep(answer)
        text = answer.read().decode()
        connection.close()
        return answer.status, text, answer.headers["X-Request-ID"]

    def _keep(self, answer: http.client.HTTPResponse) -> None:
        for line in answer.headers.get_all("Set-Cookie") or []:
            name, _, value = line.split(";")[0].partition("=")
            self.cookies[name] = value

    def sign_in(self, username: str, password: str) -> int:
        """The status of the answer to the form."""
        self.ask("GET", "/login/")
        return self.ask("POST", "/login/", {"username": username, "password": password})[0]
