"""Writes docs/errors.md from the error classes.

    python tools/error_docs.py            writes the page
    python tools/error_docs.py --check    exits with 1 when the page is not what the classes say

A class's docstring is its entry: the first line says what happened, the rest what to do.
"""

from __future__ import annotations

import inspect
import re
import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules

from flowforge_assets import errors
from flowforge_assets.errors import base

PAGE = Path(__file__).parents[1] / "docs" / "errors.md"
MISTAKES = Path(__file__).parents[1] / "tests" / "fixtures" / "mistakes"
_STAGE = re.compile(r"(\w+)\s+FF-(\d)xx\s+(.+)")
_HEAD = """\
# Errors

Every error FlowForge raises on purpose has a code that stays the same between versions. Its message
says what happened, where, and usually what to do; this page says the rest.

<!-- written by `make golden` from the classes in flowforge_assets/errors -->
"""
_FOUND = """\
## Mistakes that `flowforge check` finds

Each of these is planted in a project of its own (`tests/fixtures/mistakes`), and a test sees that
`check`, without data, says the code, the file and the line.
"""


def error_classes() -> list[type[base.FlowForgeError]]:
    """Every error class with a code of its own, sorted by it; the stages' roots come first."""
    for module in iter_modules(errors.__path__):
        import_module(f"{errors.__name__}.{module.name}")
    return sorted(_below(base.FlowForgeError), key=lambda error: (error.code, error.__name__))


def stages() -> dict[str, tuple[str, str]]:
    """The drawing of the tree as data: first digit of the code -> (root class, what it is for)."""
    tree = inspect.getdoc(base) or ""
    return {digit: (root, about) for root, digit, about in _STAGE.findall(tree)}


def is_root(error: type[base.FlowForgeError]) -> bool:
    """Whether nothing but its children is raised: a stage's root."""
    return error.__name__ in {root for root, _ in stages().values()}


def page() -> str:
    """The text of docs/errors.md."""
    parts = [_HEAD]
    for digit, (_, about) in stages().items():
        entries = [
            _entry(error)
            for error in error_classes()
            if error.code.startswith(f"FF-{digit}") and not is_root(error)
        ]
        if entries:
            parts += [f"## FF-{digit}xx: {about}\n", *entries]
    parts += [_entry(base.Problems, level=2), _FOUND, *_mistakes()]
    return "\n".join(parts)


def _mistakes() -> Iterator[str]:
    """The table of planted mistakes; each file says its own in its first two lines."""
    yield "| mistake | code | found at |\n|---|---|---|"
    rows: list[tuple[str, str, str]] = []
    for path in sorted(MISTAKES.glob("*.txt")):
        title, expected, *_ = path.read_text(encoding="utf-8").splitlines()
        code, _, place = expected.removeprefix("# ").partition(" at ")
        rows.append((code, title.removeprefix("# "), place))
    for code, title, place in sorted(rows):
        yield f"| {title} | {code} | `{place}` |"
    yield ""


def _below(root: type[base.FlowForgeError]) -> Iterator[type[base.FlowForgeError]]:
    for child in root.__subclasses__():
        # A class that a test or a user's project made is not ours to document.
        if child.__module__.startswith("flowforge_assets."):
            yield child
            yield from _below(child)


def _entry(error: type[base.FlowForgeError], *, level: int = 3) -> str:
    what, _, remedy = inspect.cleandoc(error.__doc__ or "").partition("\n")
    text = f"{'#' * level} {error.code} `{error.__name__}`\n\n{what}\n"
    return f"{text}\n{remedy.strip()}\n" if remedy.strip() else text


def main() -> int:
    """Writes or checks the page; gives the exit code."""
    text = page()
    if "--check" in sys.argv[1:]:
        if not PAGE.is_file() or PAGE.read_text(encoding="utf-8") != text:
            print("docs/errors.md is not what the error classes say: `make golden` writes it")
            return 1
        return 0
    PAGE.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
