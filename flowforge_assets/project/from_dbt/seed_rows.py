"""A seed of dbt as one of ours: commas between values, nothing for null."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from flowforge_assets.core.key import DatasetKey
from flowforge_assets.project.bring.found import Finding, FoundColumn, FoundSeed
from flowforge_assets.project.bring.plain_rows import plain_rows
from flowforge_assets.project.bring.to_duckdb import dialect_of, type_in_duckdb
from flowforge_assets.project.bring.words import table, text, texts
from flowforge_assets.project.from_dbt.dbt_project import DbtNode


def found_seed(
    node: DbtNode, key: DatasetKey, columns: Mapping[str, FoundColumn], *, adapter: str
) -> tuple[FoundSeed | None, list[Finding]]:
    """The seed with what is said of its `columns`; None, and why, where it cannot be read."""
    assert node.path is not None  # noqa: S101 - a seed is a file
    findings: list[Finding] = []
    try:
        content = node.path.read_bytes().decode("utf-8-sig")
    except (OSError, UnicodeDecodeError):
        said, remedy = "it cannot be read as UTF-8", "save it so, and put it below `assets/bronze`"
        return None, [Finding("left", node.shown, said, remedy, node.place)]
    # dbt takes the word `null` for a value that is not there; DuckDB reads its files by itself
    nulls = () if adapter == "duckdb" else ("null",)
    rows = plain_rows(content, delimiter=text(node.config.get("delimiter")) or ",", nulls=nulls)
    findings += [Finding("note", node.shown, said, "nothing", node.place) for said in rows.changes]
    types = {
        name.lower(): type_in_duckdb(text(kind), dialect_of(adapter))
        for name, kind in table(node.config.get("column_types")).items()
    }
    spelled = {name.lower(): name for name in rows.names}
    told: list[FoundColumn] = []
    for name in dict.fromkeys((*types, *columns)):
        if name not in spelled:
            if not name.startswith("__"):
                said = f"`{name}` is described, and is no column of it"
                findings.append(Finding("left", node.shown, said, "mend its name", node.place))
            continue
        column = columns.get(name) or FoundColumn(name)
        told.append(replace(column, name=spelled[name], type=types.get(name, "").upper()))
    seed = FoundSeed(
        name=node.shown,
        key=key,
        place=node.place,
        content=rows.content,
        description=node.description,
        tags=texts(node.config.get("tags")),
        columns=tuple(told),
    )
    return seed, findings
