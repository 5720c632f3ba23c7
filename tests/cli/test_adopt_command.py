"""`flowforge adopt`, as people call it."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl
import pytest

if TYPE_CHECKING:
    from command_line import Call

Golden = Callable[[str, str], None]
ORDERS = Path(".flowforge/dev/lake/silver/orders")


def test_a_table_of_older_code_is_adopted(
    golden: Golden, call: Call, shop: Path, edit: Callable[[Path, str, str], None]
) -> None:
    edit(shop / "corner_shop/assets.py", "is_not_null()", "is_not_nan()")
    golden("cli/adopt.txt", call("adopt", "orders").text(folder=shop))
    assert call("plan", "--json").data["steps"] == []


@pytest.mark.parametrize(
    ("name", "command"),
    [
        ("adopt_from", "adopt orders --from s3://lake/orders?token=secret"),
        ("adopt_never", "adopt orders"),
    ],
)
def test_what_is_not_in_its_place_is_refused(
    golden: Golden, call: Call, new_shop: Path, name: str, command: str
) -> None:
    golden(f"cli/{name}.txt", call(*command.split()).text(folder=new_shop))


def test_a_table_that_does_not_fit_is_refused(golden: Golden, call: Call, new_shop: Path) -> None:
    call("run", "-q", "-s", "raw_orders")
    pl.DataFrame({"order_id": ["1"], "price": [1.0]}).write_delta(new_shop / ORDERS)
    golden("cli/adopt_unfit.txt", call("adopt", "orders").text(folder=new_shop))


def test_what_was_adopted_is_said_as_json(call: Call, shop: Path) -> None:
    data = call("adopt", "silver.orders", "--no-check", "--json").data
    assert data == {
        "dataset": "silver.orders",
        "version": 1,
        "partitions": None,
        "outside": None,
        "rows": 5,
    }


def test_what_someone_else_makes_is_not_adopted(
    call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.chdir(tmp_path)
    Path("flowforge.toml").write_text('[project]\nmodules = ["made_elsewhere"]\n')
    Path("made_elsewhere.py").write_text(
        "from flowforge_assets import Bronze, Col, col, external\n\n\n"
        "class Raw(Bronze):\n    a: Col[int] = col()\n\n\n"
        'external(Raw, at="raw")\n'
    )
    ran = call("adopt", "raw")
    assert (ran.code, "someone else makes it" in ran.err) == (2, True)
