from __future__ import annotations

import gc
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from weakref import ref

import duckdb
import polars as pl
import pytest

from flowforge_assets.core.key import DatasetKey
from flowforge_assets.core.polars_types import polars_schema
from flowforge_assets.core.schema import Plain, Schema
from flowforge_assets.errors.sql import (
    SqlColumnError,
    SqlMemoryError,
    SqlParameterError,
    SqlRunError,
    SqlValueError,
)
from flowforge_assets.sql.engine import DuckInput, FilesInput, FrameInput, SqlEngine
from flowforge_assets.sql.infer import Binder
from flowforge_assets.sql.parse import ParsedSql
from flowforge_assets.sql.session import Session, SessionLimits

Parse = Callable[[str], ParsedSql]
Schemas = Mapping[DatasetKey, Schema]
FLIGHTS = DatasetKey("silver.flights")
LARGEST = 2**63 - 1


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SqlEngine]:
    spill = tmp_path_factory.mktemp("spill")
    with SqlEngine(sessions=2, memory_bytes=400_000_000, spill_folder=spill) as opened:
        yield opened


@pytest.fixture
def flights(schemas: Schemas) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "flight_id": ["007", "b c", None],
            "day": [date(2013, 1, 1), date(2013, 1, 2), None],
            "delay": [5, -3, None],
            "fare": [Decimal("0.10"), Decimal("99999999.99"), None],
            "departed": [datetime(2013, 7, 1, 12, tzinfo=UTC), None, None],
        },
        schema=polars_schema(schemas[FLIGHTS]),
    )


def no_fallback() -> pl.LazyFrame:
    msg = "the files should have been read"
    raise AssertionError(msg)


@pytest.fixture(params=["frame", "lazy", "file", "folders", "fallback"])
def flights_input(
    request: pytest.FixtureRequest, flights: pl.DataFrame, schemas: Schemas, tmp_path: Path
) -> tuple[DuckInput, Path]:
    match request.param:
        case "frame":
            return FrameInput(flights), tmp_path
        case "lazy":
            return FrameInput(flights.lazy()), tmp_path
        case "file":
            flights.write_parquet(tmp_path / "part 'one' ü.parquet")
            files = [str(tmp_path / "part 'one' ü.parquet")]
            return FilesInput(files, schemas[FLIGHTS], no_fallback), tmp_path
        case "folders":
            parts: list[str] = []
            for number, (carrier, rows) in enumerate(flights.group_by("flight_id")):
                name = carrier[0] if carrier[0] is not None else "__HIVE_DEFAULT_PARTITION__"
                folder = tmp_path / f"flight_id={name}"
                folder.mkdir()
                rows.drop("flight_id").write_parquet(folder / f"{number}.parquet")
                parts.append(str(folder / f"{number}.parquet"))
            return FilesInput(parts, schemas[FLIGHTS], no_fallback), tmp_path
        case _:
            return FilesInput([], schemas[FLIGHTS], flights.lazy), tmp_path


@pytest.mark.parametrize(
    "query",
    [
        "select * from silver.flights order by flight_id",
        "select sum(delay) as s, sum(fare) as f, avg(delay) as a from silver.flights",
        "select departed, departed at time zone 'Europe/Berlin' as w from silver.flights",
        "select list(delay) as l, {'a': sum(delay), 'b': '{}'::json} as s from silver.flights",
        "select [1, 2]::int[2] as a, 'x'::enum('x', 'y') as e, 1::utinyint as u",
        "select timestamp_ms '2013-01-01 00:00:00.001' as t, 'a'::blob as b",
        "from silver.flights where false -- and a comment at the end",
        "select $day as d, delay from silver.flights where day = $day",
    ],
)
def test_rows_have_the_types_that_binding_gives(
    *,
    binder: Binder,
    parsed: Parse,
    schemas: Schemas,
    flights_input: tuple[DuckInput, Path],
    query: str,
) -> None:
    given, folder = flights_input
    bound = binder.bind(parsed(query), schemas, parameters={"day": Plain("date")})
    with SqlEngine(folders=[folder]) as engine:
        found = engine.run(parsed(query), {FLIGHTS: given}, parameters={"day": date(2013, 1, 1)})
    assert found.schema == polars_schema(bound)


