"""The rules of the house that no other tool checks."""

from __future__ import annotations

import ast
import inspect
import json
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from functools import cache
from importlib import import_module
from pathlib import Path
from types import ModuleType

import pytest

from flowforge_assets.core.uncollected import uncollected

ROOT = Path(__file__).parents[1]
LINES_A_MODULE = 400
LINES_A_FUNCTION = 60
HEAVY = ("deltalake", "duckdb", "numpy", "polars", "prefect", "pyarrow", "pydantic", "sqlglot")
TEXT = {".cfg", ".csv", ".md", ".py", ".pyi", ".sh", ".sql", ".toml", ".txt", ".yaml", ".yml", ""}
# Spelt in parts, so that this file does not hold what it forbids.
FORBIDDEN = re.compile(
    "|".join(
        [
            r"(?<![\w.~/}-])/wor" + r"k(?![\w-])",
            r"\.\./shar" + r"ed",
            r"pypi\." + r"org|pythonhosted\." + r"org|npmjs\." + r"(?:org|com)",
            r"index-" + r"url|--find-" + r"links",
        ]
    ),
    re.IGNORECASE,
)


@cache
def project_files() -> tuple[Path, ...]:
    """Every file of the repository, those not committed yet too, and no ignored ones."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    paths = (ROOT / name for name in listed.stdout.split("\0") if name)
    return tuple(sorted(path for path in paths if path.is_file()))


def python_files(*folders: str) -> list[Path]:
    """The Python files below `folders`; without any, all."""
    return [
        path
        for path in project_files()
        if path.suffix == ".py" and (not folders or path.relative_to(ROOT).parts[0] in folders)
    ]


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), str(path))


@pytest.fixture(scope="module", autouse=True)
def _trees() -> Iterator[None]:
    """Looks for no garbage among the trees of all files, which go when these tests have ended."""
    with uncollected():
        yield
    tree.cache_clear()


def place(path: Path, line: int) -> str:
    return f"{path.relative_to(ROOT)}:{line}"


def package_modules() -> list[ModuleType]:
    """Every module of both packages, imported."""
    modules: list[ModuleType] = []
    for path in python_files("flowforge_assets", "connectors"):
        parts = path.relative_to(ROOT).with_suffix("").parts
        name = ".".join(part for part in parts if part not in {"connectors", "__init__"})
        if parts[-1] != "__main__":
            modules.append(import_module(name))
    return modules


def test_a_module_has_at_most_400_lines() -> None:
    long = {
        str(path.relative_to(ROOT)): lines
        for path in python_files()
        if (lines := len(path.read_text(encoding="utf-8").splitlines())) > LINES_A_MODULE
    }
    assert long == {}


def test_a_function_has_at_most_60_lines() -> None:
    long = {
        f"{place(path, node.lineno)} {node.name}": lines
        for path in python_files()
        for node in ast.walk(tree(path))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (lines := (node.end_lineno or 0) - node.lineno + 1) > LINES_A_FUNCTION
    }
    assert long == {}


def test_an_init_holds_no_code_but_the_roots_which_loads_names_late() -> None:
    allowed = (ast.Import, ast.ImportFrom, ast.Assign, ast.AnnAssign, ast.Expr)
    root = ROOT / "flowforge_assets/__init__.py"
    code = [
        place(path, node.lineno)
        for path in python_files("flowforge_assets", "connectors")
        if path.name == "__init__.py" and path != root
        for node in tree(path).body
        if not isinstance(node, allowed)
    ]
    assert code == []


def test_names_in_all_are_there_once() -> None:
    wrong: dict[str, list[str]] = {}
    for module in package_modules():
        names: list[str] = list(getattr(module, "__all__", ()))
        bad = [name for name in names if not hasattr(module, name)]
        bad += [name for name, times in Counter(names).items() if times > 1]
        if bad:
            wrong[module.__name__] = bad
    assert wrong == {}


def test_every_public_name_is_documented() -> None:
    bare = [
        f"{module.__name__}.{name}"
        for module in package_modules()
        for name in getattr(module, "__all__", ())
        if (callable(thing := getattr(module, name)) or inspect.ismodule(thing))
        and not inspect.getdoc(thing)
    ]
    assert bare == []


def late_imports(path: Path) -> Iterator[ast.Import | ast.ImportFrom]:
    """The imports inside functions of `path`."""
    for function in ast.walk(tree(path)):
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
            for node in ast.walk(function):
                if isinstance(node, ast.Import | ast.ImportFrom):
                    yield node


def test_a_late_import_says_why() -> None:
    silent: list[str] = []
    for path in python_files("flowforge_assets", "connectors"):
        lines = ["", *path.read_text(encoding="utf-8").splitlines()]
        said: set[int] = set()  # last lines of imports that are explained, so that a run needs one
        for node in sorted(late_imports(path), key=lambda node: node.lineno):
            last = node.end_lineno or node.lineno
            own = any("#" in lines[number] for number in range(node.lineno, last + 1))
            above = lines[node.lineno - 1].lstrip().startswith("#")
            if own or above or node.lineno - 1 in said:
                said.add(last)
            else:
                silent.append(place(path, node.lineno))
    assert silent == []


def loaded_by(code: str) -> set[str]:
    """The top-level packages that a fresh Python holds after running `code`."""
    script = f"{code}\nimport sys, json\nsys.stderr.write(json.dumps(sorted(sys.modules)))"
    ran = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60
    )
    names: list[str] = json.loads(ran.stderr.splitlines()[-1])
    return {name.partition(".")[0] for name in names}


def test_importing_the_package_loads_no_engine() -> None:
    assert loaded_by("import flowforge_assets") & set(HEAVY) == set()


@pytest.mark.parametrize("flag", ["--help", "--version"])
def test_the_command_line_answers_without_an_engine(flag: str) -> None:
    code = (
        f"import sys\nsys.argv = ['flowforge', '{flag}']\n"
        "from flowforge_assets.cli.main import main\n"
        "try:\n    code = main()\nexcept SystemExit as stop:\n    code = stop.code\n"
        "assert not code, code"
    )
    assert loaded_by(code) & {*HEAVY, "cyclopts", "rich"} == set()


def test_nothing_needs_numpy_or_pandas_which_users_may_not_have() -> None:
    needs = re.compile(r"\b(?:import (?:numpy|pandas)|(?:to|fetch|from)_?(?:numpy|pandas|df)\()")
    found = [
        place(path, number)
        for path in python_files("flowforge_assets", "connectors")
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if needs.search(line)
    ]
    assert found == []


def test_a_todo_names_its_issue() -> None:
    mark = re.compile(r"\b(?:TO" + r"DO|FIX" + r"ME|XX" + r"X)\b(?!\(#\d+\):)")
    loose = [
        place(path, number)
        for path in python_files()
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if mark.search(line)
    ]
    assert loose == []


def test_the_text_names_no_place_outside_the_repository() -> None:
    found = [
        f"{place(path, number)}: {match[0]}"
        for path in project_files()
        if path.suffix in TEXT
        for number, line in enumerate(path.read_text("utf-8", "replace").splitlines(), 1)
        if (match := FORBIDDEN.search(line))
    ]
    assert found == []


def test_a_change_note_is_named_for_its_issue_and_kind() -> None:
    name = re.compile(r"\d+(?:\.\d+)?\.(?:added|changed|fixed|removed|security)\.md")
    folder = ROOT / "changelog.d"
    notes = [path.name for path in project_files() if path.parent == folder]
    assert [note for note in notes if note != ".gitkeep" and not name.fullmatch(note)] == []


def test_every_project_is_type_checked_as_its_own_world() -> None:
    pyproject = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    projects = {
        path.parent.relative_to(ROOT)
        for path in ROOT.glob("projects/*/flowforge.toml")
        if any(path.parent.rglob("*.py"))  # one is all in SQL
    }
    assert [str(path) for path in projects if f'root = "{path.as_posix()}"' not in pyproject] == []
