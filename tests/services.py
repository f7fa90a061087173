"""pytest plugin, loaded before everything else (`-p`): services run and the environment is set before Django is.

The xdist controller starts the services and owns the run; every worker gets a database and a Redis of its own.
"""

import os

import pytest

from ltc.local.testing import Session, TestRun


def worker_name() -> str:
    """gw0, gw1, … in a worker of xdist; main in a run without workers."""
    return os.environ.get("PYTEST_XDIST_WORKER", "main")


@pytest.hookimpl(tryfirst=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> None:
    """Start the services once, and point this process at its own databases before the settings are read."""
    if "PYTEST_XDIST_WORKER" not in os.environ:
        session = Session()
        run = session.begin()
        early_config.add_cleanup(lambda: session.end(run))
        run.publish()
    os.environ.update(TestRun.current().environment(worker_name()))
    # Playwright runs an event loop in the thread of the test, which Django takes for asynchronous code.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
