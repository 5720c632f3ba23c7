"""The tables of a query: which datasets they are, and which ones are not allowed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from sqlglot import exp

from flowforge_assets.core.key import LAYERS, DatasetKey
from flowforge_assets.errors.base import did_you_mean
from flowforge_assets.errors.sql import SqlError, SqlOutsideError, SqlTableNameError
from flowforge_assets.sql.file import SqlFile
from flowforge_assets.sql.reference import TableAddress, TableRef

# Table functions whose rows come from their arguments alone.
_FUNCTIONS: Final = frozenset({"generate_series", "range", "unnest", "json_each", "json_tree"})
_LEAST_PARTS: Final = 2
_MOST_PARTS: Final = 3


def table_refs(
    file: SqlFile, tree: exp.Expr, *, known: Iterable[DatasetKey], errors: list[SqlError]
) -> tuple[TableRef, ...]:
    """The datasets that `tree` reads, each once; what it may not read is added to `errors`."""
    found: dict[DatasetKey, tuple[int, TableRef]] = {}
    candidates = tuple(known)
    for table in tree.find_all(exp.Table):
        parts = _parts(table)
        if parts is None:
            _check_function(file, table, errors)
        elif len(parts) == 1 and parts[0].name.lower() in set(_visible_ctes(table)):
            continue
        else:
            offset = _start(parts[0])
            key = _key(parts)
            if key is None:
                errors.append(_no_key(file, parts, candidates))
            elif key not in found or offset < found[key][0]:
                place = file.own_place(offset)
                found[key] = (offset, TableRef(key, place.line, place.column))
    refs = tuple(ref for _, ref in sorted(found.values(), key=lambda item: item[0]))
    _check_addresses(file, refs, errors)
    return refs


def _parts(table: exp.Table) -> Sequence[exp.Identifier] | None:
    """The parts of the table's name, or None for a table function."""
    last = table.this
    tail = [last] if isinstance(last, exp.Identifier) else []
    if isinstance(last, exp.Dot):
        tail = list(last.find_all(exp.Identifier, bfs=False))
    if not tail:
        return None
    return [part for part in (table.args.get("catalog"), table.args.get("db"), *tail) if part]


def _key(parts: Sequence[exp.Identifier]) -> DatasetKey | None:
    is_foreign = len(parts) == 1 and "/" in parts[0].name
    if not is_foreign and not _LEAST_PARTS <= len(parts) <= _MOST_PARTS:
        return None
    spelled = ".".join(part.name if part.quoted else part.name.lower() for part in parts)
    try:
        key = DatasetKey.parse(spelled)
    except ValueError:
        return None
    return key if is_foreign or key.project is None else None


def _visible_ctes(table: exp.Table) -> Iterator[str]:
    """The names, in lower case, that WITH clauses give at `table`."""
    below: exp.Expr = table
    above = table.parent
    while above is not None:
        if isinstance(above, exp.With):
            # inside a CTE one sees those before it, and all of them if they are recursive
            for cte in above.expressions:
                if cte is below and not above.args.get("recursive"):
                    break
                yield cte.alias.lower()
        elif isinstance(below, exp.With):
            pass  # the CTEs of this WITH were seen from inside
        elif isinstance(above, exp.Query) and isinstance(above.args.get("with_"), exp.With):
            for cte in above.args["with_"].expressions:
                yield cte.alias.lower()
        below, above = above, above.parent


def _check_function(file: SqlFile, table: exp.Table, errors: list[SqlError]) -> None:
    call = table.this
    if isinstance(call, exp.Anonymous):
        name = str(call.this).lower()
    else:
        name = call.sql_name().lower() if isinstance(call, exp.Func) else ""
    if name not in _FUNCTIONS:
        starts = [node.meta["start"] for node in table.walk() if "start" in node.meta]
        offset = min(starts, default=file.query.lower().find(name))
        errors.append(
            SqlOutsideError(
                f"`{name}` reads what is no dataset",
                place=file.place(offset),
                hint="declare a dataset for it, and read that",
            )
        )


def _no_key(
    file: SqlFile, parts: Sequence[exp.Identifier], known: Sequence[DatasetKey]
) -> SqlError:
    spelled = ".".join(part.name for part in parts)
    place = file.place(_start(parts[0]))
    if len(parts) == 1 and any(mark in spelled for mark in "./*:"):
        return SqlOutsideError(
            f"`{spelled}` is a file, not a dataset",
            place=place,
            hint="declare a dataset for it, and read that",
        )
    last = parts[-1].name.lower()
    namesakes = [key for key in known if key.rpartition(".")[2] == last]
    hint = f"did you mean `{namesakes[0]}`?" if namesakes else did_you_mean(spelled.lower(), known)
    return SqlTableNameError(
        f"table `{spelled}` is not the key of a dataset",
        place=place,
        hint=hint or f"write `layer.name`, where the layer is one of {', '.join(LAYERS)}",
    )


def _check_addresses(file: SqlFile, refs: Sequence[TableRef], errors: list[SqlError]) -> None:
    """Two keys may mean one table to DuckDB: `silver.main.x` and `silver.x`."""
    seen: dict[TableAddress, DatasetKey] = {}
    for ref in refs:
        other = seen.setdefault(TableAddress.of(ref.name), ref.name)
        if other != ref.name:
            errors.append(
                SqlTableNameError(
                    f"`{ref.name}` and `{other}` cannot be read by one query",
                    place=file.place_at(ref.line, ref.column),
                    hint="`main` is the name of DuckDB's own schema: rename the group",
                )
            )


def _start(part: exp.Identifier) -> int:
    return int(part.meta.get("start", 0))
