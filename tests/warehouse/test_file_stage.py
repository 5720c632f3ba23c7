"""Rows on their way into Redshift and Synapse: files in a bucket, and what reads them there.

The buckets are moto's and Azurite's; no engine here runs the statements.
"""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Mapping
from pathlib import Path

import pyarrow as pa
import pytest
from pyarrow import parquet

from flowforge_assets.api import Project
from flowforge_assets.core.key import DatasetKey
from flowforge_assets.core.table_name import TableName, run_of_staged, staged_name
from flowforge_assets.errors.base import FlowForgeError
from flowforge_assets.errors.warehouse import WarehouseStatementError
from flowforge_assets.project.config import read_config
from flowforge_assets.sdk.warehouse import JobStats, StagedFiles, Tag
from flowforge_assets.storage.location import RemoteLocation, folder_at
from flowforge_assets.storage.store_options import read_options
from flowforge_assets.warehouse.file_stage import FileStage
from flowforge_connectors import redshift as redshift_connector
from flowforge_connectors import synapse as synapse_connector
from store_place import StorePlace
from warehouse_places import WarehousePlace
from warehouse_project import project_files

pytestmark = pytest.mark.slow

WriteProject = Callable[[Mapping[str, str]], Path]
KEY = DatasetKey("bronze.orders")
TABLE = TableName(("gold", "Orders"))
RUN = "20260101T120000-4f3a09c2"
_FIELDS: dict[str, pa.DataType] = {"a": pa.int64(), "b": pa.string()}
SCHEMA = pa.schema(_FIELDS)


def batches(count: int = 1) -> list[pa.RecordBatch]:
    rows: list[dict[str, object]] = [{"a": 1, "b": "it's"}, {"a": 2, "b": None}]
    return [pa.RecordBatch.from_pylist(rows, SCHEMA) for _ in range(count)]


def location_of(place: StorePlace) -> RemoteLocation:
    return RemoteLocation(place.url, read_options(place.url, place.options))


def files_in(location: RemoteLocation) -> list[str]:
    folder = folder_at(location)
    assert folder is not None
    return [entry.path for entry in folder.entries()]


def content(location: RemoteLocation, url: str) -> bytes:
    folder = folder_at(location)
    assert folder is not None
    return folder.read(url.removeprefix(f"{location.url}/"))


def test_rows_lie_in_the_bucket_while_they_are_loaded_and_no_longer(moto_s3: StorePlace) -> None:
    where = location_of(moto_s3)
    with FileStage(where).holding(KEY, TABLE, SCHEMA, batches(9)) as files:
        assert (files.rows, len(files.urls)) == (18, 2)
        read = parquet.read_table(io.BytesIO(content(where, files.urls[0])))
        assert read.num_rows == 16
        assert read.column_names == ["a", "b"]
        entries = json.loads(content(where, files.manifest))["entries"]
        sizes = [len(content(where, url)) for url in files.urls]
        assert [each["url"] for each in entries] == list(files.urls)
        assert [each["meta"]["content_length"] for each in entries] == sizes
    assert files_in(where) == []


def test_a_failed_load_leaves_no_file(moto_s3: StorePlace) -> None:
    where = location_of(moto_s3)
    with pytest.raises(RuntimeError), FileStage(where).holding(KEY, TABLE, SCHEMA, batches()):
        raise RuntimeError
    assert files_in(where) == []


def test_what_a_killed_run_has_left_is_swept(moto_s3: StorePlace) -> None:
    where = location_of(moto_s3)
    killed = staged_name(TABLE, f"{RUN} bronze.orders", purpose="load")
    left = FileStage(where).holding(KEY, killed, SCHEMA, batches())
    left.__enter__()
    stage = FileStage(where)
    assert stage.sweep(KEY, lambda name: run_of_staged(name) == "other", is_dry=False) == 0
    assert stage.sweep(KEY, lambda name: run_of_staged(name) == RUN, is_dry=True) == 2
    assert len(files_in(where)) == 2
    assert stage.sweep(KEY, lambda name: run_of_staged(name) == RUN, is_dry=False) == 2
    assert files_in(where) == []


def test_a_bucket_that_is_not_there_is_told_without_credentials(moto_s3: StorePlace) -> None:
    where = RemoteLocation("s3://nowhere/x", location_of(moto_s3).options)
    with (
        pytest.raises(FlowForgeError, match="FF-6") as refused,
        FileStage(where).holding(KEY, TABLE, SCHEMA, batches()),
    ):
        pass
    assert "secret" not in str(refused.value).lower()


def test_a_blob_of_azure_is_named_by_its_address(azurite: StorePlace) -> None:
    where = location_of(azurite)
    with FileStage(where).holding(KEY, TABLE, SCHEMA, batches()) as files:
        folder = where.url.removeprefix("az://")
        account = azurite.options["account"]
        assert files.urls == (
            f"https://{account}.blob.core.windows.net/{folder}/flowforge_stage/gold.Orders/part-0000.parquet",
        )
        assert set(files.credentials) == {"account_key"}
        assert files.credentials["account_key"] not in repr(files)
    assert files_in(where) == []


