"""How the staged rows of a step come into its table: each way of writing as statements."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, assert_never

from flowforge_assets.compile.duckdb_text import literal, partition_condition
from flowforge_assets.compile.warehouse_step import STAGED, STORED, WarehouseStep
from flowforge_assets.plan.state_time import time_of
from flowforge_assets.sql.reference import quoted

if TYPE_CHECKING:
    from flowforge_assets.declare.column import Writer
    from flowforge_assets.sql.portable.statements.statements import TableColumn

_NEW: Final = "new"


def changes(step: WarehouseStep) -> tuple[str, ...]:
    """The statements that change the rows of the table `step.work` by those that are staged.

    Raises:
        WriteNotSqlError: one of them has no exact form on the target (FF-476).
    """
    statements, work = step.statements, step.work
    if step.replaces_all:
        return (statements.deleted(work), inserted(step))
    match step.asset.write:
        case "append":
            return (inserted(step),)
        case "overwrite" | "view":
            inside = partition_condition(step.replaced, step.dataset, work.table)
            return (statements.deleted(work, step.condition(inside, work.table)), inserted(step))
        case "insert":
            return (inserted(step, f"NOT {_exists(_same_key(step, 'old'), 'old')}"),)
        case "merge":
            return _merged(step)
        case "scd2":
            return _states(step)
        case "snapshot":
            return (statements.deleted(work, _of_state(step)), inserted(step))
        case _:
            assert_never(step.asset.write)


def inserted(step: WarehouseStep, condition: str = "") -> str:
    """Adds the staged rows, or those of which `condition` holds; stored ones are `stored`."""
    names = [quoted(column.name) for column in step.columns]
    listed = ", ".join(f"{_NEW}.{name} AS {name}" for name in names)
    where = f" WHERE {condition}" if condition else ""
    emitted = step.emitted(f"SELECT {listed} FROM {STAGED} AS {_NEW}{where}")  # noqa: S608 - emitted
    if emitted.text is None:
        raise step.not_written(emitted.refusals[0])
    return step.statements.inserted(step.work, step.columns, emitted.text)


def _same_key(step: WarehouseStep, alias: str) -> str:
    keys = [quoted(name) for name in step.dataset.key_columns]
    return " AND ".join(f"{_NEW}.{key} = {quoted(alias)}.{key}" for key in keys)


def _exists(condition: str, alias: str = _NEW) -> str:
    """Whether there is a staged row, or as `old` a stored one, of which `condition` holds."""
    table = STAGED if alias == _NEW else STORED
    return f"EXISTS (SELECT 1 AS one FROM {table} AS {alias} WHERE {condition})"  # noqa: S608 - emitted


def _as_new(step: WarehouseStep, alias: str) -> str:
    """Whether a staged row is no older than the stored one; empty where none tells its age."""
    if step.asset.latest is None:
        return ""
    name = quoted(step.asset.latest)
    stored = f"{quoted(alias)}.{name}"
    return f" AND ({stored} IS NULL OR {_NEW}.{name} >= {stored})"


def _merged(step: WarehouseStep) -> tuple[str, ...]:
    """Each key has its new row, or none where that marks its removal; older rows are left out."""
    statements, own = step.statements, step.work.table
    mark = None if step.asset.deletes is None else f"{_NEW}.{quoted(step.asset.deletes)}"
    newer = _as_new(step, own)
    if not statements.merge:
        meets = _exists(f"{_same_key(step, own)}{newer}")
        gone = statements.deleted(step.work, step.condition(meets, own))
        unknown = f"NOT {_exists(_same_key(step, 'old'), 'old')}"
        return (gone, inserted(step, unknown if mark is None else f"{unknown} AND NOT {mark}"))
    match = step.condition(_same_key(step, own), own, _NEW)
    clauses: list[str] = []
    if mark is not None:
        test = step.condition(f"{mark}{newer}", own, _NEW)
        clauses.append(f"WHEN MATCHED AND {test} THEN DELETE")
    values = [column for column in step.columns if column.name not in step.dataset.key_columns]
    if values:
        kept = " AND ".join([*([f"NOT {mark}"] if mark else []), *([newer[5:]] if newer else [])])
        test = f" AND {step.condition(kept, own, _NEW)}" if kept else ""
        said = ", ".join(f"{statements.name(c.name)} = {_value(step, c)}" for c in values)
        clauses.append(f"WHEN MATCHED{test} THEN UPDATE SET {said}")
    test = f" AND {step.condition(f'NOT {mark}', own, _NEW)}" if mark else ""
    given = ", ".join(_value(step, column) for column in step.columns)
    names = statements.names(step.columns)
    inserts = f"INSERT ({names}) VALUES ({given})"  # noqa: S608 - quoted
    clauses.append(f"WHEN NOT MATCHED{test} THEN {inserts}")
    return (
        statements.merge.format(
            table=statements.path(step.work),
            old=statements.name(own),
            staged=statements.path(step.staged),
            new=statements.name(_NEW),
            match=match,
            clauses="\n".join(clauses),
        ),
    )


def _value(step: WarehouseStep, column: TableColumn) -> str:
    return f"{step.statements.name(_NEW)}.{step.statements.name(column.name)}"


def _states(step: WarehouseStep) -> tuple[str, ...]:
    """Closes the states that end, and opens those that begin.

    A state that began at the same time is replaced, not closed. A key whose row is as it was, and
    one that no staged row has, stays as it is.
    """
    statements, own = step.statements, step.work.table
    since, until = _written(step, "valid_from"), _written(step, "valid_to")
    current = _written(step, "current")
    assert since is not None  # noqa: S101 - the graph has checked it
    assert until is not None  # noqa: S101 - as above
    at = step.constant(time_of(step.unit, step.now), since)
    values = [
        column.field.name
        for column in step.dataset.columns
        if column.writer is None and not column.is_key
    ]
    made: list[str] = []
    before, open_ = (f"{statements.name(own)}.{statements.name(c.name)}" for c in (since, until))
    if values:
        differs = " OR ".join(
            f"{_NEW}.{quoted(name)} IS DISTINCT FROM {quoted(own)}.{quoted(name)}"
            for name in values
        )
        found = step.condition(_exists(f"{_same_key(step, own)} AND ({differs})"), own)
        ends = {until.name: at}
        if current is not None:
            ends[current.name] = step.truth(value=False)
        is_open = f"{open_} IS NULL AND {before}"
        made.append(statements.updated(step.work, ends, f"{is_open} < {at} AND {found}"))
        made.append(statements.deleted(step.work, f"{before} = {at} AND {found}"))
    is_open_there = f"{_same_key(step, 'old')} AND old.{quoted(until.name)} IS NULL"
    made.append(inserted(step, f"NOT {_exists(is_open_there, 'old')}"))
    return tuple(made)


def _of_state(step: WarehouseStep) -> str:
    """Whether a row is of the state that the step brings."""
    statements, own = step.statements, step.work.table
    since = _written(step, "valid_from")
    assert since is not None  # noqa: S101 - the graph has checked it
    at = step.constant(time_of(step.unit, step.now), since)
    parts = [f"{statements.name(own)}.{statements.name(since.name)} = {at}"]
    for place, dimension in enumerate(step.unit.dimensions):
        if not dimension.is_time:
            names = sorted({str(point[place]) for point in step.unit.points()})
            listed = ", ".join(map(literal, names))
            test = f"{quoted(own)}.{quoted(dimension.column)} IN ({listed})"
            parts.append(step.condition(test, own))
    return " AND ".join(parts)


def stamps(step: WarehouseStep) -> dict[str, str]:
    """The values of the columns that the writer makes, as written; none where it makes none."""
    at = time_of(step.unit, step.now)
    found: dict[str, str] = {}
    for each in step.dataset.columns:
        column = each.field.name
        match each.writer:
            case "valid_from":
                found[column] = step.constant(at, step.column(column))
            case "valid_to":
                found[column] = f"CAST(NULL AS {step.statements.type(step.column(column))})"
            case "current":
                found[column] = step.truth(value=True)
            case None:
                pass
    return found


def _written(step: WarehouseStep, writer: Writer) -> TableColumn | None:
    """The column that the writer makes so, or None."""
    name = step.dataset.written_by(writer)
    return None if name is None else step.column(name)
