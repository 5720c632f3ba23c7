"""A SQLMesh project in words that are no tool's own: what becomes of each model and audit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Final

from flowforge_assets.core.key import DatasetKey
from flowforge_assets.errors.base import Place
from flowforge_assets.project.bring.case_text import case_text
from flowforge_assets.project.bring.found import (
    Finding,
    FoundColumn,
    FoundOutside,
    FoundPartition,
    FoundProject,
    FoundQuery,
    FoundSeed,
    Level,
)
from flowforge_assets.project.bring.place_names import LayerRules, key_for, plain_name
from flowforge_assets.project.bring.plain_rows import plain_rows
from flowforge_assets.project.bring.to_duckdb import condition_in_duckdb, dialect_of, type_in_duckdb
from flowforge_assets.project.from_sqlmesh.audits import audited
from flowforge_assets.project.from_sqlmesh.blocks import inside, properties, split, word
from flowforge_assets.project.from_sqlmesh.expand import Expander
from flowforge_assets.project.from_sqlmesh.project_files import (
    MeshModel,
    MeshProject,
    read_project,
)
from flowforge_assets.project.from_sqlmesh.rename_tables import rename_tables
from flowforge_assets.project.sql_files import FOLDER
from flowforge_assets.sql.cases import SUFFIX

_KNOWN: Final = frozenset(
    {"name", "kind", "dialect", "cron", "grain", "grains", "audits", "columns", "description"}
    | {"column_descriptions", "tags", "owner", "start", "end", "references", "partitioned_by"}
    | {
        "enabled",
        "gateway",
        "interval_unit",
        "cron_tz",
        "stamp",
        "allow_partials",
        "validate_query",
    }
)
_NULLS: Final = frozenset({"null", "nan", "na", "n/a", "none", "<na>", "#n/a"})
"""What SQLMesh's reader of CSV takes for a value that is not there."""


def read_sqlmesh(root: Path, *, rules: LayerRules, variables: Mapping[str, object]) -> FoundProject:
    """What the SQLMesh project in `root` holds.

    Raises:
        ForeignProjectError: there is none (FF-140).
        ForeignFileError: a file of it cannot be read (FF-141).
    """
    project = read_project(root)
    given = {
        name.lower(): str(value) if isinstance(value, int) else f"'{value}'"
        for name, value in variables.items()
    }
    project.variables = {**project.variables, **given}
    return _Bringing(project, rules).found()


