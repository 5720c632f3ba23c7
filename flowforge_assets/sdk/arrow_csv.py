"""Arrow batches as the CSV of PostgreSQL's COPY, and back: NULL is nothing, empty text is `""`."""

from __future__ import annotations

from collections.abc import Iterator
from io import RawIOBase
from typing import IO, TYPE_CHECKING, Any, Final, cast

import pyarrow as pa
from pyarrow import csv

if TYPE_CHECKING:
    from collections.abc import Iterable

_BLOCK_BYTES: Final = 1 << 20

# Any, here and below: pyarrow's signatures leave the types of arrays and fields open.


def as_csv(batch: pa.RecordBatch) -> bytes:
    """The batch without a header; bytes are written in hex."""
    columns: list[Any] = [
        _hex(column) if pa.types.is_binary(column.type) else column for column in _columns(batch)
    ]
    sink = pa.BufferOutputStream()
    plain = pa.Table.from_arrays(columns, names=batch.schema.names)
    csv.write_csv(plain, sink, csv.WriteOptions(include_header=False, quoting_style="needed"))
    return sink.getvalue().to_pybytes()


def batches_of_csv(blocks: Iterable[bytes], schema: pa.Schema) -> Iterator[pa.RecordBatch]:
    """The batches that blocks of CSV hold, as columns of `schema`; nothing for no byte."""
    stream = _Blocks(iter(blocks))
    if not stream.has_any:
        return
    parsed = csv.ParseOptions(newlines_in_values=True, ignore_empty_lines=False)
    named = csv.ReadOptions(column_names=schema.names, block_size=_BLOCK_BYTES)
    source = cast("IO[bytes]", stream)  # what pyarrow asks of a stream it has
    for batch in csv.open_csv(source, named, parsed, _conversion(schema)):
        yield _typed(batch, schema)


def _columns(batch: pa.RecordBatch) -> list[Any]:
    found: Any = batch
    return list(found.columns)


def _fields(schema: pa.Schema) -> list[Any]:
    return list(schema)


def _hex(column: Any) -> Any:  # noqa: ANN401 - see above
    found = [None if each is None else f"\\x{each.hex()}" for each in column.to_pylist()]
    return pa.array(found, pa.string())


def _conversion(schema: pa.Schema) -> csv.ConvertOptions:
    types: dict[str, Any] = {
        field.name: pa.string() if pa.types.is_binary(field.type) else field.type
        for field in _fields(schema)
    }
    return csv.ConvertOptions(
        column_types=types,
        null_values=[""],
        strings_can_be_null=True,
        quoted_strings_can_be_null=False,
        true_values=["t", "true"],
        false_values=["f", "false"],
    )


def _typed(batch: pa.RecordBatch, schema: pa.Schema) -> pa.RecordBatch:
    """The batch with its bytes read from hex."""
    columns: list[Any] = []
    for column, field in zip(_columns(batch), _fields(schema), strict=True):
        if pa.types.is_binary(field.type):
            texts: list[str | None] = column.to_pylist()
            found = [None if text is None else bytes.fromhex(text[2:]) for text in texts]
            columns.append(pa.array(found, field.type))
        else:
            columns.append(column)
    return cast("pa.RecordBatch", cast("Any", pa.RecordBatch).from_arrays(columns, schema=schema))


class _Blocks(RawIOBase):
    """Blocks as a stream."""

    def __init__(self, blocks: Iterator[bytes]) -> None:
        self._blocks = blocks
        self._rest = next((bytes(block) for block in blocks), b"")
        self.has_any = bool(self._rest)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any, /) -> int:  # noqa: ANN401 - as the class above has it
        while len(self._rest) < len(buffer):
            block = next(self._blocks, None)
            if block is None:
                break
            self._rest += bytes(block)
        taken, self._rest = self._rest[: len(buffer)], self._rest[len(buffer) :]
        buffer[: len(taken)] = taken
        return len(taken)
