"""The handbook: the whole process in force on paper, in both languages, and no deal in it."""

import re
import zlib
from base64 import a85decode
from typing import Any

import pytest
from django.utils import translation

from accounts.models import User
from process import catalogue
from process.views import handbook
from tests.api.caller import Caller
from tests.factories.leads import make_working_lead
from tests.helpers import signed_in
from tests.people import make_user

pytestmark = pytest.mark.django_db


def texts(content: bytes) -> str:
    """What the pages of a PDF say, their codes of two bytes read; line breaks of the layout are dropped."""
    found = []
    for stream in re.findall(rb"stream\r?\n(.*?)endstream", content, re.S):
        page = zlib.decompress(a85decode(stream.strip().removesuffix(b"~>")))
        for piece in re.findall(rb"\((.*?)(?<!\\)\) Tj", page, re.S):
            raw = re.sub(rb"\\([0-7]{3})", lambda one: bytes([int(one[1], 8)]), piece)
            found.append(re.sub(rb"\\(.)", rb"\1", raw, flags=re.S).decode("utf-16-be", "replace"))
    return "".join(found)


def squeezed(text: str) -> str:
    return re.sub(r"\s", "", text)


@pytest.mark.parametrize(("language", "title"), [("zh-hans", "流程手册"), ("en", "Process handbook")])
def test_every_step_stands_in_it_in_the_readers_language(language: str, title: str) -> None:
    with translation.override(language):
        said = squeezed(texts(handbook.draw()))
        assert squeezed(title) in said
        missing = [step.code for step in catalogue.current().steps if squeezed(f"{step.code}{step.label}") not in said]
        logic = [
            step.code
            for step in catalogue.current().steps
            if squeezed(step.content["logic"]["en" if language == "en" else "zh"]) not in said
        ]
    assert (missing, logic) == ([], [])


def test_the_same_version_gives_the_same_bytes_whatever_runs(sales: User) -> None:
    before = handbook.draw()
    lead = make_working_lead(sales)
    after = handbook.draw()
    assert after == before and lead.code not in texts(after)


def test_page_and_program_give_the_file(sales: User) -> None:
    keeper = make_user("keeper", department="it", roles=("sysadmin",))
    answers: list[Any] = [signed_in(one).get("/process/handbook/") for one in (sales, keeper)]
    answers.append(Caller(sales).get("process/handbook/"))
    for answer in answers:
        assert answer.status_code == 200 and answer.content.startswith(b"%PDF-")
        assert "process-handbook.pdf" in answer["Content-Disposition"]
    assert 'href="/process/handbook/"' in signed_in(sales).get("/process/").content.decode()