def test_every_way_to_give_a_dataset_gives_its_rows(
    parsed: Parse, flights: pl.DataFrame, flights_input: tuple[DuckInput, Path]
) -> None:
    given, folder = flights_input
    with SqlEngine(folders=[folder]) as engine:
        found = engine.run(parsed("from silver.flights order by flight_id"), {FLIGHTS: given})
    assert found.equals(flights)


def test_decimals_and_instants_are_exact(
    engine: SqlEngine, parsed: Parse, flights: pl.DataFrame
) -> None:
    query = "select sum(fare) as f, max(departed) as t from silver.flights"
    found = engine.run(parsed(query), {FLIGHTS: FrameInput(flights)})
    assert found.row(0) == (Decimal("100000000.09"), datetime(2013, 7, 1, 12, tzinfo=UTC))


def test_days_are_cut_in_utc(engine: SqlEngine, parsed: Parse, flights: pl.DataFrame) -> None:
    late = flights.with_columns(departed=datetime(2013, 7, 1, 23, 30, tzinfo=UTC))
    query = "select any_value(departed::date) as d from silver.flights"
    assert engine.run(parsed(query), {FLIGHTS: FrameInput(late)}).item() == date(2013, 7, 1)


def test_a_sum_up_to_64_bits_is_exact(
    engine: SqlEngine, parsed: Parse, flights: pl.DataFrame
) -> None:
    most = flights.with_columns(delay=pl.Series([LARGEST, None, None], dtype=pl.Int64))
    query = "select sum(delay) as s from silver.flights"
    assert engine.run(parsed(query), {FLIGHTS: FrameInput(most)}).item() == LARGEST


@pytest.mark.parametrize(
    ("query", "column", "message"),
    [
        ("select sum(delay) as s from silver.flights", 1, "a value of column `s` does not fit"),
        ("select delay + 1 as s from silver.flights", 1, "the addition of two `INT64` is out of"),
    ],
)
def test_an_overflow_is_an_error_and_never_wraps(
    engine: SqlEngine,
    parsed: Parse,
    flights: pl.DataFrame,
    *,
    query: str,
    column: int,
    message: str,
) -> None:
    most = flights.with_columns(delay=pl.lit(LARGEST, dtype=pl.Int64))
    with pytest.raises(SqlValueError, match=message) as caught:
        engine.run(parsed(query), {FLIGHTS: FrameInput(most)})
    assert caught.value.place is not None
    assert caught.value.place.column == column


def test_a_bad_cast_is_told_with_its_place_and_without_the_value(
    engine: SqlEngine, parsed: Parse, flights: pl.DataFrame
) -> None:
    secret = flights.with_columns(flight_id=pl.lit("s3cr3t"))
    query = "/* tags = [] */\nselect\n  'ü', flight_id::int as x\nfrom silver.flights"
    with pytest.raises(SqlValueError) as caught:
        engine.run(parsed(query), {FLIGHTS: FrameInput(secret)})
    place = caught.value.place
    assert place is not None
    assert (place.line, place.column) == (3, 17)
    assert caught.value.message == "a value of column `flight_id` does not fit `INT32`"
    assert "s3cr3t" not in caught.value.render()


def test_a_place_is_right_where_the_result_had_to_be_cast(
    engine: SqlEngine, parsed: Parse, flights: pl.DataFrame
) -> None:
    query = "select sum(delay) as s,\n sum(flight_id::int) as x from silver.flights"
    with pytest.raises(SqlValueError) as caught:
        engine.run(parsed(query), {FLIGHTS: FrameInput(flights)})
    assert caught.value.place is not None
    assert (caught.value.place.line, caught.value.place.column) == (2, 15)


def test_too_much_memory_is_a_coded_error_and_the_engine_works_on(
    parsed: Parse, tmp_path: Path
) -> None:
    with SqlEngine(memory_bytes=60_000_000, spill_folder=tmp_path) as engine:
        with pytest.raises(SqlMemoryError):
            engine.run(parsed("select list(md5(i::varchar)) as x from range(3000000) t(i)"), {})
        assert engine.run(parsed("select 1 as x"), {}).item() == 1


def test_a_query_that_the_engine_gives_up_on_is_told_without_the_values(
    engine: SqlEngine, parsed: Parse, flights: pl.DataFrame
) -> None:
    secret = flights.with_columns(flight_id=pl.lit("(s3cr3t"))
    query = "select regexp_matches('x', flight_id) as found from silver.flights"
    with pytest.raises(SqlRunError) as caught:
        engine.run(parsed(query), {FLIGHTS: FrameInput(secret)})
    assert caught.value.code == "FF-432"
    assert "s3cr3t" not in caught.value.render()


