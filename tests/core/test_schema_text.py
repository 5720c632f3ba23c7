from __future__ import annotations

from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowforge_assets.core.schema import (
    DataType,
    DecimalType,
    Field,
    ListType,
    Plain,
    PlainName,
    StructType,
)
from flowforge_assets.core.schema_text import parse_type

PLAIN: st.SearchStrategy[DataType] = st.sampled_from([Plain(name) for name in get_args(PlainName)])
DECIMALS: st.SearchStrategy[DataType] = st.builds(
    DecimalType, st.integers(1, 38), st.integers(0, 38)
)
NAMES = st.from_regex(r"[A-Za-z_][A-Za-z0-9_ $.-]{0,8}[A-Za-z0-9]", fullmatch=True)


def nested(inner: st.SearchStrategy[DataType]) -> st.SearchStrategy[DataType]:
    fields = st.lists(st.builds(Field, NAMES, inner, st.booleans()), min_size=1, max_size=3)
    structs = st.builds(StructType, fields.map(tuple))
    return st.builds(ListType, inner, st.booleans()) | structs


@given(st.recursive(PLAIN | DECIMALS, nested, max_leaves=6), st.booleans())
def test_what_a_type_spells_reads_as_that_type(kind: DataType, nullable: bool) -> None:  # noqa: FBT001 - hypothesis gives it
    assert parse_type(f"{kind}{'?' if nullable else ''}") == (kind, nullable)


def test_spaces_do_not_matter() -> None:
    kind, nullable = parse_type(" struct< a : list< int64 ? > , b : decimal( 9 , 2 ) > ? ")
    assert (str(kind), nullable) == ("struct<a: list<int64?>, b: decimal(9,2)>", True)


def test_a_decimal_without_scale_is_whole() -> None:
    assert parse_type("decimal(9)") == (DecimalType(9, 0), False)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "the type ends too early"),
        ("int", "`int` is no type"),
        ("number(9)", "`number` is no type"),
        ("int64??", "`?` follows the type"),
        ("int64 string", "`int64 string` is no type"),
        ("list", "a `<` lacks"),
        ("list<int64", "a `>` lacks"),
        ("list<>", "`>` is no type"),
        ("decimal(a)", "`a` is no number"),
        ("struct<a int64>", "a `:` lacks"),
        ("struct<a: int64", "a `,` lacks"),
    ],
)
def test_what_spells_no_type_is_said(text: str, said: str) -> None:
    with pytest.raises(ValueError, match=said.replace("?", r"\?")):
        parse_type(text)
