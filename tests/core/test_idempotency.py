"""The same request twice gives one effect and one answer."""

import threading
import time
import uuid
from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection, transaction
from django.http import QueryDict
from django.utils import timezone

from core.errors import BadKey, KeyReused, Refused
from core.idempotency import Answer, hash_body, new_key, once, purge_keys, run_once
from core.models import IdempotencyKey, Sequence

SCOPE = "POST /leads/new/"


def write() -> Answer:
    """Write one row, another one at every call."""
    row = Sequence.objects.create(key=f"effect {uuid.uuid4()}")
    return Answer.redirect(f"/effects/{row.pk}/")


def effects() -> int:
    return Sequence.objects.filter(key__startswith="effect ").count()


@pytest.mark.django_db
def test_the_second_time_gives_the_first_answer() -> None:
    first = run_once("k1", 1, SCOPE, "hash", write)
    second = run_once("k1", 1, SCOPE, "hash", write)
    assert first == second and second.location == first.location != ""
    assert (first.replayed, second.replayed) == (False, True)
    assert effects() == 1


@pytest.mark.django_db
def test_answers_are_kept_as_json() -> None:
    answer = Answer(201, {"id": 7, "amount": Decimal("1.50"), "on": date(2026, 1, 2), "text": "中"})
    run_once("k", 1, SCOPE, "hash", lambda: answer)
    replay = run_once("k", 1, SCOPE, "hash", write)
    assert (replay.status, replay.answer) == (201, {"id": 7, "amount": "1.50", "on": "2026-01-02", "text": "中"})
    assert replay.location == ""


@pytest.mark.django_db
def test_the_key_belongs_to_one_user_and_one_address() -> None:
    for user_id, scope in ((1, SCOPE), (2, SCOPE), (None, SCOPE), (1, "POST /projects/new/")):
        assert not run_once("k", user_id, scope, "hash", write).replayed
    assert run_once("k", None, SCOPE, "hash", write).replayed
    assert effects() == 4


@pytest.mark.django_db
def test_another_body_under_the_same_key_is_refused_and_changes_nothing() -> None:
    run_once("k", 1, SCOPE, "hash", write)
    with pytest.raises(KeyReused):
        run_once("k", 1, SCOPE, "other", write)
    assert effects() == 1 and IdempotencyKey.objects.get(key="k").body_hash == "hash"


@pytest.mark.django_db
def test_a_refused_act_leaves_the_key_unused() -> None:
    def refuse() -> Answer:
        write()
        raise Refused("The budget is missing.")

    with pytest.raises(Refused):
        run_once("k", 1, SCOPE, "hash", refuse)
    assert (effects(), IdempotencyKey.objects.filter(key="k").count()) == (0, 0)
    assert not run_once("k", 1, SCOPE, "corrected", write).replayed


@pytest.mark.django_db
def test_without_a_key_nothing_is_remembered() -> None:
    for _ in range(2):
        assert not run_once("", 1, SCOPE, "hash", write).replayed
    assert effects() == 2 and not IdempotencyKey.objects.exists()


@pytest.mark.django_db
@pytest.mark.parametrize("key", ["k" * 256, "a\x00b", "中", "a\nb", "\ud800"])
def test_what_cannot_be_a_key_is_refused(key: str) -> None:
    with pytest.raises(BadKey):
        run_once(key, 1, SCOPE, "hash", write)
    assert effects() == 0


@pytest.mark.django_db
def test_long_and_odd_addresses_are_told_apart() -> None:
    for scope in ("POST /" + "中" * 5000 + "a", "POST /" + "中" * 5000 + "b", "POST /\x00\ud800"):
        assert not run_once("k", 1, scope, "hash", write).replayed
        assert run_once("k", 1, scope, "hash", write).replayed


