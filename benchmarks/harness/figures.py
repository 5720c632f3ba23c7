"""What a bench found: ours beside a peer's, the target, and whether it is met."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import inf
from typing import Any, Literal

from harness.contest import Run, Score

Reading = Callable[[Run], float]
Line = dict[str, Any]  # as JSON has it


@dataclass(frozen=True, slots=True)
class Target:
    """A limit for our value, for our value over the peer's, or for ours less the peer's.

    Without a limit (`inf`) it is reached by coming to an end.
    """

    limit: float
    of: Literal["ours", "ratio", "difference"]
    is_strict: bool = False

    def is_met(self, ours: float, peer_value: float | None) -> bool | None:
        """None where the peer's value is missing and the target needs it."""
        if self.of == "ours":
            found = ours
        elif peer_value is None:
            return None
        else:
            found = ours / peer_value if self.of == "ratio" else ours - peer_value
        return found < self.limit if self.is_strict else found <= self.limit

    def __str__(self) -> str:
        """`<= 0.25 x`, `<= 150`, `<= peer + 60`."""
        if self.limit == inf:
            return "ends"
        sign = "<" if self.is_strict else "<="
        match self.of:
            case "ours":
                return f"{sign} {self.limit:g}"
            case "ratio":
                return f"{sign} {self.limit:g} x"
            case "difference":
                return f"{sign} peer + {self.limit:g}"


@dataclass(frozen=True, slots=True)
class Figure:
    """One line of the results; medians, with the least and the most of all rounds."""

    bench: str
    metric: str
    unit: str
    ours: float | None
    ours_range: tuple[float, float] | None
    peer: str | None
    peer_value: float | None
    peer_range: tuple[float, float] | None
    target: Target | None
    failure: str | None = None

    @property
    def ratio(self) -> float | None:
        """Ours over the peer's."""
        if self.ours is None or not self.peer_value:
            return None
        return self.ours / self.peer_value

    @property
    def met(self) -> bool | None:
        """Whether the target is reached; None without a target or a value."""
        if self.target is None or self.ours is None:
            return None
        return self.target.is_met(self.ours, self.peer_value)

    @property
    def name(self) -> str:
        """How the file of reasons names it: `lake/peak memory, re-read/hand-written`."""
        return figure_name(self.bench, self.metric, self.peer)

    def line(self, reasons: Mapping[str, str], *, taken: str) -> Line:
        """What the results file says of it; `reasons` say by name why figures are missed."""
        return {
            "bench": self.bench,
            "metric": self.metric,
            "unit": self.unit,
            "ours": _short(self.ours),
            "peer": self.peer,
            "peer_value": _short(self.peer_value),
            "ratio": _short(self.ratio),
            "target": str(self.target) if self.target else None,
            "met": self.met,
            "ours_range": self.ours_range and [_short(v) for v in self.ours_range],
            "peer_range": self.peer_range and [_short(v) for v in self.peer_range],
            "failure": self.failure,
            "reason": reasons.get(self.name) if self.met is False else None,
            "taken": taken,
        }


def figure(
    bench: str,
    metric: str,
    unit: str,
    ours: Score,
    *,
    read: Reading,
    peer: Score | None = None,
    read_peer: Reading | None = None,
    target: Target | None = None,
) -> Figure:
    """The figure that `read` gives for us and, unless it is read otherwise, for the peer."""
    peer_read = read_peer or read
    failures = [f"{s.name}: {s.failure}" for s in (ours, peer) if s is not None and s.failure]
    return Figure(
        bench=bench,
        metric=metric,
        unit=unit,
        ours=ours.median(read),
        ours_range=_range(ours.values(read)),
        peer=peer.name if peer else None,
        peer_value=peer.median(peer_read) if peer else None,
        peer_range=_range(peer.values(peer_read)) if peer else None,
        target=target,
        failure="; ".join(failures) or None,
    )


def figure_name(bench: str, metric: str, peer: str | None) -> str:
    """`lake/peak memory, re-read/by hand`, without a peer `lake/peak memory, re-read`."""
    return "/".join(filter(None, (bench, metric, peer)))


def cpu_ms(run: Run) -> float:
    """CPU of the whole process in milliseconds."""
    return run.cpu_seconds * 1e3


def cpu_seconds(run: Run) -> float:
    """CPU of the whole process."""
    return run.cpu_seconds


def peak_mib(run: Run) -> float:
    """Most memory that the process held."""
    return run.peak_mib


def said(name: str, *, per: float = 1) -> Reading:
    """What the script measured inside itself under `name`, divided by `per`."""
    return lambda run: run.said[name] / per


def _range(values: list[float]) -> tuple[float, float] | None:
    return (min(values), max(values)) if values else None


def _short(value: float | None) -> float | None:
    return None if value is None else float(f"{value:.4g}")
