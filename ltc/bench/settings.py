"""The product's settings, with the bare pages beside its own and a counter of statements."""

from ltc.settings import *  # noqa: F403
from ltc.settings import MIDDLEWARE as PRODUCT

ROOT_URLCONF = "ltc.bench.urls"
MIDDLEWARE = ["ltc.bench.counting.CountStatements", *PRODUCT]
