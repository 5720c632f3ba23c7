"""The files of a FlowForge project, from what was found in one of another tool.

Each query is bound before it is written: what would not pass `flowforge check` is set apart and
said, and where others read it, a table from outside stands for it.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from flowforge_assets.core.key import DatasetKey
from flowforge_assets.core.schema import DataType, Field, Plain, Schema
from flowforge_assets.core.sql_types import from_duckdb
from flowforge_assets.errors.base import FlowForgeError, Problems
from flowforge_assets.errors.storage import TypeNotStoredError
from flowforge_assets.project.bring.fit_columns import check_key, fit_columns
from flowforge_assets.project.bring.found import (
    Finding,
    FoundColumn,
    FoundOutside,
    FoundProject,
    FoundQuery,
    FoundSeed,
)
from flowforge_assets.project.bring.header_text import query_text, seed_text
from flowforge_assets.project.bring.outside_source import MODULE, OutsideTable, outside_source
from flowforge_assets.project.bring.place_names import plain_name
from flowforge_assets.project.bring.read_order import read_order
from flowforge_assets.project.bring.to_duckdb import to_duckdb
from flowforge_assets.project.bring.used_columns import used_columns
from flowforge_assets.project.config import FILE_NAME
from flowforge_assets.project.header_dataset import header_parameters
from flowforge_assets.project.seeds import read_seed, seed_dataset
from flowforge_assets.project.sql_files import FOLDER
from flowforge_assets.sql.analysis import SqlAnalysis
from flowforge_assets.sql.file import SqlFile, read_sql_text

LEFT: Final = "left"
"""The folder of what could not be brought, as it was."""


@dataclass(frozen=True, slots=True)
class Assembled:
    """The project's files by path, the datasets, and what is to be said."""

    files: Mapping[str, str]
    datasets: tuple[DatasetKey, ...]
    findings: tuple[Finding, ...]


def assemble(project: FoundProject) -> Assembled:
    """The files that bring the project here; it is read in memory but for its seeds' types."""
    with SqlAnalysis() as sql, tempfile.TemporaryDirectory() as folder:
        return _Assembly(project, sql, Path(folder)).assembled()


