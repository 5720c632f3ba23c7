"""GoogleSQL's reference evaluator in a process of its own: see piped_values for how it is asked.

    python googlesql_child.py FOLDER              answers queries
    python googlesql_child.py FOLDER --compile    only compiles its module, which takes a minute

FOLDER holds the packages of requirements-googlesql.txt; the compiled module is kept there.
"""

from __future__ import annotations

import ctypes
import os
import sys
from collections.abc import Callable
from datetime import date, datetime, timedelta
from decimal import Decimal, localcontext
from pathlib import Path
from typing import Any

from piped_values import answer_forever, packed, unpacked

FOLDER = Path(sys.argv[1])
COMPILED = FOLDER / "zetasql.cwasm"
sys.path.insert(0, str(FOLDER))

import wasmtime  # type: ignore[import-not-found] # noqa: E402 - in FOLDER
from zetasql.core import wasm_client  # type: ignore[import-not-found] # noqa: E402

_EPOCH = date(1970, 1, 1)
_TYPES = {
    "DOUBLE": "TYPE_DOUBLE",
    "VARCHAR": "TYPE_STRING",
    "BOOLEAN": "TYPE_BOOL",
    "DATE": "TYPE_DATE",
    "TIMESTAMP": "TYPE_DATETIME",
}  # of DuckDB; integers are INT64, decimals NUMERIC
_KINDS = {
    "TYPE_INT64": "integer",
    "TYPE_DOUBLE": "double",
    "TYPE_STRING": "text",
    "TYPE_BOOL": "bool",
    "TYPE_DATE": "date",
    "TYPE_DATETIME": "timestamp",
    "TYPE_NUMERIC": "decimal",
    "TYPE_BIGNUMERIC": "decimal",
}


class _CompiledOnce:
    """Stands for `wasmtime.Module`: keeps what was compiled."""

    @staticmethod
    def from_file(engine: Any, path: str) -> Any:  # wasmtime has no types
        if not COMPILED.is_file():
            half = COMPILED.with_suffix(f".{os.getpid()}")
            half.write_bytes(wasmtime.Module.from_file(engine, path).serialize())
            half.replace(COMPILED)
        return wasmtime.Module.deserialize_file(engine, str(COMPILED))


def _read_bytes(client: Any, start: int, size: int) -> bytes:
    return ctypes.string_at(_address(client) + start, size)


def _write_bytes(client: Any, start: int, data: bytes) -> None:
    ctypes.memmove(_address(client) + start, data, len(data))


def _address(client: Any) -> int:
    place = ctypes.cast(client.memory.data_ptr(), ctypes.c_void_p).value
    assert place is not None
    return place


wasm_client.Module = _CompiledOnce
wasm_client.WasmClient.read_bytes = _read_bytes  # its own go byte by byte
wasm_client.WasmClient.write_bytes = _write_bytes


