from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeAlias

import pytest

from flowforge_assets import Project
from flowforge_assets.core.schema import Plain
from flowforge_assets.declare.definition import AssetDefinition, DatasetDefinition
from flowforge_assets.errors.base import FlowForgeError

Write: TypeAlias = Callable[[Mapping[str, str]], Path]
Load: TypeAlias = Callable[..., tuple[DatasetDefinition, AssetDefinition]]


@pytest.fixture
def load(write_project: Write) -> Load:
    """The dataset `silver.users` and its asset, for a header and a query."""

    def read(header: str, query: str = "SELECT 1::BIGINT AS id, 'x' AS name") -> object:
        root = write_project(
            {
                "flowforge.toml": '[project]\nname = "crm"\n',
                "assets/bronze/names.csv": "name\nx\n",
                "assets/silver/users.sql": f"/*\n{header}\n*/\n{query}",
            }
        )
        graph = Project.load(root).graph
        dataset = next(d for d in graph.datasets.values() if d.key == "silver.users")
        return dataset, graph.assets[dataset.key]

    return read  # type: ignore[return-value]  # a pair, as `Load` says


def test_columns_that_the_writer_makes_stand_behind_the_querys(load: Load) -> None:
    dataset, asset = load(
        'write = "scd2"\nkey = ["id"]\ncolumns.since = { writer = "valid_from" }\n'
        'columns.until = { writer = "valid_to" }\ncolumns.is_now = { writer = "current" }'
    )
    assert asset.write == "scd2"
    assert str(dataset.schema) == (
        "id: int64, name: string?, since: timestamp, until: timestamp?, is_now: bool"
    )
    assert dataset.returned.names == ("id", "name")
    assert dataset.written_by("valid_to") == "until"


def test_what_a_header_says_of_asset_and_dataset_reaches_them(load: Load) -> None:
    dataset, asset = load(
        'schedule = "0 6 * * *"\nextra = "keep"\naliases = ["people", "bronze.people"]\n'
        'columns.name = { ref = "bronze.names.name", unit = "u" }',
        "SELECT 1::BIGINT AS id, 'x' AS name",
    )
    assert asset.schedule == "0 6 * * *"
    assert (dataset.extra, dataset.aliases) == ("keep", ("silver.people", "bronze.people"))
    assert [str(rule) for rule in dataset.rules] == ["name is in bronze.names.name"]
    assert dataset.columns[1].unit == "u"


def test_a_header_says_which_name_a_column_had(load: Load) -> None:
    dataset, _ = load('columns.name = { renamed_from = ["label"] }')
    assert dataset.renames == {"name": ("label",)}


def test_a_query_may_use_the_key_of_its_step(load: Load) -> None:
    dataset, asset = load(
        'write = "append"\nper = { hourly = "2026-01-01T00", column = "hour" }',
        "SELECT $hour AS at",
    )
    assert asset.per is not None
    assert [each.column for each in asset.per.dimensions] == ["hour"]
    assert dataset.partitioning.dimensions == ()
    assert dataset.schema.fields[0].type == Plain("timestamp")


@pytest.mark.parametrize(
    ("header", "code", "line", "message", "hint"),
    [
        ('write = "snapshot"\ncolumns.name = { writer = "valid_from" }', "FF-403", 3,
         "`name` is made by the writer, but the query gives it",
         "leave it out of what the query gives"),
        ('key = ["ids"]', "FF-403", 2, "the header's key is `ids`, which the query does not give",
         "did you mean `id`?"),
        ('partition = { daily = "2026-13-01", column = "id" }', "FF-830", 2,
         "`2026-13-01`", None),
        ('partition = { daily = "2026-01-01", column = "idd" }', "FF-106", 2,
         "the partition column `idd` is not in what the query gives", "did you mean `id`?"),
        ('per = { daily = "2026-01-01", column = "day", tz = "Mars" }', "FF-835", 2,
         "`Mars`", None),
    ],
)  # fmt: skip
def test_a_header_that_does_not_fit_its_query_is_told_with_its_line(
    load: Load, header: str, code: str, line: int, message: str, hint: str | None
) -> None:
    with pytest.raises(FlowForgeError) as caught:
        load(header)
    found = caught.value
    assert found.place is not None
    assert (found.code, str(found.place)) == (code, f"assets/silver/users.sql:{line}")
    assert message in found.message
    if hint is not None:
        assert found.hint == hint
