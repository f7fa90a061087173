"""Health checks of containers: `python -m ltc.observe.probe web|worker|beat`, exit code 0 when alive.

Started every few seconds beside the process, so it imports as little as possible.
"""

import http.client
import os
import sys
import time

from ltc.observe import life


def web() -> bool:
    """The web process answers that it is ready."""
    host = os.environ.get("LTC_ALLOWED_HOSTS", "localhost").split(",")[0].strip().lstrip(".") or "localhost"
    connection = http.client.HTTPConnection("127.0.0.1", int(os.environ.get("PORT") or 8000), timeout=5)
    try:
        connection.request("GET", "/readyz", headers={"Host": host, "X-Forwarded-Proto": "https"})
        return connection.getresponse().status == http.client.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def alive(name: str) -> bool:
    """The worker or beat of this container has given a sign within the last minute."""
    try:
        return time.time() - life.file_of(name).stat().st_mtime < life.STALE
    except OSError:
        return False


def main(arguments: list[str]) -> int:
    """0 when the named process is alive, 1 when not, 2 when there is none of that name."""
    name = arguments[0] if arguments else ""
    if name not in ("web", "worker", "beat"):
        sys.stderr.write("usage: python -m ltc.observe.probe web|worker|beat\n")
        return 2
    return 0 if (web() if name == "web" else alive(name)) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
