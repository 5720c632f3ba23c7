"""What each way of writing promises, on every store: the source of docs/guide/store-table.md.

`pytest --conformance-table FILE` writes the table from a run of this module; each test is a column.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from itertools import accumulate, count
from pathlib import Path

import polars as pl
import pytest

from artifact_values import DAILY_MODEL
from fault_proxy import FaultProxy
from flowforge_assets.core.made import Made
from flowforge_assets.core.polars_types import polars_schema
from flowforge_assets.errors.base import FlowForgeError
from flowforge_assets.errors.storage import NoFileError
from flowforge_assets.storage.location import open_store
from flowforge_assets.storage.past import KeepsPast, Version
from flowforge_assets.storage.store import Store
from storage_values import days
from store_kinds import ELSEWHERE, GUARANTEES, StoreKind, remote_store
from store_place import StorePlace
from store_table import WAYS
from write_model import after
from write_ways import DAYS, PLAIN, Op, Row, Way, brought, perform, table_for

EVERY_WAY = pytest.mark.parametrize("way", WAYS)
_TRIES = 30
_numbers = count()

Rows = Counter[Row]


@dataclass(frozen=True, slots=True)
class Lake:
    """A place that is opened each time by another client, as another process would."""

    open: Callable[[], Store]
    scratch: Path


def past(store: Store, way: Way) -> KeepsPast:
    """The table, or artifact, that the way is tried on."""
    return store.artifact(DAILY_MODEL) if way == "artifact" else table_for(store, way)


def steps_in(store: Store, way: Way) -> list[str]:
    """The steps of the commits, in order."""
    return [each.made.step_id for each in past(store, way).versions() if each.made is not None]


def rows_in(store: Store, way: Way, version: int | None = None) -> Rows:
    """The rows of a version, by default the newest; a file is its day and its text."""
    if way != "artifact":
        return Counter(table_for(store, way).scan(version=version).collect().rows())
    files = store.artifact(DAILY_MODEL)
    found: Rows = Counter()
    for day in range(DAYS):
        with suppress(NoFileError):
            file = files.file(days(day), version=version)
            found[day, file.path.read_text()] += 1
    return found


@pytest.fixture(params=GUARANTEES)
def lake(request: pytest.FixtureRequest, tmp_path: Path) -> Lake:
    kind: StoreKind = request.param
    if kind.name == "memory":
        held = open_store("memory://")  # it ends with those who hold it
        return Lake(lambda: held, tmp_path)
    if kind.emulator is None:
        folder = str(tmp_path / "lake")
        return Lake(lambda: open_store(folder, format=kind.format), tmp_path)
    return elsewhere(request.getfixturevalue(kind.emulator), kind, tmp_path)


def elsewhere(place: StorePlace, kind: StoreKind, folder: Path) -> Lake:
    def opened() -> Store:
        copies = folder / f"copies-{next(_numbers)}"
        return remote_store(place, format=kind.format, copies=copies)

    return Lake(opened, folder)


def ops_of(way: Way, number: int) -> list[Op]:
    """So many writes in a way, after the table has rows."""
    first = "overwrite" if way in PLAIN else way
    return [Op(first, 1), *(Op(way, at) for at in range(2, number + 2))]


def modelled(steps: Sequence[str]) -> list[Rows]:
    """The rows after each of the steps."""
    start: list[Row] = []
    return [Counter(rows) for rows in accumulate(map(Op.of_step, steps), after, initial=start)][1:]


@dataclass(frozen=True, slots=True)
class Story:
    """What was seen of a table by whom did not write it, at each turn."""

    ops: Sequence[Op]
    told: Sequence[Made]
    """What the writer was told of each."""
    versions: Sequence[Version]
    rows: Sequence[Rows]
    """Of each version."""
    after_retry: tuple[Sequence[str], Rows]
    after_cut_off: Rows
    at_the_end: Rows


@pytest.fixture(scope="module")
def stories() -> dict[tuple[str, Way], Story]:
    return {}


@pytest.fixture
def story(
    lake: Lake, way: Way, request: pytest.FixtureRequest, stories: dict[tuple[str, Way], Story]
) -> Story:
    """Three writes, the last of them twice, another that is cut off, and then done."""
    known = request.node.callspec.params["lake"].name, way
    if known not in stories:
        stories[known] = told_of(lake, way)
    return stories[known]


def told_of(lake: Lake, way: Way) -> Story:
    *ops, cut_off = ops_of(way, 3)
    writer, reader = lake.open(), lake.open()
    told = [perform(writer, op, lake.scratch) for op in ops]
    versions = past(reader, way).versions()
    rows = [rows_in(reader, way, version) for version in range(len(ops))]
    perform(lake.open(), ops[-1], lake.scratch)
    after_retry = steps_in(reader, way), rows_in(reader, way)
    stage(writer, cut_off, lake.scratch)
    after_cut_off = rows_in(reader, way)
    perform(reader, cut_off, lake.scratch)
    at_the_end = rows_in(writer, way)
    ops = [*ops, cut_off]
    return Story(ops, told, versions, rows, after_retry, after_cut_off, at_the_end)


def stage(store: Store, op: Op, scratch: Path) -> None:
    """Comes as far as before the commit."""
    if op.way == "artifact":
        (scratch / "cut off").write_text(op.step_id)
        store.artifact(DAILY_MODEL).stage(scratch / "cut off")
        return
    table = table_for(store, op.way)
    schema = polars_schema(table.spec.schema)
    table.stage(pl.DataFrame(brought(op), schema=schema, orient="row"))


@EVERY_WAY
def test_the_rows_are_exact_in_every_version(story: Story) -> None:
    assert story.rows == modelled([op.step_id for op in story.ops[:-1]])


@EVERY_WAY
def test_a_step_that_is_tried_again_changes_nothing(story: Story) -> None:
    assert story.after_retry == ([op.step_id for op in story.ops[:-1]], story.rows[-1])


@EVERY_WAY
def test_what_is_cut_off_before_its_commit_is_never_seen(story: Story) -> None:
    assert story.after_cut_off == story.rows[-1]
    assert story.at_the_end == modelled([op.step_id for op in story.ops])[-1]


@EVERY_WAY
def test_what_was_made_is_known_from_the_store_alone(story: Story) -> None:
    assert [each.made for each in story.versions] == story.told


@EVERY_WAY
def test_two_writers_at_once_lose_nothing(lake: Lake, way: Way) -> None:
    first, *ops = ops_of(way, 4)
    perform(lake.open(), first, lake.scratch)

    def write(own: Sequence[Op]) -> list[str]:
        done: list[str] = []
        store = lake.open()
        for op in own:
            try:
                perform(store, op, lake.scratch)
            except FlowForgeError:  # it is told that it was refused
                continue
            done.append(op.step_id)
        return done

    with ThreadPoolExecutor(2) as pool:
        done = [step for steps in pool.map(write, (ops[::2], ops[1::2])) for step in steps]
    reader = lake.open()
    steps = steps_in(reader, way)
    assert {first.step_id, *done} <= set(steps)
    assert len(steps) == len(set(steps))
    assert rows_in(reader, way) == modelled(steps)[-1]


@EVERY_WAY
@pytest.mark.parametrize("kind", ELSEWHERE)
def test_a_network_that_loses_answers_loses_no_row(
    kind: StoreKind,
    way: Way,
    fault_proxy: Callable[[StorePlace], FaultProxy],
    request: pytest.FixtureRequest,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert kind.emulator
    place: StorePlace = request.getfixturevalue(kind.emulator)
    proxy = fault_proxy(place)
    far = elsewhere(place.through(proxy.url).with_options(max_retries=0), kind, tmp_path)
    near = elsewhere(place, kind, tmp_path)
    ops = ops_of(way, 2)
    reader = near.open()
    perform(reader, ops[0], tmp_path)
    # engines know of one Azurite alone: of the proxy from here on
    monkeypatch.delenv("AZURITE_BLOB_STORAGE_URL", raising=False)
    writer = far.open()
    proxy.plan(7, 0.2, kinds=["drop_after", "error_after", "error_503"], most=4)
    for op in ops[1:]:
        _until_done(writer, op, tmp_path)
    proxy.calm()
    assert steps_in(reader, way) == [op.step_id for op in ops]
    assert rows_in(reader, way) == modelled([op.step_id for op in ops])[-1]


def _until_done(store: Store, op: Op, scratch: Path) -> None:
    """Writes until it is told that it has; any other error than a coded one is none to expect."""
    for _ in range(_TRIES):
        try:
            perform(store, op, scratch)
        except FlowForgeError:
            continue
        return
    pytest.fail(f"{op.step_id} was not done in {_TRIES} tries")