def test_a_stored_column_that_is_gone_is_told_as_a_bind_error(
    engine: SqlEngine, parsed: Parse, flights: pl.DataFrame
) -> None:
    with pytest.raises(SqlColumnError, match="no column `delay`"):
        engine.run(
            parsed("select delay from silver.flights"), {FLIGHTS: FrameInput(flights.drop("delay"))}
        )


def test_a_parameter_must_be_given(engine: SqlEngine, parsed: Parse) -> None:
    with pytest.raises(SqlParameterError):
        engine.run(parsed("select $day as d"), {})


def test_parameters_are_values_never_text(engine: SqlEngine, parsed: Parse) -> None:
    value = "x'; drop table silver.flights; --"
    found = engine.run(parsed("select $carrier as c"), {}, parameters={"carrier": value})
    assert found.item() == value


def test_batches_give_all_rows_and_leave_the_session_usable(
    engine: SqlEngine, parsed: Parse
) -> None:
    query = parsed("select i from range(300000) t(i)")
    batches = list(engine.batches(query, {}))
    assert len(batches) > 1
    assert pl.concat(batches)["i"].n_unique() == 300_000
    for _ in range(3):  # more than there are sessions
        reader = engine.batches(query, {})
        assert next(reader).height > 0
        reader.close()
    assert engine.run(parsed("select 1 as x"), {}).item() == 1


def test_an_error_within_batches_is_coded(engine: SqlEngine, parsed: Parse) -> None:
    query = "select (if(i = 250000, 'x', '1'))::int as n from range(300000) t(i)"
    with pytest.raises(SqlValueError):
        list(engine.batches(parsed(query), {}))


def test_two_steps_read_one_dataset_differently_at_the_same_time(
    engine: SqlEngine, parsed: Parse, flights: pl.DataFrame
) -> None:
    query = parsed("select max(delay) as m from silver.flights")

    def most(delay: int) -> object:
        frame = flights.with_columns(delay=pl.lit(delay, dtype=pl.Int64))
        return engine.run(query, {FLIGHTS: FrameInput(frame)}).item()

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(most, range(40))) == list(range(40))


def test_a_column_that_no_file_has_falls_back_to_the_frame(
    parsed: Parse, flights: pl.DataFrame, schemas: Schemas, tmp_path: Path
) -> None:
    path = tmp_path / "old.parquet"
    flights.drop("fare").write_parquet(path)
    given = FilesInput([str(path)], schemas[FLIGHTS], flights.lazy)
    with SqlEngine(folders=[tmp_path]) as engine:
        found = engine.run(parsed("from silver.flights"), {FLIGHTS: given})
    assert found.equals(flights)


def test_a_column_that_only_new_files_have_is_null_in_old_ones(
    parsed: Parse, flights: pl.DataFrame, schemas: Schemas, tmp_path: Path
) -> None:
    flights.head(1).drop("fare").write_parquet(tmp_path / "1.parquet")
    flights.slice(1, 1).write_parquet(tmp_path / "2.parquet")
    files = [str(tmp_path / f"{number}.parquet") for number in (1, 2)]
    given = FilesInput(files, schemas[FLIGHTS], no_fallback)
    with SqlEngine(folders=[tmp_path]) as engine:
        query = "select fare from silver.flights order by flight_id"
        found = engine.run(parsed(query), {FLIGHTS: given})
    assert found["fare"].to_list() == [None, Decimal("99999999.99")]


@pytest.mark.parametrize("name", ["[a]", "a*", "a?"])
def test_a_path_that_reads_like_a_pattern_is_not_given_to_the_engine(
    parsed: Parse, flights: pl.DataFrame, schemas: Schemas, tmp_path: Path, *, name: str
) -> None:
    folder = tmp_path / name
    folder.mkdir()
    flights.write_parquet(folder / "x.parquet")
    given = FilesInput([str(folder / "x.parquet")], schemas[FLIGHTS], flights.head(1).lazy)
    with SqlEngine(folders=[tmp_path]) as engine:
        assert engine.run(parsed("from silver.flights"), {FLIGHTS: given}).height == 1


