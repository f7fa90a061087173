"""Files hung on records: kept with their hash, and served to nobody who may not see the record."""

import datetime as dt
import hashlib
import os
import time
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from core.errors import Refused
from process.models import Attachment
from process.services import attach, take_seat
from process.services import files as file_services
from tests.factories.leads import make_working_lead
from tests.helpers import last_log, signed_in, unchanged

pytestmark = pytest.mark.django_db
CONTENT = "客户需求说明\n".encode()


def upload(name: str = "需求.txt", content: bytes = CONTENT) -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content)


def test_a_file_is_kept_with_its_hash(sales) -> None:
    lead = make_working_lead(sales)
    made = attach(lead, file=upload(), by=sales, purpose="need")
    assert (made.name, made.size, made.sha256) == ("需求.txt", len(CONTENT), hashlib.sha256(CONTENT).hexdigest())
    assert "需求" not in made.file.name, "the stored name says nothing"
    entry = last_log(lead)
    assert (entry.action, entry.changes["sha256"][1]) == ("lead.attach", made.sha256)


def test_empty_and_too_large_files_are_refused(sales, settings) -> None:
    lead = make_working_lead(sales)
    settings.LTC_UPLOAD_MAX_BYTES = 10
    for content in (b"", CONTENT):
        with unchanged(lead), pytest.raises(Refused):
            attach(lead, file=upload(content=content), by=sales)
    assert Attachment.objects.count() == 0


def test_a_file_is_served_where_its_record_is_visible(sales, solution, stranger, admin) -> None:
    lead = make_working_lead(sales)
    made = attach(lead, file=upload(), by=sales)
    address = f"/files/{made.pk}/"
    answer = signed_in(sales).get(address)
    assert b"".join(answer.streaming_content) == CONTENT
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Content-Disposition"].startswith("attachment")
    for person in (solution, stranger, admin):
        assert signed_in(person).get(address).status_code == 404
    take_seat(lead.case_id, "sr", solution, by=sales)
    assert signed_in(solution).get(address).status_code == 200


def test_a_file_that_is_gone_is_not_found(sales) -> None:
    made = attach(make_working_lead(sales), file=upload(), by=sales)
    made.file.storage.delete(made.file.name)
    assert signed_in(sales).get(f"/files/{made.pk}/").status_code == 404
    assert signed_in(sales).get("/files/999999999/").status_code == 404


def test_hanging_a_file_on_the_page(sales, solution, director, stranger) -> None:
    """The director sees every lead, but a reader hangs nothing on it."""
    lead = make_working_lead(sales)
    address = f"{lead.get_absolute_url()}files/"
    assert signed_in(sales).post(address, {"file": upload()}).status_code == 302
    assert "需求.txt" in signed_in(sales).get(address).content.decode()
    page = signed_in(director).get(address)
    assert "需求.txt" in page.content.decode()
    assert "<form" not in page.content.decode()
    with unchanged(lead):
        assert signed_in(director).post(address, {"file": upload()}).status_code == 403
        assert signed_in(stranger).post(address, {"file": upload()}).status_code == 404
        assert signed_in(sales).post(address, {}).status_code == 409
        assert signed_in(sales).post(address, {"file": upload(content=b"")}).status_code == 409
    take_seat(lead.case_id, "sr", solution, by=sales)
    assert signed_in(solution).post(address, {"file": upload("second.txt")}).status_code == 302
    assert Attachment.objects.count() == 2


def stored(settings: Any) -> list[Path]:
    """Every upload on disk."""
    return [path for path in Path(settings.MEDIA_ROOT).rglob("*") if path.is_file()]


def test_a_file_whose_row_cannot_be_written_does_not_stay(sales, settings, monkeypatch, tmp_path) -> None:
    settings.MEDIA_ROOT = tmp_path
    lead = make_working_lead(sales)

    def no_room(*args: Any, **kwargs: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(file_services, "write_log", no_room)
    with unchanged(lead), pytest.raises(OSError, match="No space"):
        attach(lead, file=upload(), by=sales)
    assert Attachment.objects.count() == 0
    assert stored(settings) == []


def test_the_same_form_sent_twice_adds_one_file(sales) -> None:
    lead = make_working_lead(sales)
    client, path = signed_in(sales), f"{lead.get_absolute_url()}files/"
    assert b"idempotency_key" in client.get(path).content
    for _ in range(2):
        assert client.post(path, {"idempotency_key": "once", "file": upload()}).status_code == 302
    assert Attachment.objects.count() == 1


def test_only_old_files_without_a_row_are_swept(sales, settings, tmp_path) -> None:
    settings.MEDIA_ROOT = tmp_path
    lead = make_working_lead(sales)
    kept = Path(attach(lead, file=upload(), by=sales).file.path)
    stray, fresh = kept.with_name("stray"), kept.with_name("fresh")
    for path in (stray, fresh):
        path.write_bytes(CONTENT)
    for path in (kept, stray):
        os.utime(path, (time.time() - 2 * 86400,) * 2)
    assert file_services.sweep_strays(dt.timedelta(days=1)) == 1
    assert sorted(stored(settings)) == sorted([kept, fresh])
