from __future__ import annotations

import pytest

from flowforge_assets.errors.deploy import ServerDatabaseError
from flowforge_assets.errors.stores import SecretMissingError
from flowforge_assets.execute.server_database import SETTING, database_setting


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        ("postgresql://me:p%40ss@db:5433/x", "postgresql+asyncpg://me:p%40ss@db:5433/x"),
        ("postgres://db/x?sslmode=require", "postgresql+asyncpg://db/x?ssl=require"),
        ("postgresql+asyncpg://db/x", "postgresql+asyncpg://db/x"),
        ("postgresql:///x?host=/run/pg", "postgresql+asyncpg:///x?host=%2Frun%2Fpg"),
    ],
)  # fmt: skip
def test_a_url_for_other_programs_is_one_for_prefect(
    monkeypatch: pytest.MonkeyPatch, given: str, wanted: str
) -> None:
    monkeypatch.setenv("SERVER_URL", given)
    assert database_setting("SERVER_URL") == {SETTING: wanted}


@pytest.mark.parametrize(
    "url",
    [
        "mysql://me:canary@db/x",
        "postgresql://me:canary[@db/x",
        "postgresql://me:canary\N{ACCOUNT OF}@db/x",
        "postgresql://me:a#canary@db/x",
    ],
)
def test_what_is_no_url_of_postgresql_is_refused_without_it(
    monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    monkeypatch.setenv("SERVER_URL", url)
    with pytest.raises(ServerDatabaseError) as caught:
        database_setting("SERVER_URL")
    assert "canary" not in caught.value.render()
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__ or caught.value.__context__ is None


def test_a_setting_that_the_servers_driver_does_not_know_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("SERVER_URL", "postgresql://db/x?sslmode=require&connect_timeout=10")
    with pytest.raises(ServerDatabaseError, match="sets `connect_timeout`"):
        database_setting("SERVER_URL")


def test_a_variable_that_is_not_set_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SERVER_URL", raising=False)
    with pytest.raises(SecretMissingError, match="`SERVER_URL` is not set"):
        database_setting("SERVER_URL")
