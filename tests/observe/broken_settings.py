"""The settings of an LTC with the addresses of broken.py."""

from ltc.settings import *  # noqa: F403

ROOT_URLCONF = "tests.observe.broken"
