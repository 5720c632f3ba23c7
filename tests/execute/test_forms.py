from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Self

import polars as pl
import pyarrow as pa
import pytest

from flowforge_assets import (
    Arrow,
    Bronze,
    Col,
    Context,
    Daily,
    Frame,
    Gold,
    Has,
    Hourly,
    Lag,
    Partitions,
    Resource,
    Rows,
    Silver,
    Static,
    Table,
    asset,
    col,
    key,
)
from flowforge_assets.errors.check import ReturnValueError
from flowforge_assets.errors.project import ResourceSettingsError
from flowforge_assets.errors.run import InputMissingError, ResourceError, StepFailedError
from pipelines import NOON, pipeline

DAY = Daily(start="2026-01-01", end="2026-01-03")


class Numbers(Bronze):
    n: Col[int] = key()


class Doubled(Silver):
    n: Col[int] = key()


class Other(Silver):
    n: Col[int] = key()


class ByDay(Bronze, partition=DAY.on("day")):
    day: Col[date] = col()
    n: Col[int] = col()


class Balance(Silver, partition=DAY.on("day")):
    day: Col[date] = col()
    total: Col[int] = col()


class Named(Gold, partition=(DAY.on("day") * Static("ch", "de").on("country"))):
    day: Col[date] = col()
    country: Col[str] = col()


class Hours(Bronze, partition=Hourly("2026-01-01T00", "2026-01-01T02").on("at")):
    at: Col[datetime] = col()


@asset
def numbers() -> Table[Numbers]:
    return pl.DataFrame({"n": [1, 2]})


@asset
def by_day(days: Partitions[date]) -> Table[ByDay]:
    return pl.DataFrame({"day": list(days), "n": [day.day for day in days]})


@asset(name="from_frame")
def from_frame(numbers: Frame[Numbers]) -> Frame[Doubled]:
    return numbers.select(Numbers.n * 2)


@asset(name="from_table")
def from_table(numbers: Table[Numbers]) -> Table[Doubled]:
    return pl.DataFrame({"n": [2 * n for n in numbers["n"]]})


@asset(name="from_rows")
def from_rows(numbers: Rows[Numbers]) -> Rows[Doubled]:
    return [Doubled(n=row.n * 2) for row in numbers]


@asset(name="from_generator")
def from_generator(numbers: Rows[Numbers]) -> Rows[Doubled]:
    for row in numbers:
        yield Doubled(n=row.n * 2)


@asset(name="from_arrow")
def from_arrow(numbers: Arrow[Numbers]) -> Arrow[Doubled]:
    table = numbers.read_all()
    doubled = pa.array([2 * n.as_py() for n in table.column("n")])
    return pa.table({"n": doubled}).to_reader()


@pytest.mark.parametrize(
    "function", [from_frame, from_table, from_rows, from_generator, from_arrow]
)
@pytest.mark.parametrize("store", ["memory", "delta"])
def test_every_form_reads_and_gives_the_same_rows(
    tmp_path: Path, function: object, store: str
) -> None:
    found = pipeline(tmp_path, numbers, function, store=store)  # type: ignore[arg-type]  # a function
    assert found.run().errors == ()
    assert found.rows(Doubled, "n") == [2, 4]


def test_a_set_of_keys_is_made_by_one_call(tmp_path: Path) -> None:
    calls: list[list[date]] = []

    @asset
    def counted(days: Partitions[date]) -> Table[ByDay]:
        calls.append(list(days))
        return pl.DataFrame({"day": list(days), "n": [0] * len(days)})

    pipeline(tmp_path, counted).run()
    assert calls == [[date(2026, 1, 1), date(2026, 1, 2), date(2026, 1, 3)]]


def test_two_keys_come_by_name(tmp_path: Path) -> None:
    @asset
    def named(country: str, day: date) -> Table[Named]:
        return pl.DataFrame({"day": [day], "country": [country]})

    found = pipeline(tmp_path, named)
    found.run()
    assert len(found.rows(Named)) == 6


def test_the_key_of_an_hour_is_an_instant(tmp_path: Path) -> None:
    @asset
    def hours(at: datetime) -> Table[Hours]:
        return pl.DataFrame({"at": [at]})

    found = pipeline(tmp_path, hours)
    assert found.run().errors == ()
    assert [at.hour for at in found.rows(Hours, "at")] == [0, 1, 2]
    assert all(at.tzinfo is not None for at in found.rows(Hours, "at"))


