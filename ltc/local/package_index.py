"""What this machine has told pip about package indexes, told to uv, which does not read pip's files.

It goes through the environment of one call and is never written anywhere.
"""

import ast
import os
import subprocess
import sys

# pip's option → uv's variable. Lists are separated by blanks in pip.
SINGLE = {
    "index-url": "UV_DEFAULT_INDEX",
    "cert": "SSL_CERT_FILE",
    "timeout": "UV_HTTP_TIMEOUT",
    "default-timeout": "UV_HTTP_TIMEOUT",
}
EXTRA = {"extra-index-url": ("UV_INDEX", " "), "find-links": ("UV_FIND_LINKS", ",")}
HOSTS = {"trusted-host": ("UV_INSECURE_HOST", " ")}


def pip_options() -> dict[str, str]:
    """pip's options for `install`: environment over its section over [global]."""
    command = [sys.executable, "-m", "pip", "config", "list"]
    output = subprocess.run(command, capture_output=True, text=True, check=False).stdout
    ranked: dict[str, tuple[int, str]] = {}
    for line in output.splitlines():
        key, separator, value = line.partition("=")
        section, _, name = key.rpartition(".")
        rank = {"global": 0, "install": 1, ":env:": 2}.get(section)
        if separator and rank is not None and rank >= ranked.get(name, (0, ""))[0]:
            ranked[name] = (rank, str(ast.literal_eval(value)))
    return {name: value for name, (_, value) in ranked.items()}


def for_uv(*, extra: bool = True) -> dict[str, str]:
    """The variables to add for uv; what the user has set for uv himself stays."""
    options = pip_options()
    values = {variable: options[name] for name, variable in SINGLE.items() if options.get(name)}
    lists = HOSTS | (EXTRA if extra else {})
    for name, (variable, separator) in lists.items():
        if options.get(name):
            values[variable] = separator.join(options[name].split())
    if "UV_INDEX" in values:
        # pip takes the best version of all indexes; uv by itself stops at the first that has the package.
        values["UV_INDEX_STRATEGY"] = "unsafe-best-match"
    return {name: value for name, value in values.items() if name not in os.environ}
