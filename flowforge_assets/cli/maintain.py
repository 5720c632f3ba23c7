"""`flowforge maintain`: keeps tables small, and their logs short."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter, validators

from flowforge_assets.cli.options import COMMON, Common, Flag, Select
from flowforge_assets.cli.paint import Text
from flowforge_assets.cli.words import byte_size, counted
from flowforge_assets.errors.project import UsageError
from flowforge_assets.project.keeping import Keeping, read_age

if TYPE_CHECKING:
    from datetime import timedelta

    from flowforge_assets.cli.terminal import Terminal
    from flowforge_assets.execute.maintain import Maintained
    from flowforge_assets.storage.upkeep import Upkept


def maintain(
    *,
    select: Select = None,
    older_than: Annotated[
        str | None, Parameter(help="Versions replaced before are not kept (default: 7d).")
    ] = None,
    log_older_than: Annotated[
        str | None, Parameter(help="Commits before leave the log (default: 30d).")
    ] = None,
    target_mb: Annotated[
        int | None,
        Parameter(
            help="How large files are to be (default: 128).", validator=validators.Number(gte=1)
        ),
    ] = None,
    dry_run: Annotated[Flag, Parameter(help="Say what would be done, and do nothing.")] = False,
    common: Common = COMMON,
) -> int:
    """Put small files together, and remove what no version that is kept needs. No row changes."""
    from flowforge_assets.execute.maintain import Maintenance  # engines, on use

    terminal, project = common.terminal(), common.load()
    usual = project.environment.config.maintain
    keeping = Keeping(
        usual.older_than if older_than is None else _age(older_than),
        usual.log_older_than if log_older_than is None else _age(log_older_than),
        target_mb or usual.target_mb,
    )
    work = Maintenance(
        project.graph,
        project.environment,
        lambda: project.store,
        project.clock,
        project.history(),
    )
    ids = project.select(select)
    found = list(work.run(ids, keeping, on_wait=terminal.note, is_dry=dry_run))
    errors = [each.error for each in found if each.error is not None]
    if terminal.json:
        terminal.data({"tables": [_as_json(each) for each in found], "dry_run": dry_run}, errors)
    else:
        _show(terminal, found, is_dry=dry_run)
        terminal.errors(errors)
    return 1 if errors else 0


def _age(text: str) -> timedelta:
    found = read_age(text)
    if found is None:
        raise UsageError(f"`{text}` is no length of time", hint="write `7d`, `12h` or `30m`")
    return found


def _as_json(found: Maintained) -> dict[str, object]:
    return {"table": found.key, **asdict(found.done), "failed": found.error is not None}


def _show(terminal: Terminal, found: list[Maintained], *, is_dry: bool) -> None:
    done = [each for each in found if each.done]
    terminal.table([[Text(each.key, "bold"), said(each.done)] for each in done])
    freed = byte_size(sum(each.done.freed_bytes for each in found))
    would = "would be maintained" if is_dry else "maintained"
    rest = len(found) - len(done)
    terminal.say(f"{would}: {counted(len(done), 'table')}, {freed} freed; {rest:,} in order")


def said(done: Upkept) -> str:
    """What was done to one table, for people."""
    parts = [
        f"{counted(done.compacted, 'file')} put together into {done.into:,}" if done.into else "",
        f"state of version {done.state}" if done.state is not None else "",
        f"{counted(done.vacuumed, 'file')} of old versions removed" if done.vacuumed else "",
        f"{counted(done.swept, 'leftover')} swept" if done.swept else "",
        f"checkpoint of version {done.checkpoint}" if done.checkpoint is not None else "",
        f"{counted(done.cleaned, 'file')} of the log removed" if done.cleaned else "",
    ]
    return ", ".join(filter(None, parts))
