"""The servers that stand for clouds: what the other tests trust them to do."""

from __future__ import annotations

import errno
from concurrent.futures import ThreadPoolExecutor

import polars as pl
import pytest
from deltalake import DeltaTable, write_deltalake

from flowforge_assets.storage.clients import (
    delta_options,
    filesystem,
    polars_options,
    root_of,
)
from flowforge_assets.storage.location import RemoteLocation
from flowforge_assets.storage.store_options import read_options
from s3_signature import EXPIRED_TOKEN, FORBIDDEN_FOLDER
from store_place import StorePlace

pytestmark = pytest.mark.emulator

SAFE = ["moto_s3", "ministack_s3", "azurite", "gcs"]
ODD_NAMES = ["a b", "50%", "o'hara", "x=ü", "a+b", "a#b"]


@pytest.fixture(params=SAFE)
def place(request: pytest.FixtureRequest) -> StorePlace:
    found: StorePlace = request.getfixturevalue(request.param)
    return found


def location(place: StorePlace) -> RemoteLocation:
    return RemoteLocation(place.url, read_options(place.url, place.options))


def numbers(*values: int) -> pl.DataFrame:
    return pl.DataFrame({"n": values}, schema={"n": pl.Int64})


def test_of_many_creates_of_one_name_one_wins(place: StorePlace) -> None:
    files, root = filesystem(location(place)), root_of(location(place))

    def create(number: int) -> bool:
        try:
            files.pipe_file(f"{root}/race", b"%d" % number, mode="create")
        except FileExistsError:
            return False
        except OSError as error:
            if error.errno == errno.EINVAL:  # s3fs, of stores that do not name the condition
                return False
            raise
        return True

    with ThreadPoolExecutor(8) as pool:
        won = list(pool.map(create, range(24)))
    assert won.count(True) == 1
    assert files.cat_file(f"{root}/race") == b"%d" % won.index(True)


def test_engines_and_file_clients_see_the_same_objects(place: StorePlace) -> None:
    at = location(place)
    files, root = filesystem(at), root_of(at)
    numbers(1, 2).write_parquet(f"{place.url}/engine.parquet", **polars_options(at))
    files.pipe_file(f"{root}/copy.parquet", files.cat_file(f"{root}/engine.parquet"))
    read = pl.read_parquet(f"{place.url}/copy.parquet", **polars_options(at))
    assert read.equals(numbers(1, 2))
    assert files.find(root) == [f"{root}/copy.parquet", f"{root}/engine.parquet"]


def test_delta_tables_lose_no_commit_of_many_writers(place: StorePlace) -> None:
    at, table = location(place), f"{place.url}/table"
    write_deltalake(table, numbers(-1), storage_options=delta_options(at))

    def append(number: int) -> None:
        write_deltalake(table, numbers(number), mode="append", storage_options=delta_options(at))

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(append, range(8)))
    read = pl.scan_delta(table, **polars_options(at)).collect()
    assert sorted(read["n"]) == [-1, *range(8)]
    assert DeltaTable(table, storage_options=delta_options(at)).version() == 8


@pytest.mark.parametrize("name", ODD_NAMES)
def test_names_may_hold_any_character(place: StorePlace, name: str) -> None:
    at = location(place)
    files, path = filesystem(at), f"{root_of(at)}/{name}/file"
    files.pipe_file(path, b"1")
    assert files.cat_file(path) == b"1"
    assert files.find(root_of(at)) == [path]
    files.rm_file(path)
    assert not files.exists(path)


def test_an_unsafe_store_lets_every_create_win(unsafe_s3: StorePlace) -> None:
    files, root = filesystem(location(unsafe_s3)), root_of(location(unsafe_s3))
    for content in (b"first", b"second"):
        files.pipe_file(f"{root}/race", content, mode="create")
    assert files.cat_file(f"{root}/race") == b"second"


def test_the_emulator_of_files_alone_keeps_files(gcs_json: StorePlace) -> None:
    at = location(gcs_json)
    files, root = filesystem(at), root_of(at)
    files.pipe_file(f"{root}/a/file", b"content")
    assert files.find(root) == [f"{root}/a/file"]
    assert files.cat_file(f"{root}/a/file", 1, 3) == b"on"


def test_s3_knows_one_key_and_one_secret(
    moto_s3: StorePlace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WRONG", "no secret of this store")
    monkeypatch.setenv("EXPIRED", EXPIRED_TOKEN)
    for options in (
        {"access_key_id": "AKIDOFNOBODY"},
        {"secret_access_key": {"env": "WRONG"}},
        {"session_token": {"env": "EXPIRED"}},
    ):
        at = location(moto_s3.with_options(**options))
        with pytest.raises(OSError, match=r"(?i)key|signature|token"):
            filesystem(at).pipe_file(f"{root_of(at)}/file", b"1")
        with pytest.raises(OSError, match=r"403|400|denied|Expired"):
            numbers(1).write_parquet(f"{moto_s3.url}/1.parquet", **polars_options(at))


def test_one_folder_of_s3_is_forbidden(moto_s3: StorePlace) -> None:
    at = location(moto_s3)
    files, root = filesystem(at), root_of(at)
    files.pipe_file(f"{root}/allowed/file", b"1")
    with pytest.raises(PermissionError):
        files.pipe_file(f"{root}/{FORBIDDEN_FOLDER}/file", b"1")
    with pytest.raises(PermissionError):
        files.ls(f"{root}/{FORBIDDEN_FOLDER}")
