"""What a run says while it goes on: a line an asset when it has ended, and one that moves."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from threading import Lock
from typing import TYPE_CHECKING, Final, TypeAlias

from flowforge_assets.cli.paint import Style, Text
from flowforge_assets.cli.words import counted, duration

if TYPE_CHECKING:
    from rich.live import Live

    from flowforge_assets.cli.terminal import Terminal
    from flowforge_assets.core.event import Event

_STYLES: Final[dict[str, Style]] = {
    "made": "green",
    "failed": "red",
    "skipped": "yellow",
    "fresh": "dim",
}
_SPINNER: Final = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"


@dataclass(frozen=True, slots=True)
class Extent:
    """How much of an asset a run is to make: `partitions` in so many `calls`; None of one whole."""

    calls: int = 1
    partitions: int | None = None


Extents: TypeAlias = Callable[[str], Mapping[str, Extent]]
"""What the run of an id is to make, by asset."""


@dataclass(slots=True)
class _Asset:
    """How far an asset is."""

    name: str
    extent: Extent
    began: float = 0.0
    started: int = 0
    rows: int | None = None
    ended: dict[str, int] = field(default_factory=dict[str, int])
    last: str = ""

    @property
    def done(self) -> int:
        """How many of its units have ended."""
        return sum(self.ended.values())

    @property
    def is_over(self) -> bool:
        """Whether all of its units have ended."""
        return self.done >= self.extent.calls

    def line(self, *, width: int) -> list[Text | str]:
        """What is said of it: `made  clean_flights  365 partitions  336,776 rows  4.2 s`."""
        is_over = self.is_over
        took = duration(time.perf_counter() - self.began)
        order = ("failed", "skipped", "made", "fresh")
        status = next((s for s in order if self.ended.get(s)), "made")
        line: list[Text | str] = [Text(f"{status:<7}", _STYLES[status])] if is_over else []
        said: list[Text | str] = []
        if self.extent.partitions is not None and status != "fresh":
            said.append(f"  {self.how_far(is_over=is_over)}")
        if self.rows or (is_over and status == "made" and self.rows is not None):
            said.append(f"  {counted(self.rows, 'row')}")
        if not is_over and self.last:
            said.append(Text(f"  {self.last}", "dim"))
        if status != "skipped" or not is_over:
            said.append(Text(f"  {took}", "dim"))
        name = f"{self.name:<{width}}" if said else self.name
        return [*line, Text(f" {name}", "bold"), *said]

    def how_far(self, *, is_over: bool) -> str:
        """`12 of 365 partitions` so far; `365 partitions`, `1 made, 2 failed of 3 batches`."""
        calls, partitions = self.extent.calls, self.extent.partitions or 0
        whole = counted(partitions, "partition") if calls == partitions else f"{calls:,} batches"
        if not is_over:
            # partitions are committed in batches: those under way say more than those that ended
            return f"{max(self.started, self.done):,} of {whole}"
        if len(self.ended) == 1:
            return counted(partitions, "partition")
        made, fresh = self.ended.get("made", 0), self.ended.get("fresh", 0)
        if made + fresh == calls:
            return f"{counted(made, 'partition')} ({fresh:,} fresh)"
        ended = [f"{self.ended[how]:,} {how}" for how in _STYLES if how in self.ended]
        return f"{', '.join(ended)} of {whole}"


class Progress:
    """Hears the events of a run and tells them; safe between threads."""

    def __init__(self, terminal: Terminal, extents: Extents) -> None:
        """Speaks on `terminal`, with moving lines where it has them."""
        self.terminal = terminal
        self.extents = extents
        self.width = 0
        self.assets: dict[str, _Asset] = {}
        self.lock = Lock()
        self.live: Live | None = None

    def __call__(self, event: Event) -> None:
        """Tells one event."""
        with self.lock:
            match event.event:
                case "run_started":
                    for name, extent in self.extents(event.run_id).items():
                        self.assets[name] = _Asset(name, extent)
                    self.width = max(map(len, self.assets), default=0)
                    if self.assets and self.terminal.is_live and not self.terminal.quiet:
                        self.live = _begun(self.moving)
                case "waiting":
                    self.terminal.note(Text(event.message or "waiting", "yellow"))
                case "note":
                    self.terminal.note(Text("note", "cyan"), f": {event.message}")
                case "step_started":
                    asset = self.asset(event)
                    asset.started += 1
                    asset.last = event.partition or ""
                case "step_finished":
                    self.finished(event)
                case "run_finished":
                    self.close()

    def finished(self, event: Event) -> None:
        """A unit has ended, and maybe its asset."""
        asset = self.asset(event)
        status = event.status or "made"
        asset.ended[status] = asset.ended.get(status, 0) + 1
        if event.rows is not None:
            asset.rows = (asset.rows or 0) + event.rows
        if self.terminal.verbose and event.partition is not None:
            self.say(Text(f"        {asset.name} {event.partition} {status}", "dim"))
        if status == "made" and event.message:
            of = f" {event.partition}" if event.partition else ""
            self.say(Text("warning", "yellow"), f": {asset.name}{of}: {event.message}")
        if asset.is_over:
            self.say(*asset.line(width=self.width))

    def asset(self, event: Event) -> _Asset:
        """The asset of the event; its clock starts with the first."""
        name = event.asset or ""
        found = self.assets.setdefault(name, _Asset(name, Extent()))
        found.began = found.began or time.perf_counter()
        return found

    def moving(self) -> Iterable[str]:
        """A line for each asset that is going on now."""
        frame = _SPINNER[int(time.monotonic() * 10) % len(_SPINNER)]
        paint = self.terminal.err
        for asset in list(self.assets.values()):
            if asset.began and not asset.is_over:
                yield paint.line([Text(f"{frame:<7}", "cyan"), *asset.line(width=self.width)])

    def say(self, *pieces: Text | str) -> None:
        """A line that stays."""
        if self.live is None:
            self.terminal.note(*pieces)
        else:
            from rich.text import Text as RichText  # loaded with the live display

            line = RichText.from_ansi(self.terminal.err.line(pieces))
            self.live.console.print(line, soft_wrap=True)

    def close(self) -> None:
        """Ends the moving lines; what had begun and not ended is said to be so."""
        if self.live is not None:
            self.live.stop()
            self.live = None


def _begun(lines: Callable[[], Iterable[str]]) -> Live:
    """Lines at the foot of the terminal, drawn anew ten times a second."""
    from rich.console import Console  # 0.05 s of CPU: only where lines move
    from rich.live import Live
    from rich.text import Text as RichText

    console = Console(stderr=True, highlight=False)

    def drawn() -> RichText:
        return RichText.from_ansi("\n".join(lines()))

    live = Live(console=console, get_renderable=drawn, refresh_per_second=10, transient=True)
    live.start()
    return live
