"""授权书: issued by another, signed for in person, for a year at most, and unchanged from then on."""

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from django.db import DatabaseError, connection, transaction

from accounts.actor import Actor
from accounts.models import Notice, User
from accounts.services import delegate
from approvals.models import AuthorityLetter, LetterLine
from approvals.services import letter as letters
from core.calendar import today
from core.errors import DomainError, NotAllowed, Refused, Stale
from process.models import Attachment, CaseRecord
from tests.api.caller import Caller, problem
from tests.factories.approvals import SHEET, covering, make_draft, make_issued, make_issuer, make_letter, scan
from tests.helpers import actions, last_log, signed_in, unchanged
from tests.people import make_user

pytestmark = pytest.mark.django_db
DAY = dt.timedelta(days=1)
QUOTE = "solutions.quote"


@pytest.fixture
def issuer(db: None) -> User:
    return make_issuer()


@contextmanager
def refused(letter: AuthorityLetter, kind: type[DomainError], match: str | None = None) -> Iterator[None]:
    """Refused in such a way, and neither the letter, its lines, its files nor the log have changed."""

    def kept() -> list[Any]:
        return [list(LetterLine.objects.order_by("pk").values()), Attachment.objects.count()]

    before = kept()
    with unchanged(letter), pytest.raises(kind, match=match), transaction.atomic():
        yield
    assert kept() == before


# The straight way ----------------------------------------------------------------------------------------
def test_from_draft_to_in_force(legal, issuer) -> None:
    letter = make_draft(legal, by=issuer)
    assert letter.code.startswith("LA-") and str(legal) in letter.title
    assert letter.department == legal.department
    assert LetterLine.objects.get().during is None, "a draft binds nobody"
    letters.issue(letter, by=issuer, file=scan())
    assert (letter.state, letter.issued_by) == ("issued", issuer)
    assert CaseRecord.objects.get(object_id=letter.pk, kind=letter.record_kind()).holder == legal
    paper = Attachment.objects.get(kind=letter.record_kind(), object_id=letter.pk)
    assert (paper.purpose, paper.name) == ("letter", "授权书.pdf")
    assert Notice.objects.filter(user=legal, link=letter.get_absolute_url()).count() == 1
    letters.accept(letter, by=legal)
    assert letter.state == "in_force" and letter.accepted_at is not None
    line = LetterLine.objects.get()
    assert (line.grantee, line.during.lower, line.during.upper) == (legal, letter.valid_from, letter.valid_to + DAY)
    assert actions(letter) == [f"authority_letter.{act}" for act in ("open", "issue", "attach", "accept")]
    assert Notice.objects.filter(user=issuer).exists(), "the issuer learns that it was signed for"


def test_who_writes_letters(legal, issuer, sales, director) -> None:
    assert make_draft(legal, by=director).state == "draft"
    for nobody in (sales, legal):
        with pytest.raises(NotAllowed):
            make_draft(legal, by=nobody)
    letter = make_draft(legal, by=issuer)
    for nobody in (sales, legal):
        with refused(letter, NotAllowed):
            letters.edit(letter, by=nobody, reason="more")
    letters.edit(letter, by=director, reason="more", lines=covering(QUOTE, SHEET))
    assert sorted(letter.lines.values_list("document", flat=True)) == [SHEET, QUOTE]
    with refused(letter, Stale):
        letters.edit(letter, by=director, version=1, reason="less")


def test_nobody_issues_the_own_letter(issuer, director, legal) -> None:
    own = make_draft(issuer, by=issuer)
    with refused(own, NotAllowed):
        letters.issue(own, by=issuer, file=scan())
    letters.issue(own, by=director, file=scan())
    assert own.issued_by == director
    other = make_draft(legal, by=issuer)
    plain = make_user("plain", department="management", roles=("director",))
    for nobody in (legal, plain):
        with refused(other, NotAllowed):
            letters.issue(other, by=nobody, file=scan())


def test_a_letter_is_signed_for_in_person(legal, issuer, stranger) -> None:
    """Not by somebody else, not by a deputy, not before it was issued, not twice."""
    draft = make_draft(legal, by=issuer)
    with refused(draft, Refused):
        letters.accept(draft, by=legal)
    letter = letters.issue(draft, by=issuer, file=scan())
    delegate(legal, stranger, first_day=today(), last_day=today())
    for nobody in (issuer, stranger):
        with refused(letter, NotAllowed):
            letters.accept(letter, by=nobody)
    letters.accept(letter, by=legal)
    with refused(letter, Refused):
        letters.accept(letter, by=legal)


