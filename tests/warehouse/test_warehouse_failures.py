"""What a warehouse does that it should not: a coded error, and the published table as it was."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import psycopg
import pytest

from flowforge_assets.api import Project
from flowforge_assets.core.key import DatasetKey
from flowforge_assets.core.schema import Field, ListType, Plain, Schema
from flowforge_assets.errors.base import FlowForgeError
from flowforge_assets.errors.storage import NewerRecordError, NoVersionError
from flowforge_assets.errors.warehouse import (
    WarehouseQuotaError,
    WarehouseRightsError,
    WarehouseSlowError,
    WarehouseStateError,
    WarehouseTypeError,
)
from flowforge_assets.sdk.connectors import warehouse_connector
from flowforge_assets.sdk.warehouse import NOBODY, Tag
from flowforge_assets.storage.store import TableSpec
from flowforge_assets.warehouse.columns import table_columns
from flowforge_assets.warehouse.state import read_state
from flowforge_connectors.postgres import translated
from warehouse_places import WarehousePlace
from warehouse_project import TOTALS, project_files

WriteProject = Callable[[Mapping[str, str]], Path]
SPEC = TableSpec(DatasetKey("gold.totals"), Schema((Field("n", Plain("int64")),)))
EXPECTED = {"ann": 2.75, "bob": -1.0, None: 4.0}


def totals(project: Project) -> dict[str | None, float]:
    return dict(project.read("gold.totals").select("customer", "total").iter_rows())


def changed(root: Path, old: str, new: str) -> Project:
    query = root / "assets/gold/totals.sql"
    query.write_text(query.read_text().replace(old, new))
    return Project.load(root)


def failure(project: Project, select: str | None = None) -> FlowForgeError:
    result = project.run(select)
    assert result.status == "failed"
    return result.errors[0]


def test_a_table_that_someone_else_made_is_left_alone(
    postgres: WarehousePlace, write_project: WriteProject
) -> None:
    warehouse = postgres.warehouse()
    warehouse.execute(f'CREATE SCHEMA "{postgres.prefix}gold"', NOBODY)
    warehouse.execute(f'CREATE TABLE "{postgres.prefix}gold"."totals" (theirs INTEGER)', NOBODY)
    with pytest.raises(FlowForgeError, match="FF-682"):
        Project.load(write_project(project_files(postgres))).run()
    facts = warehouse.look(postgres.table("gold", "totals"))
    assert facts is not None
    assert facts.columns == (("theirs", "integer"),)


def test_a_table_that_someone_replaced_since_is_not_overwritten(
    postgres: WarehousePlace, write_project: WriteProject
) -> None:
    root = write_project(project_files(postgres))
    Project.load(root).run()
    warehouse, path = postgres.warehouse(), f'"{postgres.prefix}gold"."totals"'
    warehouse.execute(f"DROP TABLE {path}", NOBODY)
    warehouse.execute(f"CREATE TABLE {path} (theirs INTEGER)", NOBODY)
    with pytest.raises(FlowForgeError, match="FF-682"):
        changed(root, "sum(amount)", "2 * sum(amount)").run()


def test_an_input_of_other_types_than_declared_is_refused(
    postgres: WarehousePlace, write_project: WriteProject
) -> None:
    files = project_files(postgres)
    files["assets/gold/best.sql"] = (
        "/*\nwarehouse = true\n*/\nSELECT max(total) AS best FROM gold.totals\n"
    )
    root = write_project(files)
    assert Project.load(root).run().status == "succeeded"
    column = f'ALTER TABLE "{postgres.prefix}gold"."totals" ALTER COLUMN total TYPE VARCHAR(20)'
    postgres.warehouse().execute(column, NOBODY)
    query = root / "assets/gold/best.sql"
    query.write_text(query.read_text().replace("max(", "min("))
    error = failure(Project.load(root), "gold.best")
    assert error.code == "FF-681"
    assert "`total` is `character varying(20)`" in error.message


def test_a_slow_query_is_ended_at_the_asset_s_timeout(
    postgres: WarehousePlace, write_project: WriteProject
) -> None:
    with pytest.raises(WarehouseSlowError):
        postgres.warehouse().number("SELECT 1 FROM pg_sleep(5)", Tag(seconds=0.1))
    options = {**postgres.options, "timeout_seconds": 1}
    warehouse = warehouse_connector("postgres").connect(lambda: options)
    with pytest.raises(WarehouseSlowError):
        warehouse.number("SELECT 1 FROM pg_sleep(5)", NOBODY)
    warehouse.close()


def test_a_user_without_rights_is_told_so(postgres: WarehousePlace) -> None:
    warehouse = postgres.warehouse()
    role = f"{postgres.prefix}reader"
    warehouse.execute(f"CREATE ROLE {role} LOGIN", NOBODY)
    options = {**postgres.options, "user": role}
    reader = warehouse_connector("postgres").connect(lambda: options)
    with pytest.raises(WarehouseRightsError):
        reader.execute("CREATE SCHEMA not_allowed", NOBODY)
    reader.close()
    warehouse.close()


def test_no_room_is_no_quota() -> None:
    with pytest.raises(WarehouseQuotaError), translated("db:5432"):
        raise psycopg.errors.DiskFull("could not extend file")


def test_a_user_locked_out_during_a_run_fails_the_step_and_no_table(
    postgres: WarehousePlace, write_project: WriteProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    warehouse, role = postgres.warehouse(), f"{postgres.prefix}worker"
    warehouse.execute(f"CREATE ROLE {role} LOGIN SUPERUSER", NOBODY)
    monkeypatch.setenv("WORKER", role)
    files = project_files(postgres)
    toml = files["flowforge.toml"]
    files["flowforge.toml"] = toml.replace('user = "postgres"', 'user = { env = "WORKER" }')
    root = write_project(files)
    assert Project.load(root).run().status == "succeeded"
    project = changed(root, "sum(amount)", "3 * sum(amount)")
    assert project.plan().steps, "the plan has asked the warehouse"
    warehouse.execute(f"ALTER ROLE {role} NOLOGIN", NOBODY)
    ended = f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '{role}'"  # noqa: S608 - of this test
    warehouse.execute(ended, NOBODY)
    with pytest.raises(FlowForgeError, match=r"FF-67[67]"):
        project.run()
    warehouse.execute(f"ALTER ROLE {role} LOGIN", NOBODY)
    assert totals(Project.load(root)) == EXPECTED
    warehouse.close()


def test_a_query_that_the_warehouse_cannot_run_exactly_is_refused(
    postgres: WarehousePlace, write_project: WriteProject
) -> None:
    query = TOTALS.replace("sum(amount)", "mode(amount)")
    error = failure(Project.load(write_project(project_files(postgres, query=query))))
    assert error.code.startswith("FF-45")
    assert postgres.warehouse().look(postgres.table("gold", "totals")) is None


def test_setting_bad_rows_aside_is_refused(
    postgres: WarehousePlace, write_project: WriteProject
) -> None:
    header = 'bad_rows = "quarantine"\n'
    error = failure(Project.load(write_project(project_files(postgres, header=header))))
    assert error.code == "FF-687"


def test_a_row_that_overflows_fails_the_step_without_its_value(
    postgres: WarehousePlace, write_project: WriteProject
) -> None:
    query = TOTALS.replace("count(*)", "sum(order_id * 4611686018427387904)::BIGINT")
    error = failure(Project.load(write_project(project_files(postgres, query=query))))
    assert error.code == "FF-680"
    assert "4611686018427387904" not in error.message


def test_only_the_newest_version_is_kept(
    postgres: WarehousePlace, write_project: WriteProject
) -> None:
    project = Project.load(write_project(project_files(postgres)))
    project.run()
    with pytest.raises(NoVersionError, match="no version 7"):
        project.read("gold.totals", version=7)


def test_a_comment_that_someone_edited_is_no_state(postgres: WarehousePlace) -> None:
    with pytest.raises(WarehouseStateError, match="no state that is whole"):
        read_state("flowforge:{%22format%22:1", SPEC, postgres.table("gold", "totals"))


def test_a_state_of_a_newer_version_is_not_half_understood(postgres: WarehousePlace) -> None:
    with pytest.raises(NewerRecordError):
        read_state("flowforge:{%22format%22:99}", SPEC, postgres.table("gold", "totals"))


def test_a_type_that_no_warehouse_holds_is_refused() -> None:
    words = Field("words", ListType(Plain("string"), nullable_items=True))
    with pytest.raises(WarehouseTypeError, match="words"):
        table_columns(TableSpec(SPEC.key, Schema((words,))))