class Evaluator:
    """One catalog, with the rows of its tables."""

    def __init__(self) -> None:
        """An empty catalog."""
        from zetasql import types  # type: ignore[import-not-found]
        from zetasql.core import ZetaSqlLocalService

        self.types = types
        self.service = ZetaSqlLocalService()
        self.language = types.LanguageOptions.maximum_features()
        self.options = types.AnalyzerOptions(language_options=self.language)
        self.tables: list[Any] = []
        self.contents: dict[str, Any] = {}
        self.catalog: int | None = None

    def table(self, name: str, columns: list[list[str]], rows: list[list[object]]) -> None:
        """Enters a table; columns are names and DuckDB's types."""
        from zetasql.api import TableBuilder  # type: ignore[import-not-found]

        table = TableBuilder(name)
        for column, type_ in columns:
            plain = "TYPE_NUMERIC" if type_.startswith("DECIMAL") else "TYPE_INT64"
            table.add_column(column, getattr(self.types.TypeKind, _TYPES.get(type_, plain)))
        self.tables.append(table.build())
        data = self.types.TableData(
            row=[self.types.TableData.Row(cell=[self._cell(v) for v in row]) for row in rows]
        )
        self.contents[name] = self.types.TableContent(table_data=data)
        self.catalog = None

    def query(self, sql: str) -> object:
        """The columns and rows of a query."""
        prepared = self.prepared(sql)
        try:
            found = self.service.evaluate_query(prepared_query_id=prepared.prepared_query_id)
        finally:
            self.service.unprepare_query(prepared_query_id=prepared.prepared_query_id)
        data = found.content.table_data if found.content is not None else None
        rows = [[packed(_value(c)) for c in row.cell] for row in (data.row if data else None) or []]
        return {"columns": self._columns(prepared), "rows": rows}

    def analyze(self, sql: str) -> object:
        """The columns of a query that the analyzer takes."""
        prepared = self.prepared(sql)
        self.service.unprepare_query(prepared_query_id=prepared.prepared_query_id)
        return {"columns": self._columns(prepared), "rows": []}

    def prepared(self, sql: str) -> Any:
        """A query that is ready to run."""
        if self.catalog is None:
            self.catalog = self._registered()
        return self.service.prepare_query(
            sql=sql, options=self.options, registered_catalog_id=self.catalog
        ).prepared

    def _registered(self) -> int:
        from zetasql.api import CatalogBuilder

        builtin = self.types.ZetaSQLBuiltinFunctionOptions(language_options=self.language)
        builder = CatalogBuilder("tests").with_builtin_functions(builtin)
        for table in self.tables:
            builder.add_table(table)
        entered = self.service.register_catalog(
            simple_catalog=builder.build(), table_content=self.contents
        )
        number: int = entered.registered_id
        return number

    def _columns(self, prepared: Any) -> list[list[str]]:
        kinds = ((c.name, self.types.TypeKind(c.type.type_kind).name) for c in prepared.columns)
        return [[name, _KINDS.get(kind, kind)] for name, kind in kinds]

    def _cell(self, given: object) -> Any:
        value = unpacked(given)
        make = self.types.Value
        match value:
            case None:
                return make()
            case bool():
                return make(bool_value=value)
            case int():
                return make(int64_value=value)
            case float():
                return make(double_value=value)
            case str():
                return make(string_value=value)
            case Decimal():
                with localcontext() as context:
                    context.prec = 90
                    scaled = int(value.scaleb(9))
                size = (scaled.bit_length() + 8) // 8
                return make(numeric_value=scaled.to_bytes(size, "little", signed=True))
            case datetime():
                bits = value.year << 26 | value.month << 22 | value.day << 17
                bits |= value.hour << 12 | value.minute << 6 | value.second
                nanos = value.microsecond * 1000
                moment = make.Datetime(bit_field_datetime_seconds=bits, nanos=nanos)
                return make(datetime_value=moment)
            case date():
                return make(date_value=(value - _EPOCH).days)


def _value(cell: Any) -> object:
    for name in ("int64_value", "double_value", "string_value", "bool_value", "float_value"):
        if (plain := getattr(cell, name)) is not None:
            return plain
    if cell.date_value is not None:
        return _EPOCH + timedelta(days=cell.date_value)
    if cell.numeric_value is not None:
        return _decimal(cell.numeric_value, 9)
    if cell.bignumeric_value is not None:
        return _decimal(cell.bignumeric_value, 38)
    if (moment := cell.datetime_value) is not None:
        bits = moment.bit_field_datetime_seconds
        day = (bits >> 26, bits >> 22 & 15, bits >> 17 & 31)
        clock = (bits >> 12 & 31, bits >> 6 & 63, bits & 63)
        return datetime(*day, *clock, (moment.nanos or 0) // 1000)  # noqa: DTZ001 - DATETIME
    return None if cell.array_value is None else [_value(each) for each in cell.array_value.element]


def _decimal(data: bytes, scale: int) -> Decimal:
    with localcontext() as context:
        context.prec = 90
        return Decimal(int.from_bytes(data, "little", signed=True)).scaleb(-scale).normalize()


if __name__ == "__main__":
    evaluator = Evaluator()
    if "--compile" not in sys.argv:
        acts: dict[str, Callable[..., object]] = {
            "table": evaluator.table,
            "query": evaluator.query,
            "analyze": evaluator.analyze,
        }
        answer_forever(acts)
