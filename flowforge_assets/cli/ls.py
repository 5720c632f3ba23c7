"""`flowforge ls`: the datasets by layer, and how they stand."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Final

from flowforge_assets.cli.options import COMMON, Common, Select
from flowforge_assets.cli.paint import Style, Text
from flowforge_assets.cli.words import moment
from flowforge_assets.core.key import LAYERS, DatasetKey
from flowforge_assets.execute.lending import datasets_read

if TYPE_CHECKING:
    from flowforge_assets.api import Project

_STYLES: Final[dict[str, Style]] = {
    "fresh": "green",
    "stale": "yellow",
    "waiting": "red",
    "never": "dim",
    "external": "cyan",
    "gone": "red",
}


@dataclass(frozen=True, slots=True)
class Standing:
    """A dataset and how it stands.

    `kind` is `artifact`, `external`, or what its asset is written in. `rows` adds up what its
    commits said. With several commits that is about right: a partition that was remade alone
    counts in its old batch, too. None, like `made_at`, while never made, and of an artifact.
    """

    key: DatasetKey
    asset: str
    kind: str
    state: str
    partitions: int | None
    rows: int | None
    has_exact_rows: bool
    made_at: datetime | None
    description: str

    def as_json(self) -> dict[str, object]:
        """The dataset as `ls --json` has it; `partitions` are those that are made."""
        return {
            "key": self.key,
            "layer": self.key.layer,
            "asset": self.asset,
            "kind": self.kind,
            "state": self.state,
            "partitions": self.partitions,
            "rows": self.rows,
            "made_at": self.made_at,
            "description": self.description,
        }


def ls(*, select: Select = None, common: Common = COMMON) -> int:
    """List the datasets by layer: fresh, stale, waiting for an input, or never made."""
    terminal, project = common.terminal(), common.load()
    found = standings(project, select)
    if terminal.json:
        terminal.data({"datasets": [each.as_json() for each in found]})
        return 0
    header = [Text(name, "dim") for name in ("dataset", "state", "rows", "parts", "last made")]
    rows: list[list[Text | str]] = [[*header]]
    rows += [
        [
            Text(each.key, "bold"),
            Text(each.state, _STYLES[each.state]),
            _size(each),
            "" if each.partitions is None else f"{each.partitions:,}",
            "" if each.made_at is None else moment(each.made_at),
            Text(each.description if common.verbose else "", "dim"),
        ]
        for each in found
    ]
    if found:
        terminal.table(rows, right=[2, 3])
    else:
        terminal.note("no dataset yet: `flowforge new silver.orders` adds one")
    return 0


def standings(project: Project, select: str | None) -> list[Standing]:
    """How the selected datasets stand: by layer, then as they depend on one another."""
    plan, history = project.plan(select), project.history()
    stale = {step.asset_id for step in plan.steps}
    waiting = {each.asset for each in plan.waiting}
    found: list[Standing] = []
    for id_ in project.select(select):
        asset = project.graph.assets[id_]
        for output in asset.makes:
            dataset = project.graph.datasets[output.dataset]
            pieces = history.lookup(dataset.key)
            state = "stale" if id_ in stale else "waiting" if id_ in waiting else "fresh"
            is_file = dataset.kind == "artifact"
            is_cut = bool(dataset.partitioning.dimensions)
            found.append(
                Standing(
                    key=dataset.key,
                    asset=asset.name,
                    kind="artifact" if is_file else asset.kind,
                    state=state if pieces or state != "stale" else "never",
                    partitions=sum(p.partitions.count() for p in pieces) if is_cut else None,
                    rows=sum(piece.rows for piece in pieces) if pieces and not is_file else None,
                    has_exact_rows=len(pieces) <= 1,
                    made_at=max((piece.at for piece in pieces), default=None),
                    description=dataset.description.strip().partition("\n")[0],
                )
            )
    found += _given(project, select, plan.gone)
    return sorted(found, key=lambda each: LAYERS.index(each.key.layer))


def _given(
    project: Project, select: str | None, gone: Collection[DatasetKey]
) -> Iterator[Standing]:
    """What the selected assets read and others make."""
    for key in dict.fromkeys(datasets_read(project.graph, project.select(select))):
        dataset = project.graph.datasets[key]
        if dataset.external is not None:
            yield Standing(
                key=key,
                asset="",
                kind="external",
                state="gone" if key in gone else "external",
                partitions=None,
                rows=None,
                has_exact_rows=False,
                made_at=None,
                description=dataset.description.strip().partition("\n")[0],
            )


def _size(found: Standing) -> str:
    """How many rows, about; of an artifact, that it is a file."""
    if found.kind == "artifact":
        return "file" if found.made_at is not None else ""
    return "" if found.rows is None else f"{'' if found.has_exact_rows else '~'}{found.rows:,}"