@dataclass(slots=True)
class _Bringing:
    project: MeshProject
    rules: LayerRules
    keys: dict[str, DatasetKey] = field(default_factory=dict[str, DatasetKey])
    queries: list[FoundQuery] = field(default_factory=list[FoundQuery])
    seeds: list[FoundSeed] = field(default_factory=list[FoundSeed])
    outside: dict[str, FoundOutside] = field(default_factory=dict[str, FoundOutside])
    findings: list[Finding] = field(default_factory=list[Finding])

    def found(self) -> FoundProject:
        project = self.project
        self.name_models()
        for name, columns in project.outside.items():
            self.add_outside(name, columns)
        for model in project.models:
            kind, options = _kind(model)
            match kind:
                case "SEED":
                    self.add_seed(model, options)
                case "EXTERNAL":
                    self.add_outside(_name(model), _types(model, self.dialect(model)))
                case _:
                    self.add_query(model, kind, options)
        return FoundProject(
            name=plain_name(project.name),
            tool="SQLMesh",
            queries=tuple(self.queries),
            seeds=tuple(self.seeds),
            outside=tuple(self.outside.values()),
            findings=(*project.findings, *self.findings),
            files=self.tests(),
        )

    def name_models(self) -> None:
        """The key of each model: its own name, with its schema where two have the same."""
        texts = [model.block.query.lower() for model in self.project.models]
        last = [_name(model).lower().split(".")[-1] for model in self.project.models]
        for model in self.project.models:
            name = _name(model)
            parts = name.lower().split(".")
            is_read = sum(parts[-1] in text for text in texts) > 1 or any(
                ".".join(parts[-2:]) in text for text in texts
            )
            layer = self.rules.layer_of((*model.folders, *parts[-2:-1]), parts[-1], is_read=is_read)
            if _kind(model)[0] == "SEED":
                layer = "bronze"
            group = parts[-2:-1] if last.count(parts[-1]) > 1 else []
            self.keys[".".join(parts[-2:])] = key_for(layer, *group, parts[-1])

    def key_of(self, name: str) -> DatasetKey | None:
        parts = name.lower().split(".")
        found = self.keys.get(".".join(parts[-2:]))
        if found is None and len(parts) > 1:
            self.add_outside(name, {})
            found = self.keys[".".join(parts[-2:])]
        return found

    def add_outside(self, name: str, columns: Mapping[str, str]) -> None:
        parts = [word(part) for part in name.lower().split(".")]
        key = key_for("bronze", *parts[-2:])
        self.keys[".".join(parts[-2:])] = key
        self.outside[key] = FoundOutside(
            ".".join(parts[-2:]), key, Place("external_models.yaml"),
            columns=tuple(FoundColumn(each, type=kind) for each, kind in columns.items()),
        )  # fmt: skip

    def add_seed(self, model: MeshModel, options: Mapping[str, str]) -> None:
        name, block = _name(model), model.block
        said = word(options.get("path", ""))
        path = model.path.parent / said
        if said.startswith("$root"):
            path = self.project.root / said.removeprefix("$root").lstrip("/")
        try:
            content = path.read_bytes().decode("utf-8-sig")
        except (OSError, UnicodeDecodeError):
            self.say(
                "left", model, f"its rows, `{said}`, cannot be read", "put them below `assets/`"
            )
            return
        settings = properties(inside(options.get("csv_settings", "")))
        delimiter = word(settings.get("delimiter", ",")) or ","
        rows = plain_rows(content, delimiter=delimiter, nulls=_NULLS)
        for change in rows.changes:
            self.say("note", model, change, "nothing")
        key = self.keys[".".join(name.lower().split(".")[-2:])]
        done = audited(
            FoundQuery(name, key, block.place, "", columns=_columns(model, self.dialect(model))),
            block.properties.get("audits", ""), self.project.audits, self.expander(model),
        )  # fmt: skip
        self.findings += done.findings
        self.queries += done.checks
        known = {each.lower(): each for each in rows.names}
        columns = [replace(c, name=known[n]) for n, c in done.columns.items() if n in known]
        description = _description(model)
        self.seeds.append(
            FoundSeed(name, key, block.place, rows.content, description, (), tuple(columns))
        )

    def add_query(self, model: MeshModel, kind: str, options: Mapping[str, str]) -> None:
        block, name = model.block, _name(model)
        key = self.keys[".".join(name.lower().split(".")[-2:])]
        dialect = self.dialect(model)
        query = FoundQuery(
            name=name,
            key=key,
            place=block.place,
            text=block.query,
            dialect=dialect,
            description=_description(model),
            tags=tuple(word(each) for each in split(inside(block.properties.get("tags", "")))),
            owners=tuple(filter(None, [word(block.properties.get("owner", ""))])),
            columns=_columns(model),
        )
        query = self.expanded(query, model, kind, options)
        query = self.written(query, model, kind, options)
        done = audited(query, block.properties.get("audits", ""), self.project.audits,
                       self.expander(model))  # fmt: skip
        self.findings += done.findings
        self.queries += done.checks
        grain = [word(each) for each in split(inside(block.properties.get("grain", "")))]
        sure = all(_is_sure(done.columns.get(each.lower())) for each in grain)
        self.queries.append(
            replace(
                query,
                columns=(*done.columns.values(), *_written(query, options)),
                rules={n: condition_in_duckdb(sql, dialect) for n, sql in done.rules.items()},
                min_rows=done.min_rows,
                key_columns=query.key_columns or done.key or (tuple(grain) if sure else ()),
            )
        )
        self.tell(model, kind)

    def dialect(self, model: MeshModel) -> str:
        said = word(model.block.properties.get("dialect", ""))
        return dialect_of(said or self.project.dialect)

    def expander(self, model: MeshModel) -> Expander:
        start = word(model.block.properties.get("start", "")) or self.project.start
        defined = {
            name.strip(): value
            for said, _ in model.block.others
            if said.lower().startswith("@def(")
            for name, _, value in [said[5:-1].partition(",")]
        }
        return Expander(self.project.variables, defined, start=start)

    def expanded(
        self, query: FoundQuery, model: MeshModel, kind: str, options: Mapping[str, str]
    ) -> FoundQuery:
        """The query without macros, for one day where it is made by day, and for all time."""
        expander = self.expander(model)
        whole = expander.expand(query.text)
        failure = model.failure or whole.failure or ("" if query.text else "it has no query")
        if failure:
            return replace(query, failure=failure, remedy="write what it gives as SQL")
        for name in sorted(whole.variables):
            said = f"the value of `@{name}` is written into the query"
            self.say("note", model, said, "write another value there when it changes")
        query = replace(query, text=self.renamed(whole.text, query.dialect))
        column = word(split(inside(options.get("time_column", "")) or " ")[:1][0]) if options.get(
            "time_column") else ""  # fmt: skip
        if kind != "INCREMENTAL_BY_TIME_RANGE" or not column:
            return query
        cron = word(model.block.properties.get("cron", "@daily")).lower()
        start = _day(word(model.block.properties.get("start", "")) or self.project.start)
        if cron not in {"@daily", "daily", "@midnight", "@weekly", "@monthly"} or not start:
            why = "it is made by times other than days" if start else "it begins at no fixed day"
            self.say(
                "look", model, f"{why}: it is made whole now", "give it `partition` in its header"
            )
            return query
        by_day = self.renamed(expander.expand(model.block.query, column=column).text, query.dialect)
        end = _day(word(model.block.properties.get("end", "")))
        partition = FoundPartition(start, column, end)
        return replace(query, text=by_day, whole=query.text, partition=partition)

    def renamed(self, text: str, dialect: str) -> str:
        return rename_tables(text, dialect, self.key_of).text.strip() + "\n"

    def written(
        self, query: FoundQuery, model: MeshModel, kind: str, options: Mapping[str, str]
    ) -> FoundQuery:
        keys = tuple(word(each) for each in split(inside(options.get("unique_key", ""))))
        match kind:
            case "FULL" | "INCREMENTAL_BY_TIME_RANGE":
                if "lookback" in options:
                    said = "days of its `lookback` are not made again by the clock"
                    self.say("look", model, said, "they are when their inputs change")
                return query
            case "VIEW" | "EMBEDDED":
                return replace(query, write="view") if _reads(query) else query
            case "INCREMENTAL_BY_UNIQUE_KEY" if keys:
                if "when_matched" in options or "merge_filter" in options:
                    said = "how rows that are there already are merged is not brought"
                    self.say("left", model, said, "select what the row should be")
                said = "it merges all rows that its query gives, not only those of an interval"
                self.say("note", model, said, "cut it by `partition` if that is slow")
                return replace(query, write="merge", key_columns=keys)
            case "SCD_TYPE_2" | "SCD_TYPE_2_BY_TIME" | "SCD_TYPE_2_BY_COLUMN" if keys:
                said = "a state begins when a run finds it, and ends when any column changes"
                self.say("look", model, said, "select only the columns that count")
                return replace(query, write="scd2", key_columns=keys)
            case "INCREMENTAL_BY_PARTITION" | "INCREMENTAL_UNMANAGED":
                said = f"it is {kind}: it is made whole now, from all rows of its inputs"
                self.say("look", model, said, "give it `write` and `key`, or `partition`")
                return query
            case _:
                why = f"its kind is {kind}, which has no counterpart"
                return replace(query, failure=query.failure or why, remedy="write it in Python")

    def tell(self, model: MeshModel, kind: str) -> None:
        """What of the header and the file is not simply there now."""
        for name in model.block.properties:
            if name not in _KNOWN:
                said = f"`{name}` of its header is not brought"
                self.say("left", model, said, "see whether it matters")
        if "cron" in model.block.properties and kind != "INCREMENTAL_BY_TIME_RANGE":
            said = "no clock starts it: it is made when what it reads has changed"
            self.say("note", model, said, "run `flowforge run` as often as is needed")
        for said, line in model.block.others:
            if not said.lower().startswith("@def("):
                place = Place(model.block.place.file, line)
                why = "a statement before or after the query is not run"
                remedy = "write an asset for what it does"
                self.findings.append(Finding("left", _name(model), why, remedy, place))

    def tests(self) -> dict[str, str]:
        """The unit tests as files beside the queries."""
        files: dict[str, str] = {}
        for test in self.project.tests:
            key = self.keys.get(".".join(test.model.lower().split(".")[-2:]))
            given = [(self.key_of(name), rows) for name, rows in test.given.items()]
            known = [(read, rows) for read, rows in given if read is not None]
            if key is None or len(known) < len(given) or not test.expect:
                said, remedy = "its form is not known here", "write it as `.test.toml`"
                self.findings.append(Finding("left", test.name, said, remedy, test.place))
                continue
            path = f"{FOLDER}/{key.replace('.', '/')}{SUFFIX}"
            text = case_text(test.name, known, test.expect)
            files[path] = f"{files[path]}\n{text}" if path in files else text
        return files

    def say(self, level: Level, model: MeshModel, said: str, remedy: str) -> None:
        self.findings.append(Finding(level, _name(model), said, remedy, model.block.place))


