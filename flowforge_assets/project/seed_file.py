"""A seed: a `.csv` file with one line of column names, each value held against its type."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Final

from flowforge_assets.core.polars_types import polars_type
from flowforge_assets.core.schema import DataType, Field, Schema
from flowforge_assets.errors.base import FlowForgeError, Place, did_you_mean, raise_all
from flowforge_assets.errors.sql import SeedColumnError, SeedFileError, SeedValueError
from flowforge_assets.sql.given_values import stored_value

if TYPE_CHECKING:
    import polars as pl

    from flowforge_assets.declare.dataset import Extra

_MOST_ERRORS: Final = 20


@dataclass(frozen=True, slots=True)
class SeedFile:
    """A file as read: `names` are its columns, `digest` is that of all its bytes."""

    path: Path
    shown_as: str
    names: tuple[str, ...]
    content: str
    digest: str

    def rows(self) -> Iterator[tuple[int, list[str]]]:
        """The line in which each row begins, and its values as text.

        Raises:
            SeedFileError: a row has more or fewer values than there are columns (FF-444).
        """
        reader = csv.reader(io.StringIO(self.content, newline=""), strict=True)
        start = 1
        try:
            for row in reader:
                line, start = start, reader.line_num + 1
                if line == 1 or not row:
                    continue
                if len(row) != len(self.names):
                    message = (
                        f"a row has {len(row)} values, and there are {len(self.names)} columns"
                    )
                    hint = 'put a value that holds a comma in quotes: `"a, b"`'
                    raise SeedFileError(message, place=Place(self.shown_as, line), hint=hint)
                yield line, row
        except csv.Error as error:
            message = f"the file cannot be read as rows: {error}"
            hint = 'a quote in a value is written twice: `"12"" wide"`'
            place = Place(self.shown_as, reader.line_num)
            raise SeedFileError(message, place=place, hint=hint) from error


def read_seed_file(path: Path, *, shown_as: str) -> SeedFile:
    """The file at `path`, called `shown_as` in errors.

    Raises:
        SeedFileError: it cannot be read, or its first line does not name columns (FF-444).
    """
    try:
        raw = path.read_bytes()
        content = raw.decode("utf-8-sig")
    except OSError as error:
        message = f"`{shown_as}` cannot be read: {(error.strerror or 'unknown reason').lower()}"
        hint = "it must be a file that you may read"
        raise SeedFileError(message, place=Place(shown_as), hint=hint) from error
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        message = f"`{shown_as}` is not UTF-8"
        raise SeedFileError(message, place=Place(shown_as, line), hint="save it so") from error
    first = next(csv.reader(io.StringIO(content, newline="")), list[str]())
    place = Place(shown_as, 1)
    if not first or not all(first):
        message = "the first line names no columns" if not any(first) else "a column has no name"
        hint = "write the names of all columns in the first line: `id,name`"
        raise SeedFileError(message, place=place, hint=hint)
    repeated = [name for name, times in Counter(map(str.lower, first)).items() if times > 1]
    if repeated:
        message = f"two columns are called `{repeated[0]}`"
        raise SeedFileError(message, place=place, hint="give one of them another name")
    return SeedFile(path, shown_as, tuple(first), content, sha256(raw).hexdigest())


def refuse_other_columns(file: SeedFile, schema: Schema, extra: Extra, *, declared_by: str) -> None:
    """Refuses a file that lacks a column of `schema`, or has others where `extra` forbids them.

    Raises:
        SeedColumnError: it does (FF-445); `Problems` for several columns.
    """
    place = Place(file.shown_as, 1)
    problems: list[FlowForgeError] = []
    for field in schema:
        if field.name not in file.names and not field.optional:
            message = f"the column `{field.name}`, which {declared_by} declares, is not there"
            hint = did_you_mean(field.name, set(file.names) - set(schema.names))
            hint = f"{hint[:-1]} in the first line?" if hint else "add it, or take it out there"
            problems.append(SeedColumnError(message, place=place, hint=hint))
    for name in file.names if extra == "refuse" else ():
        if schema.find(name) is None:
            message = f"the column `{name}` is not one that {declared_by} declares"
            hint = did_you_mean(name, set(schema.names) - set(file.names))
            hint = hint or 'declare it, or say `extra = "drop"`'
            problems.append(SeedColumnError(message, place=place, hint=hint))
    raise_all(problems)


def inferred_types(
    file: SeedFile, said: Mapping[str, DataType], *, remedy: str
) -> dict[str, DataType]:
    """The types of the columns, as `said` or else as all values of a column have it.

    Raises:
        SeedFileError: the rows cannot be told apart (FF-444).
        SeedValueError: the values of a column do not go together (FF-446); `remedy` says where
            to say its type.
    """
    from flowforge_assets.project.infer_csv import infer_csv  # polars: only a new seed needs it

    if len(said) == len(file.names):
        return dict(said)
    for _ in file.rows():
        pass  # rows of other lengths are told with their lines here
    inferred, doubts = infer_csv(file.path)
    if inferred.separator != ",":
        message = f"the values are separated by `{inferred.separator}`"
        hint = "save the file with commas between the values"
        raise SeedFileError(message, place=Place(file.shown_as, 1), hint=hint)
    raise_all(
        SeedValueError(f"column {doubt.said}", place=Place(file.shown_as, doubt.line), hint=remedy)
        for doubt in doubts
        if doubt.column not in said
    )
    return {column.name: said.get(column.name, column.type) for column in inferred.columns}


def seed_frame(file: SeedFile, schema: Schema) -> pl.DataFrame:
    """The rows as a frame with the columns of `schema` that the file has, in its own order.

    An empty value is null.

    Raises:
        SeedValueError: a value does not fit its column (FF-446); `Problems` for several.
        SeedFileError: a row has more or fewer values than there are columns (FF-444).
    """
    import polars as pl  # heavy: loading a project that is known needs none

    values = seed_values(file, schema)
    fields = {field.name: field for field in schema}
    return pl.DataFrame(
        [
            pl.Series(name, column, dtype=polars_type(fields[name].type), strict=True)
            for name, column in values.items()
        ]
    )


def seed_values(file: SeedFile, schema: Schema) -> Mapping[str, Sequence[object]]:
    """The same by column, as Python's values."""
    found: dict[str, list[object]] = {name: [] for name in file.names if schema.find(name)}
    wanted = [schema.find(name) for name in file.names]
    problems: list[FlowForgeError] = []
    for line, row in file.rows():
        for field, text in zip(wanted, row, strict=True):
            if field is None:
                continue
            try:
                found[field.name].append(_value(text, field))
            except ValueError as error:
                given = "is empty" if not text else f"is no `{field.type}`"
                message = f"the value of `{field.name}` {given}"
                wrong = SeedValueError(message, place=Place(file.shown_as, line), hint=str(error))
                wrong.__cause__ = error
                problems.append(wrong)
        if len(problems) >= _MOST_ERRORS:
            break
    raise_all(problems)
    return found


def _value(text: str, field: Field) -> object:
    if text:
        try:
            return stored_value(text, field.type)
        except ValueError as error:
            raise ValueError(f"write {error}, or declare another type") from error
    if field.nullable or field.optional:
        return None
    raise ValueError("write a value, or declare that it may be null")
