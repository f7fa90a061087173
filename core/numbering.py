"""Numbers: gap-free where the law asks, plain codes everywhere else."""

from datetime import date

from django.db import OperationalError, connection
from django.utils.translation import gettext as _
from psycopg.errors import LockNotAvailable

from core.calendar import today
from core.errors import Refused

# One PostgreSQL sequence per prefix, made by migration: the runtime role may not create any.
_PREFIXES = (
    "LD PJ GP SL QT TN PC CT RL IV CN RC DL ES MS DV AC CO SA IN TK CB CS VO DP PO GR BL PY CL CU SP HO AP AL RK RQ "
    "BS RF DD SX DN IM AS LA"
)
PREFIXES = tuple(_PREFIXES.split())

_DRAW = """
    INSERT INTO core_sequence (key, value) VALUES (%s, 1)
    ON CONFLICT (key) DO UPDATE SET value = core_sequence.value + 1
    RETURNING value
"""


def next_number(key: str) -> int:
    """Draw the next number of a gap-free range (1, 2, 3, …) inside the caller's transaction.

    The row stays locked until that transaction ends and a rollback gives the number back, so draw it as the last
    act. RuntimeError outside a transaction; Refused when another transaction holds the range past lock_timeout.
    """
    if not connection.in_atomic_block:
        raise RuntimeError("A gap-free number is drawn inside a transaction only.")
    try:
        with connection.cursor() as cursor:
            cursor.execute(_DRAW, [key])
            return int(cursor.fetchone()[0])
    except OperationalError as error:
        if isinstance(error.__cause__, LockNotAvailable):
            raise Refused(_("Another document is being numbered at this moment. Please try again.")) from error
        raise


def next_code(prefix: str, on: date | None = None) -> str:
    """Draw a code such as LD-2026-000123; codes are unique and rising but may have gaps.

    `on` decides the year and defaults to today in the company's time zone. ValueError for an unknown prefix.
    """
    return next_codes(prefix, 1, on)[0]


def next_codes(prefix: str, count: int, on: date | None = None) -> list[str]:
    """Draw many codes in one query, for imports."""
    if prefix not in PREFIXES:
        raise ValueError(f"No number range for {prefix!r}: add it to core.numbering and to a core migration.")
    year = (on or today()).year
    with connection.cursor() as cursor:
        cursor.execute("SELECT nextval(%s) FROM generate_series(1, %s)", [sequence_name(prefix), count])
        return [f"{prefix}-{year:04d}-{number:06d}" for (number,) in cursor.fetchall()]


def next_codes_of(*prefixes: str) -> list[str]:
    """Draw one code of each prefix in one query."""
    if unknown := set(prefixes) - set(PREFIXES):
        raise ValueError(f"No number range for {sorted(unknown)}: add it to core.numbering and to a core migration.")
    year = today().year
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {', '.join(['nextval(%s)'] * len(prefixes))}", list(map(sequence_name, prefixes)))
        return [f"{prefix}-{year:04d}-{number:06d}" for prefix, number in zip(prefixes, cursor.fetchone(), strict=True)]


def sequence_name(prefix: str) -> str:
    """Name of the PostgreSQL sequence behind a prefix."""
    return f"core_code_{prefix.lower()}"