@dataclass(slots=True)
class _Assembly:
    project: FoundProject
    sql: SqlAnalysis
    folder: Path
    files: dict[str, str] = field(default_factory=dict[str, str])
    schemas: dict[DatasetKey, Schema] = field(default_factory=dict[DatasetKey, Schema])
    reads: dict[DatasetKey, set[DatasetKey]] = field(
        default_factory=dict[DatasetKey, set[DatasetKey]]
    )
    findings: list[Finding] = field(default_factory=list[Finding])
    fitted: dict[DatasetKey, FoundQuery] = field(default_factory=dict[DatasetKey, FoundQuery])
    in_days: set[DatasetKey] = field(default_factory=set[DatasetKey])

    def assembled(self) -> Assembled:
        for seed in self.project.seeds:
            self.add_seed(seed)
        queries = {query.key: self.in_duckdb(query) for query in self.project.queries}
        readers = list(queries.values())
        outside = [*self.outsides(self.project.outside, readers)]
        for key in read_order(queries, self.names_read(queries)):
            query = queries[key]
            if self.names_itself(query):
                query = replace(query, failure="it reads its own rows", remedy=_PYTHON)
            error = None if query.failure else self.add_query(query)
            if error is not None:
                query = replace(query, failure=error.message, remedy=error.hint or _MEND)
            if query.failure:
                outside += self.set_apart(query, readers)
        for key, query in list(self.fitted.items()):
            self.fitted[key] = self.refer(query)
        self.files |= {_path_of(key): query_text(query) for key, query in self.fitted.items()}
        modules = ""
        if outside:
            self.files[f"{MODULE}.py"] = outside_source(outside, self.project.tool)
            modules = f'modules = ["{MODULE}"]\n'
        self.files[FILE_NAME] = f'[project]\nname = "{self.project.name}"\n{modules}'
        self.files[".gitignore"] = ".flowforge/\n"
        self.files |= self.project.files
        found = (*self.project.findings, *self.findings)
        return Assembled(self.files, tuple(self.schemas), found)

    def in_duckdb(self, query: FoundQuery) -> FoundQuery:
        if query.failure or query.dialect == "duckdb":
            return query
        done = to_duckdb(query.text, query.dialect)
        if done.failure:
            remedy = "write it in DuckDB's SQL"
            return replace(query, failure=done.failure, remedy=remedy)
        said = f"it was written for {query.dialect}, and put into DuckDB's SQL"
        said += f": {'; '.join(done.doubts)}" if done.doubts else ""
        remedy = "compare its rows with the old ones once"
        self.findings.append(Finding("look", query.name, said, remedy, query.place))
        return replace(query, text=done.text, dialect="duckdb")

    def add_seed(self, seed: FoundSeed) -> None:
        path = f"{FOLDER}/{seed.key.replace('.', '/')}"
        beside = self.folder / f"{path}.toml"
        beside.parent.mkdir(parents=True, exist_ok=True)
        beside.with_suffix(".csv").write_text(seed.content, encoding="utf-8")
        for said in (seed, replace(seed, columns=())):
            text = seed_text(said)
            if text:
                beside.write_text(text, encoding="utf-8")
            elif beside.exists():
                beside.unlink()
            try:
                dataset = seed_dataset(read_seed(beside.with_suffix(".csv"), self.folder), self.sql)
            except FlowForgeError as error:
                message, hint = _first(error)
                self.findings.append(Finding("look", seed.name, message, hint, seed.place))
                continue
            self.schemas[seed.key] = dataset.schema
            self.files[f"{path}.csv"] = seed.content
            self.files |= {f"{path}.toml": text} if text else {}
            return
        self.files[f"{LEFT}/{seed.name}.csv"] = seed.content

    def outsides(
        self, tables: Iterable[FoundOutside], readers: list[FoundQuery]
    ) -> Iterator[OutsideTable]:
        """The tables of which some column is known."""
        for table in tables:
            found = self.outside(table, readers)
            if found.schema.fields:
                yield found
                continue
            del self.schemas[table.key]
            said, remedy = "no column of it is known", f"declare it in `{MODULE}.py`"
            self.findings.append(Finding("left", table.name, said, remedy, table.place))

    def outside(self, table: FoundOutside, readers: list[FoundQuery]) -> OutsideTable:
        """The table with the columns that are said, or that its readers use."""
        said: dict[str, DataType] = {}
        for column in table.columns:
            try:
                said |= {column.name: from_duckdb(column.type.upper())} if column.type else {}
            except TypeNotStoredError as error:
                why = f"`{column.name}` is {column.type}: {error.message}"
                remedy = "declare the type that the table has"
                self.findings.append(Finding("look", table.name, why, remedy, table.place))
        docs = {column.name: column.doc for column in table.columns}
        guessed: dict[str, DataType] = {}
        if not table.columns or len(said) < len(table.columns):
            for reader in readers:
                if table.key in reader.text:
                    guessed = self.used_by(reader, table.key) | guessed
        known = {name.lower() for name in said}
        lower = {name.lower(): kind for name, kind in guessed.items()}
        guessed = {name: kind for name, kind in guessed.items() if name.lower() not in known}
        guessed |= {
            column.name: lower.get(column.name.lower(), Plain("string"))
            for column in table.columns
            if column.name not in said
        }
        guessed = {name: guessed[name] for name in _once(guessed)}
        if guessed:
            names = ", ".join(f"`{name}`" for name in guessed)
            why = f"nothing says the types of {names}: they are guessed from the queries"
            remedy = f"look them over in `{MODULE}.py`"
            self.findings.append(Finding("look", table.name, why, remedy, table.place))
        types = said | guessed
        self.schemas[table.key] = Schema(
            tuple(Field(name, kind, nullable=True) for name, kind in types.items())
        )
        return OutsideTable(table, self.schemas[table.key], frozenset(guessed), docs)

    def used_by(self, reader: FoundQuery, key: DatasetKey) -> dict[str, DataType]:
        return used_columns(reader.text, key)

    def names_read(
        self, queries: Mapping[DatasetKey, FoundQuery]
    ) -> dict[DatasetKey, set[DatasetKey]]:
        known = {*queries, *self.schemas}
        for key, query in queries.items():
            self.reads[key] = set()
            if not query.failure:
                try:
                    facts = self.sql.facts(_file_of(query), known=known)
                except FlowForgeError:
                    continue  # as above
                self.reads[key] = {ref.name for ref in facts.tables}
        return self.reads

    def names_itself(self, query: FoundQuery) -> bool:
        return not query.failure and query.key in self.reads[query.key]

    def add_query(self, query: FoundQuery) -> FlowForgeError | None:
        """Binds and writes the query; what is wrong with it, if anything is."""
        query = self.cut(query)
        file = _file_of(replace(query, columns=(), rules={}))
        try:
            facts = self.sql.facts(file, known=self.schemas)
            self.reads[query.key] = {ref.name for ref in facts.tables}
            parameters = header_parameters(file.header)
            schema = self.sql.result_schema(file, self.schemas, parameters=parameters)
        except Problems as problems:
            return problems.errors[0]
        except FlowForgeError as error:
            return error
        fitted = fit_columns(query, schema)
        self.findings += fitted.findings
        query = fitted.query
        self.schemas[query.key] = Schema(
            (
                *schema.fields,
                *(Field(c.name, Plain("timestamp")) for c in query.columns if c.writer),
            )
        )
        self.fitted[query.key] = query
        for name, sql in fitted.apart.items():
            self.add_check(query, name, sql)
        return None

    def cut(self, query: FoundQuery) -> FoundQuery:
        """The query in partitions, if its column is one that they can have; else whole."""
        if query.partition is None:
            return query
        found: DataType | None = None
        try:
            file = _file_of(replace(query, columns=(), rules={}))
            types = header_parameters(file.header)
            schema = self.sql.result_schema(file, self.schemas, parameters=types)
            column = schema.find(query.partition.column)
            found = None if column is None else column.type
            shown = "no column of it" if found is None else f"{found}, and no date"
        except FlowForgeError as error:
            shown = f"not to be: {_first(error)[0]}"
        if found == Plain("date"):
            self.tell_of_days(query)
            return query
        said = f"it is cut by `{query.partition.column}`, which is {shown}: it is made whole"
        remedy = "give it a column of that name that is a date, and `partition` in its header"
        self.findings.append(Finding("look", query.name, said, remedy, query.place))
        return replace(query, partition=None, text=query.whole or query.text)

    def tell_of_days(self, query: FoundQuery) -> None:
        """Says which of the inputs a step sees one day of only."""
        self.in_days.add(query.key)
        for key in sorted(self.reads[query.key] & self.in_days - {query.key}):
            said = f"a step reads only its own day of `{key}`"
            remedy = "read more of it in Python, with `Window`, if the query looks back"
            self.findings.append(Finding("look", query.name, said, remedy, query.place))

    def refer(self, query: FoundQuery) -> FoundQuery:
        """The query with its references: as rules where the graph has no circle, else as checks."""
        columns: list[FoundColumn] = []
        for column in query.columns:
            if column.reference is None:
                columns.append(column)
                continue
            target, name = column.reference
            schema = self.schemas.get(target)
            found = None if schema is None else schema.find(name)
            if schema is not None and found is None:
                found = next((f for f in schema if f.name.lower() == name.lower()), None)
            if found is None:
                said = f"`{column.name}` refers to `{target}.{name}`, which is not there"
                remedy = "say `ref` in its header when it is"
                self.findings.append(Finding("left", query.name, said, remedy, query.place))
                columns.append(replace(column, reference=None))
            elif self.comes_before(query.key, target):
                sql = f"{column.name} IN (SELECT {found.name} FROM {target})"  # noqa: S608
                self.add_check(query, f"{plain_name(column.name)}_known", sql)
                columns.append(replace(column, reference=None))
            else:
                self.reads[query.key].add(target)
                columns.append(replace(column, reference=(target, found.name)))
        return replace(query, columns=tuple(columns))

    def comes_before(self, key: DatasetKey, other: DatasetKey) -> bool:
        """Whether `other` is made from `key`, or is it."""
        waiting, seen = [other], set[DatasetKey]()
        while waiting:
            each = waiting.pop()
            if each == key:
                return True
            if each not in seen:
                seen.add(each)
                waiting += self.reads.get(each, ())
        return False

    def add_check(self, query: FoundQuery, name: str, sql: str) -> None:
        """A query of its own for a condition that cannot stand in a header."""
        check = failing_rows(query, check_key(query, name), _breaking(query, sql))
        error = self.add_query(check)
        if error is not None:
            said = f"the condition `{name}` cannot be checked: {error.message}"
            self.findings.append(Finding("left", query.name, said, _MEND, query.place))

    def set_apart(self, query: FoundQuery, readers: list[FoundQuery]) -> list[OutsideTable]:
        """Keeps the text of what cannot be brought; gives the table that stands for it."""
        kept = f"{LEFT}/{query.name}.sql"
        if query.text.strip():
            self.files[kept] = f"{query.text.strip()}\n"
        said = query.failure + (f" (it is kept as `{kept}`)" if query.text.strip() else "")
        self.findings.append(Finding("left", query.name, said, query.remedy, query.place))
        if not any(query.key in reads for reads in self.reads.values()):
            return []
        said = "others read it: it stands as a table from outside"
        remedy = f"make it here, and take it out of `{MODULE}.py`"
        self.findings.append(Finding("look", query.name, said, remedy, query.place))
        table = FoundOutside(query.name, query.key, query.place, query.description, query.columns)
        return [*self.outsides([table], readers)]


