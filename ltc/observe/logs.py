"""The technical log: one line per event, with the id of its request, and without what people typed.

Three rules keep names, phones, passwords and tokens out. An exception is written as its type and its frames; its
message only where that speaks about code (a ValueError quotes the form, an IntegrityError the row). Of the loggers
that quote people (`QUOTING`) only the fixed text is written. And what still looks like an address, a phone number or
a credential is blanked in every line.
"""

import logging
import re
import sys
import traceback
from collections.abc import Iterator, MutableMapping
from typing import Any

import structlog
from structlog.typing import Processor

Event = MutableMapping[str, Any]

# Their messages name parts of the program, never what a person typed.
ABOUT_CODE = (AttributeError, NameError, ImportError, NotImplementedError, RecursionError, MemoryError)
# They quote sign-in names, headers or addresses: only the fixed part of their messages is written.
QUOTING = ("django.security", "django.request", "django.server", "axes", "allauth", "knox")
# gunicorn's, about what it could not read at all.
QUOTING_MESSAGES = ("Invalid request", "Error handling request")
# Of django_structlog: what an exception says in its own words, and what a browser says about itself.
LEFT_OUT = ("error", "reason", "result", "user_agent")
BLANK = "…"

_PATTERNS = (
    (re.compile(r"(?<=://)[^/\s@]+@"), ""),  # user and password in a URL
    (re.compile(r"[\w.+-]+@[\w-]+\.[\w.-]+"), BLANK),
    (re.compile(r"(?<![\w-])\+?\d[\d ()-]{9,}\d(?![\w-])"), BLANK),  # phones, accounts, identity numbers
    (re.compile(r"(?<=\?)\S*=\S*"), BLANK),  # query strings
)
_BREAKS = re.compile(r"[\x00-\x1f\x7f\x85\u2028\u2029]+")  # whatever some reader takes for the end of a line
_TOKEN = re.compile(r"[^/]{20,}|[^/]*[^\x20-\x7e][^/]*")  # a part of a path that is no word of ours


def blanked(text: str) -> str:
    """A line without what looks like a credential, an e-mail address, a phone number or a query string."""
    for pattern, instead in _PATTERNS:
        text = pattern.sub(instead, text)
    return text


def plain_path(path: str) -> str:
    """A path as it may be logged: keys of links that act for a person, and words that are not ours, blanked."""
    return blanked("/".join(BLANK if _TOKEN.fullmatch(part) else part for part in path.split("/")))


def describe(error: BaseException) -> str:
    """An exception without the data it quotes: type, SQLSTATE and constraint, or a message about code."""
    name = f"{type(error).__module__}.{type(error).__qualname__}".removeprefix("builtins.")
    state = getattr(error, "sqlstate", None)
    if state:
        constraint = getattr(getattr(error, "diag", None), "constraint_name", None)
        return f"{name}: SQLSTATE {state}" + (f", {constraint}" if constraint else "")
    if isinstance(error, OSError) and error.strerror:
        return f"{name}: {error.strerror}"
    return f"{name}: {blanked(str(error))}" if isinstance(error, ABOUT_CODE) else name


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    """An exception and what led to it, the first cause first."""
    found: list[BaseException] = []
    while error is not None and error not in found:
        found.append(error)
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    yield from reversed(found)


def stack_of(error: BaseException) -> str:
    """Where it happened: frames and types of the whole chain."""
    parts = []
    for link in _chain(error):
        frames = traceback.extract_tb(link.__traceback__)
        parts += [f"  {frame.filename}:{frame.lineno} in {frame.name}" for frame in frames]
        parts.append(_BREAKS.sub(" ", describe(link)))  # a message is one line of the stack
    return "\n".join(parts)


def _only_fixed_text(_: Any, __: str, event: Event) -> Event:
    """Of a record from a logger that quotes people, the template without its arguments."""
    record = event.get("_record")
    if record is None:
        return event
    if record.name.startswith(QUOTING) or str(record.msg).startswith(QUOTING_MESSAGES):
        fixed = str(record.msg) if record.args else record.name
        event["event"] = re.sub(r"%\(\w+\)\w|%[-\d.]*\w|'?%s'?", BLANK, fixed)
    return event


def _exceptions(_: Any, __: str, event: Event) -> Event:
    """Replace an exception by `stack_of` it."""
    info, error = event.pop("exc_info", None), event.pop("exception", None)
    if isinstance(info, BaseException):
        error = info
    elif isinstance(info, tuple):
        error = info[1] or error
    elif info and not isinstance(error, BaseException):
        error = sys.exc_info()[1]
    if isinstance(error, BaseException):
        event["exception"] = stack_of(error)
    return event


def _blank(_: Any, __: str, event: Event) -> Event:
    """Leave out free text of others, and blank what looks personal."""
    for name in LEFT_OUT:
        event.pop(name, None)
    for name, value in event.items():
        if isinstance(value, str) and name not in ("exception", "timestamp", "request_id", "task_id"):
            event[name] = blanked(value)
    return event


def _one_line(_: Any, __: str, event: Event) -> Event:
    """What others send never begins a line of its own; only a stack has several."""
    for name, value in event.items():
        if isinstance(value, str) and name != "exception":
            event[name] = _BREAKS.sub(" ", value)
    return event


_SHARED: list[Processor] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_log_level,
    structlog.stdlib.add_logger_name,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    _only_fixed_text,
    _exceptions,
    _blank,
    _one_line,
]


def configuration(level: str, form: str) -> dict[str, Any]:
    """What Django, gunicorn and Celery hand to logging.config: `form` is "json" or "plain"."""
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *_SHARED,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    renderer: Processor = (
        structlog.processors.JSONRenderer(ensure_ascii=False)
        if form == "json"
        else structlog.dev.ConsoleRenderer(colors=False, pad_event_to=0)
    )
    logging.captureWarnings(True)
    quiet = {"level": "CRITICAL"}
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "line": {
                "()": structlog.stdlib.ProcessorFormatter,
                "foreign_pre_chain": _SHARED,
                "processors": [structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
            },
        },
        "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
        "root": {"handlers": ["console"], "level": at_least_info(level)},
        "loggers": {
            # The request's own line says the same, with its id; the job's too.
            "django.request": quiet,
            "celery.app.trace": quiet,
            # Everybody else's DEBUG quotes statements with their parameters, arguments of jobs, messages.
            **{name: {"level": level} for name in ("ltc", "django_structlog")},
        },
    }


def at_least_info(level: str) -> int:
    """The level for what is not ours: at DEBUG it would quote what passes through it."""
    return max(logging.INFO, logging.getLevelNamesMapping().get(level, logging.INFO))