def test_what_is_declined_is_a_draft_again(legal, issuer) -> None:
    letter = make_issued(legal, by=issuer)
    with refused(letter, Refused):
        letters.decline(letter, by=legal)
    with refused(letter, NotAllowed):
        letters.decline(letter, by=issuer, note="no")
    letters.decline(letter, by=legal, note="额度太低")
    assert (letter.state, letter.issued_by, letter.issued_at) == ("draft", None, None)
    assert LetterLine.objects.get().during is None
    letters.edit(letter, by=issuer, lines=covering(SHEET, up_to_amount=Decimal(200_000)))
    letters.accept(letters.issue(letter, by=issuer, file=scan()), by=legal)
    with refused(letter, Refused):
        letters.decline(letter, by=legal, note="late")


def test_a_draft_is_put_away(legal, issuer) -> None:
    letter = make_draft(legal, by=issuer)
    for nobody, kind, note in ((legal, NotAllowed, "no"), (issuer, Refused, "")):
        with refused(letter, kind):
            letters.void(letter, by=nobody, note=note)
    letters.void(letter, by=issuer, note="not needed")
    assert letter.state == "void"
    issued = make_issued(legal, by=issuer)
    with refused(issued, Refused):
        letters.void(issued, by=issuer, note="too late")


def test_revoking(legal, issuer, sales, director) -> None:
    letter = make_letter(legal, by=issuer)
    for nobody, kind, note in ((legal, NotAllowed, "mine"), (sales, NotAllowed, "no"), (issuer, Refused, " ")):
        with refused(letter, kind):
            letters.revoke(letter, by=nobody, note=note)
    letters.revoke(letter, by=director, note="岗位调整")
    assert letter.state == "revoked"
    assert LetterLine.objects.get().during is None, "its days are free for another letter"
    assert make_letter(legal, by=issuer).state == "in_force"
    with refused(letter, Refused):
        letters.revoke(letter, by=director, note="again")
    draft = make_draft(legal, by=issuer, lines=covering(QUOTE))
    with refused(draft, Refused):
        letters.revoke(draft, by=director, note="never issued")


# What it must say ------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("first", "last", "stands"),
    [
        ("2026-01-01", "2026-12-31", True),
        ("2026-01-01", "2027-01-01", False),
        ("2026-03-01", "2027-02-28", True),
        ("2026-03-01", "2027-03-01", False),
        ("2028-02-29", "2029-02-27", True),
        ("2026-05-05", "2026-05-05", True),
        ("2026-05-05", "2026-05-04", False),
    ],
)
def test_a_letter_is_for_a_year_at_most(legal, issuer, first, last, stands) -> None:
    days = {"valid_from": dt.date.fromisoformat(first), "valid_to": dt.date.fromisoformat(last)}
    if stands:
        assert make_draft(legal, by=issuer, **days).state == "draft"
        return
    with pytest.raises(Refused):
        make_draft(legal, by=issuer, **days)
    assert AuthorityLetter.objects.count() == 0


def test_what_says_nothing_or_is_over_is_not_issued(legal, issuer) -> None:
    empty = make_draft(legal, by=issuer, lines=[])
    over = make_draft(legal, by=issuer, days=(-10, -1))
    gone = make_draft(make_user("gone", department="legal", is_active=False), by=issuer)
    for letter in (empty, over, gone):
        with refused(letter, Refused):
            letters.issue(letter, by=issuer, file=scan())


def test_a_letter_is_signed_for_before_it_ends(legal, issuer) -> None:
    letter = make_issued(legal, by=issuer, days=(-10, 0))
    with time_machine.travel(dt.datetime.now(dt.UTC) + 2 * DAY, tick=False), refused(letter, Refused):
        letters.accept(letter, by=legal)


@pytest.mark.parametrize(
    "limits",
    [
        {"up_to_amount": Decimal("-0.01")},
        {"min_margin": Decimal("100.01")},
        {"max_discount": Decimal(-1)},
        {"min_advance": Decimal(101)},
        {"max_overrun": Decimal(-1)},
    ],
)
def test_limits_make_sense(legal, issuer, limits) -> None:
    with pytest.raises(DatabaseError), transaction.atomic():
        make_draft(legal, by=issuer, lines=covering(SHEET, **limits))
    assert AuthorityLetter.objects.count() == 0


@pytest.mark.parametrize(
    ("first", "last", "free"), [(-10, -1, True), (-10, 0, False), (100, 200, False), (301, 400, True)]
)
def test_one_letter_a_document_and_day(legal, issuer, first, last, free) -> None:
    """The day before the other begins, its first day, within, the day after its last."""
    standing = make_letter(legal, by=issuer, days=(0, 300))
    other = make_draft(legal, by=issuer, days=(first, last))
    assert make_issued(legal, by=issuer, lines=covering(QUOTE), days=(0, 300)).state == "issued", "another document"
    assert make_issued(make_user("b", department="legal"), by=issuer, days=(0, 300)).state == "issued"
    with time_machine.travel(dt.datetime.now(dt.UTC) - 20 * DAY, tick=False):
        if free:
            assert letters.issue(other, by=issuer, file=scan()).state == "issued"
            return
        with refused(other, Refused, match=standing.code):
            letters.issue(other, by=issuer, file=scan())


