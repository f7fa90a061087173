#!/usr/bin/env python3
"""Django's command line. `./run manage …` calls it with the right Python."""

import os
import sys

from ltc.local import console, environment


def main() -> None:
    """Run a command with the environment of this machine."""
    from django.core.management import execute_from_command_line

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ltc.settings")
    with environment.for_command(sys.argv[1] if len(sys.argv) > 1 else "help"):
        execute_from_command_line(sys.argv)


if __name__ == "__main__":
    try:
        main()
    except (console.Problem, OSError) as error:
        sentence = console.explain(error)
        if sentence is None:
            raise
        console.fail(sentence)
        sys.exit(1)
