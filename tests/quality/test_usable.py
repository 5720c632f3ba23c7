from __future__ import annotations

from decimal import Decimal

import pytest

from flowforge_assets.core.key import DatasetKey
from flowforge_assets.core.rule import (
    Bound,
    Holds,
    Length,
    Matches,
    NotNull,
    OneOf,
    References,
    Rule,
    Unique,
)
from flowforge_assets.core.schema import DecimalType, Field, Plain, Schema
from flowforge_assets.errors.base import Place
from flowforge_assets.errors.run import UnusableRuleError
from flowforge_assets.quality.usable import refuse_unusable

SCHEMA = Schema(
    (
        Field("name", Plain("string")),
        Field("delay", Plain("int64"), nullable=True),
        Field("price", DecimalType(38, 2)),
    )
)


def test_rules_that_fit_are_not_refused() -> None:
    rules: list[Rule] = [
        NotNull("name"),
        Bound("delay", ">=", -120),
        Bound("price", ">", Decimal("0.5")),
        OneOf("name", ("a", "b")),
        Matches("name", "[a-z]+"),
        Length("name", 1, 9),
        Unique(("name", "delay")),
        References("name", DatasetKey("silver.names"), "name"),
        Holds("sane", "delay < 100 OR price > 3"),
    ]

    assert refuse_unusable(rules, SCHEMA) == []


@pytest.mark.parametrize(
    ("rule", "gist"),
    [
        (Matches("name", "("), "unclosed group"),
        (Matches("name", "(?=a)"), "look-around"),
        (Matches("delay", "a"), "`delay matches a`"),
        (Bound("name", ">=", 1), "cannot compare string with numeric type"),
        (OneOf("delay", ("a",)), "`delay in (a)`"),
        (OneOf("delay", (2**70,)), "`delay in"),
        (Length("delay", 1), "`delay has length 1..`"),
        (Holds("r", "delay >"), "unable to parse"),
        (Holds("r", "nofunction(delay) > 1"), "unsupported function"),
        (Holds("r", "delay + 1"), "it is no condition"),
        (Holds("r", "SUM(delay) > 1"), "it looks at no row by itself"),
        (Holds("r", "1 = 1"), "it looks at no row by itself"),
        (Holds("r", "dealy > 1"), "there is no column `dealy`"),
        (NotNull("nmae"), "there is no column `nmae`"),
        (Unique(("name", "dya")), "there is no column `dya`"),
        (References("code", DatasetKey("silver.names"), "name"), "there is no column `code`"),
    ],
)
def test_a_rule_that_cannot_be_evaluated_is_refused(rule: Rule, gist: str) -> None:
    [error] = refuse_unusable([rule], SCHEMA)

    assert isinstance(error, UnusableRuleError)
    assert error.code == "FF-714"
    assert gist in error.message
    assert "\n" not in error.message


def test_a_refusal_names_the_dataset_and_the_place() -> None:
    place = Place("shop/silver.py", 31)

    [error] = refuse_unusable(
        [Holds("r", "delay + 1")], SCHEMA, dataset=DatasetKey("silver.flights"), place=place
    )

    assert error.message == (
        "rule `r: delay + 1` of `silver.flights` cannot be used: it is no condition"
    )
    assert error.place == place


def test_all_unusable_rules_are_refused_at_once() -> None:
    rules: list[Rule] = [Matches("name", "("), NotNull("name"), NotNull("nmae")]

    assert len(refuse_unusable(rules, SCHEMA)) == 2