# What the database keeps -----------------------------------------------------------------------------------
def test_the_database_takes_no_second_letter(legal, issuer) -> None:
    make_letter(legal, by=issuer)
    second = make_draft(legal, by=issuer)
    row = AuthorityLetter.objects.get(pk=second.pk)
    with pytest.raises(DatabaseError, match="one_letter_a_day"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "UPDATE approvals_authorityletter SET state = 'issued', issued_by_id = %s, issued_at = now() WHERE id = %s",
            [issuer.pk, row.pk],
        )


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE approvals_authorityletter SET valid_to = valid_to + 1",
        "UPDATE approvals_authorityletter SET grantee_id = issued_by_id",
        "UPDATE approvals_authorityletter SET outside_deputies = true",
        "UPDATE approvals_authorityletter SET accepted_at = now() + interval '1 day'",
        "UPDATE approvals_letterline SET up_to_amount = 1000000",
        "UPDATE approvals_letterline SET during = NULL",
        "DELETE FROM approvals_letterline",
        "INSERT INTO approvals_letterline (letter_id, document, worst_credit) "
        "SELECT id, 'solutions.quote', '' FROM approvals_authorityletter",
    ],
)
def test_what_was_issued_never_changes(legal, issuer, statement) -> None:
    letter = make_letter(legal, by=issuer)
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)
    with refused(letter, Refused):
        letters.edit(letter, by=issuer, reason="other")


# By the clock ------------------------------------------------------------------------------------------------
def test_a_letter_expires_after_its_last_day(legal, issuer) -> None:
    now = dt.datetime.now(dt.UTC)
    letter = make_letter(legal, by=issuer, days=(0, 5))
    with time_machine.travel(now + 5 * DAY, tick=False):
        assert letters.sweep() == 0
    with time_machine.travel(now + 6 * DAY, tick=False):
        assert letters.sweep() == 1
        assert letters.sweep() == 0
    letter.refresh_from_db()
    assert letter.state == "expired"
    assert last_log(letter).actor_kind == "system"
    with refused(letter, NotAllowed):
        letters.expire(letter, by=Actor.of(issuer))


def test_both_sides_learn_30_days_before(legal, issuer) -> None:
    now = dt.datetime.now(dt.UTC)
    make_letter(legal, by=issuer, days=(0, 60))
    told = {}
    for days in (29, 30, 31, 60, 61):
        with time_machine.travel(now + days * DAY, tick=False):
            told[days] = letters.remind()
    assert told == {29: 0, 30: 2, 31: 0, 60: 0, 61: 0}
    assert {one.user for one in Notice.objects.filter(key__endswith=":ends")} == {legal, issuer}


# Pages and programs ------------------------------------------------------------------------------------------
def test_who_sees_a_letter(legal, issuer, sales, auditor, director) -> None:
    letter = make_letter(legal, by=issuer)
    paper = Attachment.objects.get(object_id=letter.pk, kind=letter.record_kind())
    for reader, status in ((legal, 200), (issuer, 200), (director, 200), (auditor, 200), (sales, 404)):
        client = signed_in(reader)
        assert client.get(letter.get_absolute_url()).status_code == status, reader
        assert client.get(f"/files/{paper.pk}/").status_code == status, reader
    page = signed_in(legal).get(letter.get_absolute_url()).content.decode()
    assert "100,000.00" in page
    mine = signed_in(director).get("/authority-letters/?scope=mine").content.decode()
    assert letter.code not in mine
    assert letter.code in signed_in(legal).get("/authority-letters/?scope=mine").content.decode()


def test_the_whole_way_by_api(legal, issuer) -> None:
    caller = Caller(issuer)
    body = {
        "grantee": legal.pk,
        "valid_from": today().isoformat(),
        "valid_to": (today() + 99 * DAY).isoformat(),
        "reason": "年度授权",
        "lines": [{"document": SHEET, "up_to_amount": "100000.00", "min_margin": "20"}],
    }
    made = caller.post("authority-letters/", body)
    assert made.status_code == 201, made.content
    pk = made.json()["id"]
    assert made.json()["lines"][0]["min_margin"] == "20.00"
    problem(Caller(legal).post(f"authority-letters/{pk}/accept/"), 409)
    assert caller.upload(f"authority-letters/{pk}/issue/", {"file": scan()}).status_code == 200
    assert Caller(legal).post(f"authority-letters/{pk}/accept/").json()["state"] == "in_force"
    problem(Caller(legal).post(f"authority-letters/{pk}/revoke/", {"note": "no"}), 403)
    assert caller.post(f"authority-letters/{pk}/revoke/", {"note": "岗位调整"}).json()["state"] == "revoked"
