"""Which engine runs a session: threads of this process, or tasks of Prefect."""

from __future__ import annotations

from threading import Event as StopSignal
from typing import TYPE_CHECKING, Literal, TypeAlias

from flowforge_assets.core.event import OnEvent

if TYPE_CHECKING:
    from flowforge_assets.execute.run import RunResult
    from flowforge_assets.execute.session import Session

Engine: TypeAlias = Literal["local", "prefect"]


def run_session(
    session: Session, *, engine: Engine, on_event: OnEvent, stop: StopSignal
) -> RunResult:
    """Plans and makes; as `Project.run` says.

    Raises:
        FlowForgeError: the run could not begin.
        KeyboardInterrupt: it was interrupted; steps going on had ended.
    """
    if engine == "prefect":
        from flowforge_assets.execute.prefect_run import run_with_prefect  # prefect, on use

        return run_with_prefect(session, on_event=on_event, stop=stop)
    from flowforge_assets.execute.session import run_here  # engines, on use

    return run_here(session, on_event=on_event, stop=stop)
