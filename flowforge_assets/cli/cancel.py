"""`flowforge cancel`: an end to a run that goes on, here or on another machine."""

from __future__ import annotations

from typing import Annotated

from cyclopts import Parameter

from flowforge_assets.cli.options import COMMON, Common
from flowforge_assets.errors.base import did_you_mean
from flowforge_assets.errors.lease import NoSuchRunError
from flowforge_assets.record.lease import is_gone
from flowforge_assets.record.ledger import Ledger


def cancel(
    run_id: Annotated[str | None, Parameter(help="A run: `flowforge history` lists them.")] = None,
    /,
    *,
    common: Common = COMMON,
) -> int:
    """End a run, also one that waits: what is going on ends, nothing begins. What is made stays."""
    terminal, project = common.terminal(), common.load()
    going_on: list[str] = []
    if project.environment.has_ledger:
        with Ledger.open(project.environment.ledger) as ledger:
            live = ledger.leases.live(is_gone=is_gone)
            begun = [run.run_id for run in ledger.unfinished_runs() if run.run_id in live]
            waiting = [each for each in ledger.leases.in_line(is_gone=is_gone) if each not in begun]
            going_on = [*begun, *waiting]
            found = run_id if run_id or len(going_on) != 1 else going_on[0]
            if found in going_on and ledger.leases.cancel(found, is_gone=is_gone):
                if terminal.json:
                    terminal.data({"run_id": found})
                elif found in waiting:
                    terminal.say(f"{found} ends: it waited for its turn, and made nothing")
                else:
                    terminal.say(f"{found} ends with the steps that are going on")
                return 0
    raise _no_such_run(run_id, going_on)


def _no_such_run(run_id: str | None, going_on: list[str]) -> NoSuchRunError:
    listed = ", ".join(f"`{each}`" for each in going_on)
    hint = f"going on: {listed}" if going_on else "`flowforge history` lists the last runs"
    if run_id is None:
        message = "more than one run goes on: name one" if going_on else "no run goes on"
        return NoSuchRunError(message, hint=hint)
    return NoSuchRunError(
        f"the run `{run_id}` is not going on", hint=did_you_mean(run_id, going_on) or hint
    )
