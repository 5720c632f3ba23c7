"""A dbt project in words that are no tool's own: what becomes of each model, seed and test."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from flowforge_assets.core.key import DatasetKey
from flowforge_assets.project.bring.assemble import failing_rows
from flowforge_assets.project.bring.found import (
    Finding,
    FoundColumn,
    FoundOutside,
    FoundProject,
    FoundQuery,
    FoundSeed,
)
from flowforge_assets.project.bring.place_names import LayerRules, plain_name
from flowforge_assets.project.bring.to_duckdb import condition_in_duckdb, dialect_of
from flowforge_assets.project.bring.words import table, text
from flowforge_assets.project.from_dbt.dbt_project import DbtNode, DbtProject
from flowforge_assets.project.from_dbt.files import merged, read_files
from flowforge_assets.project.from_dbt.generic_tests import judge
from flowforge_assets.project.from_dbt.manifest import MANIFEST, read_manifest
from flowforge_assets.project.from_dbt.model_queries import ModelQueries, columns_of_node
from flowforge_assets.project.from_dbt.names import names_of
from flowforge_assets.project.from_dbt.profile import adapter_of
from flowforge_assets.project.from_dbt.render import Options, Renderer
from flowforge_assets.project.from_dbt.seed_rows import found_seed
from flowforge_assets.project.from_dbt.unit_tests import unit_test_files


def read_dbt(
    root: Path, *, rules: LayerRules, options: Options, adapter: str = "", from_files: bool = False
) -> FoundProject:
    """What the dbt project in `root` holds, read from its manifest if there is one.

    `adapter` is the warehouse its SQL is written for, where the manifest or the profile is not to
    say it.

    Raises:
        ForeignProjectError: there is no dbt project (FF-140).
        ForeignFileError: a file of it cannot be read (FF-141).
    """
    has_manifest = (root / MANIFEST).is_file() and not from_files
    spoken = adapter or adapter_of(root, options.target)
    project = read_manifest(root, adapter) if has_manifest else read_files(root, adapter=spoken)
    return _Bringing(project, rules, options).found()


@dataclass(slots=True)
class _Bringing:
    project: DbtProject
    rules: LayerRules
    options: Options
    findings: list[Finding] = field(default_factory=list[Finding])
    queries: list[FoundQuery] = field(default_factory=list[FoundQuery])

    def found(self) -> FoundProject:
        nodes = [node for node in self.project.nodes if self.is_enabled(node)]
        names, keys = names_of(nodes, self.rules)
        renderer = Renderer(self.project, names, self.options)
        relations = {n.relation: keys[i] for i, n in enumerate(nodes) if n.relation}
        models = ModelQueries(renderer, relations)
        seeds: list[FoundSeed] = []
        outside: list[FoundOutside] = []
        for number, node in enumerate(nodes):
            key = keys[number]
            match node.kind:
                case "source":
                    stand_in = FoundQuery(
                        node.shown, key, node.place, "", columns=columns_of_node(node)
                    )
                    judged = judge(stand_in, node, names, renderer)
                    self.findings += judged.findings
                    self.apart(judged.checks, judged.columns, stand_in, judged.rules)
                    outside.append(self.outside(node, key))
                case "seed":
                    stand_in = FoundQuery(
                        node.shown, key, node.place, "", columns=columns_of_node(node)
                    )
                    judged = judge(stand_in, node, names, renderer)
                    seed, told = found_seed(node, key, judged.columns, adapter=self.project.adapter)
                    self.findings += (*judged.findings, *told)
                    self.queries += judged.checks
                    self.rules_apart(stand_in, judged.rules)
                    seeds += [seed] if seed is not None else []
                case "singular":
                    self.singular(node, key, renderer)
                case "model" | "snapshot":
                    query = models.query(node, key)
                    judged = judge(query, node, names, renderer)
                    self.findings += judged.findings
                    self.queries.append(
                        replace(
                            query,
                            columns=(*judged.columns.values(), *_written(query, node)),
                            rules={**query.rules, **self.conditions(judged.rules, renderer)},
                            key_columns=query.key_columns or judged.key,
                        )
                    )
                    self.queries += judged.checks
        files, told = unit_test_files(self.project, names)
        return FoundProject(
            name=plain_name(self.project.name),
            tool="dbt",
            queries=tuple(self.queries),
            seeds=tuple(seeds),
            outside=tuple(outside),
            findings=(*self.project.findings, *self.findings, *models.findings, *told),
            files=files,
        )

    def is_enabled(self, node: DbtNode) -> bool:
        is_on = node.config.get("enabled") is not False and not re.search(
            r"\bconfig\([^)]*\benabled\s*=\s*(?:False|false)", node.code
        )
        if not is_on:
            self.leave(node, "it is disabled", "bring it when it is wanted")
        return is_on

    def singular(self, node: DbtNode, key: DatasetKey, renderer: Renderer) -> None:
        rendered = renderer.render(node)
        config = merged(node.config, rendered.config)
        if text(config.get("severity")).lower() == "warn":
            self.leave(node, "it only warns", "rules stop a step: add it as a check if it should")
            return
        of = FoundQuery(node.shown, key, node.place, "", dialect=renderer.dialect)
        query = failing_rows(of, key, rendered.text or node.code)
        query = replace(query, name=node.shown, description=node.description or query.description)
        if rendered.failure:
            remedy = "write it as a query of the rows that should not be there"
            query = replace(query, text=node.code, failure=rendered.failure, remedy=remedy)
        else:
            said = "a test is a dataset of one row now: how many rows it finds"
            self.note(node, said, "it fails when there are any; what reads the data is not stopped")
        self.queries.append(query)

    def outside(self, node: DbtNode, key: DatasetKey) -> FoundOutside:
        at = text(table(node.config.get("meta")).get("external_location"))
        at = at or text(node.config.get("external_location"))
        at = at.replace("{name}", node.name).replace("{identifier}", node.identifier)
        is_file = at.endswith(".parquet") and "(" not in at
        if at and not is_file:
            said, remedy = "it is no Parquet file", "write an asset in Python that reads it"
            self.findings.append(Finding("left", node.shown, said, remedy, node.place))
        if node.config.get("freshness"):
            said = "how fresh it has to be is not brought"
            remedy = "say `fresh=timedelta(...)` in its class"
            self.findings.append(Finding("left", node.shown, said, remedy, node.place))
        return FoundOutside(
            node.shown, key, node.place, node.description,
            columns_of_node(node, dialect_of(self.project.adapter), is_typed=True),
            at if is_file else "",
        )  # fmt: skip

    def apart(
        self, checks: list[FoundQuery], columns: Mapping[str, FoundColumn], of: FoundQuery,
        rules: Mapping[str, str],
    ) -> None:  # fmt: skip
        """Checks of a table that someone else makes: all are queries of their own."""
        self.queries += checks
        conditions = dict(rules)
        for column in columns.values():
            if column.not_null:
                conditions[f"{column.name}_not_null"] = f"{column.name} IS NOT NULL"
            if column.values:
                shown = ", ".join("'{}'".format(str(v).replace("'", "''")) for v in column.values)
                conditions[f"{column.name}_accepted"] = f"{column.name} IN ({shown})"
            if column.unique:
                sql = f"SELECT {column.name} FROM {of.key} WHERE {column.name} IS NOT NULL "  # noqa: S608
                sql += f"GROUP BY {column.name} HAVING count(*) > 1"
                name = plain_name(f"{of.key.name.replace('.', '_')}_{column.name}_unique")
                self.queries.append(failing_rows(of, DatasetKey.of("gold", f"checks.{name}"), sql))
        self.rules_apart(of, conditions)

    def rules_apart(self, of: FoundQuery, rules: Mapping[str, str]) -> None:
        for name, sql in rules.items():
            key = DatasetKey.of(
                "gold", f"checks.{of.key.name.replace('.', '_')}_{plain_name(name)}"
            )
            text_ = f"SELECT * FROM {of.key} WHERE NOT ({sql})"  # noqa: S608 - the project's own
            self.queries.append(failing_rows(of, key, text_))

    def conditions(self, rules: Mapping[str, str], renderer: Renderer) -> dict[str, str]:
        """The conditions in DuckDB's SQL."""
        return {name: condition_in_duckdb(sql, renderer.dialect) for name, sql in rules.items()}

    def note(self, node: DbtNode, said: str, remedy: str) -> None:
        self.findings.append(Finding("note", node.shown, said, remedy, node.place))

    def look(self, node: DbtNode, said: str, remedy: str) -> None:
        self.findings.append(Finding("look", node.shown, said, remedy, node.place))

    def leave(self, node: DbtNode, said: str, remedy: str) -> None:
        self.findings.append(Finding("left", node.shown, said, remedy, node.place))


def _written(query: FoundQuery, node: DbtNode) -> Iterator[FoundColumn]:
    """The columns that a snapshot's writer makes."""
    if query.write == "scd2":
        names = table(node.config.get("snapshot_meta_column_names"))
        since = text(names.get("dbt_valid_from")) or "dbt_valid_from"
        until = text(names.get("dbt_valid_to")) or "dbt_valid_to"
        yield FoundColumn(since, writer="valid_from")
        yield FoundColumn(until, writer="valid_to")
