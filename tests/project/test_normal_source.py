from __future__ import annotations

from textwrap import dedent

import pytest

from flowforge_assets.project.normal_source import units
from flowforge_assets.project.unit import Unit, class_key, name_key


def unit(source: str, key: str = "f") -> Unit:
    """The unit of that key, or of the only function of that name."""
    found = units(dedent(source))
    return next(unit for name, unit in found.items() if name == key or name.endswith(f":{key}"))


PLAIN = "def f(x):\n    return x + 1\n"


@pytest.mark.parametrize(
    "same",
    [
        "def f(x):  # a comment\n\n    return (x +\n        1)\n",
        'def f(x):\n    "What it gives."\n    return x + 1\n',
        "\n\n\ndef f(x): return x + 1\n",
        "@asset(retries=3)\ndef f(x):\n    return x + 1\n",
        "@ff.check\ndef f(x):\n    return x + 1\n",
        "def f(x: Frame[Orders]) -> int:\n    return x + 1\n",
        "def f(x):\n    y: int\n    return x + 1\n",
    ],
)
def test_what_does_not_change_the_meaning_does_not_change_the_digest(same: str) -> None:
    assert unit(same).digest == unit(PLAIN).digest


@pytest.mark.parametrize(
    "other",
    [
        "def f(x):\n    return x + 2\n",
        "def f(x):\n    return x + 1.0\n",
        "def f(x):\n    return x - 1\n",
        "def f(x, y=0):\n    return x + 1\n",
        "def f(x):\n    return f'{x:<{3}}'\n",
        "def f(x):\n    return f'{x:>{3}}'\n",
        "def f(*x):\n    return x + 1\n",
        "async def f(x):\n    return x + 1\n",
        "@cache\ndef f(x):\n    return x + 1\n",
        "def f(x):\n    x\n    return x + 1\n",
    ],
)
def test_what_changes_the_meaning_changes_the_digest(other: str) -> None:
    assert unit(other).digest != unit(PLAIN).digest


@pytest.mark.parametrize(
    ("one", "two"),
    [("[1], 2", "[1, 2]"), ("'a b'", "'a', 'b'"), ("a.b", "a, b"), ("-1", "not 1"), ("''", "None")],
)
def test_texts_do_not_run_into_each_other(one: str, two: str) -> None:
    assert unit(f"def f():\n    g({one})\n").digest != unit(f"def f():\n    g({two})\n").digest


def test_annotations_count_where_another_decorator_may_read_them() -> None:
    one = "@validate_call\ndef f(x: int): ...\n"
    two = "@validate_call\ndef f(x: str): ...\n"
    assert unit(one) != unit(two)


def test_an_annotated_assignment_is_an_assignment() -> None:
    assert unit("def f():\n    x: int = 1\n") == unit("def f():\n    x = 1\n")


def test_annotations_of_a_class_count() -> None:
    key = class_key("C")
    assert unit("class C:\n    x: int = 1\n", key) != unit("class C:\n    x: str = 1\n", key)


@pytest.mark.parametrize(
    ("body", "uses"),
    [
        ("return a.b.c(d)", {"a.b.c", "d"}),
        ("return a(x).b", {"a"}),
        ("y = x; return y", set()),
        ("return [y for y in z if y]", {"z"}),
        ("return [y for y in y]", {"y"}),
        ("return {k: v for k, v in g() for w in k}", {"g"}),
        ("[y := 1 for _ in x]; return y", set()),
        ("for i, (j, *k) in x: return i, j, k", set()),
        ("def g(): return h, x\n    return g", {"h"}),
        ("def g(h): return h\n    return h", {"h"}),
        ("return lambda q: q + r", {"r"}),
        ("with o as p: return p", {"o"}),
        ("try: pass\n    except E as e: return e", {"E"}),
        ("import json; return json", {":json:"}),
        ("import a.b as c; return c", {":a.b:"}),
        ("from .m import n as o; return o", {":.m:n"}),
        ("global g; g = 1; return g", {"g"}),
        ("match x:\n        case {'a': p, **r}: return p, r\n        case [*s]: return s", set()),
        ("class K:\n        a = 1\n        def m(self): return a\n    return K", {"a"}),
    ],
)
def test_uses_are_the_names_from_outside(body: str, uses: set[str]) -> None:
    assert set(unit(f"def f(x):\n    {body}\n").uses) == uses


def test_a_nested_function_uses_what_its_outer_function_binds() -> None:
    assert unit("def outer(n):\n    def f():\n        return n + m\n    return f\n").uses == (
        "n",
        "m",
    )


def test_two_lambdas_of_a_line_are_one_unit() -> None:
    both = unit("fs = [lambda: a, lambda: b]\n", "<lambda>")
    assert both.uses == ("a", "b")
    assert both.digest != unit("fs = [lambda: a, lambda: c]\n", "<lambda>").digest


def test_two_lambdas_of_a_line_do_not_mix_up_their_names() -> None:
    one = unit("fs = [lambda: a + b, lambda: b]\n", "<lambda>")
    two = unit("fs = [lambda: a + b, lambda: a]\n", "<lambda>")
    assert one.uses == two.uses
    assert one.digest != two.digest


def test_names_from_outside_are_counted_and_not_spelt() -> None:
    one, two = (
        unit("def f(x):\n    return a.b + g(x)\n"),
        unit("def f(x):\n    return c.b + h(x)\n"),
    )
    assert (one.uses, two.uses) == (("a.b", "g"), ("c.b", "h"))
    assert one.digest == two.digest


@pytest.mark.parametrize(
    ("one", "two"),
    [
        ("a.b + c", "c + a.b.d"),
        ("a + b + a", "a + b + b"),
        ("a + [a for a in x]", "a + [b for a in x]"),
        ("x.a", "x.b"),
    ],
)
def test_other_places_of_names_are_another_text(one: str, two: str) -> None:
    assert unit(f"def f(x):\n    return {one}\n") != unit(f"def f(x):\n    return {two}\n")


def test_a_name_that_is_bound_inside_is_spelt_all_over() -> None:
    source = "def f():\n    def g({0}):\n        return {0}\n    return {0}, g\n"
    assert unit(source.format("a")).digest != unit(source.format("b")).digest


def test_a_module_assigns_units_by_name() -> None:
    assert unit("A = B + g(1)\n", name_key("A")).uses == ("B", "g")
    assert unit("A: int = 1\nA += B\n", name_key("A")).uses == ("B",)
    assert unit("from .m import A\n", name_key("A")).uses == (":.m:A",)


def test_a_long_expression_is_no_problem() -> None:
    terms = " + ".join(f"a{i}" for i in range(900))
    assert len(unit(f"def f():\n    return {terms}\n").uses) == 900


def test_the_digest_is_the_same_under_every_python() -> None:
    source = """
        @other
        async def f(x: int, /, *args, k=(1.0, b"a"), **more) -> None:
            async with a as b:
                print(f"{x!r:<{k}} {more}", *args)
            match x:
                case {"a": [1, *_], **rest} if rest:
                    del b
            return [i for i in x if (y := i)], lambda: y, not x, x[1:]
    """
    assert unit(source).digest == "51cc38baea3939ce"
