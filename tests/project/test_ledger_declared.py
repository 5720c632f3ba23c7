from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeAlias

import pytest

from flowforge_assets.errors.base import FlowForgeError
from flowforge_assets.errors.stores import PlainSecretError, SecretMissingError
from flowforge_assets.project.config import read_config
from flowforge_assets.project.environment import Environment
from flowforge_assets.record.database import PostgresPlace

Write: TypeAlias = Callable[[Mapping[str, str]], Path]
URL = "postgresql://me:c4nary@db.example/records"


def environment(write_project: Write, text: str) -> Environment:
    config = read_config(write_project({"flowforge.toml": text}))
    return Environment.of(config, "prod")


def test_without_more_the_ledger_is_a_file(write_project: Write) -> None:
    found = environment(write_project, "[env.prod]\n")
    assert found.ledger == found.ledger_path
    assert not found.has_ledger


def test_the_url_stands_where_the_reference_says(
    write_project: Write, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    text = '[project]\nname = "Bike Shop"\n[env.prod]\nledger = { env = "LEDGER_URL" }\n'
    monkeypatch.setenv("LEDGER_URL", URL)
    found = environment(write_project, text)
    assert found.ledger == PostgresPlace(URL, "flowforge_bike_shop_prod")
    assert found.has_ledger
    assert "c4nary" not in repr(found) + repr(found.ledger) + str(found.ledger)
    (tmp_path / "url").write_text(URL + "\n")
    kept = f'ledger = {{ file = "{tmp_path}/url", schema = "mine" }}\nnamespace = "ann-b"\n'
    found = environment(write_project, f"[env.prod]\n{kept}")
    assert found.ledger == PostgresPlace(URL, "mine_ann_b")


def test_a_variable_that_is_not_set_is_named(write_project: Write) -> None:
    text = '[env.prod]\nledger = { env = "NO_SUCH_LEDGER", schema = "s" }\n'
    with pytest.raises(SecretMissingError, match="`NO_SUCH_LEDGER` is not set"):
        _ = environment(write_project, text).ledger


@pytest.mark.parametrize(
    ("ledger", "said"),
    [
        ("7", "`ledger` in `[env.prod]` is no reference"),
        ("{}", "is not a whole reference"),
        ('{ env = "" }', "is not a whole reference"),
        ('{ env = "A", file = "b", schema = "s" }', "is not a whole reference"),
        ('{ env = "A" }', "needs a `schema` of small letters"),
        ('{ env = "A", schema = "No Word" }', "needs a `schema` of small letters"),
        ('{ evn = "A", env = "B", schema = "s" }', "unknown key `evn`"),
    ],
)
def test_what_is_no_reference_is_refused(write_project: Write, ledger: str, said: str) -> None:
    with pytest.raises(FlowForgeError) as caught:
        environment(write_project, f"[env.prod]\nledger = {ledger}\n")
    assert said in str(caught.value)
    assert "flowforge.toml:2" in str(caught.value)


def test_a_url_in_the_file_is_refused_unseen(write_project: Write) -> None:
    with pytest.raises(PlainSecretError) as caught:
        environment(write_project, f'[env.prod]\nledger = "{URL}"\n')
    assert "c4nary" not in str(caught.value)
