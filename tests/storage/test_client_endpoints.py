"""A service at another address than the cloud's own: files and engines see the same objects."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeAlias

import polars as pl
import pytest
from deltalake import DeltaTable, write_deltalake

from flowforge_assets.storage.clients import delta_options, filesystem, polars_options, root_of
from flowforge_assets.storage.folder_remote import RemoteFolder
from flowforge_assets.storage.location import RemoteLocation
from flowforge_assets.storage.store_options import read_options
from s3_signature import SECRET_ACCESS_KEY
from store_place import OptionValue, StorePlace

Options: TypeAlias = Mapping[str, OptionValue]


def as_it_is(place: StorePlace) -> Options:
    return place.options


def by_endpoint(place: StorePlace) -> Options:
    """Azurite as if it were a private endpoint of an account."""
    plain = {name: value for name, value in place.options.items() if name != "emulator"}
    return {**plain, "endpoint": f"{place.endpoint}/devstoreaccount1", "allow_http": True}


@pytest.mark.emulator
@pytest.mark.parametrize(
    ("emulator", "options"),
    [("moto_s3", as_it_is), ("azurite", as_it_is), ("azurite", by_endpoint), ("gcs", as_it_is)],
)
def test_what_one_client_writes_the_others_read(
    emulator: str, options: Callable[[StorePlace], Options], request: pytest.FixtureRequest
) -> None:
    place: StorePlace = request.getfixturevalue(emulator)
    where = RemoteLocation(place.url, read_options(place.url, options(place)))
    rows, table = pl.DataFrame({"a": [1, 2]}), f"{where.url}/table"
    for mode in ("error", "append"):
        write_deltalake(table, rows, mode=mode, storage_options=delta_options(where))
    assert DeltaTable(table, storage_options=delta_options(where)).version() == 1
    assert pl.scan_delta(table, **polars_options(where)).collect().height == 4
    rows.write_parquet(f"{where.url}/file.parquet", **polars_options(where))
    files = filesystem(where)
    assert files.cat_file(f"{root_of(where)}/file.parquet").startswith(b"PAR1")
    logs = files.ls(f"{root_of(where)}/table/_delta_log", detail=False)
    assert sum(name.endswith(".json") for name in logs) == 2


def test_a_folder_that_is_open_shows_no_secret(moto_s3: StorePlace) -> None:
    options = read_options(moto_s3.url, moto_s3.options)
    folder = RemoteFolder.at(RemoteLocation(moto_s3.url, options))
    assert SECRET_ACCESS_KEY in folder.delta_options.values()
    assert SECRET_ACCESS_KEY not in repr((folder, folder.place))
