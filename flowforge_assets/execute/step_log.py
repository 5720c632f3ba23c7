"""Puts run, step and partition on every line that the code of a step logs."""

from __future__ import annotations

import logging
from collections.abc import Callable, Generator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, Final

from flowforge_assets.core.partition import PartitionSet

_PREFECTS: Final = "prefect"
_OURS: Final = "flowforge"


@dataclass(frozen=True, slots=True)
class Logged:
    """What goes on in this thread. `correlation_id` is that of the flow run, else of the run."""

    run_id: str
    step_id: str
    partitions: PartitionSet
    correlation_id: str

    def said(self) -> dict[str, str]:
        """The fields of a record, by their names."""
        return {
            "run_id": self.run_id,
            "step_id": self.step_id,
            "partition": self.partitions.render() if self.partitions.dimensions else "",
            "correlation_id": self.correlation_id,
        }


_logged: ContextVar[Logged | None] = ContextVar("flowforge_logged", default=None)
correlation: ContextVar[str] = ContextVar("flowforge_correlation", default="")
"""The id of what a run is a part of elsewhere: its flow run."""


@contextmanager
def logged_as(run_id: str, step_id: str, partitions: PartitionSet) -> Generator[None]:
    """Every record of the block has `run_id`, `step_id`, `partition` and `correlation_id`.

    They stand in the text as well where the record goes to Prefect, which keeps nothing else: the
    loggers `prefect...` and `flowforge...`.
    """
    _mark_records()
    token = _logged.set(Logged(run_id, step_id, partitions, correlation.get() or run_id))
    try:
        yield
    finally:
        _logged.reset(token)


class _Marking:
    """Makes records as `make` does, and marks them."""

    def __init__(self, make: Callable[..., logging.LogRecord]) -> None:
        self.make = make

    # the arguments are those of whatever factory was set before
    def __call__(self, *args: Any, **named: Any) -> logging.LogRecord:  # noqa: ANN401
        record = self.make(*args, **named)
        logged = _logged.get()
        if logged is not None:
            fields = logged.said()
            for name, value in fields.items():
                record.__dict__.setdefault(name, value)
            if record.name.partition(".")[0] in (_PREFECTS, _OURS):
                shown = " ".join(f"{name}={value}" for name, value in fields.items() if value)
                record.msg, record.args = f"{record.getMessage()} [{shown}]", ()
        return record


def _mark_records() -> None:
    make = logging.getLogRecordFactory()
    if not isinstance(make, _Marking):
        logging.setLogRecordFactory(_Marking(make))
