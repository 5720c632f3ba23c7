"""What headers and folder defaults say of a merge, and how its returned columns are checked."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeAlias

import pytest

from flowforge_assets import FlowForgeError, Project
from flowforge_assets.errors.base import Problems
from flowforge_assets.errors.graph import MergeColumnError

Write: TypeAlias = Callable[[Mapping[str, str]], Path]
QUERY = "SELECT 1::BIGINT AS id, now()::TIMESTAMPTZ AS at, true AS gone"
MERGE = 'write = "merge"\nkey = ["id"]\n'


@pytest.fixture
def load(write_project: Write) -> Callable[..., Project]:
    """The project whose query `silver.users` is, with a header and defaults of its folder."""

    def read(header: str, query: str = QUERY, *, defaults: str = "") -> Project:
        root = write_project(
            {
                "flowforge.toml": f'[project]\nname = "crm"\n{defaults}',
                "assets/silver/users.sql": f"/*\n{header}\n*/\n{query}",
            }
        )
        return Project.load(root)

    return read


def test_a_header_tells_the_newest_row_and_those_to_remove(load: Callable[..., Project]) -> None:
    graph = load(MERGE + 'latest = "at"\ndeletes = "gone"\nmin_rows = 2').graph
    (asset,) = graph.assets.values()
    dataset = graph.datasets[asset.id]
    assert (asset.latest, asset.deletes, dataset.min_rows) == ("at", "gone", 2)
    assert dataset.schema.names == ("id", "at")


def test_a_folder_says_it_for_its_files(load: Callable[..., Project]) -> None:
    defaults = '[assets."silver/*"]\nlatest = "at"\ndeletes = "gone"\nmin_rows = 1\n'
    graph = load(MERGE, defaults=defaults).graph
    (asset,) = graph.assets.values()
    assert (asset.latest, asset.deletes) == ("at", "gone")
    assert graph.datasets[asset.id].min_rows == 1


@pytest.mark.parametrize(
    ("deletes", "query", "code", "said", "line"),
    [
        ("gonne", QUERY, "FF-403", "`gonne`, which the query does not give", 4),
        ("id", QUERY, "FF-404", "`id`, which the query gives as int64", 4),
    ],
)
def test_a_mark_that_the_query_does_not_give_is_refused(
    load: Callable[..., Project], deletes: str, query: str, code: str, said: str, line: int
) -> None:
    with pytest.raises(FlowForgeError) as raised:
        _ = load(MERGE + f'deletes = "{deletes}"', query).graph
    error = raised.value.errors[0] if isinstance(raised.value, Problems) else raised.value
    assert (error.code, error.place and error.place.line) == (code, line)
    assert said in error.message


def test_latest_of_a_column_that_is_not_there_is_refused(load: Callable[..., Project]) -> None:
    with pytest.raises(MergeColumnError, match="names `since`"):
        load(MERGE + 'latest = "since"')


PYTHON = """
from flowforge_assets import Bronze, Silver, Col, Frame, asset, col, key, external
import polars as pl

class Raw(Bronze):
    id: Col[int] = col()
    op: Col[str] = col()

external(Raw)

class Users(Silver):
    id: Col[int] = key()

@asset(write="merge", deletes="gone")
def users(raw: Frame[Raw]) -> Frame[Users]:
    return raw.select("id"{mark})
"""


@pytest.mark.parametrize(
    ("mark", "found"),
    [
        (', (pl.col("op") == "D").alias("gone")', []),
        ("", [("FF-301", "`users` returns no column `gone`, which marks rows of `silver.users`")]),
        (', pl.col("op").alias("gone")', [("FF-303", "`users` returns `gone` as String, which")]),
        (
            ', (pl.col("op") == "D").alias("gone"), "op"',
            [("FF-302", "`users` returns the column `op`, unknown to `silver.users`")],
        ),
    ],
)
def test_check_wants_the_mark_among_the_columns(
    write_project: Write, mark: str, found: list[tuple[str, str]]
) -> None:
    toml = '[project]\nname = "crm"\nmodules = ["crm"]\n'
    root = write_project({"flowforge.toml": toml, "crm.py": PYTHON.replace("{mark}", mark)})
    errors = Project.load(root).check().errors
    assert [error.code for error in errors] == [code for code, _ in found]
    for error, (_, said) in zip(errors, found, strict=True):
        assert said in error.message
        assert error.hint
