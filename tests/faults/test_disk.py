from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import polars as pl
import pytest

from flowforge_assets import Bronze, Col, Silver, Table, asset, col, key
from flowforge_assets.errors.base import FlowForgeError
from flowforge_assets.errors.record import LedgerDiskFull
from flowforge_assets.errors.storage import DiskFullError
from pipelines import pipeline


class Small(Bronze):
    n: Col[int] = key()


class Large(Silver):
    n: Col[int] = key()
    noise: Col[bytes] = col()


ROWS = {"large": 1}


@asset
def small() -> Table[Small]:
    return pl.DataFrame({"n": [1]})


@asset
def large() -> Table[Large]:
    """Bytes that cannot be compressed."""
    count = ROWS["large"]
    return pl.DataFrame({"n": range(count), "noise": [os.urandom(1000) for _ in range(count)]})


def _mount(folder: Path, *options: str) -> bool:
    command = ["mount", "-t", "tmpfs", "-o", ",".join(options), "tmpfs", str(folder)]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


@pytest.fixture
def tiny_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 4 MB."""
    if not _mount(tmp_path, "size=4m"):
        pytest.skip("may not mount a disk here")
    yield tmp_path
    subprocess.run(["umount", "-l", str(tmp_path)], check=True)


def fill(file: Path) -> None:
    """Writes until the disk is full."""
    with file.open("wb", buffering=0) as filler, suppress(OSError):
        while True:
            filler.write(b"x" * 4096)


@pytest.mark.parametrize("store", ["delta", "parquet"])
def test_a_full_disk_is_a_coded_error_and_leaves_the_table_as_it_was(
    tiny_disk: Path, store: str
) -> None:
    ROWS["large"] = 10
    found = pipeline(tiny_disk, small, large, store=store)
    assert found.run().errors == ()
    before = found.rows(Large)
    ROWS["large"] = 8_000
    result = found.run(force=True)
    assert [type(error) for error in result.errors] == [DiskFullError]
    assert result.status == "failed"
    assert found.rows(Large) == before
    ROWS["large"] = 20
    assert found.run(force=True).errors == ()
    assert len(found.rows(Large)) == 20


def test_a_disk_that_is_full_from_the_start_is_a_coded_error(tiny_disk: Path) -> None:
    ROWS["large"] = 10
    found = pipeline(tiny_disk, small, large, store="delta")
    assert found.run().errors == ()
    before = found.rows(Large)
    filler = tiny_disk / "filler"
    fill(filler)
    with pytest.raises(LedgerDiskFull):
        found.run(force=True)
    filler.unlink()
    assert found.rows(Large) == before
    found.stop.clear()
    assert found.run(force=True).errors == ()


def test_a_read_only_disk_is_a_coded_error(tiny_disk: Path) -> None:
    found = pipeline(tiny_disk, small, store="delta")
    found.run()
    subprocess.run(["mount", "-o", "remount,ro", str(tiny_disk)], check=True)
    with pytest.raises(FlowForgeError) as caught:
        found.run(force=True)
    assert caught.value.code == "FF-504"
    assert caught.value.hint is not None
    assert found.rows(Small, "n") == [1]


def test_a_lake_that_is_read_only_is_a_coded_error_of_each_step(tiny_disk: Path) -> None:
    folder = tiny_disk / "project"
    folder.mkdir()
    found = pipeline(folder, small, store="delta")
    found.run()
    lake = folder / ".flowforge/dev/lake"
    kept = tiny_disk / "kept"
    lake.rename(kept)
    lake.mkdir()
    subprocess.run(["mount", "--bind", str(kept), str(lake)], check=True)
    try:
        subprocess.run(["mount", "-o", "remount,bind,ro", str(lake)], check=True)
        result = found.run(force=True)
        assert [error.code for error in result.errors] == ["FF-604"]
    finally:
        subprocess.run(["umount", "-l", str(lake)], check=True)
