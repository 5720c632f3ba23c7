from __future__ import annotations

import ast
from pathlib import Path

import pytest

from store_kinds import KINDS, MORE_KINDS
from store_table import GUARANTEES, HERE, NOT_MEANT, STORES, WAYS, cell_of, cells, page
from write_ways import ALONE, PLAIN

GUIDE = Path(__file__).parents[2] / "docs" / "guide" / "store-table.md"


def test_the_table_has_every_store_way_and_guarantee() -> None:
    assert set(STORES) == {kind.name for kind in (*KINDS, *MORE_KINDS)}
    assert set(WAYS) == {*PLAIN, *ALONE} - {"record"}
    tree = ast.parse((Path(__file__).parent / "test_guarantees.py").read_text(encoding="utf-8"))
    tests = {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
    assert set(GUARANTEES) == {name for name in tests if name.startswith("test_")}


def test_a_test_knows_its_cell() -> None:
    node = "tests/storage/test_guarantees.py::test_two_writers_at_once_lose_nothing[delta-s3-merge]"
    assert cell_of(node) == ("delta-s3", "merge", "test_two_writers_at_once_lose_nothing")
    assert cell_of(f"{node}@delta-s3") == cell_of(node)  # as xdist calls it
    assert cell_of("tests/storage/test_conformance.py::test_x[delta]") is None


def test_no_page_is_made_of_a_part_of_the_tests() -> None:
    outcomes = dict.fromkeys(cells(), "yes")
    assert page(outcomes).count("\n| ") == 1 + len(STORES) * len(WAYS)
    outcomes.popitem()
    with pytest.raises(KeyError):
        page(outcomes)


def test_the_guide_has_the_table_of_these_stores_and_no_cell_that_fails() -> None:
    written = GUIDE.read_text(encoding="utf-8")
    expected = page(dict.fromkeys(cells(), "yes"))
    assert written == expected, "write it anew: make store-table"


def test_only_what_no_network_leads_to_has_no_test_of_one() -> None:
    networked = {kind for kind, _, test in cells() if "network" in test}
    assert set(STORES) - networked == HERE
    assert NOT_MEANT in page(dict.fromkeys(cells(), "yes"))
