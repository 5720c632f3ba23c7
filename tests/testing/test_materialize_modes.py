from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import polars as pl
import pytest

from flowforge_assets import (
    Artifact,
    Before,
    Bronze,
    Col,
    Daily,
    File,
    Frame,
    Gold,
    Hourly,
    Rows,
    Silver,
    Table,
    asset,
    col,
    key,
)
from flowforge_assets.errors.testing import GivenRowsError, PartitionUnsaidError
from flowforge_assets.testing import Givens, materialize, rows

DAY = Daily("2026-01-01")
HOUR = Hourly("2026-01-01T00")
FIRST = datetime(2026, 1, 10, tzinfo=UTC)
SECOND = datetime(2026, 1, 11, tzinfo=UTC)


class Accounts(Bronze):
    user: Col[str] = col()
    email: Col[str] = col()


class Users(Silver):
    user: Col[str] = key()
    email: Col[str] = col()
    since: Col[datetime] = col(valid_from=True)
    until: Col[datetime | None] = col(valid_to=True)
    is_current: Col[bool] = col(current=True)


@asset(write="scd2")
def users(accounts: Frame[Accounts]) -> Frame[Users]:
    return accounts


def states(frame: pl.DataFrame) -> list[tuple[str, str, bool]]:
    return sorted(frame.select("user", "email", "is_current").rows())


def test_a_history_run_twice_closes_what_changed() -> None:
    ran = materialize(Users, given={Accounts: [{"user": "a", "email": "old"}]}, now=FIRST)
    assert states(ran[Users]) == [("a", "old", True)]
    later = [{"user": "a", "email": "new"}, {"user": "b", "email": "first"}]
    ran = ran.again(given={Accounts: later}, now=SECOND)
    assert states(ran[Users]) == [("a", "new", True), ("a", "old", False), ("b", "first", True)]
    closed = ran[Users].filter(email="old").row(0, named=True)
    assert (closed["since"], closed["until"]) == (FIRST, SECOND)


def test_a_history_run_twice_over_the_same_rows_stays() -> None:
    ran = materialize(Users, given={Accounts: [{"user": "a"}]}, now=FIRST)
    again = ran.again(given={Accounts: [{"user": "a"}]}, now=SECOND)
    assert again[Users].equals(ran[Users])


def test_a_given_history_can_be_read() -> None:
    class Emails(Gold):
        email: Col[str] = col()

    @asset
    def emails(users: Frame[Users]) -> Frame[Emails]:
        return users.filter(Users.is_current).select("email")

    old, new = {"email": "old"}, {"email": "new", "is_current": True}
    ran = materialize(Emails, given={Users: [old, new]})
    assert ran[Emails]["email"].to_list() == ["new"]


def test_a_history_goes_on_from_given_states() -> None:
    before = rows(Users, [{"user": "a", "email": "old", "since": FIRST}])
    now_at = [{"user": "a", "email": "new"}]
    ran = materialize(Users, given={Users: before, Accounts: now_at}, now=SECOND)
    assert states(ran[Users]) == [("a", "new", True), ("a", "old", False)]


class Snapshots(Gold):
    user: Col[str] = key()
    taken: Col[datetime] = col(valid_from=True)


@asset(write="snapshot")
def snapshots(accounts: Frame[Accounts]) -> Frame[Snapshots]:
    return accounts.select("user")


def test_each_run_adds_a_snapshot() -> None:
    ran = materialize(Snapshots, given={Accounts: [{"user": "a"}]}, now=FIRST)
    ran = ran.again(given={Accounts: [{"user": "a"}, {"user": "b"}]}, now=SECOND)
    assert sorted(ran[Snapshots].rows()) == [("a", FIRST), ("a", SECOND), ("b", SECOND)]


class Arrivals(Bronze, partition=HOUR.on("arrived")):
    arrived: Col[datetime] = col()
    event: Col[str] = col()
    hour: Col[datetime] = col()


class Events(Silver, partition=HOUR.on("hour")):
    event: Col[str] = key()
    hour: Col[datetime] = col()


@asset(write="merge", per=HOUR)
def events(arrivals: Frame[Arrivals]) -> Frame[Events]:
    return arrivals.select("event", "hour")


def test_steps_are_cut_as_the_asset_says_and_late_rows_land_in_their_hour() -> None:
    late = [
        {"arrived": "2026-01-01T01:00", "event": "a", "hour": "2026-01-01T01:00"},
        {"arrived": "2026-01-01T02:00", "event": "late", "hour": "2026-01-01T01:00"},
    ]
    ran = materialize(Events, given={Arrivals: late}, now=FIRST)
    assert [step.partitions.render(None) for step in ran.plan.steps] == [
        "2026-01-01T01..2026-01-01T02"
    ]
    assert sorted(ran[Events]["event"]) == ["a", "late"]
    ran = materialize(Events, given={Arrivals: late}, partition="2026-01-01T02", now=FIRST)
    assert ran[Events]["event"].to_list() == ["late"]


