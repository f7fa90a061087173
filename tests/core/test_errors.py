"""What an act may answer instead of doing it."""

import copy
import pickle

from django.core.exceptions import BadRequest, PermissionDenied
from django.utils.translation import gettext_lazy

from core.errors import BadCursor, BadKey, DomainError, KeyReused, NotAllowed, Reason, Refused, Stale


def test_reason_is_a_sentence_with_a_link() -> None:
    reason = Reason("The budget is missing.", link="/projects/1/")
    assert reason == "The budget is missing."
    assert reason.link == "/projects/1/"
    assert Reason("Plain.").link == ""


def test_reason_keeps_its_link_when_copied_pickled_and_wrapped() -> None:
    reason = Reason("The budget is missing.", link="/projects/1/")
    for twin in (copy.deepcopy(reason), pickle.loads(pickle.dumps(reason)), Reason(reason)):
        assert (twin, twin.link) == (reason, "/projects/1/")


def test_refused_takes_sentences_or_one_list_of_them() -> None:
    linked = Reason("B.", link="/b/")
    for error in (Refused("A.", linked), Refused(["A.", linked]), Refused(text for text in ("A.", linked))):
        assert error.reasons == ["A.", "B."]
        assert [reason.link for reason in error.reasons] == ["", "/b/"]
        assert all(isinstance(reason, Reason) for reason in error.reasons)
        assert str(error) == "A. B."
    assert Refused("A single sentence.").reasons == ["A single sentence."]
    assert Refused(gettext_lazy("A lazy one.")).reasons == ["A lazy one."]
    assert Refused(linked).reasons[0].link == "/b/"


def test_not_allowed_is_a_403_even_where_no_door_catches_it() -> None:
    error = NotAllowed("Only finance may do this.")
    assert error.reason == "Only finance may do this."
    assert str(error) == "Only finance may do this."
    assert isinstance(error, DomainError)
    assert isinstance(error, PermissionDenied)


def test_stale_shows_both_values() -> None:
    error = Stale({"title": ("mine", "theirs")})
    assert error.conflict == {"title": ("mine", "theirs")}
    assert "'mine'" in str(error) and "'theirs'" in str(error)
    assert str(Stale({}))


def test_every_error_knows_its_status() -> None:
    statuses: dict[type[DomainError], int] = {
        NotAllowed: 403,
        Refused: 409,
        Stale: 412,
        BadCursor: 400,
        BadKey: 400,
        KeyReused: 422,
    }
    assert {error: error.status for error in statuses} == statuses
    assert issubclass(BadCursor, BadRequest) and issubclass(BadKey, BadRequest)
