from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flowforge_assets.core.key import DatasetKey
from flowforge_assets.core.rule import Bound, Length, Matches, OneOf, References, Rule
from flowforge_assets.core.schema import DataType, DecimalType, Field, ListType, Plain, Schema
from flowforge_assets.quality.hostile_columns import FixtureTable
from flowforge_assets.quality.hostile_rows import HostileFixture, Hostility, Row
from flowforge_assets.quality.hostile_values import Value, hostile_values, near_values
from flowforge_assets.quality.pattern_texts import pattern_texts
from flowforge_assets.sql.asked_values import AskedValues

NOTHING = AskedValues({}, {}, (), frozenset())
PLAIN = Hostility()
ORDERS, BUYERS = DatasetKey("bronze.orders"), DatasetKey("bronze.buyers")
TYPES: tuple[DataType, ...] = (
    *(Plain("bool"), Plain("int8"), Plain("int32"), Plain("int64"), Plain("float64")),
    *(Plain("string"), Plain("json"), Plain("date"), Plain("timestamp"), Plain("timestamp_ntz")),
    *(DecimalType(10, 2), DecimalType(38, 9), DecimalType(3, 0), DecimalType(2, 2)),
)


def table(
    *fields: Field,
    rules: Sequence[Rule] = (),
    unique: Sequence[Sequence[str]] = (),
    key: DatasetKey = ORDERS,
) -> FixtureTable:
    return FixtureTable(key, Schema(fields), tuple(rules), tuple(map(tuple, unique)))


def rows_of(
    *tables: FixtureTable, asked: AskedValues = NOTHING, how: Hostility = PLAIN
) -> dict[DatasetKey, list[Row]]:
    return HostileFixture(tables, asked).rows(how)


def column(rows: Sequence[Row], at: int = 0) -> list[Value | None]:
    return [row[at] for row in rows]


def test_the_same_seed_gives_the_same_rows_and_another_others() -> None:
    whole = table(*(Field(f"c{n}", type_, nullable=True) for n, type_ in enumerate(TYPES)))
    assert rows_of(whole) == rows_of(whole)
    assert rows_of(whole) != rows_of(whole, how=Hostility(seed=1))


@settings(max_examples=15)
@given(seed=st.integers(0, 10_000), extremes=st.booleans(), ties=st.booleans())
def test_rows_keep_types_nullability_keys_and_rules(seed: int, extremes: bool, ties: bool) -> None:  # noqa: FBT001 - hypothesis gives them by name
    fields = (
        Field("id", Plain("int64")),
        Field("amount", DecimalType(10, 2), nullable=True),
        Field("code", Plain("string")),
        Field("tag", Plain("string")),
        Field("day", Plain("date")),
    )
    rules = (
        *(Bound("amount", ">=", 0), Bound("amount", "<", 50), Length("tag", 1, 3)),
        *(Matches("code", "[A-Z]{2}[0-9]+"), Bound("day", ">=", date(2024, 1, 1))),
    )
    made = rows_of(
        table(*fields, rules=rules, unique=[["id"]]),
        how=Hostility(seed, extremes=extremes, ties=ties),
    )[ORDERS]
    assert len(set(column(made))) == len(made) > 10
    for id_, amount, code, tag, day in made:
        assert isinstance(id_, int)
        assert amount is None or (isinstance(amount, Decimal) and 0 <= amount < 50)
        assert isinstance(code, str)
        assert code[:2].isupper()
        assert isinstance(tag, str)
        assert 1 <= len(tag) <= 3
        assert isinstance(day, date)
        assert day >= date(2024, 1, 1)


def test_there_are_nulls_duplicates_and_a_group_of_nothing_but_nulls() -> None:
    made = rows_of(
        table(Field("g", Plain("string"), nullable=True), Field("n", Plain("int32"), nullable=True))
    )[ORDERS]
    assert (None, None) in made
    assert len(set(made)) < len(made)


