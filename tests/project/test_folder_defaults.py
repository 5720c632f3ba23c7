from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeAlias

import pytest

from flowforge_assets import Project
from flowforge_assets.core.key import DatasetKey
from flowforge_assets.declare.definition import AssetDefinition, DatasetDefinition
from flowforge_assets.errors.base import FlowForgeError

Write: TypeAlias = Callable[[Mapping[str, str]], Path]
Load: TypeAlias = Callable[..., tuple[DatasetDefinition, AssetDefinition]]
QUERY = "SELECT 1::BIGINT AS id, 'x' AS name"


@pytest.fixture
def load(write_project: Write) -> Load:
    """The dataset `silver.crm.users` and its asset, with tables of the project file."""

    def read(tables: str, header: str = "") -> tuple[DatasetDefinition, AssetDefinition]:
        query = f"/*\n{header}\n*/\n{QUERY}" if header else QUERY
        root = write_project(
            {
                "flowforge.toml": f'[project]\nname = "shop"\n\n{tables}\n',
                "assets/silver/crm/users.sql": query,
                "assets/gold/other.sql": QUERY,
            }
        )
        graph = Project.load(root).graph
        key = DatasetKey("silver.crm.users")
        return graph.datasets[key], graph.assets[key]

    return read


def test_a_folder_says_it_for_all_its_files(load: Load) -> None:
    dataset, asset = load(
        '[assets."silver/*"]\nowners = ["crm"]\nkey = ["id"]\nretries = 3\ntimeout = 60\n'
    )
    assert (dataset.owners, dataset.key_columns) == (("crm",), ("id",))
    assert asset.retries.times == 3
    assert asset.timeout is not None
    assert asset.timeout.total_seconds() == 60


def test_a_folder_says_nothing_for_the_files_of_another(load: Load) -> None:
    dataset, _ = load('[assets."gold/*"]\nowners = ["crm"]\n')
    assert dataset.owners == ()


def test_a_file_says_it_otherwise(load: Load) -> None:
    dataset, asset = load(
        '[assets."silver/*"]\nowners = ["crm"]\ntags = ["a"]\nretries = 3\n',
        'owners = []\ntags = ["b"]',
    )
    assert (dataset.owners, dataset.tags, asset.retries.times) == ((), ("b",), 3)


def test_the_most_exact_pattern_wins(load: Load) -> None:
    dataset, asset = load(
        '[assets."silver/crm/*"]\nowners = ["crm"]\n'
        '[assets."*"]\nowners = ["all"]\nretries = 1\ntags = ["t"]\n'
        '[assets."silver/*"]\nowners = ["silver"]\nretries = 2\n'
    )
    assert (dataset.owners, dataset.tags, asset.retries.times) == (("crm",), ("t",), 2)


def test_columns_and_rules_are_said_by_name(load: Load) -> None:
    dataset, _ = load(
        '[assets."silver/*"]\ncolumns.id = { doc = "folder" }\ncolumns.name.doc = "folder"\n'
        'columns.updated_at = { doc = "not in every file" }\nrules.a = "id > 0"\n',
        'columns.id = { doc = "file" }\nrules.b = "id < 9"',
    )
    assert {column.attribute: column.doc for column in dataset.columns} == {
        "id": "file",
        "name": "folder",
    }
    assert [str(rule) for rule in dataset.rules] == ["a: id > 0", "b: id < 9"]


def test_a_class_says_its_own_and_takes_the_rest(write_project: Write) -> None:
    root = write_project(
        {
            "flowforge.toml": '[project]\nname = "shop"\nmodules = ["shop"]\n'
            '[assets."gold/*"]\nowners = ["folder"]\nkey = ["nothing"]\nretries = 4\n',
            "shop.py": "from flowforge_assets import Col, Gold, col\n"
            "class Users(Gold, owners=['class']):\n"
            "    id: Col[int] = col()\n    name: Col[str] = col()\n",
            "assets/gold/users.sql": QUERY,
        }
    )
    graph = Project.load(root).graph
    key = DatasetKey("gold.users")
    assert graph.datasets[key].owners == ("class",)
    assert graph.assets[key].retries.times == 4


@pytest.mark.parametrize(
    ("tables", "code", "line", "message", "hint"),
    [
        ('[assets."silver/*"]\nownrs = ["x"]', "FF-403", 5, "no header key `ownrs`",
         "did you mean `owners`?"),
        ('[assets."silver/*"]\ncolumns.id = { ge = [] }', "FF-404", 5,
         "header key `columns.id.ge` has the wrong form", "write a number, a text or a date"),
        ('[assets."slver/*"]\nowners = ["x"]', "FF-404", 4,
         '`[assets."slver/*"]` is no folder of assets with its keys', "did you mean `silver`?"),
        ('[assets]\nowners = ["x"]', "FF-404", 5,
         '`[assets."owners"]` is no folder of assets with its keys',
         'write `[assets."silver/*"]`, and header keys below it'),
        ('[assets."silver/*"]\nkey = ["nme"]', "FF-403", 5,
         "the header's key is `nme`, which the query does not give", "did you mean `name`?"),
    ],
)  # fmt: skip
def test_a_mistake_in_a_default_is_told_with_its_line(
    load: Load, tables: str, code: str, line: int, message: str, hint: str
) -> None:
    with pytest.raises(FlowForgeError) as caught:
        load(tables)
    found = caught.value
    assert found.place is not None
    assert (found.code, str(found.place)) == (code, f"flowforge.toml:{line}")
    assert (found.message, found.hint) == (message, hint)
