from __future__ import annotations

import ast
from pathlib import Path

import pytest

from store_kinds import KINDS, MORE_KINDS
from store_limits import LIMITS


def test_every_limit_is_one_of_a_test_and_of_stores_that_are_there() -> None:
    tests = {
        node.name
        for path in Path(__file__).parent.glob("test_*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef)
    }
    assert set(LIMITS) <= tests
    known = {kind.name for kind in (*KINDS, *MORE_KINDS)}
    assert all(limit.kinds <= known for limit in LIMITS.values())


@pytest.mark.parametrize("test", sorted(LIMITS))
def test_every_limit_says_why(test: str) -> None:
    assert LIMITS[test].reason
    assert LIMITS[test].kinds