def test_the_values_are_hostile() -> None:
    texts = hostile_values(Plain("string"), extremes=True)
    assert {"", "a", "A", "a ", "back\\slash", "100%_x"} <= set(texts)
    halves = hostile_values(Plain("float64"), extremes=True)
    assert {0.5, 1.5, 2.5, -0.5} <= set(halves)
    days = hostile_values(Plain("date"), extremes=True)
    assert {date(2024, 2, 29), date(2020, 12, 28), date(2021, 1, 4), date(2024, 12, 30)} <= set(
        days
    )
    wide = hostile_values(DecimalType(38, 9), extremes=True)
    assert Decimal("99999999999999999999999999999.999999999") in wide


def test_without_extremes_no_number_is_far_out() -> None:
    for type_ in TYPES:
        for value in hostile_values(type_, extremes=False):
            if isinstance(value, (int, float, Decimal)):
                assert abs(float(value)) <= 10_000


def test_lists_and_bytes_have_no_values() -> None:
    assert hostile_values(ListType(Plain("int64"), nullable_items=True), extremes=True) == []
    assert hostile_values(Plain("binary"), extremes=True) == []


@pytest.mark.parametrize("type_", TYPES, ids=str)
@given(value=st.sampled_from([0, 1995, Decimal("12.34"), 2.5, "it's", "7", date(9999, 12, 31)]))
def test_what_is_near_a_constant_fits_the_type(type_: DataType, value: Value) -> None:
    for near in near_values(value, type_):
        assert isinstance(near, (bool, int, float, Decimal, str, date))
        if type_ == DecimalType(2, 2):
            assert abs(Decimal(str(near))) < 1


def test_constants_of_the_query_are_drawn_with_their_neighbours() -> None:
    asked = AskedValues({"n": (777,)}, {"n": ("value > 777",)}, (), frozenset())
    made = column(rows_of(table(Field("N", Plain("int64"))), asked=asked)[ORDERS])
    assert 778 in made
    assert sum(isinstance(value, int) and value > 777 for value in made) > len(made) / 2
    how = Hostility(rows=400)
    assert {776, 777} <= set(
        column(rows_of(table(Field("N", Plain("int64"))), asked=asked, how=how)[ORDERS])
    )


def test_columns_that_are_compared_share_values_across_types() -> None:
    asked = AskedValues({}, {}, (frozenset({"id", "buyer"}),), frozenset())
    made = rows_of(
        table(Field("buyer", Plain("string"))),
        table(Field("id", DecimalType(12, 2)), unique=[["id"]], key=BUYERS),
        asked=asked,
    )
    known = {f"{value:.0f}" for value in column(made[BUYERS]) if isinstance(value, Decimal)}
    assert len(known & set(column(made[ORDERS]))) > 3


def test_references_are_kept() -> None:
    made = rows_of(
        table(
            Field("buyer", Plain("int64"), nullable=True),
            rules=[References("buyer", BUYERS, "id")],
        ),
        table(Field("id", Plain("int64")), unique=[["id"]], key=BUYERS),
    )
    assert set(column(made[ORDERS])) - {None} <= set(column(made[BUYERS]))


def test_without_ties_what_orders_rows_is_there_once() -> None:
    asked = AskedValues({}, {}, (), frozenset({"day"}))
    made = rows_of(table(Field("day", Plain("date"))), asked=asked, how=Hostility(ties=False))[
        ORDERS
    ]
    assert len(set(column(made))) == len(made)


def test_values_that_a_rule_lists_are_all_there_is() -> None:
    listed = table(Field("s", Plain("string")), rules=[OneOf("s", ("ch", "de"))])
    assert set(column(rows_of(listed)[ORDERS])) == {"ch", "de"}


@pytest.mark.parametrize("pattern", ["N[0-9A-Z]{2,5}", "(a|bc)+x?", r"\d{4}-\d{2}", "[^a]b.", "é*"])
def test_texts_match_a_pattern(pattern: str) -> None:
    found = pattern_texts(pattern, 10)
    assert found
    assert found == pattern_texts(pattern, 10)


@pytest.mark.parametrize("pattern", ["(", r"(?<n>a)", r"a(?=b)"])
def test_a_pattern_that_cannot_be_followed_gives_none(pattern: str) -> None:
    assert pattern_texts(pattern, 10) == []
