"""Redshift's driver and what it shares with PostgreSQL, which stands behind a proxy here."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from flowforge_assets.api import Project
from flowforge_assets.errors.warehouse import WarehouseDownError, WarehouseStatementError
from flowforge_assets.sdk.conformance.warehouse import KnownWarehouse, WarehouseConformance
from flowforge_connectors.redshift import CONNECTOR, told
from warehouse_places import WarehousePlace, known_warehouse
from warehouse_project import project_files

pytestmark = pytest.mark.slow


class TestRedshift(WarehouseConformance):
    @pytest.fixture
    def known(self, redshift: WarehousePlace) -> Iterator[KnownWarehouse]:
        found = known_warehouse(redshift, is_atomic=True, slow="SELECT pg_sleep(5)")
        yield found
        found.warehouse.close()


def test_a_sql_asset_runs_there_and_comes_back(
    redshift: WarehousePlace,
    write_project: Callable[[Mapping[str, str]], Path],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("WAREHOUSE_PASSWORD", "secret-word")
    root = write_project(project_files(redshift))
    project = Project.load(root)
    result = project.run()
    assert result.status == "succeeded", result
    found = dict(project.read("gold.report").select("customer", "total").iter_rows())
    assert found == {"ann": 2.75, "bob": -1.0, None: 4.0}
    assert list(Project.load(root).plan().steps) == []


def test_a_refusal_is_told_without_values() -> None:
    kind, said = told(Exception({"C": "22P02", "M": 'invalid input: "4929-1234"'}))
    assert kind is WarehouseStatementError
    assert "4929" not in said
    assert told(Exception("connection reset"))[0] is WarehouseDownError


@pytest.mark.parametrize(
    ("given", "wrong"),
    [
        ({"host": "h", "password": 1}, 0),
        ({"iam": True, "cluster_identifier": "c"}, 0),
        ({"iam": True, "password": 1}, 2),
        ({"host": "h"}, 1),
    ],
)
def test_options_fit_together(given: dict[str, object], wrong: int) -> None:
    assert len(list(CONNECTOR.misfits(given))) == wrong
