"""The documents as a whole: what they link to, and who they are for."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from doc_examples import REPOSITORY

PAGES = [REPOSITORY / "README.md", *sorted((REPOSITORY / "docs").rglob("*.md"))]
GUIDE = sorted((REPOSITORY / "docs/guide").glob("*.md"))
MOST_LINES = 25
_EXAMPLE = re.compile(r"^```py(?:thon)?\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"\]\((?!https?:)([^)#\s]+)[^)]*\)")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(REPOSITORY).as_posix())
def test_every_link_of_a_page_leads_somewhere(page: Path) -> None:
    links = _LINK.findall(page.read_text(encoding="utf-8"))
    assert [link for link in links if not (page.parent / link).exists()] == []


def test_the_index_leads_to_every_page_of_the_guide() -> None:
    index = (REPOSITORY / "docs/index.md").read_text(encoding="utf-8")
    guide = [path.relative_to(REPOSITORY / "docs").as_posix() for path in GUIDE]
    assert [page for page in guide if index.count(f"({page})") != 1] == []


@pytest.mark.parametrize(
    ("page", "other"),
    [("tutorial.md", r"sql|duckdb"), ("tutorial-sql.md", r"python|polars|pytest|\bdef |\bclass ")],
)
def test_a_tutorial_for_users_of_one_language_never_mentions_the_other(
    page: str, other: str
) -> None:
    lines = (REPOSITORY / "docs" / page).read_text(encoding="utf-8").splitlines()
    assert [line for line in lines if re.search(other, line, re.IGNORECASE)] == []


@pytest.mark.parametrize("page", GUIDE, ids=lambda page: page.name)
def test_an_example_of_the_guide_has_at_most_25_lines(page: Path) -> None:
    blocks = re.findall(
        r"^```py(?:thon)?\n(.*?)^```$", page.read_text("utf-8"), re.MULTILINE | re.DOTALL
    )
    assert [block for block in blocks if block.count("\n") > MOST_LINES] == []
