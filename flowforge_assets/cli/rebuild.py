"""What `--rebuild` and `--allow-breaking` are about to lose, and whether that is meant."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from flowforge_assets.cli.paint import Text
from flowforge_assets.cli.words import counted
from flowforge_assets.core.partition import PartitionSet
from flowforge_assets.errors.project import UnconfirmedRebuildError, UsageError
from flowforge_assets.errors.storage import DamagedDataError
from flowforge_assets.storage.failure import reading

if TYPE_CHECKING:
    from flowforge_assets.api import Project
    from flowforge_assets.cli.terminal import Terminal
    from flowforge_assets.core.key import DatasetKey
    from flowforge_assets.plan.plan import Plan
    from flowforge_assets.record.history import History

_MOST_NAMED: Final = 3


@dataclass(frozen=True, slots=True)
class Losses:
    """What a run is asked for that may cost rows or columns."""

    project: Project
    select: str | None
    partition: str | None
    rebuild: bool
    allow_breaking: bool

    def plan(self) -> Plan:
        """What the run would make."""
        return self.project.plan(
            self.select,
            partitions=self.partition,
            rebuild=self.rebuild,
            allow_breaking=self.allow_breaking,
        )


def agreed_to_lose(terminal: Terminal, asked: Losses, *, yes: bool) -> bool:
    """Whether tables may be emptied and columns be dropped; where none would be, they may.

    Costs a plan, and a count of the rows of each table that is emptied.

    Raises:
        UnconfirmedRebuildError: there is nobody to ask (FF-838).
    """
    project, plan = asked.project, asked.plan()
    if asked.rebuild:
        tell_plain(terminal, project, plan, asked.select)
    tables, dropped = dict(_emptied(project, plan)), dict(_dropped(plan))
    if not tables and not dropped:
        return True
    lines = [f"{key} is emptied: {what}" for key, what in tables.items()]
    listed = "\n".join([*lines, *(f"{key} loses {what}" for key, what in dropped.items())])
    if yes:
        terminal.note(listed)
        return True
    lost = "what their inputs no longer hold is lost: empty and make anew?"
    question = f"{listed}\n{lost if tables else 'drop them?'}"
    try:
        return terminal.ask(question, yes=False)
    except UsageError as error:
        named = ", ".join(f"`{key}` ({what})" for key, what in tables.items())
        fate = f"{named} {'are' if len(tables) > 1 else 'is'} emptied" if tables else ""
        loses = " and ".join(f"`{key}` loses {what}" for key, what in dropped.items())
        raise UnconfirmedRebuildError(
            f"nobody is here to agree that {' and '.join(filter(None, (fate, loses)))}",
            hint="say `--yes` if what the inputs no longer hold may be lost",
        ) from error


def tell_plain(terminal: Terminal, project: Project, plan: Plan, select: str | None) -> None:
    """Says which of the selected assets are fresh and keep no history: they stay as they are.

    Without a selection only if there are no others.
    """
    plain = [id_ for id_ in plan.fresh if not project.graph.assets[id_].keeps_history]
    if not plain or (plan.steps and not select):
        return
    named = ", ".join(f"`{id_}`" for id_ in plain[:_MOST_NAMED])
    if len(plain) > _MOST_NAMED:
        named += f" and {len(plain) - _MOST_NAMED:,} more"
    keep, them = ("keeps", "it") if len(plain) == 1 else ("keep", "them")
    note = f": {named} {keep} no history: `--force` makes {them} again"
    terminal.note(Text("note", "cyan"), note)


def _emptied(project: Project, plan: Plan) -> Iterator[tuple[DatasetKey, str]]:
    """The tables that keep their history and that the plan empties, and how much is in them."""
    history = project.history()
    keys = [
        key
        for step in plan.steps
        if step.reason == "rebuild" and project.graph.assets[step.asset_id].keeps_history
        for key in step.makes
    ]
    changed = {change.dataset: change.rows for change in plan.changes}
    for key in dict.fromkeys(keys):
        if history.lookup(key) or history.changes(key):
            if key in changed:  # as they are declared now its rows cannot be read
                rows = f"about {counted(changed[key], 'row')}" if changed[key] else ""
            else:
                rows = _rows(project, key)
            yield key, ", ".join(filter(None, (_steps(project, history, key), rows)))


def _dropped(plan: Plan) -> Iterator[tuple[DatasetKey, str]]:
    """The tables with rows that lose columns, and which."""
    for change in plan.changes:
        if change.answer == "dropped" and change.rows:
            names = ", ".join(f"`{name}`" for name in sorted(change.diff.dropped))
            yield change.dataset, f"{names} in {counted(change.rows, 'row')}"


def _rows(project: Project, key: DatasetKey) -> str:
    """How many rows are there; what the ledger adds up would count merged ones twice."""
    import polars as pl  # heavy: only a rebuild of what is there needs it

    table = project.table(project.graph.datasets[key])
    if table.version() is None:
        return counted(0, "row")
    try:
        with reading(table):
            rows: int = table.scan().select(pl.len()).collect().item()
    except DamagedDataError:  # of which it is the way out
        return "rows that cannot be read"
    return counted(rows, "row")


def _steps(project: Project, history: History, key: DatasetKey) -> str:
    """How many partitions were made, or steps where those are cut in another way."""
    dataset = project.graph.datasets[key]
    dimensions = project.graph.steps(project.graph.assets[project.graph.maker[key]]).dimensions
    if not dimensions:
        return ""
    made = PartitionSet.none(dimensions)
    for piece in history.lookup(key):
        made |= piece.partitions
    return counted(made.count(), "partition" if dataset.steps is None else "step")