def test_an_asset_may_make_two_datasets(tmp_path: Path) -> None:
    @asset(makes=[Doubled, Other])
    def both(numbers: Frame[Numbers]) -> tuple[pl.LazyFrame, pl.DataFrame]:
        return numbers.select(Numbers.n * 2), numbers.collect()

    found = pipeline(tmp_path, numbers, both)
    assert found.run().made == 2
    assert found.rows(Doubled, "n") == [2, 4]
    assert found.rows(Other, "n") == [1, 2]


def test_the_wrong_number_of_results_is_an_error(tmp_path: Path) -> None:
    @asset(makes=[Doubled, Other])
    def both() -> tuple[pl.LazyFrame, ...]:
        return (pl.LazyFrame({"n": [1]}),)

    (error,) = pipeline(tmp_path, both).run().errors
    assert isinstance(error, ReturnValueError)
    assert "1 values" in error.message


@pytest.mark.parametrize("wrong", [None, 3, [{"n": 1}]])
def test_what_is_no_frame_is_an_error(tmp_path: Path, wrong: object) -> None:
    @asset
    def broken() -> Frame[Numbers]:
        return wrong  # type: ignore[return-value]  # the mistake

    (error,) = pipeline(tmp_path, broken).run().errors
    assert isinstance(error, ReturnValueError)


def test_a_row_of_another_class_is_an_error(tmp_path: Path) -> None:
    @asset
    def broken() -> Rows[Numbers]:
        return [Doubled(n=1)]  # type: ignore[list-item]  # the mistake

    (error,) = pipeline(tmp_path, broken).run().errors
    assert isinstance(error, ReturnValueError)
    assert "Doubled" in error.message


def test_a_generator_that_fails_late_is_a_failed_step(tmp_path: Path) -> None:
    @asset
    def broken() -> Rows[Numbers]:
        yield Numbers(n=1)
        msg = "the feed broke off"
        raise ValueError(msg)

    (error,) = pipeline(tmp_path, broken).run().errors
    assert isinstance(error, StepFailedError)
    assert "the feed broke off" in error.message


def test_an_optional_input_that_was_never_made_is_none(tmp_path: Path) -> None:
    seen: list[object] = []

    @asset
    def lenient(numbers: Frame[Numbers] | None) -> Frame[Doubled]:
        seen.append(numbers)
        return pl.LazyFrame({"n": [0]})

    found = pipeline(tmp_path, numbers, lenient)
    assert found.run(["silver.doubled"]).errors == ()
    assert seen == [None]
    assert found.plan(["silver.doubled"]).steps == ()


def test_has_skip_reads_what_is_there(tmp_path: Path) -> None:
    @asset
    def lenient(raw: Annotated[Frame[ByDay], Has(missing="skip")]) -> Frame[Numbers]:
        return raw.select("n")

    found = pipeline(tmp_path, by_day, lenient)
    found.run(["bronze.by_day"], partitions="2026-01-02")
    assert found.run(["bronze.numbers"]).errors == ()
    assert found.rows(Numbers, "n") == [2]


def test_has_error_fails_while_a_partition_lacks(tmp_path: Path) -> None:
    @asset
    def strict(raw: Annotated[Frame[ByDay], Has(missing="error")]) -> Frame[Numbers]:
        return raw.select("n")

    found = pipeline(tmp_path, by_day, strict)
    found.run(["bronze.by_day"], partitions="2026-01-02")
    (error,) = found.run(["bronze.numbers"]).errors
    assert isinstance(error, InputMissingError)
    assert "2026-01-01" in error.message


@pytest.mark.parametrize("workers", [1, 4])
def test_partitions_that_read_their_own_past_are_made_in_order(
    tmp_path: Path, workers: int
) -> None:
    @asset
    def balance(
        raw: Frame[ByDay], before: Annotated[Frame[Balance], Lag(1)] | None
    ) -> Frame[Balance]:
        added = raw.select("day", total="n")
        if before is None:
            return added
        return added.join(before.select(before="total"), how="cross").select(
            "day", total=pl.col("total") + pl.col("before")
        )

    found = pipeline(tmp_path, by_day, balance, workers=workers)
    assert found.run().errors == ()
    assert found.rows(Balance, "total") == [1, 3, 6]
    assert found.plan().steps == ()
    found.run(["bronze.by_day"], partitions="2026-01-02", force=True)
    found.run()
    assert found.plan().steps == ()
    assert found.rows(Balance, "total") == [1, 3, 6]


