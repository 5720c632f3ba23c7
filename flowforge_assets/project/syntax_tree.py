"""The tree of Python source, also while other threads of the process parse."""

from __future__ import annotations

import ast
from contextlib import suppress
from typing import Final

_TRIES: Final = 10


def syntax_tree(source: str | bytes) -> ast.Module:
    """The source's tree.

    CPython 3.11 counts the depth of all threads' trees in one place, and gives up when a finalizer
    lets another thread parse in between: "AST constructor recursion depth mismatch". Then it is
    read again.

    Raises:
        SyntaxError: it is no Python.
    """
    for _ in range(_TRIES - 1):
        with suppress(SystemError):
            return ast.parse(source)
    return ast.parse(source)
