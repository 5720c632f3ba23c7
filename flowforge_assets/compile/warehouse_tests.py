"""The promises of a dataset as queries that count the staged rows which break them.

Each is written in DuckDB's SQL and emitted as any query, so that text, nulls and numbers mean there
what they mean here. What cannot be counted is an error: no promise is left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final, assert_never

from flowforge_assets.compile.duckdb_text import literal, partition_condition, partition_value
from flowforge_assets.compile.warehouse_step import STAGED, STORED, WarehouseStep
from flowforge_assets.core.rule import (
    Bound,
    Holds,
    Length,
    Matches,
    NotNull,
    OneOf,
    References,
    Rule,
    Unique,
)
from flowforge_assets.core.warehouse_script import RowTest
from flowforge_assets.errors.base import FlowForgeError
from flowforge_assets.errors.sql_script import ColumnNotHeldError, TestNotSqlError
from flowforge_assets.sql.portable.types import Kind
from flowforge_assets.sql.reference import quoted

_REPEATED: Final = re.compile(r"(\[[^\]]*\]|[A-Za-z0-9])\{(\d{1,2})\}")
_BROKEN_WHEN: Final = {">=": "<", ">": "<=", "<=": ">", "<": ">="}


@dataclass(slots=True)
class RowTests:
    """Collects the tests of one step, and what cannot be one."""

    step: WarehouseStep
    tests: list[RowTest] = field(default_factory=list[RowTest])
    errors: list[FlowForgeError] = field(default_factory=list[FlowForgeError])

    def collect(self) -> None:
        """All that the step's rows are held to."""
        step = self.step
        for rule in step.dataset.rules:
            self._rule(rule)
        if step.asset.deletes is not None:
            self._where(f"{step.asset.deletes} is not null", step.asset.deletes, is_of_all=True)
        if step.dataset.min_rows:
            self._few(step.dataset.min_rows)
        if step.asset.write == "overwrite" and not step.replaces_all:
            self._strays()
        if step.asset.write == "scd2" and not step.restarts:
            self._later_states()
        if not step.runs_checks:
            self.errors.extend(self._checks())

    def _rule(self, rule: Rule) -> None:
        match rule:
            case NotNull(column):
                self._count(str(rule), column, f"{quoted(column)} IS NULL")
            case Bound():
                self._bound(rule)
            case OneOf(column, values):
                listed = ", ".join(literal(each) for each in values)
                self._count(str(rule), column, f"NOT {quoted(column)} IN ({listed})")
            case Matches(column, pattern):
                spelled = _REPEATED.sub(lambda found: found[1] * int(found[2]), pattern)
                whole = literal(f"^({spelled})$" if "|" in spelled else f"^{spelled}$")
                self._count(str(rule), column, f"NOT regexp_matches({quoted(column)}, {whole})")
            case Length(column, least, most):
                found = f"length({quoted(column)})"
                most_said = "" if most is None else f" OR {found} > {most}"
                self._count(str(rule), column, f"{found} < {least}{most_said}")
            case Unique():
                self._unique(rule)
            case References():
                self._reference(rule)
            case Holds(_, sql):
                self._count(str(rule), "", f"NOT ({sql})")
            case _:
                assert_never(rule)

    def _bound(self, rule: Bound) -> None:
        """What is not a number breaks each bound, wherever the target sorts it."""
        step = self.step
        column = step.column(rule.column)
        if column.is_instant:
            statements = step.statements
            at = rule.limit if isinstance(rule.limit, datetime) else None
            if at is None:
                self._refuse(f"`{rule}`: the limit is no time", "write it as a time with its zone")
                return
            limit = statements.moment(at.astimezone(UTC).isoformat())
            test = f"{statements.name(rule.column)} {_BROKEN_WHEN[rule.op]} {limit}"
            self._written(str(rule), rule.column, test)
            return
        condition = f"{quoted(rule.column)} {_BROKEN_WHEN[rule.op]} {literal(rule.limit)}"
        self._count(str(rule), rule.column, condition)
        if column.type.kind is Kind.DOUBLE and step.statements.not_a_number:
            test = step.statements.not_a_number.format(step.statements.name(rule.column))
            self._written(f"{rule} and is a number", rule.column, test)

    def _unique(self, rule: Unique) -> None:
        """Surplus rows among the staged ones, and keys that the table has already."""
        step = self.step
        keys = [quoted(column) for column in rule.columns]
        present = " AND ".join(f"{key} IS NOT NULL" for key in keys)
        column = rule.columns[0] if len(rule.columns) == 1 else ""
        apart = list(keys)
        if step.asset.write == "overwrite" and rule.scope == "partition":
            apart += self._partition_values(rule)
        groups = (
            f"SELECT count(*) AS n FROM {STAGED} WHERE {present}"  # noqa: S608 - emitted
            f" GROUP BY {', '.join(apart)} HAVING count(*) > 1"
        )
        surplus = "CAST(coalesce(sum(n - 1), 0) AS BIGINT)"
        query = f"SELECT {surplus} AS bad FROM ({groups}) AS repeated"  # noqa: S608 - emitted
        self._emit(str(rule), column, query)
        is_of_table = step.asset.write == "append" or (
            step.asset.write == "overwrite" and rule.scope == "table"
        )
        if is_of_table and not step.replaces_all and step.found != "absent":
            same = " AND ".join(f"old.{key} = {STAGED}.{key}" for key in keys)
            stays = self._stays()
            self._emit(
                f"{rule}, with the rows that are there",
                column,
                f"SELECT count(*) AS bad FROM {STAGED}"  # noqa: S608 - emitted
                f" WHERE EXISTS (SELECT 1 AS one FROM {STORED} AS old WHERE {same}{stays})",
                on_table=True,
            )

    def _partition_values(self, rule: Unique) -> Iterator[str]:
        """What tells the replaced partitions apart, where there are several."""
        step = self.step
        if step.replaced.dimensions and step.replaced.count() > 1:
            for dimension in step.replaced.dimensions:
                value = partition_value(dimension, step.dataset, "")
                if value not in {quoted(column) for column in rule.columns}:
                    yield value

    def _stays(self) -> str:
        """Of stored rows, whether an overwrite leaves them where they are."""
        step = self.step
        if step.asset.write != "overwrite":
            return ""
        return f" AND NOT ({partition_condition(step.replaced, step.dataset, 'old')})"

    def _reference(self, rule: References) -> None:
        step = self.step
        column, target = quoted(rule.column), quoted(rule.target_column)
        if rule.target != step.dataset.key:
            if rule.target not in step.tables:
                self._refuse(f"`{rule.target}` is not in the warehouse", "take it along")
                return
            sources = [(_table_sql(rule.target), "")]
        elif step.asset.deletes is not None:
            self._refuse(
                f"`{rule.column}` refers to the table itself, from which rows are removed",
                "leave the reference out, or the removal of rows",
            )
            return
        else:
            stays = self._stays()
            stored = [] if step.replaces_all or step.found == "absent" else [(STORED, stays)]
            sources = [(STAGED, ""), *stored]
        missing = " AND ".join(
            f"NOT EXISTS (SELECT 1 AS one FROM {source} AS old"  # noqa: S608 - emitted
            f" WHERE old.{target} = given.{column}{stays})"
            for source, stays in sources
        )
        self._emit(
            str(rule),
            rule.column,
            f"SELECT count(*) AS bad FROM {self._source} AS given"  # noqa: S608 - emitted
            f" WHERE given.{column} IS NOT NULL AND {missing}",
            on_table=len(sources) > 1,
        )

    def _few(self, least: int) -> None:
        self._emit(
            f"at least {least:,} rows",
            "",
            f"SELECT CASE WHEN count(*) < {least} THEN {least} - count(*) ELSE 0 END AS bad"  # noqa: S608 - emitted
            f" FROM {STAGED}",
        )

    def _strays(self) -> None:
        """Rows in none of the partitions that are replaced, those without a value among them."""
        step = self.step
        inside = partition_condition(step.replaced, step.dataset)
        columns = [dimension.column for dimension in step.replaced.dimensions]
        empty = " OR ".join(f"{quoted(column)} IS NULL" for column in columns)
        name = f"rows are in {step.replaced.render()}"
        column = columns[0] if len(columns) == 1 else ""
        self._count(name, column, f"{empty} OR NOT ({inside})")

    def _later_states(self) -> None:
        """Keys whose open state began after the time of the staged rows."""
        step = self.step
        if step.found == "absent":
            return
        since, until = (step.dataset.written_by(each) for each in ("valid_from", "valid_to"))
        same = " AND ".join(
            f"old.{quoted(k)} = given.{quoted(k)}" for k in step.dataset.key_columns
        )
        later = (
            f"old.{quoted(until or '')} IS NULL AND"
            f" old.{quoted(since or '')} > given.{quoted(since or '')}"
        )
        self._emit(
            "no state of a later time is there",
            since or "",
            f"SELECT count(*) AS bad FROM {STAGED} AS given"  # noqa: S608 - emitted
            f" WHERE EXISTS (SELECT 1 AS one FROM {STORED} AS old WHERE {same} AND {later})",
            on_table=True,
        )

    def _checks(self) -> Iterable[FlowForgeError]:
        for check in self.step.graph.checks.get(self.step.dataset.key, ()):
            message = f"the check `{check.name}` of `{self.step.dataset.key}` is a function"
            hint = 'write it as a rule in SQL: `rules.name = "..."`'
            yield TestNotSqlError(message, place=check.place, hint=hint)

    # --- how a test is written ------------------------------------------------------------------

    @property
    def _source(self) -> str:
        """The staged rows that are to be stored."""
        mark = self.step.asset.deletes
        if mark is None:
            return STAGED
        return f"(SELECT * FROM {STAGED} WHERE NOT {quoted(mark)})"  # noqa: S608 - emitted

    def _where(self, name: str, column: str, *, is_of_all: bool) -> None:
        source = STAGED if is_of_all else self._source
        query = f"SELECT count(*) AS bad FROM {source} AS given WHERE {quoted(column)} IS NULL"  # noqa: S608 - emitted
        self._emit(name, column, query)

    def _count(self, name: str, column: str, condition: str) -> None:
        query = f"SELECT count(*) AS bad FROM {self._source} AS given WHERE {condition}"  # noqa: S608 - emitted
        self._emit(name, column, query)

    def _emit(self, name: str, column: str, query: str, *, on_table: bool = False) -> None:
        step = self.step
        emitted = step.emitted(query, on=step.table if on_table else None)
        if emitted.text is not None:
            self.tests.append(RowTest(name, column, emitted.text))
            return
        for refusal in emitted.refusals:
            self._refuse(f"`{name}`: {refusal.message}", refusal.hint)

    def _written(self, name: str, column: str, condition: str) -> None:
        """A test whose condition is text of the target already."""
        step = self.step
        found = step.emitted(f"SELECT count(*) AS bad FROM {STAGED}")  # noqa: S608 - emitted
        assert found.text is not None  # noqa: S101 - every target can count
        mark = step.asset.deletes
        stays = "" if mark is None else f" AND {step.condition(f'NOT {quoted(mark)}', STAGED)}"
        self.tests.append(RowTest(name, column, f"{found.text}\nWHERE {condition}{stays}"))

    def _refuse(self, message: str, hint: str) -> None:
        step = self.step
        said = f"a rule of `{step.dataset.key}` cannot be counted on {step.target}: {message}"
        self.errors.append(TestNotSqlError(said, place=step.asset.place, hint=hint))


def row_tests(step: WarehouseStep) -> tuple[tuple[RowTest, ...], list[FlowForgeError]]:
    """The tests of a step's staged rows, and an error for each promise that cannot be one."""
    found = RowTests(step)
    try:
        found.collect()
    except ColumnNotHeldError as error:
        found.errors.append(error)
    return tuple(found.tests), found.errors


def _table_sql(key: str) -> str:
    return quoted(key) if "/" in key else ".".join(quoted(part) for part in key.split("."))
