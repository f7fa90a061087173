"""The company that browser tests work in."""

import pytest

from ltc.demo.people import make_entity, make_people
from ltc.demo.plan import HOSPITAL
from ltc.demo.story import Deal


@pytest.fixture
def deal(transactional_db: None) -> Deal:
    """The demo deal before its first act, with everybody who works on it."""
    people = make_people()
    make_entity()
    return Deal(HOSPITAL, people)
