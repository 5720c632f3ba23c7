"""`flowforge why KEY`: what made its partitions, and what changed since."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from flowforge_assets.cli.options import COMMON, Common, Key, Partition
from flowforge_assets.cli.paint import Style, Text
from flowforge_assets.cli.words import counted, how_many, moment
from flowforge_assets.graph.find import refuse_given
from flowforge_assets.plan.columns import diff_of
from flowforge_assets.plan.explain import explain
from flowforge_assets.record.ledger import Ledger

if TYPE_CHECKING:
    from flowforge_assets.api import Project
    from flowforge_assets.cli.terminal import Terminal
    from flowforge_assets.core.partition import PartitionSet
    from flowforge_assets.declare.definition import DatasetDefinition
    from flowforge_assets.plan.explain import Explanation, NewerInput

_STYLES: Final[dict[str, Style]] = {
    "fresh": "green",
    "stale": "yellow",
    "kept": "cyan",
    "waiting": "red",
}


def why(key: Key, /, *, partition: Partition = None, common: Common = COMMON) -> int:
    """Say of each partition of a dataset what made it, and why it is fresh or stale."""
    terminal, project = common.terminal(), common.load()
    dataset = project.dataset(key)
    now = project.clock()
    steps = dataset.step_partitioning
    wanted = steps.all(now) if partition is None else steps.parse(partition, now)
    refuse_given(project.graph, dataset)
    mine, own = project.graph.maker[dataset.key], project.history()
    ids = project.graph.ancestors([mine])
    if project.environment.lenders(project.config):  # what others lend is not made first
        ids = {id_ for id_ in ids if id_ == mine or own.lookup(id_)}
    outside = project.outside(ids)
    found = explain(
        project.graph,
        outside.loans(own).added_to(own),
        outside.fingerprints(ids, project.modules),
        dataset.key,
        wanted,
        now=now,
        ids=ids,
        observed=outside.observed.versions,
        gone=outside.gone,
    )
    if terminal.json:
        parts = [_as_json(each, _columns(project, dataset, each)) for each in found]
        terminal.data({"key": dataset.key, "partitions": parts})
        return 0
    if not found:
        terminal.note(f"`{dataset.key}` has no partition yet: the first one is not over")
    for error in outside.gone.values():
        terminal.note(Text("note", "cyan"), f": {error.message}")
    asset = project.graph.assets[mine]
    for each in found:
        _show(terminal, dataset, each, _columns(project, dataset, each))
        if each.made and asset.write == "merge" and not asset.minds_order:
            said = (
                f"the latest `{asset.latest}` of a key wins: no step has to be merged after another"
            )
            terminal.say("  ", said)
    return 0


def _columns(project: Project, dataset: DatasetDefinition, each: Explanation) -> str:
    """What became of the columns since the newest commit of these partitions."""
    if "schema" not in each.changed or not each.made or not project.environment.has_ledger:
        return ""
    made = each.made[0]
    with Ledger.open(project.environment.ledger) as ledger:
        had = [entry for entry in ledger.schemas(dataset.key) if entry.at <= made.at]
    return "; ".join(map(str, diff_of(dataset, had[-1]).changes)) if had else ""


def _show(terminal: Terminal, dataset: DatasetDefinition, each: Explanation, columns: str) -> None:
    parts = each.partitions
    which = (f"  {how_many(parts)}  {parts.render()}",) if parts.dimensions else ()
    is_file = dataset.kind == "artifact"
    terminal.say(Text(dataset.key, "bold"), *which, "  ", Text(each.state, _STYLES[each.state]))
    for line in _lines(each, columns, is_file=is_file):
        terminal.say("  ", line)


def _lines(each: Explanation, columns: str, *, is_file: bool) -> list[str]:
    lines: list[str] = []
    if each.made:
        newest, oldest = each.made[0], each.made[-1]
        rows = "" if is_file else f", {counted(sum(made.rows for made in each.made), 'row')}"
        since = moment(oldest.at)
        when = since if moment(newest.at) == since else f"{since} to {moment(newest.at)}"
        lines.append(f"made {when} by `{newest.asset}` in run {newest.run_id}{rows}")
    else:
        lines.append("never made")
    if each.changed:
        lines.append(f"changed since: its {', '.join(each.changed)}")
    if columns:
        lines.append(f"its columns: {columns}")
    lines += [f"newer input: {_said(newer)}" for newer in each.newer]
    if each.reason is not None and not (each.changed or each.newer) and each.made:
        lines.append(f"stale: {each.reason}" + (f" ({each.detail})" if each.detail else ""))
    if each.state == "kept":
        lines.append("history kept: `flowforge run --rebuild` empties it and makes it anew")
    if each.missing is not None:
        lines.append(f"waits for `{each.missing}`")
    if each.state == "fresh":
        lines.append("nothing changed since: schema, code, config, engine and inputs are the same")
    return lines


def _said(newer: NewerInput) -> str:
    of = f" {_shown(newer.partitions)}" if newer.partitions.dimensions else ""
    if newer.made is None:
        return f"`{newer.dataset}`{of} is stale and will be made first"
    if not newer.made.run_id:
        return f"`{newer.dataset}`{of} changed outside (`{newer.made.asset}`)"
    return f"`{newer.dataset}`{of} was made {moment(newer.made.at)} in run {newer.made.run_id}"


def _shown(partitions: PartitionSet) -> str:
    return f"({how_many(partitions)}, {partitions.render()})"


def _as_json(each: Explanation, columns: str) -> dict[str, object]:
    return {
        "partitions": each.partitions.render(None) or None,
        "state": each.state,
        "reason": each.reason,
        "detail": each.detail,
        "missing": each.missing,
        "made": [
            {"run_id": made.run_id, "asset": made.asset, "at": made.at, "rows": made.rows}
            for made in each.made
        ],
        "changed": list(each.changed),
        "columns": columns or None,
        "newer": [
            {
                "dataset": newer.dataset,
                "partitions": newer.partitions.render(None) or None,
                "at": newer.made.at if newer.made else None,
                "run_id": newer.made.run_id if newer.made else None,
            }
            for newer in each.newer
        ],
    }
