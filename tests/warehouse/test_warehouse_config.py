from __future__ import annotations

import sys
from pathlib import Path

import pytest

from flowforge_assets.api import Project
from flowforge_assets.errors.base import FlowForgeError, Problems
from flowforge_assets.errors.sql_script import TableNameError
from flowforge_assets.errors.storage import StorageError
from flowforge_assets.errors.warehouse import NoConnectorError, WarehouseDriverError
from flowforge_assets.project.config import read_config
from flowforge_assets.sdk.connectors import warehouse_connector
from flowforge_assets.sdk.warehouse import NOBODY
from flowforge_assets.storage.secrets import Reference

WHOLE = 'host = "db"\ndatabase = "d"\nuser = "u"\n'


def problems(root: Path, text: str) -> list[tuple[str, int, str]]:
    """The codes, lines and messages of what is wrong about a project file."""
    (root / "flowforge.toml").write_text(f"[env.prod.warehouse]\n{text}")
    with pytest.raises(FlowForgeError) as raised:
        read_config(root)
    errors = raised.value.errors if isinstance(raised.value, Problems) else [raised.value]
    return [(each.code, each.place.line if each.place else 0, each.message) for each in errors]


def test_a_warehouse_is_read_with_its_options(tmp_path: Path) -> None:
    text = f'kind = "postgres"\n{WHOLE}port = 5433\npassword = {{ env = "PG" }}\nprefix = "dev_"\n'
    (tmp_path / "flowforge.toml").write_text(f"[env.prod.warehouse]\n{text}")
    found = read_config(tmp_path).environments["prod"].warehouse
    assert found is not None
    assert (found.kind, found.prefix) == ("postgres", "dev_")
    assert dict(found.options)["port"] == 5433
    assert dict(found.options)["password"] == Reference("env", "PG")
    assert "PG" not in repr(found)


def test_a_kind_without_a_connector_is_refused_with_those_there_are(tmp_path: Path) -> None:
    found = problems(tmp_path, f'kind = "postgras"\n{WHOLE}')
    assert [(code, line) for code, line, _ in found] == [("FF-675", 2)]
    with pytest.raises(NoConnectorError) as refused:
        warehouse_connector("postgras")
    assert refused.value.hint == "did you mean `postgres`?"


def test_an_unknown_option_is_named_with_its_line(tmp_path: Path) -> None:
    found = problems(tmp_path, f'kind = "postgres"\n{WHOLE}hots = "x"\n')
    assert found == [("FF-803", 6, "unknown key `hots` in `[env.prod.warehouse]`")]


def test_a_secret_in_plain_text_is_refused_and_not_shown(tmp_path: Path) -> None:
    found = problems(tmp_path, f'kind = "postgres"\n{WHOLE}password = "hunter2"\n')
    assert [(code, line) for code, line, _ in found] == [("FF-862", 6)]
    assert "hunter2" not in str(found)


def test_what_is_missing_is_named(tmp_path: Path) -> None:
    found = problems(tmp_path, 'kind = "postgres"\nhost = "db"\nuser = "u"\n')
    assert [code for code, _, _ in found] == ["FF-688"]
    assert "`database` is missing" in found[0][2]


@pytest.mark.parametrize(
    "wrong", ['port = "5432"', "host = 7", "password = { env = 3 }", 'prefix = "a b"', "kind = 1"]
)
def test_a_value_of_another_type_is_refused(wrong: str, tmp_path: Path) -> None:
    name = wrong.partition(" ")[0]
    rest = [line for line in WHOLE.splitlines() if not line.startswith(name)]
    lines = ([] if name == "kind" else ['kind = "postgres"']) + [*rest, wrong]
    found = problems(tmp_path, "\n".join(lines) + "\n")
    assert [code for code, _, _ in found] == ["FF-805"]


def test_a_client_that_is_not_installed_is_named_with_its_extra(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    warehouse = warehouse_connector("postgres").connect(
        lambda: {"host": "db", "database": "d", "user": "u"}
    )
    with pytest.raises(WarehouseDriverError) as refused:
        warehouse.number("SELECT 1", NOBODY)
    assert refused.value.hint == "pip install 'flowforge-assets[postgres]'"


def test_two_datasets_of_one_table_are_refused(tmp_path: Path) -> None:
    text = f'[env.dev.warehouse]\nkind = "postgres"\n{WHOLE}'
    (tmp_path / "flowforge.toml").write_text(text)
    for name in ("crm__users.sql", "crm/users.sql"):
        path = tmp_path / "assets/gold" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("/*\nwarehouse = true\n*/\nSELECT 1 AS n\n")
    with pytest.raises(TableNameError, match="crm__users"):
        Project.load(tmp_path)


def test_a_secret_that_is_not_there_is_told_when_it_is_needed(tmp_path: Path) -> None:
    text = f'kind = "postgres"\n{WHOLE}password = {{ env = "NOT_SET_AT_ALL" }}\n'
    (tmp_path / "flowforge.toml").write_text(f"[env.dev.warehouse]\n{text}")
    path = tmp_path / "assets/gold/one.sql"
    path.parent.mkdir(parents=True)
    path.write_text("/*\nwarehouse = true\n*/\nSELECT 1 AS n\n")
    with pytest.raises(StorageError, match="NOT_SET_AT_ALL"):
        Project.load(tmp_path).plan()