@pytest.mark.django_db(transaction=True)
def test_fifty_times_four_identical_submits_make_fifty_rows(at_once: Callable[..., list[Any]]) -> None:
    keys = [new_key() for _ in range(50)]

    def submit(_thread: int) -> list[Answer]:
        return [once(key=key, user_id=7, scope=SCOPE, body={"name": key}, act=write) for key in keys]

    answers = list(zip(*at_once(submit, 4), strict=True))
    assert effects() == 50
    assert IdempotencyKey.objects.count() == 50
    for of_one_key in answers:
        assert len({answer.location for answer in of_one_key}) == 1
        assert sorted(answer.replayed for answer in of_one_key) == [False, True, True, True]


@pytest.mark.django_db(transaction=True)
def test_when_the_first_fails_the_waiting_second_does_the_work(at_once: Callable[..., list[Any]]) -> None:
    begun = threading.Event()

    def fail() -> Answer:
        begun.set()
        time.sleep(0.5)
        raise Refused("No.")

    def submit(thread: int) -> Any:
        if thread:
            begun.wait(10)
            return run_once("k", 1, SCOPE, "hash", write)
        with pytest.raises(Refused):
            run_once("k", 1, SCOPE, "hash", fail)
        return None

    _failed, answer = at_once(submit, 2)
    assert not answer.replayed and effects() == 1


@pytest.mark.django_db(transaction=True)
def test_a_first_request_still_at_work_is_said_so(at_once: Callable[..., list[Any]]) -> None:
    begun = threading.Event()

    def slow() -> Answer:
        begun.set()
        time.sleep(1)
        return write()

    def submit(thread: int) -> Any:
        if not thread:
            return run_once("k", 1, SCOPE, "hash", slow)
        begun.wait(10)
        with connection.cursor() as cursor:
            cursor.execute("SET lock_timeout = '200ms'")
        with pytest.raises(Refused) as refused:
            run_once("k", 1, SCOPE, "hash", write)
        return refused.value.reasons

    answer, reasons = at_once(submit, 2)
    assert not answer.replayed and len(reasons) == 1 and effects() == 1


@pytest.mark.django_db(transaction=True)
def test_effect_and_key_are_one_transaction() -> None:
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        run_once("k", 1, SCOPE, "hash", write)
        raise ZeroDivisionError
    assert (effects(), IdempotencyKey.objects.count()) == (0, 0)


@pytest.mark.django_db
def test_old_keys_are_swept_out() -> None:
    for key in ("old", "new"):
        run_once(key, 1, SCOPE, "hash", write)
    IdempotencyKey.objects.filter(key="old").update(created_at=timezone.now() - timedelta(days=8))
    assert purge_keys(timedelta(days=7)) == 1
    assert list(IdempotencyKey.objects.values_list("key", flat=True)) == ["new"]
    assert not run_once("old", 1, SCOPE, "hash", write).replayed


def test_hash_of_a_form_ignores_the_csrf_token_only() -> None:
    forms = [QueryDict(f"name=a&tag=1&tag=2&csrfmiddlewaretoken={token}") for token in ("x", "y")]
    assert hash_body(forms[0]) == hash_body(forms[1])
    assert hash_body(forms[0]) != hash_body(QueryDict("name=a&tag=2&tag=1"))
    assert hash_body(forms[0]) != hash_body(QueryDict("name=b&tag=1&tag=2"))


def test_hash_of_json_does_not_depend_on_the_order_of_keys() -> None:
    assert hash_body({"a": 1, "b": [1, 2]}) == hash_body({"b": [1, 2], "a": 1})
    assert hash_body({"a": 1}) != hash_body({"a": "1"})
    assert hash_body(b'{"a": 1}') != hash_body(b'{"a": 2}')
    assert hash_body({"a": "\ud800"}) != hash_body({"a": "\ud801"})
    assert len(hash_body(None)) == 64


def test_hash_of_uploads_reads_their_content_and_leaves_it_readable() -> None:
    files = [SimpleUploadedFile("a.pdf", content) for content in (b"one", b"two", b"one")]
    hashes = [hash_body({}, [upload]) for upload in files]
    assert hashes[0] != hashes[1] and hashes[0] == hashes[2]
    assert files[0].read() == b"one"
