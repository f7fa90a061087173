"""The product's own server on a measured database, with the bare pages beside it."""

import os
import subprocess
import sys
import time

from ltc.bench.client import Client
from ltc.bench.workloads import Ask
from ltc.local import ports
from ltc.local.console import Problem
from ltc.local.paths import REPO

# One process, so that every request meets the same warm caches; the flags are those of the demo else.
_COMMAND = (
    "-m gunicorn ltc.wsgi:application --preload --worker-class gthread --workers 1 --threads 4 --no-control-socket "
    "--keep-alive 120 --timeout 300 --log-level warning"
)


class Server:
    """A gunicorn on a free port of 127.0.0.1, as long as the block lasts."""

    def __init__(self, url: str) -> None:
        self.url, self.port = url, ports.pick()

    def __enter__(self) -> "Server":
        environ = os.environ | {
            "DATABASE_URL": self.url,
            "DJANGO_SETTINGS_MODULE": "ltc.bench.settings",
            "PYTHONPATH": str(REPO),
            "LTC_LOG_LEVEL": "WARNING",
        }
        environ.pop("DATABASE_OWNER_URL", None)
        command = [sys.executable, *_COMMAND.split(), "--bind", f"127.0.0.1:{self.port}"]
        self.process = subprocess.Popen(command, cwd=REPO, env=environ, stdin=subprocess.DEVNULL)
        end = time.monotonic() + 60
        while time.monotonic() < end:
            try:
                if Client(self.port).send(Ask("/healthz")).status == 200:
                    return self
            except OSError:
                time.sleep(0.2)
        self.process.kill()
        raise Problem("The measured server did not start.")

    def __exit__(self, *error: object) -> None:
        self.process.terminate()
        self.process.wait(30)
