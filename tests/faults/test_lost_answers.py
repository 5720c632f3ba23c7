"""A commit whose answer is lost, or that lands after its writer has given up."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Literal, TypeAlias

import pytest

from fault_proxy import FaultProxy, Kind
from flowforge_assets.errors.base import FlowForgeError
from flowforge_assets.storage.location import Format
from store_place import StorePlace
from write_model import assert_serial
from write_ways import Op, Way, perform
from writers import Target

pytestmark = pytest.mark.emulator
_PAIRS: tuple[tuple[Format, Way], ...] = (
    ("delta", "append"),
    ("delta", "merge"),
    ("parquet", "merge"),
)
CASES: list[tuple[str, Format, Way]] = [
    (emulator, form, way) for emulator in ("moto_s3", "azurite") for form, way in _PAIRS
]
CASES += [("moto_s3", "parquet", "append"), ("moto_s3", "parquet", "artifact")]
_COMMIT = re.compile(r"PUT .*(_delta_log/\d+|_flowforge/(version|artifact)-\d+)\.json")
_IMPATIENT = {"max_retries": 1, "timeout_seconds": 5, "connect_timeout_seconds": 5}
Fault: TypeAlias = Kind | Literal["late"]


class Place:
    """A table's place, with a proxy before it that may spoil the commit."""

    def __init__(self, proxy: FaultProxy, place: StorePlace, form: Format, scratch: Path) -> None:
        self.proxy = proxy
        self.place = place
        self.form: Format = form
        self.scratch = scratch

    def write(self, op: Op) -> None:
        """Writes by a process that knows nothing of the others."""
        perform(self.target().store(self.scratch), op, self.scratch)

    def target(self) -> Target:
        place = self.place.through(self.proxy.url).with_options(**_IMPATIENT)
        return Target(place.url, self.form, place.options)

    def spoil(self, fault: Fault, *, then: Fault | None = None) -> None:
        """Gives the next commit a fault, and all that comes after it another."""
        is_spoilt = False

        def watch(method: str, path: str) -> Fault | None:
            nonlocal is_spoilt
            if is_spoilt:
                return then
            is_spoilt = _COMMIT.match(f"{method} {path.partition('?')[0]}") is not None
            return fault if is_spoilt else None

        self.proxy.watch(watch)

    def holds(self, *ops: Op) -> None:
        """Asserts that each of `ops` is there once."""
        steps = [op.step_id for op in ops]
        store = self.target().store(self.scratch)
        found = assert_serial(store, ops[0].way, done=steps, asked=steps)
        assert len(found.steps) == len(steps)


@pytest.fixture(params=CASES, ids="-".join)
def case(request: pytest.FixtureRequest) -> tuple[str, Format, Way]:
    found: tuple[str, Format, Way] = request.param
    return found


@pytest.fixture
def way(case: tuple[str, Format, Way]) -> Way:
    return case[2]


@pytest.fixture
def place(
    case: tuple[str, Format, Way],
    request: pytest.FixtureRequest,
    fault_proxy: Callable[[StorePlace], FaultProxy],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> Place:
    emulator, form, _ = case
    at: StorePlace = request.getfixturevalue(emulator)
    proxy = fault_proxy(at)
    if emulator == "azurite":
        monkeypatch.setenv("AZURITE_BLOB_STORAGE_URL", proxy.url)
    return Place(proxy, at, form, tmp_path)


def first_of(way: Way) -> Op:
    return Op("overwrite" if way in ("partition", "merge", "append") else way, 1)


def test_a_commit_whose_answer_is_lost_is_there_once(place: Place, way: Way) -> None:
    first, op = first_of(way), Op(way, 6)
    place.write(first)
    place.spoil("drop_after")
    place.write(op)
    place.proxy.calm()
    place.holds(first, op)


def test_a_first_commit_whose_answer_is_lost_is_there_once(place: Place, way: Way) -> None:
    place.spoil("drop_after")
    place.write(Op(way, 6))
    place.proxy.calm()
    place.holds(Op(way, 6))


def test_a_commit_that_lands_after_its_writer_has_given_up_is_whole(place: Place, way: Way) -> None:
    first, op = first_of(way), Op(way, 6)
    place.write(first)
    place.spoil("late", then="drop_before")
    with pytest.raises(FlowForgeError):
        place.write(op)
    place.proxy.calm()
    place.holds(first)
    assert place.proxy.release() == [201 if place.place.url.startswith("az") else 200]
    place.holds(first, op)
    place.write(op)
    place.holds(first, op)


def test_a_commit_that_lands_after_the_step_was_made_again_changes_nothing(
    place: Place, way: Way
) -> None:
    first, op = first_of(way), Op(way, 6)
    place.write(first)
    place.spoil("late", then="drop_before")
    with pytest.raises(FlowForgeError):
        place.write(op)
    place.proxy.calm()
    place.write(op)
    assert place.proxy.release()[0] in (409, 412)
    place.holds(first, op)


def test_another_writer_commits_while_a_commit_is_on_its_way(place: Place, way: Way) -> None:
    first, op, other = first_of(way), Op(way, 6), Op(way, 9)
    place.write(first)
    is_met = False

    def watch(method: str, path: str) -> None:
        nonlocal is_met
        if not is_met and _COMMIT.match(f"{method} {path.partition('?')[0]}"):
            is_met = True
            place.write(other)

    place.proxy.watch(watch)
    place.write(op)
    place.proxy.calm()
    place.holds(first, other, op)
