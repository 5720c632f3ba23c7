from __future__ import annotations

import socket
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event

import pytest

from flowforge_assets.core.key import DatasetKey
from flowforge_assets.core.made import Made
from flowforge_assets.core.partition import Dimension, PartitionSet, Span
from flowforge_assets.errors.lease import LeaseLost
from flowforge_assets.record.lease import Lease, LifeLine, fence, going_on, is_gone, seconds_now
from flowforge_assets.record.lease_book import Claim
from flowforge_assets.record.leases import EVERYTHING, Wanted
from flowforge_assets.record.ledger import Ledger
from flowforge_assets.record.run import RunCounts, RunRecord

DAY = (Dimension("day", "day", "UTC"),)
EXPIRES = "SELECT expires_at, taken_at FROM holders"
LIVING = """
import sys
from pathlib import Path
from flowforge_assets.record.lease import LifeLine

print(LifeLine(Path(sys.argv[1]), "r1").path, flush=True)
sys.stdin.read()
"""


def days(first: int, last: int) -> PartitionSet:
    return PartitionSet(DAY, ((Span(((first, last + 1),)),),))


def claim(run_id: str, wanted: Wanted, *, lock: str = "", seconds: int = 60) -> Claim:
    host = socket.gethostname() if lock else "elsewhere"
    return Claim(run_id, host, 1, lock, wanted, expiry=timedelta(seconds=seconds))


def take(ledger: Ledger, run_id: str, wanted: Wanted, *, seconds: int = 60) -> str | None:
    """What another holds of it; None when it was taken."""
    turn = ledger.leases.turn()
    refused = ledger.leases.take(claim(run_id, wanted, seconds=seconds), turn=turn, is_gone=is_gone)
    if refused is None:
        return None
    assert refused.overlap is not None
    return f"{refused.overlap.holder.run_id} {refused.overlap.asset}"


def test_partitions_that_do_not_meet_are_held_side_by_side(ledger: Ledger) -> None:
    assert take(ledger, "r1", {"silver.a": days(1, 9)}) is None
    assert take(ledger, "r2", {"silver.a": days(9, 9)}) == "r1 silver.a"
    assert take(ledger, "r2", {"silver.a": days(10, 12), "silver.b": None}) is None
    assert take(ledger, "r3", {"silver.a": None}) == "r1 silver.a"
    assert take(ledger, "r3", {"silver.b": days(1, 1)}) == "r2 silver.b"
    hours = PartitionSet((Dimension("at", "hour", "UTC"),), ((Span(((1, 2),)),),))
    assert take(ledger, "r3", {"silver.a": hours}) == "r1 silver.a"  # cut in another way


def test_all_assets_meet_every_other_lease(ledger: Ledger) -> None:
    assert take(ledger, "r1", {"silver.a": days(1, 9)}) is None
    assert take(ledger, "r2", {EVERYTHING: None}) == "r1 silver.a"
    ledger.leases.free("r1")
    assert take(ledger, "r2", {EVERYTHING: None}) is None
    assert take(ledger, "r1", {"silver.z": None}) == "r2 *"


def test_what_wants_nothing_is_never_refused(ledger: Ledger) -> None:
    assert take(ledger, "r1", {EVERYTHING: None}) is None
    assert ledger.leases.take(claim("r2", {}), turn=-1, is_gone=is_gone) is None
    assert ledger.leases.live(is_gone=is_gone) == {"r1", "r2"}


def test_a_plan_is_refused_when_others_took_their_turn_since(ledger: Ledger) -> None:
    turn = ledger.leases.turn()
    assert take(ledger, "r1", {"silver.a": None}) is None
    ledger.leases.free("r1")
    refused = ledger.leases.take(claim("r2", {"silver.a": None}), turn=turn, is_gone=is_gone)
    assert refused is not None
    assert refused.overlap is None
    assert take(ledger, "r2", {"silver.a": None}) is None


def test_a_plan_holds_beside_those_who_took_other_things_and_go_on(ledger: Ledger) -> None:
    turn = ledger.leases.turn()
    assert take(ledger, "r1", {"silver.a": None}) is None
    assert take(ledger, "r2", {"silver.b": None}) is None
    third = claim("r3", {"silver.c": None})
    assert ledger.leases.take(third, turn=turn, is_gone=is_gone) is None
    assert ledger.leases.turn() == turn + 3


def test_the_end_of_a_run_frees_what_it_held(ledger: Ledger, run: Callable[..., RunRecord]) -> None:
    begun = Claim("r1", "here", 1, "", {"silver.a": None}, run(run_id="r1"))
    assert ledger.leases.take(begun, turn=0, is_gone=is_gone) is None
    assert [each.run_id for each in ledger.unfinished_runs()] == ["r1"]
    ledger.end_run("r1", "succeeded", RunCounts())
    assert take(ledger, "r2", {"silver.a": None}) is None


def test_who_was_not_heard_of_is_fenced_and_commits_nothing_more(ledger: Ledger) -> None:
    assert take(ledger, "r1", {"silver.a": None}, seconds=-1) is None  # its time is over
    assert take(ledger, "r2", {"silver.b": None}) is None
    old, new = Lease.of_run(ledger, "r1"), Lease.of_run(ledger, "r2")
    assert fence(ledger) == {"r2"}
    new.check()
    for _ in range(2):
        with pytest.raises(LeaseLost, match="another run has taken over what the run `r1`"):
            old.check()


