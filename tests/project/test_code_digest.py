from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from textwrap import dedent
from types import ModuleType
from typing import Any

import pytest

from flowforge_assets.errors.declaration import MissingSourceError, UnhashableValueError
from flowforge_assets.project.code_digest import CodeDigests, code_digest
from flowforge_assets.project.source import SourceCache

NAMES = ("ffshop", "ffshop.assets", "ffshop.helpers", "ffshop.other", "ffelsewhere")


class Shop:
    """A package that a test writes, and writes again otherwise."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.count = 0

    def load(self, assets: str, helpers: str = "", other: str = "") -> ModuleType:
        """The module `ffshop.assets`, imported from a folder of its own."""
        self.forget()
        self.count += 1
        root = self.folder / str(self.count)
        package = root / "ffshop"
        package.mkdir(parents=True)
        texts = {"__init__": "", "assets": assets, "helpers": helpers, "other": other}
        for name, text in texts.items():
            (package / f"{name}.py").write_text(dedent(text), encoding="utf-8")
        sys.path.insert(0, str(root))
        importlib.invalidate_caches()
        try:
            return importlib.import_module("ffshop.assets")
        finally:
            sys.path.remove(str(root))

    def digest(self, assets: str, helpers: str = "", other: str = "") -> str:
        """The digest of `f` in `ffshop.assets`."""
        function = self.load(assets, helpers, other).f
        return code_digest(function, sources=SourceCache(), project_modules={"ffshop.assets"})

    def forget(self) -> None:
        """Takes the modules away again."""
        for name in NAMES:
            sys.modules.pop(name, None)


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shop]:
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    shop = Shop(tmp_path)
    yield shop
    shop.forget()


USING = """
    import ffshop
    from ffshop import helpers
    from ffshop.helpers import *

    def f(raw):
        return {}
"""


PRELUDE = """
import enum, logging, re
from collections import namedtuple
from datetime import date
from decimal import Decimal
from functools import cache, partial
from pathlib import Path

import polars as pl

class Holder:
    def __init__(self, value): self.value = value

class Slotted:
    __slots__ = "value"

