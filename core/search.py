"""Search by pairs of characters: the only index that serves two-character Chinese words.

A model that is searched has one `search_text` column with a BigramIndex on it; a space is indexed before the text,
so that the pair " x" finds the words beginning with x and a single character is served by the same index.
"""

import json
import unicodedata
from typing import Any, TypeVar

from django.contrib.postgres.indexes import GinIndex
from django.db import connection
from django.db.models import BooleanField, F, Func, Model, Q, QuerySet, TextField, Value

from core.branches import walked, whole
from core.text import clean_text

M = TypeVar("M", bound=Model)

# The low COST is for the planner: a walk along another index evaluates strpos first and this on hits only.
# Frozen: indexes are built on it. A function with another result needs another name.
BIGRAMS_SQL = """
CREATE OR REPLACE FUNCTION ltc_bigrams(given text) RETURNS text[]
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE COST 10 AS $body$
DECLARE
    lowered text := lower(given);
    pairs text[] := '{}';
BEGIN
    FOR i IN 1 .. length(lowered) - 1 LOOP
        pairs := pairs || substr(lowered, i, 2);
    END LOOP;
    RETURN pairs;
END
$body$
"""
DROP_BIGRAMS_SQL = "DROP FUNCTION IF EXISTS ltc_bigrams(text)"

# An app's migration may run before core's and still needs the function for its index.
_ENSURE_SQL = f"""
DO $ensure$ BEGIN
    IF to_regprocedure('ltc_bigrams(text)') IS NULL THEN
        {BIGRAMS_SQL};
    END IF;
END $ensure$
"""

_LONGEST_QUERY = 100
_MOST_WORDS = 8
# What so many rows hold, one in so many, is found sooner by looking at row after row than by reading the index.
_FREQUENT_ROWS, _FREQUENT_SHARE = 50_000, 20


class BigramIndex(GinIndex):
    """A search index on one text column, for Meta.indexes: BigramIndex("search_text", name="lead_search").

    The pending list is kept short because every search reads it from end to end.
    """

    def __init__(self, field: str, *, name: str, condition: Q | None = None) -> None:
        self.searched = field
        expression = Func(F(field), function="ltc_bigrams", template="%(function)s(' ' || %(expressions)s)")
        super().__init__(expression, name=name, condition=condition, gin_pending_list_limit=512)

    def deconstruct(self) -> tuple[str, Any, dict[str, Any]]:
        """Write the column's name into the migration, not the expression behind it."""
        kwargs: dict[str, Any] = {"name": self.name}
        if self.condition is not None:
            kwargs["condition"] = self.condition
        return "core.search.BigramIndex", (self.searched,), kwargs

    def create_sql(self, model: Any, schema_editor: Any, using: str = "", **kwargs: Any) -> Any:
        """Make sure the function is there before the index is."""
        schema_editor.execute(_ENSURE_SQL)
        return super().create_sql(model, schema_editor, using=using, **kwargs)


class _Test(Func):
    """A condition written as a template over its expressions."""

    output_field = BooleanField()


def search(
    queryset: QuerySet[M], field: str, text: str, limit: int | None = None, *, weighed: bool = False
) -> QuerySet[M]:
    """Rows whose `field` holds every word of the text, whatever the case; blank text leaves the queryset as it is.

    A word of two or more characters is found anywhere, a single character at the beginning of a word. With `limit`
    the result is a slice, so order the queryset before. `weighed` is for lists, which also count: a word that much of
    the table holds is not looked up in the index. The list meets it within a few rows, and is walked and counted as
    if nothing was searched.
    """
    for word in words_of(text):
        if weighed and _is_frequent(queryset.model, _contains(field, word)):
            queryset = walked(queryset).filter(_contains(field, word, by_index=False))
        else:
            queryset = whole(queryset).filter(_contains(field, word))
    return queryset if limit is None else queryset[:limit]


def _is_frequent(model: type[Model], condition: Q) -> bool:
    """Whether the database expects much of a large table to meet a condition; it is asked, and reads nothing."""
    rows = model._default_manager.order_by().values("pk")
    (some, given), (every, _none) = (one.query.sql_with_params() for one in (rows.filter(condition), rows))
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN (FORMAT JSON) ({some}) UNION ALL ({every})", given)
        (answer,) = cursor.fetchone()
    plan = json.loads(answer) if isinstance(answer, str) else answer
    rows_of = [int(part["Plan Rows"]) for part in plan[0]["Plan"].get("Plans", ())]
    return len(rows_of) == 2 and rows_of[0] >= max(_FREQUENT_ROWS, rows_of[1] // _FREQUENT_SHARE)


def words_of(text: str) -> list[str]:
    """The words a search looks for: cleaned, at most eight and 100 characters in all."""
    return clean_text(text)[:_LONGEST_QUERY].split()[:_MOST_WORDS]


def _contains(field: str, word: str, *, by_index: bool = True) -> Q:
    """One word as typed, or in normal width: a text may be stored either way."""
    normal = "".join(unicodedata.normalize("NFKC", word).split())
    found = _condition(field, word, by_index)
    return found | _condition(field, normal, by_index) if normal not in (word, "") else found


def _condition(field: str, word: str, by_index: bool) -> Q:
    """The index finds rows with all pairs of the word, strpos keeps those that hold them in this order.

    strpos and not ILIKE, which the planner takes to keep one row in 3,000: it would then sort 50,000 hits of a
    frequent word instead of walking the index of the list's order. It also knows no special characters.
    """
    sought = word if len(word) > 1 else f" {word}"
    pairs = _Test(
        F(field),
        Value(sought, TextField()),
        template="ltc_bigrams(' ' || %(expressions)s)",
        arg_joiner=") @> ltc_bigrams(",
    )
    exact = _Test(
        F(field),
        Value(sought, TextField()),
        template="strpos(lower(' ' || %(expressions)s)) > 0",
        arg_joiner="), lower(",
    )
    return Q(pairs) & Q(exact) if by_index else Q(exact)