def test_who_comes_back_before_anybody_asked_goes_on(ledger: Ledger) -> None:
    assert take(ledger, "r1", {"silver.a": None}, seconds=-1) is None
    Lease.of_run(ledger, "r1").check()
    assert fence(ledger) == {"r1"}


def test_a_holder_that_was_heard_of_lately_asks_nobody(ledger: Ledger) -> None:
    lease = Lease(ledger, "nobody has taken it", taken=seconds_now())
    lease.check()
    with pytest.raises(LeaseLost):
        lease.beat()


def test_a_lease_is_kept_alive_meanwhile(ledger: Ledger) -> None:
    assert take(ledger, "r1", {"silver.a": None}, seconds=-1) is None
    lease = Lease(ledger, "r1", taken=seconds_now(), expiry=timedelta(seconds=0.04))
    with lease.kept(lambda: None):
        late = seconds_now() + 20
        rows = ledger._database.rows(EXPIRES)
        while rows[0][0] <= rows[0][1] and seconds_now() < late:
            rows = ledger._database.rows(EXPIRES)
    assert rows[0][0] > rows[0][1]


def test_a_holder_is_told_that_it_is_to_end(ledger: Ledger) -> None:
    assert take(ledger, "r1", {"silver.a": None}) is None
    assert not ledger.leases.cancel("r2", is_gone=lambda _: False)
    assert ledger.leases.cancel("r1", is_gone=lambda _: False)
    told = Event()
    lease = Lease(ledger, "r1", taken=seconds_now(), expiry=timedelta(seconds=0.04))
    with lease.kept(told.set):
        assert told.wait(20)


def test_who_waits_stands_in_line_holds_nothing_and_can_be_told_to_end(ledger: Ledger) -> None:
    assert take(ledger, "r1", {"silver.a": None}) is None
    waits = claim("r2", {"silver.a": None})
    found = ledger.leases.wait(waits, is_gone=is_gone)
    assert found is not None
    assert found.holder.run_id == "r1"
    assert ledger.leases.in_line(is_gone=is_gone) == ["r2"]
    assert take(ledger, "r3", {"silver.b": None}) is None
    assert ledger.leases.cancel("r2", is_gone=is_gone)
    ledger.leases.free("r1")
    assert ledger.leases.wait(waits, is_gone=is_gone) is None
    assert take(ledger, "r2", {"silver.a": None}) is None
    assert ledger.leases.in_line(is_gone=is_gone) == []
    assert ledger.leases.is_cancelled("r2")  # asked while it waited, it ends when it has begun


def test_a_holder_that_is_dead_is_not_told_to_end(ledger: Ledger) -> None:
    assert take(ledger, "r1", {"silver.a": None}) is None
    assert not ledger.leases.cancel("r1", is_gone=lambda _: True)
    assert not ledger.leases.is_cancelled("r1")


def test_a_process_that_was_killed_is_known_to_be_gone(ledger: Ledger, tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", LIVING, str(tmp_path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as living:
        assert living.stdout is not None
        lock = living.stdout.readline().strip()
        held = claim("r1", {"silver.a": None}, lock=lock)
        assert ledger.leases.take(held, turn=0, is_gone=is_gone) is None
        assert going_on(tmp_path) == ["r1"]
        assert take(ledger, "r2", {"silver.a": None}) == "r1 silver.a"
        living.kill()
    assert going_on(tmp_path) == []
    assert fence(ledger) == set()
    assert not Path(lock).exists()
    assert take(ledger, "r2", {"silver.a": None}) is None


def test_a_file_without_a_lock_is_of_a_dead_run_and_no_file_says_nothing(
    ledger: Ledger, tmp_path: Path
) -> None:
    line = LifeLine(tmp_path, "r1")
    held = claim("r1", {"silver.a": None}, lock=line.path)
    assert ledger.leases.take(held, turn=0, is_gone=is_gone) is None
    assert ledger.leases.live(is_gone=is_gone) == {"r1"}
    line.cut(is_free=False)
    assert ledger.leases.live(is_gone=is_gone) == set()
    Path(line.path).unlink()
    assert ledger.leases.live(is_gone=is_gone) == {"r1"}


def test_without_a_folder_the_heartbeat_tells_alone(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    line = LifeLine(tmp_path / "file", "r1")
    assert not line.path
    line.cut()


def test_a_new_ledger_learns_once(ledger: Ledger, commit: Callable[..., Made]) -> None:
    made, was_unlearnt = commit(), ledger.is_unlearnt
    assert ledger.learn([(made.dataset, [made], None)])
    assert (was_unlearnt, ledger.is_unlearnt) == (True, False)
    assert not ledger.learn([(DatasetKey("gold.late"), [], None)])
    assert ledger.datasets() == [made.dataset]


def test_what_was_read_before_another_committed_replaces_nothing(
    ledger: Ledger, commit: Callable[..., Made]
) -> None:
    key = commit().dataset
    ledger.replace_all(key, [commit(1), commit(2, days(3, 3))])
    assert not ledger.replace_all(key, [commit(1)], unless_newer=True)
    assert ledger.replace_all(key, [commit(3)], unless_newer=True)
    assert ledger.replace_all(key, [commit(1, table_id="other")], unless_newer=True)
    assert ledger.replace_all(key, [], unless_newer=True)


def test_times_are_those_of_one_clock(ledger: Ledger) -> None:
    with ledger._database.transaction() as connection:
        now = ledger._database.now(connection)
    assert abs(now - datetime.now(UTC)) < timedelta(minutes=1)
