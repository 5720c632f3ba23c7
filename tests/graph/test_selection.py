from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowforge_assets.errors.project import SelectionError
from flowforge_assets.graph.selection import (
    ALL,
    ATTRIBUTES,
    AllOf,
    AnyOf,
    Having,
    Named,
    Not,
    Reach,
    Selection,
    parse,
)

NAMES = st.from_regex(r"[a-z_*][a-z0-9_.*?\-]{0,8}", fullmatch=True).filter(
    lambda name: name not in {"and", "or", "not"}
)
STEPS = st.sampled_from([0, 1, 2, 30, ALL])


def reaches(inner: st.SearchStrategy[Selection]) -> st.SearchStrategy[Selection]:
    return st.tuples(inner, STEPS, STEPS).map(
        lambda found: Reach(*found) if found[1] or found[2] else found[0]
    )


def parts(inner: st.SearchStrategy[Selection]) -> st.SearchStrategy[tuple[Selection, ...]]:
    return st.lists(inner, min_size=2, max_size=3).map(tuple)


SELECTIONS: st.SearchStrategy[Selection] = st.recursive(
    st.builds(Named, NAMES)
    | st.builds(Having, st.sampled_from(ATTRIBUTES), st.text("ab. +,()@", max_size=5)),
    lambda inner: (
        reaches(inner)
        | st.builds(Not, inner)
        | st.builds(AllOf, parts(inner))
        | st.builds(AnyOf, parts(inner))
    ),
    max_leaves=8,
)


@given(SELECTIONS)
def test_a_selection_reads_back_as_itself(selection: Selection) -> None:
    assert parse(str(selection)) == selection


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("a,b", "a or b"),
        ("a, b and c", "a or (b and c)"),
        ("not a and b", "(not a) and b"),
        ("not a or b", "(not a) or b"),
        ("2+a+1,b", "(2+a+1) or b"),
        ("+(a or b)", "+(a, b)"),
        (" ( a ) ", "a"),
        ('tag:"x"', "tag:x"),
    ],
)
def test_two_ways_of_writing_one_selection(text: str, same: str) -> None:
    assert parse(text) == parse(same)


def test_steps_stand_beside_their_sign() -> None:
    assert parse("2+orders+1") == Reach(Named("orders"), up=2, down=1)
    assert parse("+orders+") == Reach(Named("orders"), up=ALL, down=ALL)


@pytest.mark.parametrize(
    ("text", "column", "message"),
    [
        ("", 1, "the selection is empty"),
        ("  ", 1, "the selection is empty"),
        ("a b", 3, "`b` follows without `and`, `or` or `,`"),
        ("a or", 5, "a name is missing at the end"),
        ("a and or b", 7, "`or` stands where a name is expected"),
        ("(a or b", 8, "the `(` at column 1 is not closed"),
        ("a)", 2, "`)` closes nothing"),
        ("a & b", 3, "`&` means nothing in a selection"),
        ("2 a", 3, "`2` is not followed by `+`"),
        ("a+ 1", 4, "`1` follows without `and`, `or` or `,`"),
        ("a or colour:red", 6, "assets have no `colour:`"),
        ("not " * 200 + "a", 401, "the selection is nested more than 100 deep"),
    ],
)
def test_what_cannot_be_read_is_shown_at_its_column(text: str, column: int, message: str) -> None:
    with pytest.raises(SelectionError) as caught:
        parse(text)
    assert caught.value.message == message
    assert caught.value.place is not None
    assert caught.value.place.column == column
    assert caught.value.hint


def test_a_misspelt_attribute_gets_the_right_one() -> None:
    with pytest.raises(SelectionError, match="did you mean `owner`"):
        parse("ownr:me")


def test_ten_thousand_names_are_no_problem() -> None:
    found = parse(",".join(f"asset_{number}" for number in range(10_000)))
    assert isinstance(found, AnyOf)
    assert len(found.parts) == 10_000
