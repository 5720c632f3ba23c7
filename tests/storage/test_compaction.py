"""Small files that are put together: which, and never twice."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from flowforge_assets.core.partition import PartitionSet
from flowforge_assets.storage import compact_delta, maintain_parquet
from flowforge_assets.storage.compaction import small_heaps
from flowforge_assets.storage.data_files import DataFile
from flowforge_assets.storage.location import open_store
from flowforge_assets.storage.upkeep import Upkeep
from storage_values import ORDERS, numbers, record, values

if TYPE_CHECKING:
    from pathlib import Path

    from flowforge_assets.storage.location import Format

_LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)
UPKEEP = Upkeep(_LONG_AGO, _LONG_AGO, _LONG_AGO)


def file(day: str, size: int) -> DataFile:
    return DataFile(f"day={day}/part-{size}", size, 1, values={"day": day})


def sizes(files: list[DataFile]) -> list[list[int]]:
    return [[each.bytes_written for each in heap] for heap in small_heaps(files, 100)]


def test_only_small_files_of_a_folder_that_have_company_are_put_together() -> None:
    files = [file("a", 2), file("b", 1), file("a", 1), file("c", 90), file("c", 90), file("d", 100)]
    assert sizes(files) == [[1, 2]]
    assert sizes([file("a", 60), file("a", 50)]) == []


def test_heaps_are_about_as_large_as_is_wanted() -> None:
    assert sizes([file("a", size) for size in (50, 40, 30, 20, 10)]) == [[10, 20, 30, 40]]


@pytest.mark.parametrize("form", ["delta", "parquet"])
def test_of_two_upkeeps_at_once_one_puts_files_together(
    form: Format, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine, other = (open_store(str(tmp_path), format=form).table(ORDERS) for _ in range(2))
    for _ in range(3):
        nothing = PartitionSet.none(())
        mine.commit(mine.stage(numbers(1, 2)), replace=nothing, made=record(nothing))
    module = compact_delta if form == "delta" else maintain_parquet
    written = module.put_together
    overtaken: list[bool] = []

    def late(*given: Any) -> list[DataFile]:  # noqa: ANN401 - what it is called with is passed on
        if not overtaken:
            overtaken.append(True)
            assert other.maintain(UPKEEP).compacted == 3
        found: list[DataFile] = written(*given)
        return found

    monkeypatch.setattr(module, "put_together", late)
    assert not mine.maintain(UPKEEP).compacted
    assert values(mine.scan()) == [1, 1, 1, 2, 2, 2]
