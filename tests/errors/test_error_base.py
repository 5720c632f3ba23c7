from __future__ import annotations

import pytest

from flowforge_assets.errors.base import (
    FlowForgeError,
    Place,
    Problems,
    did_you_mean,
    raise_all,
)
from flowforge_assets.errors.graph import CycleError, NoMakerError
from flowforge_assets.errors.project import NoProjectError


@pytest.mark.parametrize(
    ("place", "shown"),
    [
        (Place("a.py"), "a.py"),
        (Place("a.py", 3), "a.py:3"),
        (Place("a.py", 3, 7), "a.py:3:7"),
        (Place("a.py", 3, text="f(x)"), "a.py:3  f(x)"),
        (Place("a.py", 0, 7), "a.py"),
    ],
)
def test_a_place_shows_what_is_known(place: Place, shown: str) -> None:
    assert str(place) == shown


def test_an_error_is_shown_with_place_and_hint() -> None:
    error = NoMakerError("no asset makes `a`", place=Place("a.py", 3), hint="make it")
    assert (
        str(error)
        == error.render()
        == ("error[FF-204]: no asset makes `a`\n  --> a.py:3\nhint: make it")
    )
    assert NoMakerError("alone").render() == "error[FF-204]: alone"


def test_an_error_is_an_object_of_the_command_line() -> None:
    assert NoMakerError("m", place=Place("a.py", 3), hint="h").as_json() == {
        "code": "FF-204", "message": "m", "file": "a.py", "line": 3, "hint": "h",
    }  # fmt: skip
    assert NoMakerError("m", place=Place("a.py")).as_json()["line"] is None
    assert NoMakerError("m").as_json() == {
        "code": "FF-204", "message": "m", "file": None, "line": None, "hint": None,
    }  # fmt: skip


def test_mistakes_of_use_end_with_another_code_than_failures() -> None:
    assert (NoProjectError.exit_code, NoMakerError.exit_code, FlowForgeError.exit_code) == (2, 1, 1)


def test_problems_are_sorted_by_place_and_those_without_come_last() -> None:
    errors = [
        NoMakerError("without"),
        NoMakerError("b", place=Place("b.py", 1)),
        NoMakerError("z", place=Place("a.py", 9)),
        CycleError("first code", place=Place("a.py", 9)),
        NoMakerError("a", place=Place("a.py", 9)),
        NoMakerError("early", place=Place("a.py", 2)),
    ]
    found = Problems(reversed(errors))
    assert [each.message for each in found.errors] == [
        "early", "first code", "a", "z", "b", "without",
    ]  # fmt: skip
    assert found.code == "FF-900"
    assert found.message == "6 problems found"
    assert found.render().split("\n\n")[0] == "error[FF-204]: early\n  --> a.py:2"


def test_one_error_is_raised_itself_and_more_together() -> None:
    raise_all([])
    one = NoMakerError("a")
    with pytest.raises(NoMakerError) as caught:
        raise_all([one])
    assert caught.value is one
    with pytest.raises(Problems) as all_of_them:
        raise_all(iter([one, CycleError("b")]))
    assert len(all_of_them.value.errors) == 2


def test_the_nearest_name_is_meant_or_none() -> None:
    assert did_you_mean("ordres", ["orders", "lines"]) == "did you mean `orders`?"
    assert did_you_mean("zzz", ["orders", "lines"]) is None
