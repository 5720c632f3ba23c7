"""`[job.NAME]`: what is run by itself, when, and where."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Final, Literal, TypeAlias, cast

from flowforge_assets.core.key import DatasetKey
from flowforge_assets.errors.base import FlowForgeError, Place, did_you_mean
from flowforge_assets.errors.deploy import (
    HookError,
    JobError,
    UnknownPoolError,
    UpstreamKeyError,
)
from flowforge_assets.project.job_schedule import Every, JobSchedule, read_schedule
from flowforge_assets.project.pools import DEFAULT_POOL, BlockReference
from flowforge_assets.project.table_reader import TableReader

OnCollision: TypeAlias = Literal["enqueue", "cancel_new"]

TABLE: Final = "job"
LOOK_EVERY: Final = Every(timedelta(minutes=10))
"""How often a job looks for what is due that has `due = true` and no schedule of its own."""
_KEYS: Final = (
    *("select", "partitions", "schedule", "due", "after", "concurrency", "parameters"),
    *("on_failure", "pool", "batch"),
)
_COLLISIONS: Final[tuple[OnCollision, ...]] = ("enqueue", "cancel_new")
_WEBHOOK: Final = "webhook"


@dataclass(frozen=True, slots=True)
class Concurrency:
    """How many runs of a job go on at once, and what becomes of one more."""

    limit: int
    on_collision: OnCollision = "enqueue"


@dataclass(frozen=True, slots=True)
class FunctionHook:
    """A function of the project that is called when a run has failed."""

    module: str
    function: str

    def __str__(self) -> str:
        """`shop.alerts:page_us`."""
        return f"{self.module}:{self.function}"


Hook: TypeAlias = BlockReference | FunctionHook


@dataclass(frozen=True, slots=True)
class JobConfig:
    """One job: a run of `select` in the environment that it is deployed to.

    `after` are datasets by key, or assets of other tools by their whole key: when one is made
    anew, the job runs. `batch` is how many partitions a run makes when it is backfilled. `place`
    is where it stands in the project file.
    """

    name: str
    select: str | None = None
    partitions: str | None = None
    schedule: JobSchedule | None = None
    due: bool = False
    after: tuple[str, ...] = ()
    concurrency: Concurrency | None = None
    force: bool = False
    on_failure: tuple[Hook, ...] = ()
    pool: str = DEFAULT_POOL
    batch: int | None = None
    place: Place | None = None


class JobReader(TableReader):
    """Reads tables of jobs, and collects what is wrong with them."""

    def jobs(self, tables: Mapping[str, object], pools: Iterable[str]) -> Mapping[str, JobConfig]:
        """The jobs in `tables` by name; `pools` are those that the file has."""
        known = {DEFAULT_POOL, *pools}
        return {name: self._job(name, self.table(tables, name, TABLE), known) for name in tables}

    def _job(self, name: str, raw: Mapping[str, object], pools: Iterable[str]) -> JobConfig:
        where = f"{TABLE}.{name}"
        place = self.find(where, "")
        self.refuse_unknown(raw, _KEYS, where)
        if not re.fullmatch(r"[a-z0-9][a-z0-9_-]*", name):
            hint = "use lower-case letters, digits, `-` and `_`: `[job.nightly]`"
            self._add(JobError(f"no job can be named `{name}`", hint=hint), place)
        pool = self.text(raw, "pool", where) or DEFAULT_POOL
        if pool not in pools:
            shown = ", ".join(f"`{each}`" for each in sorted(pools))
            hint = did_you_mean(pool, pools) or f"write `[pool.{pool}]`, or use {shown}"
            message = f"the job `{name}` names the pool `{pool}`, which is not there"
            self._add(UnknownPoolError(message, hint=hint), self.find(where, "pool"))
        due = self.flag(raw, "due", where)
        batch = self.count(raw, "batch", 1, where, least=1) if "batch" in raw else None
        return JobConfig(
            name=name,
            select=self.text(raw, "select", where),
            partitions=self.text(raw, "partitions", where),
            schedule=self._schedule(raw, name, where) or (LOOK_EVERY if due else None),
            due=due,
            after=self._after(raw, where),
            concurrency=self._concurrency(raw, where),
            force=self._force(raw, where),
            on_failure=self._hooks(raw, name, where),
            pool=pool,
            batch=batch,
            place=place,
        )

    def _schedule(self, raw: Mapping[str, object], job: str, where: str) -> JobSchedule | None:
        table = self.table(raw, "schedule", where)
        if not isinstance(raw.get("schedule"), dict):
            return None
        schedule, problem = read_schedule(table, job=job)
        if problem is not None:
            self._add(problem, self.find(where, "schedule"))
        return schedule

    def _after(self, raw: Mapping[str, object], where: str) -> tuple[str, ...]:
        keys = self.names(raw, "after", where)
        return tuple(key for key in keys if self._is_asset(key, where))

    def _is_asset(self, key: str, where: str) -> bool:
        """Whether that can be the key of a dataset or an asset; notes what cannot."""
        try:
            if not re.match(r"[a-z0-9]+://", key):
                DatasetKey.parse(key)
        except ValueError as error:
            head, _, rest = key.partition(".")
            hint = "write `gold.rates`, `finance/gold.rates` or a whole key, `s3://bucket/rates`"
            if re.fullmatch(r"(bronze|silver|gold)\..*", rest):
                hint = f"write `{head}/{rest}`"
            problem = UpstreamKeyError(f"`{key}` is no key of a dataset", hint=hint)
            problem.__cause__ = error
            self._add(problem, self.find(where, "after"))
            return False
        return True

    def _concurrency(self, raw: Mapping[str, object], where: str) -> Concurrency | None:
        value = raw.get("concurrency")
        if value is None:
            return None
        if not isinstance(value, dict):
            return Concurrency(self.count(raw, "concurrency", 1, where, least=1))
        below, table = f"{where}.concurrency", cast("dict[str, object]", value)
        self.refuse_unknown(table, ("limit", "on_collision"), below)
        given = self.text(table, "on_collision", below) or "enqueue"
        if given not in _COLLISIONS:
            hint = did_you_mean(given, _COLLISIONS) or 'write `on_collision = "cancel_new"`'
            self.wrong("on_collision", '"enqueue" or "cancel_new"', below, hint)
        limit = self.count(table, "limit", 1, below, least=1)
        return Concurrency(limit, "cancel_new" if given == "cancel_new" else "enqueue")

    def _force(self, raw: Mapping[str, object], where: str) -> bool:
        below, table = f"{where}.parameters", self.table(raw, "parameters", where)
        self.refuse_unknown(table, ("force",), below)
        return self.flag(table, "force", below)

    def _hooks(self, raw: Mapping[str, object], job: str, where: str) -> tuple[Hook, ...]:
        found: list[Hook] = []
        for text in self.names(raw, "on_failure", where):
            block = re.fullmatch(r"(?:([a-z0-9-]+)/)?([a-z0-9][a-z0-9-]*)", text)
            module, _, function = text.partition(":")
            if block is not None:
                found.append(BlockReference(block[1] or _WEBHOOK, block[2]))
            elif function.isidentifier() and all(map(str.isidentifier, module.split("."))):
                found.append(FunctionHook(module, function))
            else:
                message = f"`{text}`, which the job `{job}` calls on a failure, is not named so"
                hint = "write `type/name` of a block, or `module:function`"
                self._add(HookError(message, hint=hint), self.find(where, "on_failure"))
        return tuple(found)

    def _add(self, problem: FlowForgeError, place: Place) -> None:
        problem.place = place
        self.problems.append(problem)
