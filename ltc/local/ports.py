"""Ports on the loopback interface."""

import random
import socket

# Below the range the kernel hands to outgoing connections, so that a kept port stays free.
RANGE = (20000, 32000)


def is_free(port: int) -> bool:
    """True when a server could listen on 127.0.0.1:port."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def pick() -> int:
    """A free port to keep."""
    while True:
        port = random.randrange(*RANGE)
        if is_free(port):
            return port
