from __future__ import annotations

from typing import TYPE_CHECKING

from flowforge_assets.cli.progress import Extent, Progress
from flowforge_assets.cli.terminal import Terminal
from flowforge_assets.core.event import Event, EventName

if TYPE_CHECKING:
    import pytest


def told(
    capsys: pytest.CaptureFixture[str], extents: dict[str, Extent], *events: Event, **flags: bool
) -> list[str]:
    """What a run of these events says, without times."""
    progress = Progress(Terminal(**flags), lambda _: extents)
    progress(Event("run_started", "R"))
    for event in events:
        progress(event)
    progress(Event("run_finished", "R"))
    lines = capsys.readouterr().err.splitlines()
    return [line.rpartition("  ")[0] if line.endswith(" s") else line for line in lines]


def event(
    name: EventName, asset: str = "orders", partition: str | None = None, **more: object
) -> Event:
    return Event(name, "R", asset=asset, partition=partition, **more)  # type: ignore[arg-type]  # test values


def test_an_asset_has_a_line_when_its_last_partition_has_ended(
    capsys: pytest.CaptureFixture[str],
) -> None:
    extents = {"orders": Extent(2, 2), "x": Extent()}
    first = event("step_finished", partition="a", status="made", rows=3)
    second = event("step_finished", partition="b", status="made", rows=4)
    assert told(capsys, extents, first) == []
    assert told(capsys, extents, first, second) == ["made    orders  2 partitions  7 rows"]


def test_names_are_padded_to_the_longest(capsys: pytest.CaptureFixture[str]) -> None:
    extents = {"orders": Extent(), "x": Extent()}
    lines = told(capsys, extents, event("step_finished", "x", status="made", rows=1))
    assert lines == ["made    x       1 row"]


def test_an_asset_that_failed_in_part_says_how_much_it_made(
    capsys: pytest.CaptureFixture[str],
) -> None:
    made = event("step_finished", partition="a", status="made", rows=3)
    failed = event("step_finished", partition="b", status="failed")
    assert told(capsys, {"orders": Extent(2, 2)}, made, failed) == [
        "failed  orders  1 made, 1 failed of 2 partitions  3 rows"
    ]


def test_an_asset_of_which_nothing_was_made_says_what_became_of_it(
    capsys: pytest.CaptureFixture[str],
) -> None:
    failed = event("step_finished", partition="a", status="failed")
    skipped = event("step_finished", partition="b", status="skipped")
    extents = {"orders": Extent(2, 2)}
    assert told(capsys, extents, skipped, skipped) == ["skipped orders  2 partitions"]
    assert told(capsys, extents, failed, skipped) == [
        "failed  orders  1 failed, 1 skipped of 2 partitions"
    ]


def test_sets_of_partitions_are_counted_as_batches(capsys: pytest.CaptureFixture[str]) -> None:
    made = event("step_finished", partition="a", status="made", rows=3)
    failed = event("step_finished", partition="b", status="failed")
    extents = {"orders": Extent(2, 1_500)}
    assert told(capsys, extents, made, failed) == [
        "failed  orders  1 made, 1 failed of 2 batches  3 rows"
    ]
    assert told(capsys, extents, made, made) == ["made    orders  1,500 partitions  6 rows"]


def test_what_was_skipped_took_no_time(capsys: pytest.CaptureFixture[str]) -> None:
    assert told(capsys, {"orders": Extent()}, event("step_finished", status="skipped")) == [
        "skipped orders"
    ]


def test_findings_that_stop_nothing_are_warnings(capsys: pytest.CaptureFixture[str]) -> None:
    found = event("step_finished", status="made", rows=1, message="2 rows found by `odd`")
    lines = told(capsys, {"orders": Extent()}, found)
    assert lines[0] == "warning: orders: 2 rows found by `odd`"


def test_waiting_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert told(capsys, {}, Event("waiting", "R", message="another run goes on")) == [
        "another run goes on"
    ]


def test_verbose_tells_every_partition(capsys: pytest.CaptureFixture[str]) -> None:
    made = event("step_finished", partition="a", status="made", rows=3)
    lines = told(capsys, {"orders": Extent(2, 2)}, made, verbose=True)
    assert lines == ["        orders a made"]


def test_lines_move_for_what_goes_on(capsys: pytest.CaptureFixture[str]) -> None:
    progress = Progress(Terminal(), lambda _: {"orders": Extent(3, 3), "x": Extent()})
    progress(Event("run_started", "R"))
    progress(event("step_started", partition="2026-01-01"))
    (line,) = progress.moving()
    assert "orders  1 of 3 partitions  2026-01-01" in line


def test_a_terminal_keeps_finished_lines_above_the_moving_ones(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Terminal, "is_live", True)
    monkeypatch.setenv("FORCE_COLOR", "1")
    made = event("step_finished", status="made", rows=3)
    lines = told(capsys, {"orders": Extent()}, event("step_started"), made)
    assert any("made    orders  3 rows" in line for line in lines)