def test_the_context_says_where_a_step_is(tmp_path: Path) -> None:
    seen: list[Context] = []

    @asset
    def curious(context: Context) -> Frame[Numbers]:
        seen.append(context)
        return pl.LazyFrame({"n": [1]})

    result = pipeline(tmp_path, curious).run()
    (context,) = seen
    assert (context.env, context.run_id, context.asset) == ("dev", result.run_id, "curious")
    assert context.attempt == 1
    assert context.now > NOON


class Service(Resource):
    """Counts how often it is opened and closed."""

    url: str
    timeout_seconds: float = 30

    opened = 0
    closed = 0

    def __enter__(self) -> Self:
        type(self).opened += 1
        return self

    def __exit__(self, *_: object) -> None:
        type(self).closed += 1


@pytest.fixture
def service() -> type[Service]:
    Service.opened = Service.closed = 0
    return Service


def _two_users() -> Iterable[object]:
    @asset(name="first_user")
    def first(service: Service) -> Frame[Numbers]:
        return pl.LazyFrame({"n": [len(service.url)]})

    @asset(name="second_user")
    def second(service: Service) -> Frame[Doubled]:
        return pl.LazyFrame({"n": [int(service.timeout_seconds)]})

    return first, second


def test_a_resource_is_opened_once_and_closed_at_the_end(
    tmp_path: Path, service: type[Service]
) -> None:
    settings = {"Service": {"url": "http"}}
    found = pipeline(tmp_path, *_two_users(), resources=settings, workers=2)  # type: ignore[arg-type]  # functions
    assert found.run().errors == ()
    assert (service.opened, service.closed) == (1, 1)
    assert found.rows(Numbers, "n") == [4]
    assert found.rows(Doubled, "n") == [30]


def test_a_missing_setting_names_where_it_belongs(tmp_path: Path, service: type[Service]) -> None:
    (first, _) = _two_users()
    with pytest.raises(ResourceSettingsError, match="needs the setting `url`") as caught:
        pipeline(tmp_path, first).run()  # type: ignore[arg-type]  # a function
    assert caught.value.hint == "add it under `[env.dev.resources.Service]`"


def test_a_missing_setting_is_told_at_its_asset_before_anything_runs(
    tmp_path: Path, service: type[Service]
) -> None:
    (first, _) = _two_users()
    found = pipeline(tmp_path, first)  # type: ignore[arg-type]  # a function
    with pytest.raises(ResourceSettingsError) as caught:
        found.run()
    assert caught.value.place == next(iter(found.graph.assets.values())).place
    assert found.events == []


def test_a_resource_that_is_given_needs_no_settings(tmp_path: Path, service: type[Service]) -> None:
    (first, _) = _two_users()
    found = pipeline(tmp_path, first)  # type: ignore[arg-type]  # a function
    ready = service()
    ready.url = "http"
    found.given = (ready,)
    assert found.run().errors == ()


@pytest.mark.parametrize("wrong", [{"url": 3}, {"url": "http", "urll": "x"}])
def test_a_wrong_setting_is_an_error(
    tmp_path: Path, service: type[Service], wrong: dict[str, object]
) -> None:
    (first, _) = _two_users()
    found = pipeline(tmp_path, first, resources={"Service": wrong})  # type: ignore[arg-type]  # a function
    with pytest.raises(ResourceSettingsError):
        found.run()


def test_a_resource_that_cannot_be_opened_is_an_error(tmp_path: Path) -> None:
    class Down(Resource):
        def __enter__(self) -> Self:
            msg = "no route"
            raise ConnectionError(msg)

        def __exit__(self, *_: object) -> None: ...

    @asset
    def user(down: Down) -> Frame[Numbers]:
        return pl.LazyFrame({"n": [1]})

    (error,) = pipeline(tmp_path, user).run().errors
    assert isinstance(error, ResourceError)


def test_a_given_resource_stands_in_for_its_class(tmp_path: Path, service: type[Service]) -> None:
    class Fake(Service):
        url = "fake"

    (first, _) = _two_users()
    found = pipeline(tmp_path, first)  # type: ignore[arg-type]  # a function
    found.given = (Fake(),)
    assert found.run().errors == ()
    assert found.rows(Numbers, "n") == [4]
