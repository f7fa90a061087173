"""Aggregates of PostgreSQL that Django has no name for."""

from typing import Any

from django.db.models import Aggregate, FloatField


class Percentile(Aggregate):
    """percentile_cont: interpolated between the two nearest values; 0.5 is the median.

    Source: type 7 of Hyndman and Fan, The American Statistician 50 (1996), which PostgreSQL implements.
    """

    function = "percentile_cont"
    output_field = FloatField()

    def __init__(self, expression: Any, fraction: float) -> None:
        template = f"percentile_cont({float(fraction)}) WITHIN GROUP (ORDER BY %(expressions)s)"
        super().__init__(expression, template=template)
