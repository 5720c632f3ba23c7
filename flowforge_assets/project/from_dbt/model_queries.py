"""A model or snapshot of dbt as a query of ours."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from flowforge_assets.core.key import DatasetKey
from flowforge_assets.project.bring.found import Finding, FoundColumn, FoundQuery, Level
from flowforge_assets.project.bring.to_duckdb import type_in_duckdb
from flowforge_assets.project.bring.words import Words, table, text, texts
from flowforge_assets.project.from_dbt.config_words import other_config
from flowforge_assets.project.from_dbt.dbt_project import DbtNode
from flowforge_assets.project.from_dbt.files import merged
from flowforge_assets.project.from_dbt.render import Rendered, Renderer

_BY_KEY: Final = ("merge", "delete+insert", "delete_insert", "")
_PYTHON: Final = "write it as an asset in Python"


@dataclass(slots=True)
class ModelQueries:
    """Makes the queries; `relations` are the tables as compiled texts name them."""

    renderer: Renderer
    relations: Mapping[str, DatasetKey]
    findings: list[Finding] = field(default_factory=list[Finding])

    def query(self, node: DbtNode, key: DatasetKey) -> FoundQuery:
        """The query of a model or snapshot, as dbt would first run it."""
        if node.path is not None and node.path.suffix == ".py":
            return FoundQuery(
                node.shown, key, node.place, "", columns=columns_of_node(node),
                description=node.description, failure="it is written in Python", remedy=_PYTHON,
            )  # fmt: skip
        rendered = self.renderer.render(node)
        config = merged(node.config, rendered.config)
        config = {name: self.renderer.value(value, node) for name, value in config.items()}
        place = replace(
            node.place, line=node.place.line + max(rendered.line - 1, 0) or rendered.line
        )
        query = FoundQuery(
            name=node.shown,
            key=key,
            place=place if rendered.failure else node.place,
            text=node.code if rendered.failure else f"{rendered.text.rstrip().rstrip(';')}\n",
            dialect=self.renderer.dialect,
            description=node.description,
            tags=tuple(dict.fromkeys(texts(config.get("tags")))),
            owners=_owners(config),
            columns=columns_of_node(node, self.renderer.dialect, is_typed=_is_contract(config)),
            failure=rendered.failure,
            remedy="work the value out beforehand, and write the query without it",
        )
        if rendered.failure and node.compiled:
            self._say(
                "look",
                node,
                f"{rendered.failure}: what dbt compiled is taken instead",
                "look it over",
            )
            compiled = self._with_keys(node.compiled)
            query = replace(query, text=compiled, failure="", place=node.place)
        if rendered.reads_itself and not query.failure:
            why, remedy = "it reads its own rows", "write it in Python, with `Before[...]`"
            query = replace(query, failure=why, remedy=remedy)
        self._told(node, rendered, config)
        return self._written(query, node, config, rendered)

    def _told(self, node: DbtNode, rendered: Rendered, config: Words) -> None:
        for asked, said in rendered.asks.items():
            remedy = "write another value there when it changes"
            self._say("note", node, f"it asks for `{asked}`: {said}", remedy)
        for level, said, remedy in other_config(node.kind, config):
            self.findings.append(Finding(level, node.shown, said, remedy, node.place))

    def _written(
        self, query: FoundQuery, node: DbtNode, config: Words, rendered: Rendered
    ) -> FoundQuery:
        """The query with the way of writing that its materialization comes to."""
        if node.kind == "snapshot":
            return self._snapshot(query, node, config)
        way = text(config.get("materialized")) or "view"
        keys = texts(config.get("unique_key"))
        match way:
            case "table":
                return query
            case "view" | "ephemeral":
                if way == "ephemeral":
                    self._say(
                        "note", node, "it is ephemeral: it is a view now", "nothing is stored of it"
                    )
                return replace(query, write="view") if rendered.reads else query
            case "incremental":
                return self._incremental(query, node, config, rendered, keys)
            case "materialized_view" | "dynamic_table":
                said = f"it is a {way.replace('_', ' ')}: it is a table now"
                self._say("note", node, said, "it is made again when what it reads changes")
                return query
            case _:
                said = f"it is materialized as `{way}`, which is not known here: it is a table now"
                self._say("look", node, said, "choose how it is written: `write` in its header")
                return query

    def _incremental(
        self, query: FoundQuery, node: DbtNode, config: Words, rendered: Rendered,
        keys: tuple[str, ...],
    ) -> FoundQuery:  # fmt: skip
        strategy = text(config.get("incremental_strategy"))
        if keys and strategy in _BY_KEY:
            if rendered.is_incremental:
                said = "it merges all rows that its query gives, not only the newest"
                remedy = "rows that came late are found so; cut it by `partition` if that is slow"
                self._say("note", node, said, remedy)
            if strategy.startswith("delete"):
                said = f"it deletes and inserts by `{', '.join(keys)}`: it merges by it now"
                self._say("look", node, said, "the key has to be unique in what the query gives")
            return replace(query, write="merge", key_columns=keys)
        said = "it is incremental without a key" if not keys else f"it is written by `{strategy}`"
        said += ": it is made whole now, from all rows of its inputs"
        remedy = "give it `write` and `key`, or `partition`, in its header"
        self._say("look", node, said, remedy)
        return query

    def _snapshot(self, query: FoundQuery, node: DbtNode, config: Words) -> FoundQuery:
        keys = texts(config.get("unique_key"))
        if text(config.get("strategy")) == "timestamp":
            said = "a state begins when a run finds it, not at its `updated_at`"
            self._say("look", node, said, "take the time of the change from the row's own column")
        if text(config.get("strategy")) == "check" and texts(config.get("check_cols")) != ("all",):
            said = "a state ends when any column changes, not only those of `check_cols`"
            self._say("look", node, said, "select only the columns that count")
        if text(config.get("hard_deletes")) in {"invalidate", "new_record"} or config.get(
            "invalidate_hard_deletes"
        ):
            said = "rows that are gone from its input keep their last state open"
            self.findings.append(
                Finding("left", node.shown, said, "mark them in the query", node.place)
            )
        said = (
            "`dbt_scd_id` and `dbt_updated_at` are not made; states begin with the first run here"
        )
        self._say(
            "note", node, said, "take over the old table once, with `flowforge adopt`, if need be"
        )
        if not keys:
            return replace(
                query, failure="it has no `unique_key`", remedy="say what tells rows apart"
            )
        return replace(query, write="scd2", key_columns=keys)

    def _with_keys(self, compiled: str) -> str:
        """A compiled text with keys for the tables of the warehouse."""
        for relation in sorted(self.relations, key=len, reverse=True):
            compiled = compiled.replace(relation, self.relations[relation])
        return compiled.strip().rstrip(";") + "\n"

    def _say(self, level: Level, node: DbtNode, said: str, remedy: str) -> None:
        self.findings.append(Finding(level, node.shown, said, remedy, node.place))


def columns_of_node(
    node: DbtNode, dialect: str = "duckdb", *, is_typed: bool = False
) -> tuple[FoundColumn, ...]:
    """What is said of the columns; their types only where the model promises them."""
    found: list[FoundColumn] = []
    for column in node.columns:
        kinds = {text(each.get("type")) for each in column.constraints}
        found.append(
            FoundColumn(
                column.name,
                doc=column.doc,
                tags=tuple(dict.fromkeys(column.tags)),
                type=type_in_duckdb(column.type, dialect) if is_typed and column.type else "",
                not_null=bool(kinds & {"not_null", "primary_key"}),
                unique=bool(kinds & {"unique", "primary_key"}),
            )
        )
    return tuple(found)


def _is_contract(config: Words) -> bool:
    return table(config.get("contract")).get("enforced") is True


def _owners(config: Words) -> tuple[str, ...]:
    group, owner = config.get("group"), table(config.get("meta")).get("owner")
    return tuple(text(each) for each in (owner, group) if each)
