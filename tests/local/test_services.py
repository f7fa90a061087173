"""Embedded PostgreSQL and Redis: they come up, survive being killed, and end with their last user."""

import os
import signal
import socket
import subprocess
import sys
import textwrap
from pathlib import Path

import psycopg
import pytest
from redis import Redis

from ltc.local.paths import REPO
from ltc.local.processes import Process, wait_until
from ltc.local.services import Services


def pid_of(services: Services, name: str) -> int:
    server = services.postgres if name == "postgres" else services.redis
    process = server.process() if server else None
    return process.pid if process else 0


def sql(services: Services, statement: str, role: str = "ltc_owner") -> list[tuple[object, ...]]:
    assert services.postgres
    with psycopg.connect(services.postgres.url(role), autocommit=True) as connection:
        cursor = connection.execute(statement)
        return cursor.fetchall() if cursor.description else []


def kill(pid: int) -> None:
    os.kill(pid, signal.SIGKILL)
    assert wait_until(lambda: Process.of(pid) is None, 5)


def user_of(folder: Path, *, then: str) -> "subprocess.Popen[str]":
    """Another process that uses the services."""
    program = f"""
        import sys, time
        from pathlib import Path
        from ltc.local.services import Services
        services = Services(Path(sys.argv[1]))
        services.acquire()
        print("ready", flush=True)
        {then}
    """
    process = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(program), str(folder)],
        stdout=subprocess.PIPE,
        stdin=subprocess.PIPE,
        text=True,
        cwd=REPO,
    )
    assert process.stdout
    assert process.stdout.readline() == "ready\n"
    return process


def test_a_new_folder_is_private_speaks_chinese_and_has_two_roles(services: Services) -> None:
    assert services.postgres
    assert services.postgres.file.stat().st_mode & 0o777 == 0o600
    assert sql(services, "SELECT lower('ÄÖ客户'), datlocprovider::text FROM pg_database WHERE datname = 'ltc'") == [
        ("äö客户", "b")
    ]
    assert sql(services, "SELECT current_user::text", "ltc_app") == [("ltc_app",)]
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        sql(services, "CREATE TABLE t ()", "ltc_app")
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(services.postgres.url("ltc_app").replace("ltc_app:", "ltc_app:x"))


def test_postgres_killed_with_a_statement_running_comes_back_with_everything_committed(services: Services) -> None:
    assert services.postgres
    sql(services, "CREATE TABLE kept AS SELECT 42 AS answer")
    busy = psycopg.connect(services.postgres.url("ltc_app"))
    busy.pgconn.send_query(b"SELECT pg_sleep(1)")
    kill(pid_of(services, "postgres"))
    assert services.ensure() == ["PostgreSQL"]
    busy.close()
    assert sql(services, "SELECT answer FROM kept") == [(42,)]


def test_redis_killed_comes_back_with_what_it_had_written(services: Services) -> None:
    assert services.redis
    with Redis.from_url(services.redis.url()) as client:
        client.set("kept", "是")
        client.execute_command("WAITAOF", 1, 0, 2000)
    kill(pid_of(services, "redis"))
    assert services.ensure() == ["Redis"]
    with Redis.from_url(services.redis.url()) as client:
        assert client.get("kept") == "是".encode()


def test_a_pid_file_that_names_a_stranger_does_not_stop_the_start(services: Services) -> None:
    assert services.postgres
    path = services.postgres.data / "postmaster.pid"
    kill(pid_of(services, "postgres"))
    path.write_text(path.read_text().replace(path.read_text().split("\n")[0], str(os.getpid()), 1))
    services.ensure()
    assert sql(services, "SELECT 1") == [(1,)]


def test_another_port_is_taken_when_a_stranger_holds_ours(services: Services) -> None:
    assert services.postgres and services.redis
    services.stop()
    old = services.postgres.settings()["port"]
    with socket.socket() as stranger:
        stranger.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        stranger.bind(("127.0.0.1", old))
        stranger.listen()
        services.ensure()
    assert services.postgres.settings()["port"] != old
    assert sql(services, "SELECT 1") == [(1,)]


def test_the_services_stay_until_their_last_user_leaves(services: Services, folder: Path) -> None:
    other = user_of(folder, then="sys.stdin.read(); services.release()")
    pids = [pid_of(services, "postgres"), pid_of(services, "redis")]
    services.release()
    assert all(Process.of(pid) for pid in pids)
    other.communicate("go")
    assert not any(Process.of(pid) for pid in pids)
    assert not (folder / "postgres" / "postmaster.pid").exists()


def test_the_services_of_a_killed_user_end_by_themselves(folder: Path) -> None:
    other = user_of(folder, then="time.sleep(60)")
    services = Services(folder)
    pids = [pid_of(services, "postgres"), pid_of(services, "redis")]
    assert all(pids)
    other.kill()
    other.communicate()
    assert wait_until(lambda: not any(Process.of(pid) for pid in pids), 15)


def test_services_kept_on_purpose_stay_without_a_user(services: Services) -> None:
    services.keep(True)
    services.release()
    assert pid_of(services, "postgres") and pid_of(services, "redis")