def test_a_session_reads_no_file_outside_its_folders(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    for name in ("in/x.txt", "out.txt"):
        (tmp_path / name).write_text("text")
    session = Session(SessionLimits(1, None, None, (tmp_path / "in",)))
    read = "select content from read_text('{}')"
    try:
        inside = session.connection.execute(read.format(tmp_path / "in/x.txt")).fetchall()
        assert inside == [("text",)]
        with pytest.raises(duckdb.PermissionException):
            session.connection.execute(read.format(tmp_path / "out.txt"))
        with pytest.raises(duckdb.Error, match="locked"):
            session.connection.execute("set memory_limit = '1GB'")
    finally:
        session.close()


def test_text_in_a_folder_name_that_looks_like_a_date_stays_text(
    parsed: Parse, flights: pl.DataFrame, schemas: Schemas, tmp_path: Path
) -> None:
    folder = tmp_path / "flight_id=2013-1-1"
    folder.mkdir()
    flights.drop("flight_id").write_parquet(folder / "x.parquet")
    given = FilesInput([str(folder / "x.parquet")], schemas[FLIGHTS], no_fallback)
    with SqlEngine(folders=[tmp_path]) as engine:
        found = engine.run(parsed("select flight_id as f from silver.flights"), {FLIGHTS: given})
    assert found["f"].unique().to_list() == ["2013-1-1"]


def test_columns_whose_types_are_known_are_what_they_are_when_bound(
    engine: SqlEngine, parsed: Parse, flights: pl.DataFrame
) -> None:
    query = parsed("select day, sum(delay) as delay from silver.flights group by day order by day")
    given = {FLIGHTS: FrameInput(flights)}
    known = engine.run(query, given, types=[("day", "DATE"), ("delay", "HUGEINT")])
    assert known.equals(engine.run(query, given))


def test_rows_that_a_query_has_read_are_let_go(engine: SqlEngine, parsed: Parse) -> None:
    rows = pl.DataFrame({"flight_id": ["a"]})
    seen = ref(rows)
    engine.run(parsed("from silver.flights"), {FLIGHTS: FrameInput(rows)})
    del rows
    gc.collect()
    assert seen() is None


def test_a_query_reads_the_rows_that_it_is_given_and_none_of_before(
    engine: SqlEngine, parsed: Parse
) -> None:
    for n in (1, 2):
        given = {FLIGHTS: FrameInput(pl.LazyFrame({"n": [n]}))}
        assert engine.run(parsed("from silver.flights"), given).to_series().to_list() == [n]
    other = {FLIGHTS: FrameInput(pl.LazyFrame({"other": ["x", "y"]}))}
    assert engine.run(parsed("select other from silver.flights"), other).height == 2


def test_rows_are_read_anew_through_the_view_that_is_there(parsed: Parse) -> None:
    query = parsed("select count(*) as n from silver.flights")
    given = [{FLIGHTS: FrameInput(pl.DataFrame({"n": list(range(n))}))} for n in (1, 2, 0, 3)]
    with SqlEngine() as engine:
        assert [engine.run(query, each).item() for each in given] == [1, 2, 0, 3]


def test_many_rows_and_then_few_are_read(parsed: Parse) -> None:
    query = parsed("select count(*) as n from silver.flights")
    heights = (10, 60_000, 20, 60_001, 30)
    with SqlEngine() as engine:
        for height in heights:
            rows = pl.select(n=pl.int_range(height))
            assert engine.run(query, {FLIGHTS: FrameInput(rows)}).item() == height


def test_a_session_knows_what_it_has_a_view_of() -> None:
    other = DatasetKey("silver.other")
    few, many = pl.DataFrame({"n": [1]}), pl.select(n=pl.int_range(60_000))
    session = Session(SessionLimits(1, None, None, ()))
    try:
        with session.reading({FLIGHTS: FrameInput(few), other: FrameInput(many)}):
            assert session.known_of([FLIGHTS, other]) == 1
        with session.reading({FLIGHTS: FrameInput(many)}):
            assert session.known_of([FLIGHTS, other]) == 0
    finally:
        session.close()


def test_a_value_that_does_not_fit_is_told_when_rows_were_read_already(parsed: Parse) -> None:
    rows = pl.select(n=pl.int_range(3_000_000))
    text = "select cast(if(n < 2900000, n, 9000000000) as integer) as n from silver.flights"
    with SqlEngine() as engine, pytest.raises(SqlValueError, match="does not fit `INT32`"):
        engine.run(parsed(text), {FLIGHTS: FrameInput(rows)})
