from __future__ import annotations

import inspect
import re
from collections import Counter
from pathlib import Path

import pytest

from flowforge_assets.errors.base import FlowForgeError
from tools.error_docs import PAGE, error_classes, is_root, page, stages

TESTS = Path(__file__).parents[1]
ERRORS = [error for error in error_classes() if not is_root(error)]
each_error = pytest.mark.parametrize("error", ERRORS, ids=lambda error: error.code)


def test_codes_are_unique() -> None:
    codes = Counter(error.code for error in error_classes())
    assert [code for code, times in codes.items() if times > 1] == []


def test_the_drawing_of_the_tree_names_every_root() -> None:
    roots = {error.__name__ for error in FlowForgeError.__subclasses__()} - {"Problems"}
    assert {root for root, _ in stages().values()} == roots


@each_error
def test_a_class_states_a_code_of_its_stage(error: type[FlowForgeError]) -> None:
    assert "code" in vars(error), "inherits the code of another error"
    assert re.fullmatch(r"FF-\d{3}", error.code)
    if error.code[3] in stages():
        root, _ = stages()[error.code[3]]
        assert root in {parent.__name__ for parent in error.__mro__}


@each_error
def test_a_class_says_what_happened_and_what_to_do(error: type[FlowForgeError]) -> None:
    what, _, remedy = inspect.cleandoc(error.__doc__ or "").partition("\n")
    assert what.endswith(".")
    assert remedy.strip() or error.code == "FF-900"


@pytest.fixture(scope="module")
def words_of_tests() -> frozenset[str]:
    """Every word in a test: of code, or of a golden file."""
    texts = (
        path.read_text(encoding="utf-8")
        for path in TESTS.rglob("*")
        if path.suffix in {".py", ".txt"}
    )
    return frozenset(word for text in texts for word in re.findall(r"[\w-]+", text))


@each_error
def test_an_error_is_met_in_a_test(
    error: type[FlowForgeError], words_of_tests: frozenset[str]
) -> None:
    assert {error.__name__, error.code} & words_of_tests


def test_the_page_of_errors_is_what_the_classes_say() -> None:
    assert PAGE.read_text(encoding="utf-8") == page()
