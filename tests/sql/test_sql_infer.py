from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest

from flowforge_assets.core.key import DatasetKey
from flowforge_assets.core.schema import Field, Plain, Schema
from flowforge_assets.errors.sql import (
    SqlBindError,
    SqlColumnError,
    SqlError,
    SqlFunctionError,
    SqlInputMissingError,
    SqlParameterError,
    SqlResultNameError,
    SqlResultTypeError,
    SqlSyntaxError,
)
from flowforge_assets.sql.infer import Binder
from flowforge_assets.sql.parse import ParsedSql

Parse = Callable[[str], ParsedSql]
Schemas = Mapping[DatasetKey, Schema]


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("sum(delay)", "int64?"),
        ("sum(fare)", "decimal(38,2)?"),
        ("fare / 3", "float64?"),
        ("fare * fare", "decimal(18,4)?"),
        ("avg(delay)", "float64?"),
        ("count(*)", "int64?"),
        ("max(departed)", "timestamp?"),
        ("max(departed at time zone 'Europe/Berlin')", "timestamp_ntz?"),
        ("date_trunc('month', max(day))", "timestamp_ntz?"),
        ("list(delay)", "list<int64?>?"),
        ("{'a': max(day), 'b c': 1}", "struct<a: date?, b c: int32?>?"),
        ("any_value(flight_id)::blob", "binary?"),
        ("'{}'::json", "json?"),
        ("1::utinyint", "int16?"),
    ],
)
def test_types_are_those_that_the_engine_gives(
    binder: Binder, parsed: Parse, schemas: Schemas, *, expression: str, expected: str
) -> None:
    found = binder.bind(parsed(f"from silver.flights select {expression} as x"), schemas)
    assert str(found) == f"x: {expected}"


def test_a_star_gives_the_columns_in_order(binder: Binder, parsed: Parse, schemas: Schemas) -> None:
    assert binder.bind(parsed("from silver.flights"), schemas).names == (
        *("flight_id", "day", "delay", "fare", "departed"),
    )


def test_quoted_columns_keep_their_case_and_blanks(
    binder: Binder, parsed: Parse, schemas: Schemas
) -> None:
    found = binder.bind(parsed('select "Order ID", "copy" as "Copy It" from silver.odd'), schemas)
    assert str(found) == "Order ID: int32?, Copy It: string?"


def test_an_alias_that_differs_in_case_alone_is_the_name(
    binder: Binder, parsed: Parse, schemas: Schemas
) -> None:
    found = binder.bind(parsed("select delay as Delay, DAY from silver.flights"), schemas)
    assert found.names == ("Delay", "day")


def test_a_dataset_with_a_group_binds_with_its_full_name(
    binder: Binder, parsed: Parse, schemas: Schemas
) -> None:
    query = "select customers.id as a, bronze.crm.customers.id as b from bronze.crm.customers"
    assert str(binder.bind(parsed(query), schemas)) == "a: int64?, b: int64?"


def test_a_changed_schema_is_seen(binder: Binder, parsed: Parse) -> None:
    key = DatasetKey("gold.changing")
    for kind in ("int32", "string"):
        schema = Schema((Field("x", Plain("int32" if kind == "int32" else "string")),))
        assert str(binder.bind(parsed("from gold.changing"), {key: schema})) == f"x: {kind}?"


def test_parameters_have_the_types_given(binder: Binder, parsed: Parse, schemas: Schemas) -> None:
    types = {"day": Plain("date"), "hour": Plain("timestamp"), "carrier": Plain("string")}
    query = "select $day as a, $hour as b, $carrier as c from silver.flights where day = $day"
    found = binder.bind(parsed(query), schemas, parameters=types)
    assert str(found) == "a: date?, b: timestamp?, c: string?"


def test_an_unknown_parameter_is_told_with_the_nearest(
    binder: Binder, parsed: Parse, schemas: Schemas
) -> None:
    with pytest.raises(SqlParameterError, match=r"no parameter `\$dy`") as caught:
        binder.bind(parsed("select\n  $dy as x"), schemas, parameters={"day": Plain("date")})
    assert caught.value.place is not None
    assert (caught.value.place.line, caught.value.place.column) == (2, 3)
    assert caught.value.hint == "did you mean `day`?"


