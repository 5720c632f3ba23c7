"""What a file of data holds: the columns that a dataset class for it must have."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from flowforge_assets.core.polars_types import from_polars_type
from flowforge_assets.core.schema import Plain
from flowforge_assets.errors.adoption import UnreadableDataError
from flowforge_assets.errors.base import FlowForgeError, Place, raise_all
from flowforge_assets.errors.storage import TypeNotStoredError
from flowforge_assets.project.infer_csv import infer_csv
from flowforge_assets.project.infer_json import NotRowsError, infer_json
from flowforge_assets.project.inferred import (
    Doubt,
    FileFormat,
    InferredColumn,
    InferredFile,
    doubt_error,
    doubt_of,
    in_doubt,
)

if TYPE_CHECKING:
    import polars as pl

_FORMATS: Final[Mapping[str, FileFormat]] = {
    ".csv": "csv",
    ".tsv": "csv",
    ".parquet": "parquet",
    ".json": "json",
    ".ndjson": "ndjson",
    ".jsonl": "ndjson",
}


def infer_file(path: Path, *, lenient: bool = False) -> InferredFile:
    """The columns of a CSV, Parquet, JSON or NDJSON file or a Delta folder, all rows looked at.

    With `lenient` a column whose type is in doubt is text that may be null.

    Raises:
        UnreadableDataError: the file is missing, broken, or of another form (FF-821).
        Problems: columns whose type cannot be told (FF-820), or not be stored exactly (FF-610).
    """
    format_ = _format_of(path)
    readers: Mapping[FileFormat, Callable[[], tuple[InferredFile, list[Doubt]]]] = {
        "csv": lambda: infer_csv(path),
        "json": lambda: infer_json(path, is_lines=False),
        "ndjson": lambda: infer_json(path, is_lines=True),
        "parquet": lambda: _infer_typed(path, "parquet"),
        "delta": lambda: _infer_typed(path, "delta"),
    }
    found, doubts = _reading(path, readers[format_])
    if doubts and not lenient:
        raise_all(doubt_error(doubt, path) for doubt in doubts)
    unclear = {doubt.column: in_doubt(doubt) for doubt in doubts}
    columns = tuple(unclear.get(column.name, column) for column in found.columns)
    _refuse_alike([column.name for column in columns], path)
    return replace(found, columns=columns)


def _format_of(path: Path) -> FileFormat:
    if path.is_dir():
        if (path / "_delta_log").is_dir():
            return "delta"
        message = f"`{path}` is a folder, and no Delta table"
        raise UnreadableDataError(message, hint="name one of its files, or a folder of Delta")
    if not path.exists():
        raise UnreadableDataError(f"there is no file `{path}`", hint="mend its path")
    format_ = _FORMATS.get(path.suffix.lower())
    if format_ is None:
        message = f"`{path.name}` is of no form that can be looked into"
        known = ", ".join(f"`{suffix}`" for suffix in _FORMATS)
        raise UnreadableDataError(message, hint=f"known are {known} and folders of Delta")
    return format_


def _reading(
    path: Path, read: Callable[[], tuple[InferredFile, list[Doubt]]]
) -> tuple[InferredFile, list[Doubt]]:
    """What `read` gives; what it raises becomes one of our errors."""
    # both take 100 ms to import, and looking into data needs them anyway
    import polars as pl
    from deltalake.exceptions import DeltaError

    hint = "see that the file is whole, and in UTF-8 if it is text"
    try:
        return read()
    except NotRowsError as error:
        message = f"`{path.name}` cannot be read as rows: {error}"
        hint = "JSON is a list of objects here; for an object a line call the file `.ndjson`"
        raise UnreadableDataError(message, place=Place(str(path), error.line), hint=hint) from error
    except UnicodeDecodeError as error:
        message = f"`{path.name}` is not UTF-8"
        raise UnreadableDataError(message, place=Place(str(path)), hint="save it so") from error
    except OSError as error:
        said = (error.strerror or type(error).__name__).lower()
        message = f"`{path.name}` cannot be read: {said}"
        raise UnreadableDataError(message, place=Place(str(path)), hint=hint) from error
    except (pl.exceptions.PolarsError, DeltaError) as error:
        # what the library says may hold values of rows
        message = f"`{path.name}` cannot be read as a table ({type(error).__name__})"
        raise UnreadableDataError(message, place=Place(str(path)), hint=hint) from error


def _infer_typed(path: Path, format_: FileFormat) -> tuple[InferredFile, list[Doubt]]:
    """The columns of a file that says their types itself; one pass over its rows."""
    # polars takes 100 ms to import, and so does deltalake
    import polars as pl

    partitioned_by: tuple[str, ...] = ()
    if format_ == "delta":
        from deltalake import DeltaTable  # as above

        table = DeltaTable(path)
        partitioned_by = tuple(table.metadata().partition_columns)
        rows = pl.scan_delta(table)
    else:
        rows = pl.scan_parquet(path)
    schema = rows.collect_schema()
    typed: dict[str, InferredColumn] = {}
    problems: list[FlowForgeError] = []
    for name, dtype in schema.items():
        try:
            kind = Plain("string") if dtype == pl.Null else from_polars_type(dtype, column=name)
            typed[name] = InferredColumn(name, kind, nullable=False)
        except TypeNotStoredError as error:
            error.place = Place(str(path))
            problems.append(error)
    raise_all(problems)
    count, nulls, distinct = _counts(rows, typed)
    columns = tuple(
        replace(
            column,
            nullable=nulls[name] > 0,
            is_unique=count > 1 and nulls[name] == 0 and distinct.get(name) == count,
        )
        for name, column in typed.items()
    )
    doubts = [doubt_of(name, {}, unit="row") for name, dtype in schema.items() if dtype == pl.Null]
    found = InferredFile(path, format_, columns, count, partitioned_by=partitioned_by)
    return found, doubts


def _counts(
    rows: pl.LazyFrame, columns: Mapping[str, InferredColumn]
) -> tuple[int, dict[str, int], dict[str, int]]:
    """How many rows there are, nulls by column, and distinct values of those that may be keys."""
    # polars takes 100 ms to import and no other command needs it here
    import polars as pl

    keys = [
        n for n, c in columns.items() if c.type in (Plain("int64"), Plain("int32"), Plain("string"))
    ]
    names = list(columns)
    row = (
        rows.select(
            pl.len().alias("rows"),
            *(pl.col(name).null_count().alias(f"null {at}") for at, name in enumerate(names)),
            *(pl.col(name).n_unique().alias(f"distinct {at}") for at, name in enumerate(keys)),
        )
        .collect()
        .row(0)
    )
    nulls = dict(zip(names, row[1:], strict=False))
    return row[0], nulls, dict(zip(keys, row[1 + len(names) :], strict=True))


def _refuse_alike(names: list[str], path: Path) -> None:
    """Refuses names that no table can hold beside one another."""
    seen: dict[str, str] = {}
    for name in names:
        other = seen.setdefault(name.lower(), name)
        if other is not name:
            message = f"the columns `{other}` and `{name}` differ in capitals only"
            hint = "rename one of them in the file"
            raise UnreadableDataError(message, place=Place(str(path)), hint=hint)
