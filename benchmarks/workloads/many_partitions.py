"""A project of assets with a million hours each, and what its lake would say of them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from flowforge_assets import Project
from flowforge_assets.core.key import DatasetKey
from flowforge_assets.core.made import Made, TableVersion
from flowforge_assets.core.schema_change import SchemaChange, columns_of
from flowforge_assets.record.ledger import Ledger

FIRST, LAST = "1900-01-01T00", "2014-01-30T15"  # 1,000,000 hours
NOW = datetime(2026, 1, 1, tzinfo=UTC)
LAYERS = 10


def module(count: int) -> str:
    """`count` assets in ten layers; every third one reads the hour before."""
    first = max(1, count // LAYERS)
    lines = [
        "from __future__ import annotations\n",
        "from datetime import datetime\nfrom typing import Annotated\n",
        "from flowforge_assets import Bronze, Col, Frame, Hourly, Lag, Rows, Silver, asset, col\n",
        f'HOUR = Hourly("{FIRST}", "{LAST}").on("hour")',
    ]
    for number in range(count):
        layer = "Bronze" if number < first else "Silver"
        lines.append(f"\n\nclass D{number}({layer}, partition=HOUR):")
        lines.append("    hour: Col[datetime] = col()\n    value: Col[int] = col()\n\n\n@asset")
        up = f"Frame[D{number - first}]"
        if number < first:
            lines.append(f"def d{number}(hour: datetime) -> Rows[D{number}]:")
            lines.append(f"    return [D{number}(hour=hour, value=1)]")
            continue
        if number % 3 == 0:
            up = f"Annotated[{up}, Lag(1)] | None"
        lines += [f"def d{number}(up: {up}) -> Frame[D{number}]:", "    return up"]
    return "\n".join(lines) + "\n"


def fill(project: Project, most: int) -> None:
    """Writes the ledger, and the folders of tables, as if all had been made by `most` a commit."""
    with Ledger.open(project.environment.ledger) as ledger:
        ledger.learn(
            (key, made, [_columns(project, key, made[0])]) for key, made in _commits(project, most)
        )
    for key in project.graph.datasets:
        lake = project.root / ".flowforge" / "dev" / "lake"
        (lake / key.layer / key.name / "_delta_log").mkdir(parents=True)


def _columns(project: Project, key: DatasetKey, first: Made) -> SchemaChange:
    columns = columns_of(project.graph.datasets[key].schema)
    return SchemaChange(first.table.version, NOW, columns, first.run_id, ())


def _commits(project: Project, most: int) -> Iterator[tuple[DatasetKey, list[Made]]]:
    """What the table of each asset would say of itself."""
    prints = project.fingerprints(project.graph.assets)
    newest: dict[DatasetKey, TableVersion] = {}
    for id_, asset in project.graph.assets.items():
        inputs = {each.dataset: newest[each.dataset] for each in asset.inputs}
        commits = [
            Made(
                id_, chunk, asset.name, "run", f"run/{asset.name}/{version}", prints[id_],
                inputs, NOW, 1, TableVersion("t", version),
            )
            for version, chunk in enumerate(project.graph.steps(asset).all(NOW).chunks(most))
        ]  # fmt: skip
        newest[id_] = commits[-1].table
        yield id_, commits
