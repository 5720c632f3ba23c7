from __future__ import annotations

import ast

import pytest

from flowforge_assets.project.syntax_tree import syntax_tree


def test_a_tree_that_another_thread_has_disturbed_is_read_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    parse, times = ast.parse, iter(range(10))

    def disturbed(source: str) -> ast.Module:
        if next(times) < 2:
            message = "AST constructor recursion depth mismatch (before=18, after=7)"
            raise SystemError(message)
        return parse(source)

    monkeypatch.setattr(ast, "parse", disturbed)
    assert ast.dump(syntax_tree("x = 1")) == ast.dump(parse("x = 1"))


def test_what_is_no_python_is_said_at_once() -> None:
    with pytest.raises(SyntaxError):
        syntax_tree("x =")
