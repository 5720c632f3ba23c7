"""Seeds as assets: `assets/bronze/customers.csv` makes the dataset `bronze.customers`.

What the file does not say of itself (types, the key, rules, words) stands in `customers.toml`
beside it, with the keys of a header, or in the class that declares the dataset.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Final

from flowforge_assets.core.key import DatasetKey
from flowforge_assets.core.rule import NotNull
from flowforge_assets.core.schema import Field, Plain, Schema
from flowforge_assets.declare.dataset import Extra
from flowforge_assets.declare.definition import AssetDefinition, DatasetDefinition, Output
from flowforge_assets.errors.base import Place
from flowforge_assets.errors.sql import SeedFileError, SeedPartitionError
from flowforge_assets.project.header_dataset import header_dataset
from flowforge_assets.project.seed_file import (
    SeedFile,
    inferred_types,
    read_seed_file,
    refuse_other_columns,
    seed_frame,
    seed_values,
)
from flowforge_assets.project.sql_files import FOLDER, key_of_file, refuse_said_twice
from flowforge_assets.sql.analysis import SqlAnalysis
from flowforge_assets.sql.cases import SUFFIX as TESTS
from flowforge_assets.sql.header import SqlHeader
from flowforge_assets.sql.header_read import SEED_KEYS, read_header
from flowforge_assets.sql.toml_text import TomlText

if TYPE_CHECKING:
    import polars as pl

_ALGORITHM: Final = "seed 1"  # count up when the same file would be read otherwise


@dataclass(frozen=True, slots=True)
class Seed:
    """A seed of the project, the dataset that it makes, and what is said of it beside it."""

    file: SeedFile
    header: SqlHeader
    makes: DatasetKey


def find_seeds(root: Path) -> Iterator[Path]:
    """The `.csv` files below `assets/`, sorted."""
    return iter(sorted((root / FOLDER).rglob("*.csv")))


def lonely_headers(root: Path) -> Iterator[SeedFileError]:
    """An error for each `.toml` file below `assets/` that stands beside no seed."""
    for path in sorted((root / FOLDER).rglob("*.toml")):
        if path.name.endswith(TESTS) or path.with_suffix(".csv").exists():
            continue
        seed = path.with_suffix(".csv").name
        hint = f"put it beside `{seed}`, or take it away"
        if path.with_suffix(".sql").exists():
            hint = "what is said of a query stands in its first comment, `/* ... */`"
        message = f"there is no `{seed}` for what this file says"
        yield SeedFileError(message, place=Place(_shown(path, root), 1), hint=hint)


def read_seed(path: Path, root: Path) -> Seed:
    """The seed at `path`, with the `.toml` file beside it if there is one.

    Raises:
        DatasetNameError: the path names no dataset (FF-105).
        SeedFileError: it cannot be read (FF-444).
        SqlError: the `.toml` file is wrong (FF-402 to FF-404).
    """
    makes = key_of_file(path, root)
    file = read_seed_file(path, shown_as=_shown(path, root))
    beside = path.with_suffix(".toml")
    if not beside.exists():
        return Seed(file, SqlHeader(text=TomlText(shown_as=file.shown_as)), makes)
    text = TomlText(beside.read_text(encoding="utf-8"), shown_as=_shown(beside, root))
    hint = 'write `key = ["id"]`, `columns.id = { doc = "..." }`'
    return Seed(file, read_header(text, allowed=SEED_KEYS, what="the file", hint=hint), makes)


def seed_dataset(seed: Seed, sql: SqlAnalysis) -> DatasetDefinition:
    """The dataset of a seed that no class declares.

    Its values are read and held against their types unless `sql` remembers that they fit.

    Raises:
        SeedValueError: a value does not fit (FF-446); `Problems` for several.
        SqlHeaderKeyError: the `.toml` file names a column that is not there (FF-403).
    """
    header, file = seed.header, seed.file
    place = replace(header.text.place(()), line=1)
    beside = file.path.with_suffix(".toml").name

    def dataset_of(schema: Schema) -> DatasetDefinition:
        return header_dataset(seed.makes, header, schema, place=place, source=f"`{file.path.name}`")

    def worked_out() -> Schema:
        # a column that is not there is told before its type is asked for
        dataset_of(
            Schema(tuple(Field(name, Plain("string"), nullable=True) for name in file.names))
        )
        said = {column.name: column.type for column in header.columns if column.type is not None}
        remedy = f'say its type in `{beside}`: `columns.NAME.type = "VARCHAR"`'
        types = inferred_types(file, said, remedy=remedy)
        filled = {*header.key}
        filled |= {c.name for c in header.columns if any(isinstance(r, NotNull) for r in c.rules)}
        fields = [Field(name, types[name], nullable=name not in filled) for name in file.names]
        seed_values(file, Schema(tuple(fields)))
        return Schema(tuple(replace(field, nullable=True) for field in fields))

    return dataset_of(sql.remembered(_digest(file.digest, header.text.toml), worked_out))


def check_against_class(seed: Seed, dataset: DatasetDefinition, sql: SqlAnalysis) -> None:
    """Holds the seed against the class that declares its dataset.

    Raises:
        SqlHeaderKeyError: the `.toml` file says what the class says (FF-403).
        SeedPartitionError: the class cuts its dataset into partitions (FF-447).
        SeedColumnError: the columns are not those of the class (FF-445).
        SeedValueError: a value does not fit its column (FF-446); `Problems` for several.
    """
    cls = dataset.cls
    assert cls is not None  # noqa: S101 - the caller asked
    refuse_said_twice(seed.header, cls, f"declares `{seed.makes}`, as the path of the seed does")
    if dataset.partitioning.dimensions:
        message = f"`{cls.__name__}` is cut into partitions, and a seed is made whole"
        hint = "leave `partition` out of the class, and let a query cut what the seed makes"
        raise SeedPartitionError(message, place=Place(seed.file.shown_as, 1), hint=hint)
    declared_by = f"`{cls.__name__}`"
    refuse_other_columns(seed.file, dataset.schema, dataset.extra, declared_by=declared_by)

    def worked_out() -> Schema:
        seed_values(seed.file, dataset.schema)
        return dataset.schema

    optional = [field.name for field in dataset.schema if field.optional]
    sql.remembered(_digest(seed.file.digest, str(dataset.schema), *optional), worked_out)


def seed_asset(seed: Seed, dataset: DatasetDefinition) -> AssetDefinition:
    """The asset that makes `dataset` of the seed's rows; its content is its fingerprint."""
    file, header = seed.file, seed.header
    return AssetDefinition(
        name=seed.makes.name.replace(".", "_"),
        makes=(Output(seed.makes, "table"),),
        place=Place(file.shown_as, 1),
        function=partial(_rows_of, file.path, file.shown_as, dataset.schema, dataset.extra),
        seed_path=file.path,
        bad_rows=header.bad_rows or "stop",
        max_bad=1.0 if header.max_bad is None else header.max_bad,
        code_version=_digest(file.digest),
        tags=header.tags,
        description=header.description,
    )


def _rows_of(path: Path, shown_as: str, schema: Schema, extra: Extra) -> pl.DataFrame:
    """The rows of the file; columns that are kept beside those of `schema` are text."""
    file = read_seed_file(path, shown_as=shown_as)
    kept = [name for name in file.names if extra == "keep" and schema.find(name) is None]
    text = [Field(name, Plain("string"), nullable=True) for name in kept]
    return seed_frame(file, Schema((*schema.fields, *text)))


def _digest(*parts: str) -> str:
    return sha256("\n".join((_ALGORITHM, *parts)).encode()).hexdigest()[:32]


def _shown(path: Path, root: Path) -> str:
    return path.relative_to(root).as_posix()
