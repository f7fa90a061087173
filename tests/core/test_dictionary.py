"""Words an administrator keeps, in two languages."""

import pytest
from django.db import IntegrityError, models, transaction
from django.utils.translation import override

from core.dictionary import Term, TermField


@pytest.mark.django_db
def test_a_word_shows_itself_in_the_reader_s_language() -> None:
    word = Term(dictionary="lead_source", code="fair", zh="展会活动", en="Trade fair")
    with override("zh-hans"):
        assert str(word) == "展会活动"
    with override("en"):
        assert str(word) == "Trade fair"


@pytest.mark.django_db
def test_a_code_stands_once_per_dictionary() -> None:
    Term.objects.create(dictionary="test_a", code="x", zh="一", en="one")
    Term.objects.create(dictionary="test_b", code="x", zh="二", en="two")
    with pytest.raises(IntegrityError), transaction.atomic():
        Term.objects.create(dictionary="test_a", code="x", zh="三", en="three")


def test_a_reference_is_protected_and_offers_active_words_of_its_dictionary() -> None:
    field = TermField("lead_source", "source", required=True)
    assert field.remote_field.on_delete is models.PROTECT
    assert field.remote_field.limit_choices_to == {"dictionary": "lead_source", "is_active": True}
    assert (field.null, TermField("lead_source", "source").null) == (False, True)
