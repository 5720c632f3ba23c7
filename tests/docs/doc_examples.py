"""Runs what the documents show, the way a reader would.

A document is worked through from top to bottom in an empty folder of its own:

- a `python` block runs; all those of one document share their names
- in a `console` block, lines after `$ ` are commands for bash, the others what they print
- `<!-- file: PATH -->` above a block of any language: the block is saved as PATH
- `<!-- append: PATH -->` above a block: it is added at the end of PATH
- `<!-- project: PATH -->`: a copy of the repository's folder PATH becomes the reader's folder

Blocks of other languages are for the eye only. In expected output `...` stands for any text, alone
on its line for any lines; a command without output below it has only its exit code compared. A
command that is meant to fail says so: `$ flowforge check  # exits with 1`.
"""

from __future__ import annotations

import difflib
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from sybil import Document, Example, Lexeme, Region, Sybil
from sybil.evaluators.python import PythonEvaluator

from flowforge_assets.declare.asset import forget
from flowforge_assets.declare.external import forget_external
from flowforge_assets.declare.sql_asset import forget_sql
from forked import COMMAND, Forked

REPOSITORY = Path(__file__).parents[2]
SECONDS_A_COMMAND = 300
# Those of our tests cost two thirds of the CPU of a small run of pytest.
OUR_PLUGIN_ALONE = " ".join(
    f"-p no:{name}"
    for name in (
        "anyio",
        "hypothesispytest",
        "pytest_cov",
        "time_machine",
        "xdist",
        "xdist.looponfail",
    )
)

_EXAMPLE = re.compile(
    r"(?:^<!-- (?P<project>project): (?P<source>\S+) -->$)"
    r"|(?:^<!-- (?P<verb>file|append): (?P<path>\S+) -->\n+)?"
    r"^(?P<fence>```+)(?P<language>[\w-]*)[^\n]*\n(?P<block>.*?)^(?P=fence)$",
    re.MULTILINE | re.DOTALL,
)
_OF_THE_SHELL = re.compile(r"[][|&;<>()$`\\*?{}~!]")
_EXIT_CODE = re.compile(r"#\s*exits with (\d+)\s*$")
_run_python = PythonEvaluator()


@dataclass(frozen=True, slots=True)
class Command:
    """One command of a console block, the output shown below it, and the exit code it ends with."""

    line: str
    shown: str
    exit_code: int


@dataclass(slots=True)
class Reader:
    """Who works through a document: where they started, and the folder they are in now."""

    home: Path
    folder: Path

    def save(self, path: str, text: str, *, append: bool = False) -> None:
        """Saves `text` as `path` below the folder they are in, or adds it at that file's end."""
        target = self.folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        with target.open("a" if append else "w", encoding="utf-8") as file:
            file.write(text)

    def copy_project(self, source: str) -> None:
        """Goes into a fresh copy of the repository's folder `source`, without its past runs."""
        self.folder = self.home / Path(source).name
        past = shutil.ignore_patterns(".flowforge", "__pycache__", ".*_cache")
        shutil.copytree(REPOSITORY / source, self.folder, ignore=past)

    def run(self, command: Command, *, by_shell: bool = False) -> None:
        """Runs `command` and compares what it prints and how it ends.

        One of ours alone is forked from a process that has imported it, if not told `by_shell`.

        Raises:
            AssertionError: the document shows something else.
        """
        if command.line.startswith("cd "):
            self.folder = (self.folder / command.line.removeprefix("cd ").strip()).resolve()
            assert self.folder.is_dir(), f"`{command.line}`: there is no such folder"
            return
        code, printed = self._ran(command.line, [] if by_shell else _words_of_ours(command.line))
        assert code == command.exit_code, (
            f"`{command.line}` exits with {code}, the document says"
            f" {command.exit_code}; it prints:\n{printed}"
        )
        if command.shown and not matches(command.shown, printed):
            raise AssertionError(f"`{command.line}`\n{_difference(command.shown, printed)}")

    def _ran(self, line: str, words: Sequence[str]) -> tuple[int, str]:
        """The exit code, and what it prints; `words` are given to `flowforge` without a shell."""
        environment = _environment(self.home)
        if words:
            process = Forked(COMMAND, *words, folder=self.folder, environment=environment)
            try:
                return process.wait(SECONDS_A_COMMAND), process.printed
            finally:
                process.kill()
        ran = subprocess.run(
            ["bash", "-c", line],
            cwd=self.folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=SECONDS_A_COMMAND,
            check=False,
        )
        return ran.returncode, ran.stdout