def failing_rows(of: FoundQuery, key: DatasetKey, text: str, *, most: int = 0) -> FoundQuery:
    """A check as a dataset of one row: how many rows `text` gives, `most` of them at most."""
    counted = f"SELECT count(*) AS failures\nFROM (\n{text.strip().rstrip(';')}\n) AS found\n"
    return FoundQuery(
        name=f"{of.name} ({key.rpartition('.')[2]})",
        key=key,
        place=of.place,
        text=counted,
        dialect=of.dialect,
        description="Rows that should not be there",
        columns=(FoundColumn("failures", bounds=(("le", most),)),),
    )


def _breaking(query: FoundQuery, condition: str) -> str:
    return f"SELECT * FROM {query.key} WHERE NOT ({condition})"  # noqa: S608 - the project's own


_MEND: Final = "mend it, and put it back below `assets/`"
_PYTHON: Final = "write it in Python, with `Before[...]`"


def _path_of(key: DatasetKey) -> str:
    return f"{FOLDER}/{key.replace('.', '/')}.sql"


def _file_of(query: FoundQuery) -> SqlFile:
    path = _path_of(query.key)
    return read_sql_text(query_text(query), path=Path(path), shown_as=path)


def _first(error: FlowForgeError) -> tuple[str, str]:
    found = error.errors[0] if isinstance(error, Problems) else error
    where = f" (line {found.place.line})" if found.place is not None and found.place.line else ""
    return f"{found.message}{where}", found.hint or _MEND


def _once(names: Mapping[str, object]) -> Iterator[str]:
    """The names, those that differ by case only once."""
    seen: set[str] = set()
    for name in names:
        if name.lower() not in seen:
            seen.add(name.lower())
            yield name