def other(value): ...
"""


@pytest.mark.parametrize(
    ("use", "helper", "one", "two"),
    [
        ("A", "A = X", "1", "2"),
        ("A", "A = X", "1", "1.0"),
        ("A", "A = X", "('a', 'bc')", "('ab', 'c')"),
        ("A", "A = X", "{'a': 1, 'b': 2}", "{'b': 2, 'a': 1}"),
        ("A", "A = {1: [2, {X}]}", "3", "4"),
        ("A", "A = re.compile(X)", "'a'", "'a', re.I"),
        ("A", "A = date(2026, 1, X)", "1", "2"),
        ("A", "A = Decimal(X)", "'1.0'", "'1.00'"),
        ("A", "A = Path(X)", "'/a'", "'/b'"),
        ("A", "A = Holder(X)", "1", "2"),
        ("A.value", "A = Slotted()\nA.value = X", "1", "2"),
        ("A", "A = partial(other, X)", "1", "2"),
        ("A", "A = pl.col('a') > X", "1", "2"),
        ("A", "A = [pl.col(X)]", "'a'", "'b'"),
        ("A", "A = pl.Series([X])", "1", "2"),
        ("A", "A = pl.DataFrame({X: [1]})", "'a'", "'b'"),
        ("A", "A = logging.getLogger(X)", "'a'", "'b'"),
        ("C.A", "class C:\n    A = X", "1", "2"),
        ("C.A", "class C(enum.Enum):\n    A = X", "1", "2"),
        ("A", "class C(enum.Enum):\n    A = X\nA = C.A", "1", "2"),
        ("C().m()", "class C:\n    def m(self): return X", "1", "2"),
        ("C()", "x = X\nclass C:\n    y = x", "1", "2"),
        ("C()", "class B: x = X\nclass C(B): pass", "1", "2"),
        ("P(1)", "P = namedtuple('P', X)", "'x'", "'y'"),
        ("P(1)", "P = namedtuple('P', 'x')\nP = P(X)", "1", "2"),
        ("g()", "def g(): return X", "1", "2"),
        ("g()", "def g(): return h()\ndef h(): return X", "1", "2"),
        ("g", "g = lambda: X", "1", "2"),
        ("D['g']()", "def g(): return X\nD = {'g': g}", "1", "2"),
        ("g()", "@cache\ndef g(): return X", "1", "2"),
        ("helpers.g()", "def g(): return X", "1", "2"),
        ("ffshop.helpers.g()", "def g(): return X", "1", "2"),
        ("getattr(helpers, raw)()", "def g(): return X", "1", "2"),
    ],
)
def test_a_change_of_what_is_used_changes_the_digest(
    shop: Shop, use: str, helper: str, one: str, two: str
) -> None:
    digests = [
        shop.digest(USING.format(use), PRELUDE + helper.replace("X", value))
        for value in (one, two, one)
    ]
    assert digests[0] != digests[1]
    assert digests[0] == digests[2]


@pytest.mark.parametrize(
    ("use", "one", "two"),
    [
        ("A", "A = 1", "A = 1  # a comment\nB = 2"),
        ("A", "A = {'x', 'y', 'z'}", "A = {'z', 'y', 'x'}"),
        ("g()", "def g(): return 1", "def g():\n    'Text.'\n    return 1\ndef h(): ..."),
        ("helpers.g()", "def g(): return 1", "def g(): return 1\ndef h(): return 2"),
        ("raw.g()", "def g(): return 1", "def g(): return 2"),
        ("[g for g in raw]", "def g(): return 1", "def g(): return 2"),
    ],
)
def test_a_change_of_what_is_not_used_does_not(shop: Shop, use: str, one: str, two: str) -> None:
    assert shop.digest(USING.format(use), one) == shop.digest(USING.format(use), two)


def test_a_helper_may_be_moved_and_its_file_too(shop: Shop) -> None:
    helper = "def g():\n    return 1\n"
    here = shop.digest("from ffshop.helpers import g\ndef f(raw):\n    return g()\n", helper)
    there = shop.digest("from ffshop.other import g\ndef f(raw):\n    return g()\n", "", helper)
    assert here == there


def test_a_path_below_the_project_may_move_with_it(shop: Shop) -> None:
    source = (
        "from pathlib import Path\nHERE = Path(__file__).parent\ndef f(raw):\n    return HERE\n"
    )
    assert shop.digest(source) == shop.digest(source)  # each in a folder of its own


def test_functions_that_call_each_other_have_digests(shop: Shop) -> None:
    source = "def f(n):\n    return g(n - 1)\ndef g(n):\n    return f(n){}\n"
    assert shop.digest(source.format("")) == shop.digest(source.format(""))
    assert shop.digest(source.format("")) != shop.digest(source.format(" + 1"))


def test_names_that_change_places_are_seen(shop: Shop) -> None:
    source = "def f(raw):\n    return A - B\n"
    assert shop.digest(f"A = 1\nB = 2\n{source}") != shop.digest(f"A = 2\nB = 1\n{source}")


def test_an_import_inside_the_function_is_followed(shop: Shop) -> None:
    one, two = "def g(): return 1", "def g(): return 2"
    for line in (
        "from .helpers import g",
        "from ffshop import helpers",
        "import ffshop.helpers",
        "from . import helpers",
    ):
        source = f"import ffshop.helpers\ndef f(raw):\n    {line}\n    return 3\n"
        assert shop.digest(source, one) != shop.digest(source, two), line


def test_an_asset_of_a_factory_counts_its_closure_and_defaults(shop: Shop) -> None:
    module = shop.load("""
        from functools import partial

        def make(country, rate=1):
            def f(raw, *, factor=rate):
                return raw, country, factor
            return f

        def read(country, raw):
            return country
    """)
    digests = CodeDigests(SourceCache(), {"ffshop.assets"})
    made = [
        module.make("de"),
        module.make("fr"),
        module.make("de", 2),
        module.partial(module.read, "de"),
        module.partial(module.read, "fr"),
        module.partial(module.read, country="fr"),
    ]
    assert len({digests.of(function) for function in made}) == len(made)
    assert digests.of(module.make("de")) == digests.of(module.make("de"))


def test_a_decorator_of_the_project_counts(shop: Shop) -> None:
    source = """
        from functools import wraps

        def twice(function):
            @wraps(function)
            def inner(raw):
                return function(raw) * {}
            return inner

        @twice
        def f(raw):
            return raw + {}
    """
    assert len({shop.digest(source.format(*each)) for each in ((2, 1), (3, 1), (2, 2))}) == 3


def test_a_method_counts_its_object(shop: Shop) -> None:
    source = """
        from dataclasses import dataclass

        @dataclass(frozen=True)
        class Reader:
            path: str
            def read(self, raw):
                return self.path

        f = Reader({!r}).read
    """
    assert shop.digest(source.format("a")) != shop.digest(source.format("b"))


def test_a_dataset_counts_by_its_key_only(shop: Shop) -> None:
    source = """
        from flowforge_assets.declare.column import Col, col
        from flowforge_assets.declare.dataset import Bronze

        class {}(Bronze, name={!r}):
            a: Col[{}] = col()

        D = {}

        def f(raw):
            return D.a
    """
    one = shop.digest(source.format("Raw", "raw", "int", "Raw"))
    assert one == shop.digest(source.format("Raw", "raw", "str", "Raw"))
    assert one != shop.digest(source.format("Raw", "other", "int", "Raw"))


def test_other_peoples_code_counts_by_its_name(shop: Shop) -> None:
    source = "import {} as library\ndef f(raw):\n    return library.dumps(raw)\n"
    assert shop.digest(source.format("json")) != shop.digest(source.format("pickle"))


def test_a_name_that_a_module_gives_only_when_asked_is_not_asked_for(shop: Shop) -> None:
    helper = "def __getattr__(name): raise RuntimeError(name)\n"
    assert shop.digest("from . import helpers\ndef f(raw):\n    return helpers.heavy\n", helper)


def test_what_has_no_text_counts_by_the_source_of_its_assignment(shop: Shop) -> None:
    source = """
        import sqlite3
        PATH = ":memory:"
        base = sqlite3.connect(PATH, {})
        base.close()

        def f(raw):
            return base
    """
    assert shop.digest(source.format(1)) == shop.digest(source.format(1))
    assert shop.digest(source.format(1)) != shop.digest(source.format(2))
    renamed = source.replace('":memory:"', '"file::memory:"')
    assert shop.digest(source.format(1)) != shop.digest(renamed.format(1))


@pytest.mark.parametrize("name", ["A", "helpers.A"])
def test_an_expression_of_a_module_counts_by_its_source(shop: Shop, name: str) -> None:
    helper = "import polars as pl\nLIMIT = {}\nA = pl.col('a') > {}\n"
    found: list[str] = []
    for values in ((1, "LIMIT"), (2, "LIMIT"), (1, "1")):
        text = helper.format(*values)
        source = f"from . import helpers\n{text}def f(raw):\n    return {name}\n"
        found.append(shop.digest(source, text))
    assert len(set(found)) == 3


def test_an_open_file_in_a_closure_cannot_be_hashed(shop: Shop, tmp_path: Path) -> None:
    module = shop.load("def make(session):\n    return lambda raw: session\n")
    with (tmp_path / "log").open("wb") as held, pytest.raises(UnhashableValueError) as caught:
        CodeDigests(SourceCache(), {"ffshop.assets"}).of(module.make({"held": held}))
    assert caught.value.message == "`session.held` is a `BufferedWriter`, which cannot be hashed"
    assert 'code_version="1"' in (caught.value.hint or "")


def test_a_function_without_a_file_has_no_source(shop: Shop) -> None:
    module = shop.load("exec('def f(raw): return 1')\n")
    with pytest.raises(MissingSourceError, match=r"FF-119.*`f`"):
        CodeDigests(SourceCache(), {"ffshop.assets"}).of(module.f)


def test_a_list_that_holds_itself_has_a_digest(shop: Shop) -> None:
    source = "A = [1]\nA.append(A)\ndef f(raw):\n    return A\n"
    assert shop.digest(source) == shop.digest(source)


def test_a_thousand_functions_of_a_file_parse_it_once_and_then_never(
    shop: Shop, tmp_path: Path
) -> None:
    lines = "".join(f"def f{i}(raw):\n    return raw + LIMIT + {i}\n" for i in range(1000))
    module = shop.load(f"LIMIT = 3\n{lines}")
    functions: list[Callable[..., Any]] = [getattr(module, f"f{i}") for i in range(1000)]
    found: list[list[str]] = []
    for parses in (1, 0):
        sources = SourceCache(tmp_path / "source.json")
        digests = CodeDigests(sources, {"ffshop.assets"})
        found.append([digests.of(function) for function in functions])
        sources.save()
        assert sources.parses == parses
    assert found[0] == found[1]
    assert len(set(found[0])) == 1000


def test_a_name_that_is_not_bound_yet_has_a_digest(shop: Shop) -> None:
    source = """
        def make():
            def inner(raw):
                return later
            if False:
                later = 1
            return inner

        f = make()
    """
    assert shop.digest(source) == shop.digest(source)


def test_a_class_of_a_notebook_is_found_by_its_methods(shop: Shop) -> None:
    source = """
        class C:
            def m(self):
                return {}

        def f(raw):
            return C()

        del __file__
    """
    assert shop.digest(source.format(1)) != shop.digest(source.format(2))


def test_an_import_of_what_is_not_there_is_left_to_the_run(shop: Shop) -> None:
    source = "def f(raw):\n    from .helpers import missing\n    import ffshop.gone\n"
    assert shop.digest("from . import helpers\n" + source)


def test_a_bound_argument_that_cannot_be_hashed_is_called_so(shop: Shop, tmp_path: Path) -> None:
    module = shop.load("from functools import partial\ndef f(held, raw): ...\n")
    with (tmp_path / "log").open("wb") as held, pytest.raises(UnhashableValueError) as caught:
        CodeDigests(SourceCache(), {"ffshop.assets"}).of(module.partial(module.f, held))
    expected = "an argument bound to it is a `BufferedWriter`, which cannot be hashed"
    assert caught.value.message == expected


def test_an_imported_value_that_has_no_text_and_no_source_cannot_be_hashed(shop: Shop) -> None:
    source = "for A in [iter([1])]: pass\ndef f(raw):\n    return A\n"
    with pytest.raises(UnhashableValueError, match="`A` is a `list_iterator`"):
        shop.digest(source)
