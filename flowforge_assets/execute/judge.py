"""Holds staged rows against the rules and checks of their dataset, and sets bad ones aside."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from functools import cached_property
from typing import Final

import polars as pl

from flowforge_assets.core.dimension import Dimension
from flowforge_assets.core.key import DatasetKey
from flowforge_assets.core.made import Made
from flowforge_assets.core.partition import WHOLE, PartitionSet
from flowforge_assets.core.polars_types import polars_schema
from flowforge_assets.core.result import Examination
from flowforge_assets.core.rule import References, Rule, Scope, Unique
from flowforge_assets.core.schema import Plain, Schema
from flowforge_assets.declare.definition import (
    AssetDefinition,
    CheckDefinition,
    DatasetDefinition,
)
from flowforge_assets.declare.mapping import All
from flowforge_assets.errors.base import FlowForgeError, raise_all
from flowforge_assets.errors.check import ReturnValueError
from flowforge_assets.execute.bad_rows import bad_table
from flowforge_assets.execute.call import bound_arguments, users_code
from flowforge_assets.execute.inputs import Inputs, in_form
from flowforge_assets.execute.row_promises import refuse_nameless
from flowforge_assets.execute.scope import RunScope
from flowforge_assets.execute.unchanged import is_unchanged
from flowforge_assets.execute.upserts import KEYED, merged, repeated_keys
from flowforge_assets.plan.rows import rows_of
from flowforge_assets.quality.examine import NO_TARGETS, BoundCheck, examine
from flowforge_assets.quality.quarantine import Split, split
from flowforge_assets.quality.verdict import refusals, refuse_too_many
from flowforge_assets.storage.failure import reading
from flowforge_assets.storage.store import Everything, Matching, Replace

_TRUNCATED_TO: Final = {"hour": "1h", "day": "1d", "week": "1w", "month": "1mo"}


class Judge:
    """What one write of a dataset is judged by."""

    def __init__(
        self,
        scope: RunScope,
        asset: AssetDefinition,
        dataset: DatasetDefinition,
        unit: PartitionSet,
        *,
        siblings: Mapping[DatasetKey, pl.LazyFrame] = NO_TARGETS,
        removed: pl.DataFrame | None = None,
    ) -> None:
        """For the write of the steps `unit`; `siblings` are other outputs of the same call.

        `removed` has the keys of rows that it removes.
        """
        self.scope = scope
        self.asset = asset
        self.dataset = dataset
        self.unit = unit
        self.siblings = siblings
        self.removed = removed
        self.replaced = rows_of(dataset, unit, scope.now)

    @property
    def replaces(self) -> bool:
        """Whether the write replaces whole partitions, so that its rows must lie in those."""
        return self.asset.write == "overwrite"

    @property
    def must_lie_in(self) -> PartitionSet:
        """The partitions that its rows must lie in; without dimensions where they may anywhere.

        Those of a snapshot do not lie in its time, but in what else the steps are cut by.
        """
        if self.replaces:
            return self.replaced
        if self.asset.write != "snapshot":
            return WHOLE
        kept = [at for at, each in enumerate(self.unit.dimensions) if not each.is_time]
        return PartitionSet(
            tuple(self.unit.dimensions[at] for at in kept),
            tuple(tuple(box[at] for at in kept) for box in self.unit.boxes),
        )

    @property
    def has_anything_to_judge(self) -> bool:
        """Whether there is a rule or a check."""
        return bool(self.dataset.rules or self.scope.graph.checks.get(self.dataset.key))

    def finds_unchanged(self, rows: pl.DataFrame | pl.LazyFrame, schema: Schema) -> bool:
        """Whether the table has just these rows in the partitions that are replaced."""
        if not self.replaces or not self.replaced or self.is_first:
            return False
        return is_unchanged(rows, schema, self.scope.table(self.dataset), self.replaced)

    @property
    def is_first(self) -> bool:
        """Whether some of the partitions were never made."""
        return bool(self.replaced - self.scope.made.of(self.dataset))

    def examine(self, rows: pl.DataFrame | pl.LazyFrame) -> Examination:
        """How many rows there are and what they break.

        Raises:
            StrayRowsError: rows that may lie anywhere lie in no partition (FF-613).
        """
        refuse_nameless(rows, self.asset, self.dataset)
        checks = self.checks(rows)
        if not (self.rules or checks) and isinstance(rows, pl.DataFrame):
            return Examination(rows.height)
        with ExitStack() as looked_up:
            for key in (targets := self.targets(rows)):
                if key in self.siblings:
                    continue
                table = self.scope.reader(self.scope.graph.datasets[key])
                looked_up.enter_context(reading(table))
            return examine(
                rows,
                self.rules,
                checks=checks,
                targets=targets,
                others=self.others_of(rows) if self.needs_others else None,
                partition_by=self.partition_by,
            )

    @cached_property
    def rules(self) -> tuple[Rule, ...]:
        """The rules that its rows are held to, in the sense of the way of writing.

        Rows that are written by key are unique in themselves; those that are added to others
        must not repeat a key of the table.
        """
        if self.replaces:
            return self.dataset.rules
        scope: Scope = "table" if self.asset.write == "append" else "partition"
        return tuple(
            replace(rule, scope=scope) if isinstance(rule, Unique) else rule
            for rule in self.dataset.rules
        )

    def checks(self, rows: pl.DataFrame | pl.LazyFrame) -> list[BoundCheck]:
        """The dataset's checks, called on the rows."""
        return [
            self._bound(check, rows.lazy())
            for check in self.scope.graph.checks.get(self.dataset.key, ())
        ]

    def _bound(self, check: CheckDefinition, rows: pl.LazyFrame) -> BoundCheck:
        guarded = check.inputs[0]
        rows = rows.select(self.dataset.schema.names)
        if isinstance(guarded.mapping, All):
            rows = self.with_others(rows)
        others = check.inputs[1:]
        stored = [read for read in others if read.dataset not in self.siblings]
        loaded = dict(Inputs(self.scope, check, stored, self.unit).load(self.unit))
        for read in others:
            if read.dataset in self.siblings:
                is_whole = isinstance(read.mapping, All)
                loaded[read.parameter] = self.sibling(read.dataset, is_whole=is_whole)
        given = {
            read.parameter: in_form(
                loaded[read.parameter], read.form, self.scope.graph.datasets[read.dataset]
            )
            for read in others
        }
        arguments = bound_arguments(check, given)
        arguments[guarded.parameter] = in_form(rows, guarded.form, self.dataset)
        bad = users_code(check, lambda: check.function(**arguments))
        if not isinstance(bad, (pl.DataFrame, pl.LazyFrame)):
            kind = "None" if bad is None else f"`{type(bad).__name__}`"
            message = f"the check `{check.name}` returned {kind}, not the bad rows"
            raise ReturnValueError(message, place=check.place, hint="return a polars frame")
        return BoundCheck(check.name, bad.lazy(), check.blocking)

    def referred(self, target: DatasetKey) -> tuple[str, ...]:
        """The columns of `target` that this dataset refers to."""
        return tuple(
            dict.fromkeys(
                rule.target_column
                for rule in self.dataset.rules
                if isinstance(rule, References) and rule.target == target
            )
        )

    def targets(self, rows: pl.DataFrame | pl.LazyFrame) -> dict[DatasetKey, pl.LazyFrame]:
        """The rows that foreign keys are looked up in, of the dataset itself as they would be.

        One that was never made lacks.
        """
        found: dict[DatasetKey, pl.LazyFrame] = {}
        for rule in self.dataset.rules:
            if isinstance(rule, References) and rule.target not in found:
                target = self.scope.graph.datasets[rule.target]
                if rule.target in self.siblings:
                    found[rule.target] = self.sibling(rule.target, is_whole=True)
                elif rule.target == self.dataset.key:
                    found[rule.target] = self.with_others(rows.lazy())
                elif self.scope.made.of(target):
                    found[rule.target] = self.scope.lookup(target, self.referred(rule.target))
        return found

    def sibling(self, key: DatasetKey, *, is_whole: bool) -> pl.LazyFrame:
        """The rows that the same call gives for another dataset, or its table as it would be."""
        dataset = self.scope.graph.datasets[key]
        rows = self.siblings[key].select(dataset.schema.names)
        kept = self.scope.made.of(dataset)
        if self.replaces:
            kept -= rows_of(dataset, self.unit, self.scope.now)
        if not is_whole or not kept:
            return rows
        return pl.concat([rows, self.scope.scan(dataset, kept)])

    def with_others(self, rows: pl.LazyFrame) -> pl.LazyFrame:
        """The table as it would be with these rows."""
        rows = rows.select(self.dataset.schema.names)
        if self.asset.write == "merge" and self.others is not None:
            return merged(rows, self.others, self.dataset, self.asset, self.removed)
        others = self.others_of(rows)
        return rows if others is None else pl.concat([rows, others])

    @property
    def needs_others(self) -> bool:
        """Whether a key is unique over the whole table."""
        return any(isinstance(rule, Unique) and rule.scope == "table" for rule in self.rules)

    def others_of(self, rows: pl.DataFrame | pl.LazyFrame) -> pl.LazyFrame | None:
        """The rows that the write of `rows` leaves in place; None where there are none."""
        others = self.others
        if others is None or self.asset.write in {"overwrite", "append", "view"}:
            return others
        keys = list(self.dataset.key_columns)
        if not keys:
            return others
        return others.join(rows.lazy().select(keys), on=keys, how="anti", nulls_equal=True)

    @cached_property
    def others(self) -> pl.LazyFrame | None:
        """The rows of the table but those of the partitions that are replaced."""
        kept = self.scope.made.of(self.dataset)
        if self.replaces:
            kept -= self.replaced
        return self.scope.scan(self.dataset, kept) if kept else None

    @cached_property
    def partition_by(self) -> list[pl.Expr]:
        """What tells the partitions of this write apart; nothing for a single one."""
        if not self.replaces or self.replaced.count() <= 1:
            return []
        return [self._partition_value(dimension) for dimension in self.replaced.dimensions]

    def _partition_value(self, dimension: Dimension) -> pl.Expr:
        column = pl.col(dimension.column)
        field = self.dataset.schema.find(dimension.column)
        every = _TRUNCATED_TO.get(dimension.kind)
        if field is None or every is None or (every == "1d" and field.type == Plain("date")):
            return column
        if field.type == Plain("timestamp") and dimension.kind != "hour":
            column = column.dt.convert_time_zone(dimension.tz)
        return column.dt.truncate(every)

    def set_aside(self, bad: Sequence[pl.DataFrame], made: Made) -> None:
        """Replaces what these partitions have in quarantine; nothing where nothing ever was bad.

        Rows that are not written by partition are added, those that are there already once. What
        is emptied to be made anew loses its bad rows as well.
        """
        table = bad_table(self.scope.store, self.dataset)
        spec = table.spec
        if not bad and table.version() is None:
            return
        empty = pl.DataFrame(schema=polars_schema(spec.schema))
        rows = pl.concat([empty, *(_completed(frame, empty.schema) for frame in bad)])
        staged = table.stage(rows)
        step_id = f"{made.step_id} bad rows"
        of_bad = replace(made, dataset=spec.key, rows=rows.height, step_id=step_id)
        try:
            everywhere = Matching(spec.schema.names)
            what: Replace = self.replaced if self.replaces else everywhere
            if self.scope.made.is_rebuilding(self.dataset.key):
                what = Everything()
            table.commit(staged, replace=what, made=of_bad)
        except BaseException:
            table.discard(staged)
            raise

    def refuse(self, examination: Examination, rows: pl.DataFrame | None = None) -> None:
        """Lets rows pass that broke nothing which blocks.

        Raises:
            RunError: they did (FF-710, FF-712, FF-742).
        """
        dataset, place = self.dataset.key, self.asset.place
        errors: list[FlowForgeError] = []
        if rows is not None and self.asset.write in KEYED:
            repeated = repeated_keys(rows, self.dataset, self.asset, self.unit)
            if repeated is not None:  # it says more than the rule of the key does
                of_key = str(Unique(self.dataset.key_columns))
                left = tuple(each for each in examination.findings if each.rule != of_key)
                examination = replace(examination, findings=left)
                errors.append(repeated)
        errors += refusals(examination, dataset, unit=self.unit, place=place)
        raise_all(errors)

    def divided(
        self, rows: pl.DataFrame, examination: Examination
    ) -> tuple[pl.DataFrame, pl.DataFrame]:
        """The good rows and the bad ones.

        Raises:
            RunError: the asset does not quarantine, or too many are bad (FF-710 to FF-712, FF-742).
        """
        parts = self.parted(rows, examination)
        good, bad = pl.collect_all([parts.good, parts.bad])
        self.refuse_many(bad.height, rows.height)
        return good, bad

    def parted(self, rows: pl.DataFrame | pl.LazyFrame, examination: Examination) -> Split:
        """The good rows and the bad ones, both lazy.

        Raises:
            RunError: the asset does not quarantine, or no key tells which rows are bad (FF-71x).
        """
        dataset = self.dataset
        if self.asset.bad_rows != "quarantine":
            self.refuse(examination, rows if isinstance(rows, pl.DataFrame) else None)
        parts = split(
            rows,
            self.rules,
            checks=self.checks(rows),
            key_columns=dataset.key_columns,
            targets=self.targets(rows),
            others=self.others_of(rows) if self.needs_others else None,
            partition_by=self.partition_by,
            found=examination,
        )
        if parts.unassigned:
            self.refuse(examination)
        return parts

    def refuse_many(self, bad: int, rows: int) -> None:
        """Lets a share of bad rows pass that the asset allows.

        Raises:
            TooManyBadRowsError: it is larger (FF-711).
        """
        asset = self.asset
        refuse_too_many(
            bad, rows,
            max_bad=asset.max_bad, dataset=self.dataset.key, unit=self.unit, place=asset.place,
        )  # fmt: skip


def _completed(frame: pl.DataFrame, schema: pl.Schema) -> pl.DataFrame:
    """The columns of `schema`, null where the frame lacks them."""
    lacking = [pl.lit(None, dtype=schema[name]).alias(name) for name in schema]
    return frame.select(
        name if name in frame.columns else null for name, null in zip(schema, lacking, strict=True)
    )
