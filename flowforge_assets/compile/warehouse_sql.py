"""One step of a SQL asset as the script that a warehouse runs: stage, test, publish, clean.

`flowforge compile --to sql` writes it to files, and a run in a warehouse executes it as it is.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from flowforge_assets.compile.warehouse_changes import changes, inserted, stamps
from flowforge_assets.compile.warehouse_step import WarehouseStep
from flowforge_assets.compile.warehouse_tests import row_tests
from flowforge_assets.core.table_name import TableName, staged_name
from flowforge_assets.core.warehouse_script import RowTest, WarehouseScript, state_text
from flowforge_assets.errors.base import FlowForgeError, raise_all
from flowforge_assets.errors.sql import SqlError, SqlPortableError
from flowforge_assets.errors.sql_script import WriteNotSqlError
from flowforge_assets.sql.portable.emitted import Emitted
from flowforge_assets.sql.portable.refusal import Refused


def warehouse_script(step: WarehouseStep) -> WarehouseScript:
    """What the step runs, in order. Pure: the same step gives the same statements. About 20 ms.

    Raises:
        SqlPortableError: the query has no exact form on the target (FF-450 to FF-455).
        TestNotSqlError: a promise cannot be counted there (FF-474).
        ColumnNotHeldError: a column cannot be held there (FF-475).
        WriteNotSqlError: it is written in a way that has no script (FF-476).
        Problems: several of them.
    """
    emitted = step.emitted_query()
    errors = [*query_errors(step, emitted), *_unfit(step, emitted)]
    tests: tuple[RowTest, ...] = ()
    made: WarehouseScript | None = None
    try:
        tests, found = row_tests(step)
        errors += found
        made = _script(step, emitted, tests)
    except Refused as refused:
        errors.append(step.not_written(refused.refusal))
    except SqlError as error:
        errors.append(error)
    raise_all(_once(errors))
    assert made is not None  # noqa: S101 - else there is an error
    return made


def _script(step: WarehouseStep, emitted: Emitted, tests: tuple[RowTest, ...]) -> WarehouseScript:
    query, is_view = emitted.text or "", step.asset.write == "view"
    counted = step.emitted("SELECT count(*) AS n FROM staged")
    return WarehouseScript(
        settings=emitted.settings,
        stage=_stage(step, query),
        count=counted.text or "",
        tests=tests,
        publish=_publish_view(step, query) if is_view else _publish(step),
        clean=_clean(step),
    )


def _once(errors: Iterable[FlowForgeError]) -> list[FlowForgeError]:
    """The errors, those that say the same once."""
    return list({(each.code, str(each)): each for each in errors}.values())


def query_errors(step: WarehouseStep, emitted: Emitted) -> list[FlowForgeError]:
    """What stands against the query, each with its place in the file."""
    known = {each.code: each for each in _classes(SqlError)}
    return [
        known.get(each.code, SqlPortableError)(
            f"[{step.target}] {each.message}", place=step.place(each), hint=each.hint
        )
        for each in emitted.refusals
    ]


def _classes(root: type[SqlError]) -> Iterator[type[SqlError]]:
    for error in root.__subclasses__():
        yield error
        yield from _classes(error)


def _unfit(step: WarehouseStep, emitted: Emitted) -> Iterator[FlowForgeError]:
    """Why the asset cannot be written by statements, apart from its query."""
    asset, dataset = step.asset, step.dataset
    if asset.bad_rows == "quarantine":
        message = f"`{asset.id}` sets bad rows aside, which a script does not"
        hint = 'let bad rows stop it: `bad_rows = "stop"`'
        yield WriteNotSqlError(message, place=asset.place, hint=hint)
    known = set(dataset.schema.names) | {asset.deletes}
    surplus = [name for name, _ in emitted.columns if name not in known]
    if surplus and dataset.extra != "drop":
        message = f"`{asset.id}` gives `{surplus[0]}`, which `{dataset.key}` does not declare"
        hint = 'declare it, or leave it out with `extra = "drop"`'
        yield WriteNotSqlError(message, place=asset.place, hint=hint)


def _stage(step: WarehouseStep, query: str) -> tuple[str, ...]:
    statements, staged = step.statements, step.staged
    if step.asset.write == "view":
        return (*statements.prepared(step.table), *statements.viewed(staged, query, ""))
    made = [*statements.prepared(step.table), statements.dropped(staged)]
    stamped = stamps(step)
    layout = step.layout
    if stamped:
        given = [column for column in step.staged_columns if column.name not in stamped]
        made.append(statements.created(staged, step.staged_columns, layout))
        made.append(statements.inserted(staged, given, query))
        made.append(statements.updated(staged, stamped, ""))
    else:
        made += statements.filled(staged, step.staged_columns, query, layout)
    if statements.publishing != "transaction":
        made += _column_comments(step, staged)
    if not step.replaces_all and step.found in {"unknown", "absent"}:
        made.append(statements.created(step.table, step.columns, layout))
    return tuple(made)


def _publish(step: WarehouseStep) -> tuple[str, ...]:
    """The statements after which the new rows are there, with the state that belongs to them."""
    statements, table = step.statements, step.table
    state = state_text(step.state) if step.state else step.dataset.description.strip()
    match statements.publishing:
        case "transaction":
            body = _in_transaction(step)
            said = (*_column_comments(step, table), *statements.commented(table, state))
            return (statements.begin, *body, *said, statements.commit)
        case "replace":
            made: tuple[str, ...] = ()
            source = step.staged
            if not step.replaces_all:
                made = (statements.copied(step.work, table), *changes(step))
                source = step.work
            said = statements.commented(source, state)
            if "{text}" in statements.replace:  # the statement itself says it
                said = ()
            return (*made, *said, statements.replaced(table, source, state))
        case "rename":
            if not step.replaces_all:
                said = statements.commented(table, state)
                return (statements.begin, *changes(step), *said, statements.commit)
            old = _old(step)
            return (
                *statements.commented(step.staged, state),
                statements.forgotten(table, old),
                statements.renamed(table, old.table),
                statements.renamed(step.staged, table.table),
            )


def _publish_view(step: WarehouseStep, query: str) -> tuple[str, ...]:
    statements, table = step.statements, step.table
    state = state_text(step.state) if step.state else step.dataset.description.strip()
    made = statements.viewed(table, query, state)
    if statements.publishing != "transaction":
        return made
    gone = (statements.view_dropped(table),) if step.found == "other" else ()
    return (statements.begin, *gone, *made, statements.commit)


def _in_transaction(step: WarehouseStep) -> tuple[str, ...]:
    """A table of other columns is replaced; of the same, its rows, so that views on it stay."""
    statements, table = step.statements, step.table
    if step.replaces_all and step.found in {"absent", "other"}:
        gone = statements.dropped(table)
        if statements.rename:
            return (gone, statements.renamed(step.staged, table.table))
        return (gone, statements.created(table, step.columns, step.layout), inserted(step))
    ensured = (
        (statements.created(table, step.columns, step.layout),)
        if step.replaces_all and step.found == "unknown"
        else ()
    )
    return (*ensured, *changes(step))


def _column_comments(step: WarehouseStep, table: TableName) -> tuple[str, ...]:
    said = (
        step.statements.column_commented(table, column) for column in step.columns if column.doc
    )
    return tuple(each for each in said if each)


def _clean(step: WarehouseStep) -> tuple[str, ...]:
    statements = step.statements
    if step.asset.write == "view":
        return (statements.view_dropped(step.staged),)
    made = [statements.dropped(step.staged)]
    if step.work != step.table and not step.replaces_all:
        made.append(statements.dropped(step.work))
    if statements.publishing == "rename" and step.replaces_all:
        made.append(statements.forgotten(step.table, _old(step)))
    return tuple(made)


def _old(step: WarehouseStep) -> TableName:
    return staged_name(step.table, step.step_id, purpose="old")