@pytest.mark.parametrize(
    ("query", "error", "line", "column", "message", "hint"),
    [
        (
            "/*\ntags = []\n*/\nselect 'ü', dely\nfrom silver.flights",
            *(SqlColumnError, 4, 13, "no column `dely` in what the query reads"),
            "did you mean `delay`?",
        ),
        (
            "with a as (\n  select day from silver.flights\n)\nselect\n\tdelay from a",
            *(SqlColumnError, 5, 2, "no column `delay` in what the query reads"),
            "did you mean `delay`?",
        ),
        (
            "select f.dely from silver.flights f",
            *(SqlColumnError, 1, 8, "no column `dely` in `f`"),
            "did you mean `delay`?",
        ),
        (
            "select g.delay from silver.flights f",
            *(SqlColumnError, 1, 8, "no table `g` in this FROM"),
            "did you mean `f`?",
        ),
        (
            "select dayy(day) from silver.flights",
            *(SqlFunctionError, 1, 8, "no function `dayy`"),
            "did you mean `day`?",
        ),
        (
            "select day + departed from silver.flights",
            *(SqlFunctionError, 1, 12),
            "`+(DATE, TIMESTAMP WITH TIME ZONE)` does not exist for these types",
            "cast the arguments to types that it takes",
        ),
        (
            "select day, sum(delay) from silver.flights",
            *(SqlBindError, 1, 8),
            (
                "column `day` must appear in the GROUP BY clause or must be part of an "
                "aggregate function"
            ),
            (
                "either add it to the GROUP BY list, or use ANY_VALUE(`day`) if the exact value "
                "of `day` is not important"
            ),
        ),
        (
            "select a,, b from silver.flights",
            SqlSyntaxError,
            1,
            10,
            "syntax error at or near `,`",
            None,
        ),
    ],
)
def test_what_does_not_bind_is_told_with_place_and_hint(
    binder: Binder,
    parsed: Parse,
    schemas: Schemas,
    *,
    query: str,
    error: type[SqlError],
    line: int,
    column: int,
    message: str,
    hint: str | None,
) -> None:
    with pytest.raises(error) as caught:
        binder.bind(parsed(query), schemas)
    place = caught.value.place
    assert type(caught.value) is error
    assert caught.value.message == message
    assert place is not None
    assert (place.line, place.column) == (line, column)
    assert caught.value.hint == hint


def test_the_binder_works_on_after_an_error(
    binder: Binder, parsed: Parse, schemas: Schemas
) -> None:
    with pytest.raises(SqlColumnError):
        binder.bind(parsed("select nope from silver.flights"), schemas)
    assert binder.bind(parsed("select day from silver.flights"), schemas).names == ("day",)


def test_a_dataset_without_schema_is_told(binder: Binder, parsed: Parse, schemas: Schemas) -> None:
    with pytest.raises(SqlInputMissingError, match=r"no dataset `silver\.flight`") as caught:
        binder.bind(parsed("select 1\nfrom silver.flight"), schemas)
    assert caught.value.place is not None
    assert (caught.value.place.line, caught.value.place.column) == (2, 6)
    assert caught.value.hint == "did you mean `silver.flights`?"


@pytest.mark.parametrize(
    ("query", "column", "spelled"),
    [
        ("select day, uuid() as u from silver.flights", 13, "UUID"),
        ("select null as n", 16, '"NULL"'),
        ("select map {1: 2} as m", 13, r"MAP\(INTEGER, INTEGER\)"),
        ("select departed - departed as d from silver.flights", 8, "INTERVAL"),
    ],
)
def test_a_result_that_cannot_be_stored_is_told_with_its_column(
    binder: Binder, parsed: Parse, schemas: Schemas, *, query: str, column: int, spelled: str
) -> None:
    with pytest.raises(SqlResultTypeError, match=f"is of type `{spelled}`") as caught:
        binder.bind(parsed(query), schemas)
    assert caught.value.place is not None
    assert caught.value.place.column == column
    assert caught.value.hint


@pytest.mark.parametrize("query", ["select 1 as a, 2 as a", "select 1 as a, 2 as A"])
def test_two_columns_of_one_name_are_refused(
    binder: Binder, parsed: Parse, schemas: Schemas, query: str
) -> None:
    with pytest.raises(SqlResultNameError) as caught:
        binder.bind(parsed(query), schemas)
    assert caught.value.place is not None
    assert caught.value.place.column == 16
