"""Datasets made by a call, for the many that have one shape or come from a file of schemas.

`dataset("crm.orders", Bronze, columns={"id": int})`, `schemas("crm.json")`.
"""

from __future__ import annotations

import functools
import json
import re
import types
import typing
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, Final, TypeAlias, TypeVar, cast

from flowforge_assets.core.schema import DataType, DecimalType, ListType, Plain, PlainName
from flowforge_assets.core.schema_text import parse_type
from flowforge_assets.declare.caller import calling_frame, local_names
from flowforge_assets.declare.column import (
    Col,
    ColumnOptions,
    Float32,
    Int8,
    Int16,
    Int32,
    Json,
    col,
    key,
)
from flowforge_assets.declare.dataset import (
    ORDER,
    Dataset,
    DatasetMeta,
    DatasetOptions,
    Extra,
    Shape,
)
from flowforge_assets.declare.partitions import Partition
from flowforge_assets.declare.texts import texts
from flowforge_assets.errors.base import Place, did_you_mean, raise_all
from flowforge_assets.errors.declaration import ColumnFormError, SchemaFileError

D = TypeVar("D", bound=Dataset)
Columns: TypeAlias = Mapping[str, object]
"""Column names with their types: `int`, `str | None`, or `(int, key())` with what it promises."""

_HINTS: Final[Mapping[PlainName, object]] = {
    "bool": bool,
    "int8": Int8,
    "int16": Int16,
    "int32": Int32,
    "int64": int,
    "float32": Float32,
    "float64": float,
    "string": str,
    "binary": bytes,
    "date": date,
    "timestamp": datetime,
    "timestamp_ntz": datetime,
    "json": Json,
}
_PLAIN: Final = ColumnOptions()
_COLUMN_KEYS: Final = ("type", "key", "doc", "unit", "tags", "optional")


def dataset(  # noqa: PLR0913 - what a class statement takes, and the columns
    name: str,
    layer: type[D],
    *,
    columns: Columns | None = None,
    like: type[Shape] | None = None,
    partition: Partition | None = None,
    extra: Extra = "refuse",
    owners: Sequence[str] = (),
    tags: Sequence[str] = (),
    fresh: timedelta | None = None,
    min_rows: int = 0,
    aliases: Sequence[str] = (),
    doc: str = "",
) -> type[D]:
    """A dataset class, as `class X(layer, name=name, ...)` would give it.

    `columns` says each column's type, with `(int, key(ge=1))` also what it promises; `like` is a
    shape whose columns, rules and checks it has. About 15 µs a class of ten columns.

    Raises:
        ColumnFormError: a column is neither a type nor a type with `col()` or `key()` (FF-102).
    """
    frame = calling_frame()
    place = Place(frame.f_code.co_filename, frame.f_lineno, text=f'dataset("{name}")')
    namespace = _declared(columns or {}, place)
    namespace["__module__"] = str(frame.f_globals.get("__name__", "__main__"))
    namespace["__doc__"] = doc
    namespace["__flowforge__"] = DatasetOptions(
        place=place,
        order=next(ORDER),
        scope=local_names(frame),
        layer=layer.__flowforge__.layer,
        name=name,
        partition=partition,
        extra=extra,
        owners=texts(owners),
        tags=texts(tags),
        fresh=fresh,
        min_rows=min_rows,
        aliases=texts(aliases),
        is_generated=True,
    )
    bases = (layer,) if like is None else (like, layer)
    return cast("type[D]", DatasetMeta(name.replace(".", "_"), bases, namespace))


def schemas(path: str | Path) -> dict[str, Columns]:
    """The columns of each table in a JSON file of schemas, for `dataset(..., columns=...)`.

    The path starts at the folder of the module that calls. The file holds
    `{"customers": {"id": {"type": "int64", "key": true}, "name": "string?"}}`: types as FlowForge
    spells them (`int64`, `decimal(38,2)`, `list<string?>`; a `?` marks what may be null), with
    `key`, `doc`, `unit`, `tags` and `optional` where a column has more to say.

    Raises:
        SchemaFileError: the file or something in it cannot be read (FF-121); all at once.
    """
    frame = calling_frame()
    here = Place(frame.f_code.co_filename, frame.f_lineno, text=f'schemas("{path}")')
    file = Path(frame.f_code.co_filename).parent / path
    try:
        text = file.read_text("utf-8")
        raw: object = json.loads(text)
    except OSError as error:
        message = f"`{path}` cannot be read: {(error.strerror or str(error)).lower()}"
        hint = "the path starts at the folder of the module that names it"
        raise SchemaFileError(message, place=here, hint=hint) from error
    except ValueError as error:
        line = getattr(error, "lineno", 0)
        message = f"`{path}` is no JSON: {getattr(error, 'msg', 'it is not UTF-8').lower()}"
        raise SchemaFileError(message, place=Place(str(file), line), hint="mend it") from error
    problems: list[SchemaFileError] = []
    found: dict[str, Columns] = {}
    if not isinstance(raw, dict):
        raise SchemaFileError(f"`{path}` holds no tables", place=here, hint=_FILE_HINT)
    for table, columns in cast("dict[str, object]", raw).items():
        if isinstance(columns, dict) and columns:
            reader = _TableReader(file, text, table, problems)
            found[table] = dict(reader.columns(cast("dict[str, object]", columns)))
        else:
            message = f"`{table}` holds no columns"
            place = Place(str(file), _line_of(text, table))
            problems.append(SchemaFileError(message, place=place, hint=_FILE_HINT))
    raise_all(problems)
    return found


