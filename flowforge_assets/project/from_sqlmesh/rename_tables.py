"""Tables of a query by the keys that they have here, all else letter by letter."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from sqlglot import exp, parse_one
from sqlglot.errors import SqlglotError

from flowforge_assets.core.key import DatasetKey


@dataclass(slots=True)
class Renamed:
    """The text, and the tables that nobody knows, as written."""

    text: str
    unknown: list[str] = field(default_factory=list[str])


def rename_tables(text: str, dialect: str, key_of: Callable[[str], DatasetKey | None]) -> Renamed:
    """The query with `key_of` each table's name; one that cannot be read stays as it is."""
    try:
        tree = parse_one(text, dialect=dialect)
    except SqlglotError:
        return Renamed(text)
    local = {cte.alias.lower() for cte in tree.find_all(exp.CTE)}
    found = Renamed(text)
    edits: list[tuple[int, int, str]] = []
    for table in tree.find_all(exp.Table):
        parts = [part for part in table.parts if isinstance(part, exp.Identifier)]
        if not parts or (len(parts) == 1 and parts[0].name.lower() in local):
            continue
        name = ".".join(part.name for part in parts)
        key = key_of(name)
        if key is None:
            found.unknown.append(name)
            continue
        start, end = parts[0].meta.get("start"), parts[-1].meta.get("end")
        if start is None or end is None:
            continue
        is_called = bool(table.alias) or key.rpartition(".")[2] == parts[-1].name.lower()
        edits.append((start, end + 1, key if is_called else f"{key} AS {parts[-1].name}"))
    for start, end, instead in sorted(set(edits), reverse=True):
        found.text = found.text[:start] + instead + found.text[end:]
    return found
