from __future__ import annotations

import enum
import logging
import operator
import re
import sys
import threading
from collections import OrderedDict, defaultdict, deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from fractions import Fraction
from functools import lru_cache, partial
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

import polars as pl
import pytest

from flowforge_assets.core.key import DatasetKey
from flowforge_assets.declare.column import Col, col
from flowforge_assets.declare.dataset import Bronze
from flowforge_assets.project.code_values import Spelling, Token, UnhashableValue
from flowforge_assets.project.own_code import OwnCode

OURS = Spelling(OwnCode([__name__]))
HERE = sys.modules[__name__]


class Raw(Bronze):
    id: Col[int] = col()


class Colour(enum.Enum):
    RED = 1

    def shown(self) -> str:
        return "red"


class Number(enum.IntEnum):
    ONE = 1


class Point(NamedTuple):
    x: int


@dataclass(frozen=True)
class Setting:
    limit: object


class Words(list[str]):
    pass


class Tag(bytes):
    pass


class Count(int):
    pass


class Share(float):
    pass


class Tags(set[str]):
    pass


class Names(dict[str, int]):
    pass


class Slotted:
    __slots__ = ("held", "unset")

    def __init__(self, held: object) -> None:
        self.held = held


def helper(*_: object) -> None: ...


@lru_cache
def cached() -> None: ...


@contextmanager
def opened() -> Iterator[None]:
    yield


def spelt(value: object) -> tuple[Token, ...]:
    return tuple(OURS.tokens(value, "value"))


@pytest.mark.parametrize(
    ("value", "tokens"),
    [
        (None, ("NoneType None",)),
        (True, ("bool True",)),
        ([1, ("a",)], ("list(", "int 1", "tuple(", "str 'a'", ")", ")")),
        ({"b": 1, "a": 2}, ("{", "str 'b'", "int 1", "str 'a'", "int 2", "}")),
        ({3, 1}, ("set(", "int 1", "int 3", ")")),
        ({helper, "a"}, ("set(", "str 'a'", helper, ")")),
        (Colour.RED, (Colour, "RED(", "int 1", ")")),
        (Number.ONE, (Number, "ONE(", "int 1", ")")),
        (Point(1), (Point, "items(", "int 1", ")")),
        (Setting(1), (Setting, "{", "str 'limit'", "int 1", "}")),
        (Words("a"), (Words, "items(", "str 'a'", ")")),
        (Tag(b"a"), (Tag, "b'a'")),
        (Count(1), (Count, "1")),
        (Share(0.5), (Share, "0.5")),
        (Tags("a"), (Tags, "Tags(", "str 'a'", ")")),
        (Names(a=1), (Names, "{", "str 'a'", "int 1", "}")),
        ({re, Raw}, ("set(", "dataset bronze.raw", "module re", ")")),
        ({HERE}, ("set(", HERE, ")")),
        (Slotted(1), (Slotted, "{", "str 'held'", "int 1", "}")),
        (helper, (helper,)),
        (Setting, (Setting,)),
        (Raw, ("dataset bronze.raw",)),
        (Bronze, ("class flowforge_assets.declare.dataset.Bronze",)),
        (int, ("class builtins.int",)),
        (re, ("module re",)),
        (re.compile("a", re.IGNORECASE), ("class re.Pattern", "regex 34 'a'")),
        (partial(helper), ("partial(", helper, "tuple(", ")", "{", "}", ")")),
        (Colour.RED.shown, ("method(", Colour.shown, Colour, "RED(", "int 1", ")", ")")),
        (cached, ("functools._lru_cache_wrapper(", cached.__wrapped__, ")")),
        (len, ("builtin builtins.len(", ")")),
        ("a".join, ("builtin None.str.join(", "str 'a'", ")")),
        (str.upper, ("descriptor str.upper",)),
        (int.__add__, ("descriptor int.__add__",)),
        (logging.getLogger("a"), ("class logging.Logger", "a")),
        (threading.Lock(), ("class _thread.lock", "")),
        (DatasetKey("a"), ("class flowforge_assets.core.key.DatasetKey", "'a'")),
        (MappingProxyType({1: 2}), ("class builtins.mappingproxy", "{", "int 1", "int 2", "}")),
        (deque([1]), ("class collections.deque", "items(", "int 1", ")")),
        (opened, ("function contextlib.opened", opened.__wrapped__)),  # type: ignore[attr-defined]  # set by functools.wraps
        (contextmanager, ("function contextlib.contextmanager",)),
        (ZoneInfo("UTC"), ("ZoneInfo zoneinfo.ZoneInfo(key='UTC')",)),
        (pl.Int64, ("class polars.datatypes.classes.Int64",)),
    ],
)  # fmt: skip
def test_a_value_is_spelt(value: object, tokens: tuple[Token, ...]) -> None:
    assert spelt(value) == tokens


SIMILAR: list[tuple[object, object]] = [
    (1, True),
    (1, 1.0),
    ("1", b"1"),
    (0.0, -0.0),
    ([1], (1,)),
    ({1}, frozenset({1})),
    ({"a": 1}, OrderedDict(a=1)),
    ({"a": 1}, defaultdict(int, a=1)),
    (Point(1), (1,)),
    (Number.ONE, 1),
    ("a", DatasetKey("a")),
    (Path("/a"), "/a"),
    (datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 1, 1)),  # noqa: DTZ001 - that is the point
    (Fraction(1, 2), 0.5),
    (UUID(int=1), 1),
    (operator.itemgetter("a"), operator.itemgetter("b")),
    (list[int], list[str]),
    (int | None, int),
    (range(3), range(4)),
    ([[1], 2], [[1, 2]]),
    (pl.col("a"), pl.col("b")),
    (pl.LazyFrame({"a": [1]}), pl.LazyFrame({"a": [2]})),
    (pl.Datetime("us"), pl.Datetime("ms")),
    (pl.Series("a", [1]), pl.Series("b", [1])),
]


@pytest.mark.parametrize(("one", "other"), SIMILAR)
def test_similar_values_are_told_apart(one: object, other: object) -> None:
    assert spelt(one) == spelt(one)
    assert spelt(one) != spelt(other)


def test_a_value_that_holds_itself_is_spelt() -> None:
    value: list[Any] = [1]
    value.append({"a": value})
    assert "again 2" in spelt(value)


def test_a_module_of_the_project_is_a_link() -> None:
    assert spelt(HERE) == (HERE,)


@pytest.mark.parametrize(
    ("value", "name"),
    [
        (iter([1]), "value"),
        ({"a": iter([1])}, "value.a"),
        ({"a b": [iter([1])]}, "value"),
        (Setting(iter([1])), "value.limit"),
        (partial(helper, iter([1])), "value"),
        (pl.Config(), "value"),
    ],
)
def test_what_cannot_be_spelt_is_named(value: object, name: str) -> None:
    with pytest.raises(UnhashableValue) as caught:
        spelt(value)
    assert caught.value.name == name


def test_a_value_too_deep_cannot_be_spelt() -> None:
    value: list[Any] = []
    for _ in range(100_000):
        value = [value]
    with pytest.raises(UnhashableValue):
        spelt(value)