def _words_of_ours(line: str) -> list[str]:
    """The words after `flowforge`, where the line is nothing else; in no shell they mean more."""
    if not line.startswith("flowforge ") or _OF_THE_SHELL.search(line):
        return []
    return shlex.split(line, comments=True)[1:]


def commands(block: str) -> list[Command]:
    """The commands of a console block, in order."""
    found: list[Command] = []
    for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
        line, _, shown = part.partition("\n")
        code = _EXIT_CODE.search(line)
        found.append(Command(line, shown.strip("\n"), int(code[1]) if code else 0))
    return found


def matches(shown: str, printed: str) -> bool:
    """Whether `printed` is what is `shown`, given its `...`; spaces at line ends do not count."""
    pattern = ""
    for line in _lines(shown):
        if line.strip() == "...":
            pattern += r"(?:.*\n)*?"
        else:
            pattern += ".*?".join(map(re.escape, line.split("..."))) + r"\n"
    return re.fullmatch(pattern, "".join(f"{line}\n" for line in _lines(printed))) is not None


def examples(document: Document) -> Iterator[Region]:
    """What a document has to run, in its order."""
    for found in _EXAMPLE.finditer(document.text):
        start, end = found.span()
        if found["project"]:
            yield Region(start, end, found["source"], _copy_project)
        elif found["verb"]:
            yield Region(start, end, (found["verb"], found["path"], found["block"]), _save)
        elif found["language"] == "console":
            yield Region(start, end, commands(found["block"]), _run_commands)
        elif found["language"] == "python":
            source = Lexeme(found["block"], found.start("block") - start, 0)
            yield Region(start, end, source, _run_in_folder)


def _lines(text: str) -> list[str]:
    return [line.rstrip() for line in text.strip("\n").splitlines()]


def _difference(shown: str, printed: str) -> str:
    return "\n".join(
        difflib.unified_diff(_lines(shown), _lines(printed), "shown", "printed", lineterm="")
    )


def _environment(home: Path) -> dict[str, str]:
    """What a reader's shell has: our commands on the path, a plain terminal, nothing else."""
    programs = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    return {
        "PATH": programs,
        "HOME": str(home),
        "LANG": "C.UTF-8",
        "TZ": "UTC",
        "NO_COLOR": "1",
        "COLUMNS": "100",
        "TERM": "dumb",
        "PYTEST_ADDOPTS": OUR_PLUGIN_ALONE,
        # Python tells a changed file by its size and second: a page changes one faster than that
        "PYTHONDONTWRITEBYTECODE": "1",
    }


def _reader(example: Example) -> Reader:
    reader = example.namespace["__reader__"]
    assert isinstance(reader, Reader)
    return reader


def _copy_project(example: Example) -> None:
    _reader(example).copy_project(example.parsed)


def _save(example: Example) -> None:
    verb, path, text = example.parsed
    _reader(example).save(path, text, append=verb == "append")


def _run_commands(example: Example) -> None:
    for command in example.parsed:
        # the first page that a reader sees: all as they would
        _reader(example).run(command, by_shell=example.path.endswith("README.md"))


def _run_in_folder(example: Example) -> None:
    """Runs a block as `python` started in the reader's folder would."""
    folder = str(_reader(example).folder)
    before, modules = Path.cwd(), set(sys.modules)
    os.chdir(folder)
    sys.path.insert(0, folder)
    try:
        _run_python(example)
    finally:
        sys.path.remove(folder)
        os.chdir(before)
        # The reader's files may change before the next block; a new Python would read them anew.
        ours = {
            name
            for name in set(sys.modules) - modules
            if str(getattr(sys.modules[name], "__file__", None)).startswith(folder)
        }
        for name in ours:
            del sys.modules[name]
        forget(ours)
        forget_sql(ours)
        forget_external(ours)


def _open(namespace: dict[str, object]) -> None:
    home = Path(tempfile.mkdtemp(prefix="flowforge-docs-")).resolve()
    namespace["__reader__"] = Reader(home, home)


def _close(namespace: dict[str, object]) -> None:
    reader = namespace["__reader__"]
    assert isinstance(reader, Reader)
    shutil.rmtree(reader.home)


documents = Sybil(
    parsers=[examples],
    path=str(REPOSITORY),
    patterns=["README.md", "docs/*.md", "docs/**/*.md"],
    setup=_open,
    teardown=_close,
)
