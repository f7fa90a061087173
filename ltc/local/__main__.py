"""`./run <verb>`: what each verb sets up first, and what it runs."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence

from ltc.local import console, environment, setup, supervisor
from ltc.local.paths import REPO, data_folder
from ltc.local.services import Services

HELP = """LTC - lead to cash. Every verb sets up what it needs first; the second time that takes no time.

  ./run demo                 set up, start PostgreSQL, Redis, web, worker and beat, with a demo company
  ./run test [pytest args]   the whole suite on real PostgreSQL and Redis; arguments go to pytest
  ./run lint                 every check that needs no test run; all are run, all failures are shown
  ./run manage <command> …   Django's manage.py, with the services it needs
  ./run messages <verb>      translations: extract, check, add FILE.json, prune, compile
  ./run bench [--sizes 1000,100000]   what pages cost beside a bare page, and how that grows with the data
  ./run faults [--rounds 20] [--only redis,…]   kill everything under load; nothing acknowledged may be lost
  ./run fuzz [pytest args]   attack every operation of the API
  ./run services up|down|env|status   the embedded services by hand; env prints variables for a shell
  ./run lock                 write requirements/*.txt anew from requirements/*.in
  ./run help                 this text

Environment: PYTHON (a Python 3.11 or newer), PORT (of the demo, 8000), LTC_DATA (default .local: everything
the runner makes), DATABASE_URL and REDIS_URL (servers of your own: then nothing is embedded),
LTC_TEST_WORKERS (2), LTC_KEEP_SERVICES=1 (test services stay up), LTC_CHROMIUM (browser for the tests)."""


def demo(arguments: Sequence[str]) -> int:
    """The main job: everything, running."""
    return supervisor.demo(_set_up_demo)


def _set_up_demo() -> None:
    setup.packages()
    setup.front_end()
    setup.translations()


def test(arguments: Sequence[str]) -> int:
    """pytest with its services; arguments go to pytest."""
    setup.packages(development=True)
    try:
        setup.front_end()
    except console.Problem as problem:  # most tests need none, and those in a browser will show it
        console.fail(str(problem))
    setup.translations()
    return _run("-m", "pytest", "-n", _workers(arguments), *arguments)


def _workers(arguments: Sequence[str]) -> str:
    """One process for a single test or the debugger, where starting more only costs time."""
    single = "--pdb" in arguments or any("::" in argument for argument in arguments)
    return os.environ.get("LTC_TEST_WORKERS") or ("0" if single else "2")


def lint(arguments: Sequence[str]) -> int:
    """Every static check."""
    from ltc.local import lint as checks

    setup.packages(development=True)
    return checks.run()


def manage(arguments: Sequence[str]) -> int:
    """manage.py."""
    setup.packages()
    setup.translations()
    return _run("manage.py", *arguments)


def messages(arguments: Sequence[str]) -> int:
    """The translations; a broken app does not keep anybody from adding to them."""
    setup.packages()
    return _run("-m", "ltc.messages", *arguments)


def bench(arguments: Sequence[str]) -> int:
    """What pages cost beside a bare page, and how that grows with the data; --help names the options."""
    setup.packages()
    setup.front_end()
    setup.translations()
    return _run("-m", "ltc.bench", *arguments)


def faults(arguments: Sequence[str]) -> int:
    """Kill everything under load and compare; --help names the options."""
    setup.packages(development=True)
    setup.front_end()
    setup.translations()
    return _run("-m", "ltc.faults", *arguments)


def fuzz(arguments: Sequence[str]) -> int:
    """The API under attack, run like tests but never among them."""
    setup.packages(attack=True)
    setup.translations()
    return _run(
        "-m",
        "pytest",
        "-n0",
        "-s",
        "-p",
        "no:randomly",
        "-p",
        "no:schemathesis",
        *(arguments or ["tests/fuzz/fuzz_api.py"]),
    )


def services(arguments: Sequence[str]) -> int:
    """The embedded services by hand."""
    setup.packages()
    verb = arguments[0] if arguments else "status"
    embedded = Services(data_folder())
    if verb == "env":
        for name, value in environment.local_environment(embedded).items():
            console.say(f"export {name}='{value}'")
    elif verb == "up":
        embedded.keep(True)
        embedded.ensure()
    elif verb == "down":
        for folder in (data_folder(), data_folder() / "test"):
            Services(folder).keep(False)
            Services(folder).stop()
    elif verb != "status":
        raise console.Problem("./run services knows up, down, env and status.")
    if verb in ("up", "down", "status"):
        _print_status(embedded)
    return 0


def _print_status(embedded: Services) -> None:
    for name, server in (("PostgreSQL", embedded.postgres), ("Redis", embedded.redis)):
        process = server.process() if server else None
        state = f"pid {process.pid}" if process else "stopped"
        console.say(f"{name}: {state if server else 'not embedded'}")


def lock(arguments: Sequence[str]) -> int:
    """The lock files."""
    setup.lock()
    return 0


def help_(arguments: Sequence[str]) -> int:
    """The help."""
    console.say(HELP)
    return 0


VERBS: dict[str, Callable[[Sequence[str]], int]] = {
    "demo": demo,
    "test": test,
    "lint": lint,
    "manage": manage,
    "messages": messages,
    "bench": bench,
    "faults": faults,
    "fuzz": fuzz,
    "services": services,
    "lock": lock,
    "help": help_,
    "--help": help_,
    "-h": help_,
}


def _run(*arguments: str) -> int:
    """A Python program of the checkout; Ctrl-C is its to handle."""
    path = os.pathsep.join(filter(None, [str(REPO), os.environ.get("PYTHONPATH")]))
    environ = {**os.environ, "PYTHONPATH": path}
    process = subprocess.Popen([sys.executable, *arguments], env=environ)
    signal.signal(signal.SIGTERM, lambda number, frame: process.terminate())
    while True:
        try:
            return process.wait()
        except KeyboardInterrupt:
            continue


def main(arguments: Sequence[str]) -> int:
    """Run a verb; problems of the machine become one sentence."""
    verb = VERBS.get(arguments[0] if arguments else "help")
    if verb is None:
        console.fail(f"./run knows no verb {arguments[0]!r}; ./run help lists them.")
        return 2
    os.chdir(REPO)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        return verb(arguments[1:])
    except KeyboardInterrupt:
        return 130
    except (console.Problem, OSError, subprocess.SubprocessError) as error:
        sentence = console.explain(error)
        if sentence is None:
            raise
        console.fail(sentence)
        return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
