"""`flowforge infer`, as people call it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from command_line import Call


@pytest.fixture
def delivery(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with one file of orders; we are in it."""
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "orders.csv"
    path.write_text("Order ID,day,price_eur\n1,2026-01-05,19.9\n2,2026-01-05,\n")
    return path


def test_a_class_is_printed(golden: Callable[[str, str], None], call: Call, delivery: Path) -> None:
    golden("cli/infer.txt", call("infer", "orders.csv", "--name", "shop.orders").text())
    golden("cli/infer_asset.txt", call("infer", "orders.csv", "--asset").text())


def test_a_column_in_doubt_is_an_error(
    golden: Callable[[str, str], None], call: Call, delivery: Path
) -> None:
    delivery.write_text("order_id,price\n1,19.9\n2,free\n")
    golden("cli/infer_in_doubt.txt", call("infer", "orders.csv").text())
    golden("cli/infer_lenient.txt", call("infer", "orders.csv", "--lenient").text())


def test_what_was_found_is_said_as_json(call: Call, delivery: Path) -> None:
    data = call("infer", "orders.csv", "--layer", "silver", "--json").data
    assert (data["key"], data["rows"]) == ("silver.orders", 2)
    assert data["columns"][2] == {
        "name": "price_eur",
        "type": "float64",
        "nullable": True,
        "unique": False,
    }
    assert "class Orders(Silver):" in data["source"]
