from __future__ import annotations

import sys
from pathlib import Path

import pytest
from sybil import Document, Sybil

from doc_examples import Command, Reader, commands, documents, examples, matches


@pytest.fixture
def reader(tmp_path: Path) -> Reader:
    return Reader(tmp_path, tmp_path)


def work_through(tmp_path: Path, text: str) -> dict[str, object]:
    """Runs a document made of `text`; gives the names its python blocks leave behind."""
    page = tmp_path / "page.md"
    page.write_text(text)
    document = Sybil(parsers=[examples]).parse(page)
    document.namespace["__reader__"] = Reader(tmp_path, tmp_path)
    for example in document.examples():
        example.evaluate()
    return document.namespace


def test_a_console_block_is_its_commands_with_what_they_print() -> None:
    block = "$ echo one\none\n$ false  # exits with 1\n$ ls\n\na\nb\n"
    assert commands(block) == [
        Command("echo one", "one", 0),
        Command("false  # exits with 1", "", 1),
        Command("ls", "a\nb", 0),
    ]


@pytest.mark.parametrize(
    ("shown", "printed"),
    [
        ("made 3", "made 3\n"),
        ("made ... in ... s", "made 3 in 0.2 s\n"),
        ("first\n...\nlast", "first\n2\n3\nlast\n"),
        ("first\n...\nlast", "first\nlast\n"),
        ("spaces", "spaces   \n"),
    ],
)
def test_output_matches_what_is_shown(shown: str, printed: str) -> None:
    assert matches(shown, printed)


@pytest.mark.parametrize(
    ("shown", "printed"),
    [
        ("made 3", "made 4\n"),
        ("made 3", "made 3\nmade 4\n"),
        ("made ...", "lost 3\n"),
        ("a.c", "abc\n"),
        ("made ... s", "made 3\n4 s\n"),
    ],
)
def test_output_that_is_not_shown_does_not_match(shown: str, printed: str) -> None:
    assert not matches(shown, printed)


def test_other_output_than_shown_fails_with_the_difference(reader: Reader) -> None:
    with pytest.raises(AssertionError, match=r"-three\n\+two"):
        reader.run(Command("printf 'one\\ntwo\\n'", "one\nthree", 0))


def test_a_failing_command_fails_the_document(reader: Reader) -> None:
    with pytest.raises(AssertionError, match="exits with 3, the document says 0"):
        reader.run(Command("exit 3", "", 0))


def test_a_command_meant_to_fail_must_fail(reader: Reader) -> None:
    reader.run(Command("exit 3", "", 3))
    with pytest.raises(AssertionError, match="exits with 0, the document says 3"):
        reader.run(Command("true", "", 3))


def test_errors_are_shown_with_the_output(reader: Reader) -> None:
    reader.run(Command("echo out; echo err >&2", "out\nerr", 0))


def test_commands_run_with_our_own_python(reader: Reader) -> None:
    reader.run(Command("command -v python", str(Path(sys.executable).parent / "python"), 0))


def test_cd_holds_for_the_commands_after_it(reader: Reader) -> None:
    for command in commands("$ mkdir shop\n$ cd shop\n$ basename $PWD\nshop\n"):
        reader.run(command)


def test_cd_into_nothing_fails(reader: Reader) -> None:
    with pytest.raises(AssertionError, match="no such folder"):
        reader.run(Command("cd nowhere", "", 0))


def test_a_block_with_a_file_comment_is_saved_and_not_run(tmp_path: Path) -> None:
    work_through(tmp_path, "<!-- file: shop/a.py -->\n```python\nraise SystemExit\n```\n")
    assert (tmp_path / "shop/a.py").read_text() == "raise SystemExit\n"


def test_an_append_comment_adds_to_a_file(tmp_path: Path) -> None:
    one, two = ("<!-- {}: a.toml -->\n\n```toml\n{} = 1\n```\n",) * 2
    work_through(tmp_path, one.format("file", "x") + "\ntext\n\n" + two.format("append", "y"))
    assert (tmp_path / "a.toml").read_text() == "x = 1\ny = 1\n"


def test_a_document_saves_runs_and_sees(tmp_path: Path) -> None:
    work_through(
        tmp_path,
        "<!-- file: hello.py -->\n```python\nprint('hello')\n```\n"
        "Then:\n\n```console\n$ python hello.py\nhello\n```\n",
    )


def test_python_blocks_share_names_and_see_the_readers_files(tmp_path: Path) -> None:
    left = work_through(
        tmp_path,
        "<!-- file: readers_own.py -->\n```python\nX = 1\n```\n"
        "```python\nfrom readers_own import X\n```\n"
        "<!-- file: readers_own.py -->\n```python\nX = 20\n```\n"
        "```python\nimport readers_own\nsum_ = X + readers_own.X\n```\n",
    )
    assert left["sum_"] == 21
    assert "readers_own" not in sys.modules
    assert str(tmp_path) not in sys.path


def test_a_failing_python_block_names_its_line(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError) as failed:
        work_through(tmp_path, "# Title\n\n```python\nx = 1\nx / 0\n```\n")
    assert failed.traceback[-1].lineno == 4


def test_blocks_of_other_languages_are_for_the_eye(tmp_path: Path) -> None:
    document = Document("```text\n$ false\n```\n\n```\nplain\n```\n", str(tmp_path / "page.md"))
    assert list(examples(document)) == []


def test_a_project_is_copied_without_its_past_runs(tmp_path: Path) -> None:
    (tmp_path / "made/.flowforge").mkdir(parents=True)
    (tmp_path / "made/flowforge.toml").touch()
    here = Reader(tmp_path / "home", tmp_path / "home")
    here.copy_project(str(tmp_path / "made"))
    assert [path.name for path in here.folder.iterdir()] == ["flowforge.toml"]
    assert here.folder == tmp_path / "home/made"


def test_the_readme_and_all_pages_of_docs_are_run() -> None:
    root = documents.path
    assert all(map(documents.should_parse, [root / "README.md", *root.glob("docs/**/*.md")]))
    assert not documents.should_parse(root / "CHANGELOG.md")