def test_merged_rows_replace_those_that_were_there() -> None:
    before = [{"event": "a", "hour": "2026-01-01T01:00"}]
    moved = [{"arrived": "2026-01-01T05:00", "event": "a", "hour": "2026-01-01T03:00"}]
    ran = materialize(Events, given={Events: before, Arrivals: moved}, now=FIRST)
    assert ran[Events]["hour"].to_list() == [datetime(2026, 1, 1, 3, tzinfo=UTC)]


def test_what_is_made_in_other_steps_can_be_given_to_its_readers() -> None:
    class Counts(Gold, partition=HOUR.on("hour")):
        hour: Col[datetime] = key()
        events: Col[int] = col()

    @asset
    def counts(events: Frame[Events]) -> Frame[Counts]:
        return events.group_by("hour").agg(events=pl.len().cast(pl.Int64))

    given = [{"hour": "2026-01-01T02:00"}, {"hour": "2026-01-01T02:00"}]
    assert materialize(Counts, given={Events: given}, now=FIRST)[Counts]["events"].item() == 2
    arrived = [{"arrived": "2026-01-01T05:00", "event": "a", "hour": "2026-01-01T02:00"}]
    with pytest.raises(PartitionUnsaidError):
        materialize(Events, Counts, given={Arrivals: arrived}, now=FIRST)
    hours = "2026-01-01T02..2026-01-01T05"
    ran = materialize(Events, Counts, given={Arrivals: arrived}, partition=hours, now=FIRST)
    assert ran[Counts].rows() == [(datetime(2026, 1, 1, 2, tzinfo=UTC), 1)]


class Log(Silver):
    line: Col[str] = col()


@asset(write="append")
def log(accounts: Frame[Accounts]) -> Frame[Log]:
    return accounts.select(line="user")


def test_each_run_appends_to_what_was_given() -> None:
    ran = materialize(Log, given={Log: [{"line": "x"}], Accounts: [{"user": "a"}]}, now=FIRST)
    assert sorted(ran[Log]["line"]) == ["a", "x"]
    ran = ran.again(given={Accounts: [{"user": "b"}]})
    assert sorted(ran[Log]["line"]) == ["a", "b", "x"]


class Orders(Bronze, partition=DAY.on("day")):
    order: Col[int] = key()
    day: Col[date] = col()


class Lines(Bronze, partition=DAY.on("day")):
    order: Col[int] = col()
    day: Col[date] = col()


@asset
def pull(day: date) -> tuple[Frame[Orders], Table[Lines]]:
    return rows(Orders, [{"day": day}]), rows(Lines, [{"day": day}, {"day": day}]).collect()


def test_an_asset_of_several_datasets_makes_them_all() -> None:
    ran = materialize(Orders, partition=date(2026, 1, 2), now=FIRST)
    assert (ran[Orders].height, ran[Lines].height) == (1, 2)


def test_rows_of_several_datasets_go_where_they_belong() -> None:
    class Paid(Silver):
        number: Col[int] = key()

    class Unpaid(Silver):
        number: Col[int] = key()

    @asset
    def routed() -> Rows[Paid | Unpaid]:
        yield Paid(number=1)
        yield Unpaid(number=2)

    ran = materialize(Unpaid)
    assert (ran[Paid].item(), ran[Unpaid].item()) == (1, 2)


def test_an_asset_sees_what_it_replaces() -> None:
    class Counter(Gold):
        count: Col[int] = col()

    @asset
    def counter(before: Before[Counter]) -> Frame[Counter]:
        return before.select(count=pl.col("count").sum() + 1)

    assert materialize(Counter)[Counter].item() == 1
    assert materialize(Counter, given={Counter: [{"count": 4}]})[Counter].item() == 5


def test_a_view_is_worked_out_when_it_is_read() -> None:
    class Seen(Silver):
        user: Col[str] = col()

    class Names(Gold):
        user: Col[str] = col()

    @asset(write="view")
    def seen(accounts: Frame[Accounts]) -> Frame[Seen]:
        return accounts.select("user")

    @asset
    def names(seen: Frame[Seen]) -> Frame[Names]:
        return seen

    ran = materialize(Seen, Names, given={Accounts: [{"user": "a"}]})
    assert ran[Names]["user"].to_list() == ["a"]
    assert ran[Seen]["user"].to_list() == ["a"]


class Model(Artifact, suffix=".txt"):
    """What was learned."""


