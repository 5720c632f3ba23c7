from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import pytest

from flowforge_assets import Bronze, dataset
from flowforge_assets.core.key import DatasetKey
from flowforge_assets.declare.definition import Definitions
from flowforge_assets.declare.describe import describe

Collected: TypeAlias = Callable[..., Definitions]
Refused: TypeAlias = Callable[[str, str], str]
MADE = "class T(Bronze): ...\n"


def test_a_merge_is_told_its_newest_rows_and_those_to_remove(collected: Collected) -> None:
    (found,) = collected(
        MADE + "@asset(write='merge', latest='at', deletes='gone')\ndef load() -> Frame[T]: ...\n"
    ).assets
    assert (found.latest, found.deletes) == ("at", "gone")


@pytest.mark.parametrize(
    ("options", "minds"),
    [
        ("write='merge'", True),
        ("write='merge', latest='at'", False),
        ("write='merge', latest='at', deletes='gone'", True),
        ("write='insert'", False),
    ],
)
def test_a_merge_minds_the_order_of_its_steps_unless_rows_tell_how_new_they_are(
    collected: Collected, options: str, *, minds: bool
) -> None:
    (found,) = collected(MADE + f"@asset({options})\ndef load() -> Frame[T]: ...\n").assets
    assert found.minds_order is minds


@pytest.mark.parametrize(
    ("option", "said"),
    [
        ("latest=3", '`latest=3` names no column | write its name: `latest="changed"`'),
        ("deletes=''", "`deletes=''` names no column"),
        ("latestt='at'", "did you mean `latest`?"),
    ],
)
def test_what_names_no_column_is_refused(refused: Refused, option: str, said: str) -> None:
    text = MADE + f"@asset(write='merge', {option})  # here\ndef load() -> Frame[T]: ...\n"
    assert said in refused("FF-111", text)


def test_a_promise_of_rows_is_kept(collected: Collected) -> None:
    found = collected("class T(Bronze, min_rows=3): ...\n")
    assert found.datasets[DatasetKey("bronze.t")].min_rows == 3


def test_a_generated_dataset_promises_rows_as_well() -> None:
    assert describe(dataset("x", Bronze, columns={"a": int}, min_rows=2)).min_rows == 2


@pytest.mark.parametrize("rows", ["-1", "True", "'1'", "1.0"])
def test_a_promise_of_no_number_of_rows_is_refused(refused: Refused, rows: str) -> None:
    text = f"class T(Bronze, min_rows={rows}): ...  # here\n"
    assert "is no number of rows | write `min_rows=1`" in refused("FF-111", text)