def test_redshift_copies_by_a_role_or_by_the_keys_of_the_bucket() -> None:
    keys = {"access_key_id": "AK", "secret_access_key": "it's", "session_token": "T"}
    files = StagedFiles(("s3://b/1",), "s3://b/manifest", 1, keys)
    assert redshift_connector.copy_statement(TABLE, files, "arn:aws:iam::1:role/load") == (
        'COPY "gold"."Orders" FROM \'s3://b/manifest\'\n'
        "IAM_ROLE 'arn:aws:iam::1:role/load'\nFORMAT AS PARQUET MANIFEST"
    )
    assert redshift_connector.copy_statement(TABLE, files, None).splitlines()[1:4] == [
        "ACCESS_KEY_ID 'AK'",
        "SECRET_ACCESS_KEY 'it''s'",
        "SESSION_TOKEN 'T'",
    ]


def test_synapse_copies_by_what_the_files_were_written_with() -> None:
    def copied(**known: str) -> str:
        files = StagedFiles(("https://a/1", "https://a/2"), "", 1, known)
        return synapse_connector.copy_statement(TABLE, ["a", "b"], files)

    assert copied() == (
        "COPY INTO [gold].[Orders] ([a] 1, [b] 2)\nFROM 'https://a/1', 'https://a/2'\n"
        "WITH (FILE_TYPE = 'PARQUET', CREDENTIAL = (IDENTITY = 'Managed Identity'))"
    )
    assert "(IDENTITY = 'Shared Access Signature', SECRET = 'sv=1')" in copied(sas_token="?sv=1")  # noqa: S106 - none
    assert "(IDENTITY = 'Storage Account Key', SECRET = 'k''y')" in copied(account_key="k'y")
    login = "c@https://login.microsoftonline.com/t/oauth2/token"
    by_service = copied(client_id="c", client_secret="s", tenant_id="t")  # noqa: S106 - none
    assert f"(IDENTITY = '{login}', SECRET = 's')" in by_service


def test_a_copy_that_is_refused_tells_no_credentials(redshift: WarehousePlace) -> None:
    warehouse = redshift_connector.CONNECTOR.connect(lambda: redshift.options)
    files = StagedFiles(("s3://b/1",), "s3://b/manifest", 1, {"access_key_id": "AKIA-secret-word"})
    with pytest.raises(WarehouseStatementError) as refused:
        warehouse.copy(redshift.table("gold", "orders"), SCHEMA, files, Tag())
    assert "AKIA" not in str(refused.value)
    warehouse.close()


def test_a_run_loads_redshift_by_files(
    redshift: WarehousePlace,
    moto_s3: StorePlace,
    write_project: WriteProject,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    where = location_of(moto_s3)
    copied: list[int] = []

    def copy(
        self: redshift_connector.Redshift,
        table: TableName,
        schema: pa.Schema,
        files: StagedFiles,
        tag: Tag,
    ) -> JobStats:
        """As Redshift's COPY, which PostgreSQL has not."""
        entries = json.loads(content(where, files.manifest))["entries"]
        for entry in entries:
            rows = parquet.read_table(io.BytesIO(content(where, entry["url"])))
            copied.append(rows.num_rows)
            self.load(table, schema, rows.cast(schema).to_batches(), tag)
        return JobStats(rows=files.rows)

    monkeypatch.setattr(redshift_connector.Redshift, "copy", copy)
    monkeypatch.setenv("WAREHOUSE_PASSWORD", "secret-word")
    files = project_files(redshift)
    staging = f"\n[env.dev.warehouse.stage]\n{moto_s3.toml()}"
    files["flowforge.toml"] += staging
    project = Project.load(write_project(files))
    assert project.run().status == "succeeded"
    found = dict(project.read("gold.report").select("customer", "total").iter_rows())
    assert found == {"ann": 2.75, "bob": -1.0, None: 4.0}
    assert copied == [4]
    assert files_in(where) == []


def test_a_stage_is_read_as_a_store_is(tmp_path: Path) -> None:
    def problem(stage: str, kind: str = "redshift") -> str:
        whole = 'host = "h"\ndatabase = "d"\nuser = "u"\npassword = { env = "P" }\n'
        text = f'[env.prod.warehouse]\nkind = "{kind}"\n{whole}{stage}\n'
        (tmp_path / "flowforge.toml").write_text(text)
        with pytest.raises(FlowForgeError) as refused:
            read_config(tmp_path)
        return str(refused.value)

    assert "is no URL of `s3://`" in problem('stage = "gs://bucket/x"')
    assert "loads no files from a bucket" in problem('stage = "s3://bucket/x"', "postgres")
    plain = 'stage = { url = "s3://b/x", access_key_id = "A", secret_access_key = "word" }'
    assert "word" not in problem(plain)
    whole = 'host = "h"\ndatabase = "d"\nuser = "u"\npassword = { env = "P" }\n'
    text = f'[env.prod.warehouse]\nkind = "redshift"\n{whole}stage = "s3://bucket/x/"\n'
    (tmp_path / "flowforge.toml").write_text(text)
    found = read_config(tmp_path).environments["prod"].warehouse
    assert found is not None
    assert found.stage is not None
    assert found.stage.url == "s3://bucket/x"