class Scores(Gold):
    user: Col[str] = key()
    score: Col[int] = col()


@asset
def train(accounts: Table[Accounts], out: Path) -> File[Model]:
    path = out / "model.txt"
    path.write_text(str(accounts.height))
    return path


@asset
def scores(model: File[Model], accounts: Frame[Accounts]) -> Frame[Scores]:
    return accounts.select("user", score=pl.lit(int(model.read_text()), pl.Int64))


def test_an_artifact_is_a_file() -> None:
    ran = materialize(Model, Scores, given={Accounts: [{"user": "a"}, {"user": "b"}]})
    assert ran.file(Model).read_text() == "2"
    assert ran[Scores]["score"].to_list() == [2, 2]


def test_an_artifact_can_be_given(tmp_path: Path) -> None:
    path = tmp_path / "model.txt"
    path.write_text("7")
    ran = materialize(Scores, given={Model: path, Accounts: [{"user": "a"}]})
    assert ran[Scores]["score"].item() == 7


class Reports(Artifact, suffix=".txt", partition=DAY.on("day")):
    """One a day."""


@asset
def reports(day: date, out: Path) -> File[Reports]:
    path = out / "report.txt"
    path.write_text(str(day))
    return path


class Lengths(Gold, partition=DAY.on("day")):
    day: Col[date] = key()
    length: Col[int] = col()


@asset
def lengths(day: date, report: File[Reports]) -> Frame[Lengths]:
    return rows(Lengths, [{"day": day, "length": len(report.read_text())}])


def test_an_artifact_has_a_file_for_each_partition(tmp_path: Path) -> None:
    ran = materialize(Reports, partition="2026-01-01..2026-01-02", now=FIRST)
    assert ran.file(Reports, "2026-01-02").read_text() == "2026-01-02"
    path = tmp_path / "a.txt"
    path.write_text("four")
    ran = materialize(Lengths, given={Reports: {"2026-01-03": path}}, now=FIRST)
    assert ran[Lengths].rows() == [(date(2026, 1, 3), 4)]


def test_a_file_is_no_rows_and_rows_are_no_file(tmp_path: Path) -> None:
    with pytest.raises(GivenRowsError, match="is given a file, but is a table"):
        materialize(Users, given={Accounts: tmp_path})
    with pytest.raises(GivenRowsError, match="it has a file"):
        materialize(Scores, given={Model: [], Accounts: []})
    with pytest.raises(GivenRowsError, match="a file for each partition"):
        materialize(Lengths, given={Reports: tmp_path}, now=FIRST)


@pytest.mark.parametrize("write", ["append", "insert"])
def test_modes_are_those_of_the_asset(write: str) -> None:
    class Kept(Silver):
        user: Col[str] = key()
        email: Col[str] = col()

    @asset(write=write)  # type: ignore[call-overload, untyped-decorator]  # one of the two
    def kept(accounts: Frame[Accounts]) -> Frame[Kept]:
        return accounts

    given: Givens = {Kept: [{"user": "a"}], Accounts: [{"user": "b"}]}
    assert sorted(materialize(Kept, given=given)[Kept]["user"]) == ["a", "b"]


class DailyAccounts(Bronze, partition=DAY.on("day")):
    day: Col[date] = col()
    user: Col[str] = col()
    email: Col[str] = col()


class Emails(Silver):
    user: Col[str] = key()
    email: Col[str] = col()
    since: Col[datetime] = col(valid_from=True)
    until: Col[datetime | None] = col(valid_to=True)


@asset(write="scd2", per=DAY)
def emails(accounts: Frame[DailyAccounts]) -> Frame[Emails]:
    return accounts.drop("day")


CHANGES = [
    {"day": "2026-01-01", "user": "a", "email": "first"},
    {"day": "2026-01-02", "user": "a", "email": "first"},
    {"day": "2026-01-03", "user": "a", "email": "second"},
]


def test_a_history_is_made_from_a_range_of_days_in_order() -> None:
    ran = materialize(Emails, given={DailyAccounts: CHANGES}, now=FIRST)
    found = ran[Emails].sort("since").select("email", "since", "until").rows()
    first, third = (datetime(2026, 1, day, tzinfo=UTC) for day in (1, 3))
    assert found == [("first", first, third), ("second", third, None)]


def test_a_day_before_the_newest_of_a_history_leaves_it_as_it_is() -> None:
    ran = materialize(Emails, given={DailyAccounts: CHANGES}, partition="2026-01-03", now=FIRST)
    earlier = ran.again(partition="2026-01-01")
    assert (earlier.plan.steps, len(earlier.plan.kept)) == ((), 1)
    assert earlier[Emails].equals(ran[Emails])
