from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from flowforge_assets.api import Project
from flowforge_assets.sdk.conformance.warehouse import KnownWarehouse, WarehouseConformance
from warehouse_places import WarehousePlace, known_warehouse
from warehouse_project import project_files

pytestmark = pytest.mark.slow


class TestSnowflake(WarehouseConformance):
    @pytest.fixture
    def known(self, snowflake: WarehousePlace) -> Iterator[KnownWarehouse]:
        found = known_warehouse(snowflake, is_atomic=False)
        yield found
        found.warehouse.close()


def test_a_sql_asset_runs_there_and_comes_back(
    snowflake: WarehousePlace,
    write_project: Callable[[Mapping[str, str]], Path],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("WAREHOUSE_PASSWORD", "snow")
    root = write_project(project_files(snowflake))
    project = Project.load(root)
    result = project.run()
    assert result.status == "succeeded", result
    found = dict(project.read("gold.report").select("customer", "total").iter_rows())
    assert found == {"ann": 2.75, "bob": -1.0, None: 4.0}
    assert list(Project.load(root).plan().steps) == []
    warehouse = snowflake.warehouse()
    assert warehouse.tables(f"{snowflake.prefix}gold") == ["totals"]
    warehouse.close()
