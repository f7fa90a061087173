"""流程裁剪: which stages a variant passes over, loaded as data and kept by administrators afterwards."""

from collections.abc import Mapping, Sequence

from django.db import transaction

from core.dictionary import Term
from projects.models import VariantStage


@transaction.atomic
def load(table: Mapping[str, Sequence[str]]) -> int:
    """Load {variant code: stages not walked}; rows that exist are the administrator's and stay as they are."""
    terms = {term.code: term for term in Term.objects.filter(dictionary="variant", code__in=list(table))}
    rows = [
        VariantStage(variant=terms[code], stage=stage, applicable=False)
        for code, passed_over in table.items()
        if code in terms
        for stage in passed_over
    ]
    before = VariantStage.objects.count()
    VariantStage.objects.bulk_create(rows, ignore_conflicts=True)
    return VariantStage.objects.count() - before
