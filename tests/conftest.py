"""Fixtures for every test: the services and databases, the browser, the people."""

pytest_plugins = ["tests.databases", "tests.chromium", "tests.people"]
