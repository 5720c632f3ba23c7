from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import pytest

from flowforge_assets.core.key import DatasetKey
from flowforge_assets.declare.definition import Definitions

Collected: TypeAlias = Callable[[str], Definitions]
Refused: TypeAlias = Callable[[str, str], str]
AIRLINES = "class Airlines(Silver):\n    code: Col[str] = key()\n    name: Col[str] = col()\n"


def rules_of(found: Definitions, key: str = "bronze.things") -> list[str]:
    return [str(rule) for rule in found.datasets[DatasetKey(key)].rules]


@pytest.mark.parametrize(
    ("column", "rules"),
    [
        ("Col[int] = col()", ["x is not null"]),
        ("Col[int | None] = col()", []),
        ("Col[int] = col(optional=True)", []),
        ("Col[float | None] = col(ge=-1, gt=-2.5, le=3, lt=4)",
         ["x >= -1", "x > -2.5", "x <= 3", "x < 4"]),
        ("Col[Decimal | None] = col(precision=5, ge=Decimal(0))", ["x >= 0"]),
        ("Col[str | None] = col(ge='a')", ["x >= a"]),
        ("Col[date | None] = col(lt=date(2030, 1, 1))", ["x < 2030-01-01"]),
        ("Col[datetime | None] = col(ge=datetime(2013, 1, 1, tzinfo=UTC))",
         ["x >= 2013-01-01 00:00:00+00:00"]),
        ("Col[datetime | None] = col(tz=None, ge=datetime(2013, 1, 1))",
         ["x >= 2013-01-01 00:00:00"]),
        ("Col[bool | None] = col(isin=[True])", ["x in (True)"]),
        ("Col[str | None] = col(isin=['JFK', 'LGA'])", ["x in (JFK, LGA)"]),
        ("Col[str | None] = col(regex='N[0-9]+')", ["x matches N[0-9]+"]),
        ("Col[str | None] = col(min_length=2)", ["x has length 2.."]),
        ("Col[list[int] | None] = col(max_length=3)", ["x has length 0..3"]),
        ("Col[bytes | None] = col(min_length=1, max_length=3)", ["x has length 1..3"]),
        ("Col[int | None] = col(unique=True)", ["x is unique"]),
        ("Col[str] = key()", ["x is not null", "x is unique"]),
        ("Col[str] = key(scope='table')", ["x is not null", "x is unique in the table"]),
    ],
)  # fmt: skip
def test_a_column_promises_what_it_was_told(
    collected: Collected, column: str, rules: list[str]
) -> None:
    assert rules_of(collected(f"class Things(Bronze):\n    x: {column}\n")) == rules


def test_the_columns_of_a_key_are_unique_together(collected: Collected) -> None:
    found = collected(
        "class Things(Bronze):\n    a: Col[int] = key()\n    b: Col[int] = key(name='B')\n"
    )
    assert rules_of(found)[-1] == "(a, B) is unique"
    assert found.datasets[DatasetKey("bronze.things")].key_columns == ("a", "B")


def test_a_reference_means_the_single_key(collected: Collected) -> None:
    found = collected(
        AIRLINES + "class Things(Bronze):\n    carrier: Col[str | None] = col(ref=Airlines)\n"
    )
    assert rules_of(found) == ["carrier is in silver.airlines.code"]


def test_without_a_single_key_a_reference_means_the_column_of_its_name(
    collected: Collected,
) -> None:
    found = collected(
        "class Weather(Silver):\n    origin: Col[str] = key()\n    hour: Col[int] = key()\n"
        "class Things(Bronze):\n    origin: Col[str | None] = col(ref=Weather)\n"
    )
    assert rules_of(found) == ["origin is in silver.weather.origin"]


@pytest.mark.parametrize(
    ("target", "remedy"),
    [
        ("Planes", "give `Planes` a single `key()`, or a column `carrier`"),
        ("'silver.airlines'", "name a dataset class"),
        ("int", "name a dataset class"),
    ],
)
def test_a_reference_to_nothing_is_refused(refused: Refused, target: str, remedy: str) -> None:
    said = refused(
        "FF-112",
        "class Planes(Silver):\n    tail: Col[str] = col()\n"
        f"class Things(Bronze):\n    carrier: Col[str] = col(ref={target})  # here\n",
    )
    assert remedy in said


@pytest.mark.parametrize(
    ("column", "said"),
    [
        ("Col[str] = col(ge=5)", "`ge` is given `5`, and the column holds `string`"),
        ("Col[int] = col(le='5')", "give it a number"),
        ("Col[int] = col(gt=True)", "give it a number"),
        ("Col[date] = col(ge=datetime(2013, 1, 1))", "give it a `date`"),
        ("Col[datetime] = col(ge=datetime(2013, 1, 1))", "with a time zone"),
        ("Col[datetime] = col(tz=None, lt=datetime.now(UTC))", "without a time zone"),
        ("Col[bool] = col(ge=True)", "`ge` is for numbers, strings, dates and datetimes"),
        ("Col[list[int]] = col(ge=1)", "does not fit the type `list<int64>`"),
        ("Col[int] = col(isin=[1, 'b'])", "`isin` is given `'b'`"),
        ("Col[bool] = col(isin=['yes'])", "give it a `bool`"),
        ("Col[int] = col(regex='a+')", "`regex` is for strings"),
        ("Col[int] = col(min_length=1)", "`min_length` is for strings, bytes and lists"),
        ("Col[date] = col(max_length=1)", "`max_length` is for strings, bytes and lists"),
        ("Col[float] = col(precision=5)", "`precision` is for `Decimal`"),
        ("Col[float] = col(scale=5)", "`scale` is for `Decimal`"),
        ("Col[date] = col(tz=None)", "`tz` is for `datetime`"),
        ("Col[datetime] = col(tz='Europe/Berlin')", "an instant is stored in UTC"),
        ("Col[str | None] = key()", "a key column cannot be null"),
    ],
)  # fmt: skip
def test_a_rule_that_does_not_fit_the_type_is_refused(
    refused: Refused, column: str, said: str
) -> None:
    assert said in refused("FF-104", f"class Things(Bronze):\n    x: {column}  # here\n")


@pytest.mark.parametrize("option", ["ge=0", "isin=[1]", "lt=3"])
def test_a_rule_inside_a_struct_is_refused_as_nothing_would_look_at_it(
    refused: Refused, option: str
) -> None:
    said = refused(
        "FF-104",
        f"class Line(Shape):\n    count: Col[int] = col({option})  # here\n"
        "class Orders(Bronze):\n    line: Col[Line] = col()\n",
    )
    assert "cannot hold inside a struct" in said
