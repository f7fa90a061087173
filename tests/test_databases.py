"""The ground the other tests stand on: who they connect as, and that they start from the seeds each time."""

import psycopg
import pytest
from django.core.cache import cache
from django.db import connection
from django.db.utils import ProgrammingError

ROW = "INSERT INTO django_session (session_key, session_data, expire_date) VALUES ('planted', '', now())"


@pytest.mark.django_db
def test_tests_connect_as_the_role_that_runs_the_system() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user")
        assert cursor.fetchone() == ("ltc_app",)
        with pytest.raises(ProgrammingError, match="permission denied"):
            cursor.execute("CREATE TABLE mine ()")


@pytest.mark.parametrize("round_", [1, 2])
def test_what_a_transactional_test_commits_is_gone_afterwards(
    round_: int, owner_connection: psycopg.Connection[tuple[object, ...]]
) -> None:
    count = "SELECT count(*) FROM django_session"
    assert owner_connection.execute(count).fetchone() == (0,)
    assert cache.get("planted") is None
    owner_connection.execute(ROW)
    cache.set("planted", True)
    with connection.cursor() as cursor:
        cursor.execute(count)
        assert cursor.fetchone() == (1,)
