"""Runs of plans that were written down: exactly that, or nothing."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from flowforge_assets.plan.plan_file import PlanFile, refuse_moved

if TYPE_CHECKING:
    from flowforge_assets.execute.session import Session
    from flowforge_assets.plan.plan import Plan
    from flowforge_assets.record.history import History


def as_written(session: Session, written: PlanFile) -> Session:
    """The session, which plans again when its turn has come and makes what was `written` alone.

    It raises `PlanMovedError` (FF-896) there if that is another plan, before anything is made.
    """

    def planned(history: History) -> Plan:
        return refuse_moved(written, session.plan(history))

    return replace(session, plan=planned)
