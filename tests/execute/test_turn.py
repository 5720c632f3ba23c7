from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Generator, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from threading import Event as StopSignal
from threading import Thread

import polars as pl
import pytest

from flowforge_assets import Bronze, Col, Daily, Silver, Table, asset, col, key
from flowforge_assets.core.key import DatasetKey
from flowforge_assets.errors.record import LedgerUnreachable, RunLocked
from flowforge_assets.execute.state import ask_tables
from flowforge_assets.execute.turn import Ready, Turn
from flowforge_assets.execute.wanted import wanted_by
from flowforge_assets.record.database import PostgresPlace
from flowforge_assets.record.lease import LifeLine, fence, is_gone
from flowforge_assets.record.leases import EVERYTHING, Wanted
from flowforge_assets.record.ledger import Ledger
from pipelines import pipeline

# Making the file fails where another has made it and not removed it yet.
CROWD = """
import os, sys
from pathlib import Path
from flowforge_assets.execute.turn import Ready, Turn
from flowforge_assets.record.database import PostgresPlace
from flowforge_assets.record.ledger import Ledger

folder, me, *where = sys.argv[1:]
with Ledger.open(PostgresPlace(*where) if where else Path(folder) / "ledger.db") as ledger:
    for number in range(8):
        turn = Turn(f"{me}-{number}", Path(folder), lambda _: None)
        with turn.of(ledger, lambda: Ready(None, {"silver.a": None})) as (_, lease):
            lease.check()
            os.close(os.open(Path(folder) / "busy", os.O_CREAT | os.O_EXCL))
            (Path(folder) / "busy").unlink()
"""
DAY = Daily(start="2026-01-01", end="2026-01-09")
SILVER: Wanted = {"silver.a": None}


class Plain(Bronze, partition=DAY.on("day")):
    day: Col[date] = col()


class Unique(Silver, partition=DAY.on("day")):
    day: Col[date] = key(scope="table")


class Added(Silver, partition=DAY.on("day")):
    day: Col[date] = col()


@asset
def plain(day: date) -> Table[Plain]:
    return pl.DataFrame({"day": [day]})


@asset
def unique(rows: Table[Plain]) -> Table[Unique]:
    return rows


@asset(write="append")
def added(rows: Table[Plain]) -> Table[Added]:
    return rows


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with Ledger.open(tmp_path / "ledger.db") as opened:
        yield opened


def turn(
    folder: Path,
    run_id: str,
    *,
    on_wait: Callable[[str], None] = pytest.fail,
    stop: StopSignal | None = None,
    timeout_seconds: float | None = None,
) -> Turn:
    return Turn(run_id, folder, on_wait, stop or StopSignal(), timeout_seconds)


def test_partitions_alone_are_held_where_they_need_no_others(tmp_path: Path) -> None:
    p = pipeline(tmp_path, plain, unique, added)
    plan = p.planned(p.history(), p.asked(None, "2026-01-02..2026-01-03", force=False))
    wanted = wanted_by(plan, p.graph)
    assert wanted == {
        "bronze.plain": p.graph.steps(p.graph.assets[DatasetKey("bronze.plain")]).parse(
            "2026-01-02..2026-01-03", p.now
        ),
        "silver.unique": None,
        "silver.added": None,
    }
    whole = wanted_by(plan, p.graph, whole=[DatasetKey("bronze.plain")])
    assert whole["bronze.plain"] is None
    assert wanted_by(p.planned(p.history(), p.asked((), None, force=False)), p.graph) == {}


def test_who_waited_looks_again(ledger: Ledger, tmp_path: Path) -> None:
    looks: list[int] = []
    with ExitStack() as first:
        first.enter_context(turn(tmp_path, "r1").of(ledger, lambda: Ready(None, SILVER)))

        def look() -> Ready[int]:
            looks.append(1)
            return Ready(len(looks), SILVER)

        second = turn(tmp_path, "r2", on_wait=lambda _: first.close())
        with second.of(ledger, look) as (found, lease):
            assert found == 2
            lease.check()
    assert ledger.leases.live(is_gone=is_gone) == set()
    assert not list((tmp_path / "leases").iterdir())


