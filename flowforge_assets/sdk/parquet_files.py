"""Batches of rows as Parquet files on this machine, of which one is there at a time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, cast

if TYPE_CHECKING:
    import pyarrow as pa

_BATCHES_A_FILE: Final = 8


def parquet_files(
    batches: Iterable[pa.RecordBatch], schema: pa.Schema, folder: Path
) -> Iterator[tuple[Path, int]]:
    """Files of a few batches each, and how many rows they have; each is gone with the next."""
    import pyarrow as pa  # pyarrow: only where rows go
    from pyarrow import parquet

    held: list[pa.RecordBatch] = []
    number = 0

    def written() -> Iterator[tuple[Path, int]]:
        rows = pa.Table.from_batches(held, schema)
        file = folder / f"part-{number:04}.parquet"
        cast("Any", parquet).write_table(rows, file, coerce_timestamps="us")
        yield file, rows.num_rows
        file.unlink()

    for batch in batches:
        held.append(batch)
        if len(held) == _BATCHES_A_FILE:
            yield from written()
            held, number = [], number + 1
    if held:
        yield from written()