_FILE_HINT: Final = 'write `{"customers": {"id": "int64", "name": "string?"}}`'


class _TableReader:
    """Reads the columns of one table, collecting what is wrong."""

    def __init__(self, file: Path, text: str, table: str, problems: list[SchemaFileError]) -> None:
        self.file = file
        self.text = text
        self.table = table
        self.problems = problems

    def columns(self, raw: Mapping[str, object]) -> Iterator[tuple[str, object]]:
        for name, said in raw.items():
            options = cast("dict[str, Any]", said) if isinstance(said, dict) else {"type": said}
            for option in options:
                if option not in _COLUMN_KEYS:
                    hint = did_you_mean(option, _COLUMN_KEYS)
                    self.wrong(name, f"unknown key `{option}`", hint or "leave it out")
            try:
                kind, nullable = parse_type(str(options.get("type", "")))
            except ValueError as error:
                self.wrong(name, str(error), "types are spelled `int64`, `string?`, `decimal(9,2)`")
                continue
            yield name, self.column(kind, options, nullable=nullable)

    def column(self, kind: DataType, said: Mapping[str, Any], *, nullable: bool) -> object:
        """The type alone, or with what the column promises and says of itself."""
        hint = _hint(kind, nullable=nullable)
        options = {name: said[name] for name in ("doc", "tags") if name in said}
        if kind == Plain("timestamp_ntz"):
            options["tz"] = None
        if said.get("key"):
            return hint, key(**options)
        options |= {name: said[name] for name in ("unit", "optional") if name in said}
        if isinstance(kind, DecimalType):
            options |= {"precision": kind.precision, "scale": kind.scale}
        return (hint, col(**options)) if options else hint

    def wrong(self, column: str, what: str, hint: str) -> None:
        message = f"column `{column}` of `{self.table}`: {what}"
        place = Place(str(self.file), _line_of(self.text, self.table, column))
        self.problems.append(SchemaFileError(message, place=place, hint=hint))


def _line_of(text: str, *names: str) -> int:
    """The line in which the last of the names stands, each looked for behind the one before."""
    at = 0
    for name in names:
        quoted = re.escape(json.dumps(name, ensure_ascii=False))
        found = re.compile(rf"{quoted}\s*:").search(text, at)
        at = found.start() if found is not None else at
    return text.count("\n", 0, at) + 1


def _hint(kind: DataType, *, nullable: bool = False) -> object:
    """The annotation that means the type."""
    found: Any  # an annotation
    match kind:
        case Plain(name):
            found = _HINTS[name]
        case DecimalType():
            found = Decimal
        case ListType(item, nullable_items):
            found = types.GenericAlias(list, (_hint(item, nullable=nullable_items),))
        case _:
            columns = {f.name: _hint(f.type, nullable=f.nullable) for f in kind.fields}
            found = DatasetMeta("struct", (Shape,), _declared(columns, Place("")))
    return found | None if nullable else found


def _declared(columns: Columns, place: Place) -> dict[str, object]:
    """The columns as a class body has them: the annotations, and a `Col` each."""
    annotations: dict[str, object] = {}
    namespace: dict[str, object] = {"__annotations__": annotations}
    for name, said in columns.items():
        pair = cast("tuple[object, ...]", said) if isinstance(said, tuple) else (said, None)
        hint, promise = pair if len(pair) == 2 else (pair, None)  # noqa: PLR2004
        column: object = _plain_column(name) if promise is None else promise
        if not isinstance(column, Col) or not _is_type(hint):
            message = f"the column `{name}` is `{said!r}`, which is no type"
            remedy = f'write `"{name}": int`, or `"{name}": (int, key())`'
            raise ColumnFormError(message, place=place, hint=remedy)
        annotations[name] = types.GenericAlias(Col, (hint,))
        namespace[name] = column
    return namespace


def _is_type(hint: object) -> bool:
    return isinstance(hint, (type, types.UnionType)) or typing.get_origin(hint) is not None


# One column object serves all datasets that have a column of the name and promise nothing of it.
@functools.cache
def _plain_column(name: str) -> Col[Any]:
    column: Col[Any] = Col(_PLAIN)
    column.attribute = name
    return column