def _name(model: MeshModel) -> str:
    return ".".join(word(part) for part in model.block.properties.get("name", "").split("."))


def _kind(model: MeshModel) -> tuple[str, Mapping[str, str]]:
    said = model.block.properties.get("kind", "VIEW").strip()
    name, paren, _ = said.partition("(")
    options = properties(inside(said[len(name) :])) if paren else {}
    return name.strip().upper(), options


def _description(model: MeshModel) -> str:
    return word(model.block.properties.get("description", ""))


def _types(model: MeshModel, dialect: str) -> dict[str, str]:
    said = inside(model.block.properties.get("columns", ""))
    return {
        word(name): type_in_duckdb(kind.strip(), dialect)
        for name, _, kind in (part.strip().partition(" ") for part in split(said))
    }


def _columns(model: MeshModel, typed_in: str = "") -> tuple[FoundColumn, ...]:
    """What is said of the columns; their types, of the dialect `typed_in`, if that is named."""
    types = _types(model, typed_in or "duckdb")
    docs = {
        word(name): word(doc)
        for name, _, doc in (
            part.partition("=")
            for part in split(inside(model.block.properties.get("column_descriptions", "")))
        )
    }
    return tuple(
        FoundColumn(name, doc=docs.get(name, ""), type=types.get(name, "") if typed_in else "")
        for name in dict.fromkeys((*types, *docs))
    )


def _written(query: FoundQuery, options: Mapping[str, str]) -> tuple[FoundColumn, ...]:
    if query.write != "scd2":
        return ()
    since = word(options.get("valid_from_name", "")) or "valid_from"
    until = word(options.get("valid_to_name", "")) or "valid_to"
    return FoundColumn(since, writer="valid_from"), FoundColumn(until, writer="valid_to")


def _is_sure(column: FoundColumn | None) -> bool:
    return column is not None and column.unique


def _reads(query: FoundQuery) -> bool:
    return any(f"{layer}." in query.text for layer in ("bronze", "silver", "gold"))


def _day(text: str) -> str:
    try:
        return date.fromisoformat(text[:10]).isoformat()
    except ValueError:
        return ""