@pytest.mark.parametrize("kind", ["sqlite", "postgres"])
def test_of_a_crowd_one_at_a_time_has_its_turn(
    kind: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    where: list[str] = []
    if kind == "postgres":
        place: PostgresPlace = request.getfixturevalue("postgres_place")
        where = [place.url, place.schema]
    crowd = [
        subprocess.Popen(
            [sys.executable, "-c", CROWD, str(tmp_path), f"r{number}", *where],
            stderr=subprocess.PIPE,
            text=True,
        )
        for number in range(3)
    ]
    assert [each.communicate(timeout=60)[1] for each in crowd] == ["", "", ""]
    with Ledger.open(PostgresPlace(*where) if where else tmp_path / "ledger.db") as ledger:
        assert ledger.leases.turn() == 24
        assert ledger.leases.live(is_gone=is_gone) == set()


def test_the_message_says_who_holds_what(ledger: Ledger, tmp_path: Path) -> None:
    said: list[str] = []
    for wanted, what in ((SILVER, "`silver.a`"), ({EVERYTHING: None}, "all assets")):
        with turn(tmp_path, "r1").of(ledger, lambda wanted=wanted: Ready(None, wanted)):  # type: ignore[misc]  # mypy cannot infer defaults
            waits = turn(tmp_path, "r2", on_wait=said.append, timeout_seconds=0)
            with (
                pytest.raises(RunLocked, match="held the same for 0 s"),
                waits.of(ledger, lambda: Ready(None, SILVER)),
            ):
                pytest.fail("two hold the same")
        assert said[-1].startswith("the run `r1` (process ")
        assert said[-1].endswith(f"holds {what}; this one goes on when it ends")


def test_a_wait_ends_when_the_run_is_stopped(ledger: Ledger, tmp_path: Path) -> None:
    stop = StopSignal()
    with turn(tmp_path, "r1").of(ledger, lambda: Ready(None, SILVER)):
        waits = turn(tmp_path, "r2", on_wait=lambda _: stop.set(), stop=stop)
        with (
            pytest.raises(RunLocked, match="stopped while it waited"),
            waits.of(ledger, lambda: Ready(None, SILVER)),
        ):
            pytest.fail("two hold the same")


def test_a_run_that_waits_can_be_cancelled_and_leaves_nothing(
    ledger: Ledger, tmp_path: Path
) -> None:
    lined_up: list[str] = []

    def cancel(_: str) -> None:
        lined_up.extend(ledger.leases.in_line(is_gone=is_gone))
        assert ledger.leases.cancel("r2", is_gone=is_gone)

    with turn(tmp_path, "r1").of(ledger, lambda: Ready(None, SILVER)) as (_, lease):
        waits = turn(tmp_path, "r2", on_wait=cancel)
        with (
            pytest.raises(RunLocked, match="was cancelled while it waited"),
            waits.of(ledger, lambda: Ready(None, SILVER)),
        ):
            pytest.fail("two hold the same")
        assert lined_up == ["r2"]
        assert ledger.leases.live(is_gone=is_gone) == {"r1"}
        assert [each.name for each in (tmp_path / "leases").iterdir()] == ["r1.lock"]
        lease.check()


@contextmanager
def after_another(
    ledger: Ledger, folder: Path, look: Callable[[], Ready[bool]], stop: StopSignal
) -> Generator[bool]:
    """The second of two runs, which has waited until the first ended: what it has found."""
    with ExitStack() as first:
        first.enter_context(turn(folder, "r1").of(ledger, lambda: Ready(None, SILVER)))
        waits = turn(folder, "r2", on_wait=lambda _: first.close(), stop=stop)
        waits = replace(waits, expiry=timedelta(seconds=6))  # it looks more often then
        with waits.of(ledger, look) as (found, _):
            yield found


def test_a_run_that_is_cancelled_as_its_turn_comes_ends_at_once(
    ledger: Ledger, tmp_path: Path
) -> None:
    stop = StopSignal()

    def look() -> Ready[bool]:
        is_second = "r2" in ledger.leases.live(is_gone=is_gone)
        if is_second:
            assert ledger.leases.cancel("r2", is_gone=is_gone)
        return Ready(is_second, SILVER)

    with after_another(ledger, tmp_path, look, stop) as is_second:
        assert is_second
        assert stop.wait(20)


def test_a_run_that_has_waited_lives_and_can_be_cancelled_while_it_plans_again(
    ledger: Ledger, tmp_path: Path
) -> None:
    stop = StopSignal()

    def look() -> Ready[bool]:
        is_second = ledger.leases.cancel("r2", is_gone=is_gone)
        return Ready(is_second and stop.wait(20), SILVER)

    with after_another(ledger, tmp_path, look, stop) as heard:
        assert heard


def test_all_is_free_after_an_error_and_after_one_of_the_ledger_it_is_known(
    ledger: Ledger, tmp_path: Path
) -> None:
    with (
        pytest.raises(KeyboardInterrupt),
        turn(tmp_path, "r1").of(ledger, lambda: Ready(None, SILVER)),
    ):
        raise KeyboardInterrupt
    assert ledger.leases.live(is_gone=is_gone) == set()
    with (
        pytest.raises(LedgerUnreachable),
        turn(tmp_path, "r1").of(ledger, lambda: Ready(None, SILVER)),
    ):
        raise LedgerUnreachable("it was away")
    assert [each.name for each in (tmp_path / "leases").iterdir()] == ["r1.lock"]
    assert fence(ledger) == set()
    assert not list((tmp_path / "leases").iterdir())
    with turn(tmp_path, "r2").of(ledger, lambda: Ready(None, SILVER)):
        pass


def test_without_a_ledger_the_files_of_runs_tell_who_goes_on(tmp_path: Path) -> None:
    line = LifeLine(tmp_path, "r1")
    said: list[str] = []

    def waiting(message: str) -> None:
        said.append(message)
        Thread(target=line.cut).start()

    turn(tmp_path, "r2", on_wait=waiting).silence()
    assert said == ["the run `r1` goes on; this one goes on when it ends"]


def test_a_table_that_is_asked_while_another_commits_is_asked_again(tmp_path: Path) -> None:
    p = pipeline(tmp_path, plain, store="delta")
    p.run(partitions="2026-01-01")
    asked: list[int] = []

    def store() -> object:
        asked.append(1)
        if len(asked) == 2:  # its commits are read, its columns are about to be
            p.run(partitions="2026-01-02")
        return p.store

    with Ledger.open(p.environment.ledger) as ledger:
        ask_tables(ledger, p.graph, store, [DatasetKey("bronze.plain")])  # type: ignore[arg-type]  # a store
    assert len(p.history().lookup(DatasetKey("bronze.plain"))) == 2
