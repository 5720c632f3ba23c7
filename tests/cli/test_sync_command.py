"""`flowforge sync`, as people call it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from command_line import Call


@pytest.fixture
def users(
    write_project: Callable[[Mapping[str, str]], Path], monkeypatch: pytest.MonkeyPatch
) -> Path:
    """A project with a package and a seed; we are in it."""
    root = write_project(
        {
            "flowforge.toml": '[project]\nname = "crm"\nmodules = ["crm"]\n',
            "crm/__init__.py": "",
            "assets/bronze/users.csv": "id,name\n1,Ada\n",
        }
    )
    monkeypatch.chdir(root)
    return root


def test_classes_are_written_once(
    golden: Callable[[str, str], None], call: Call, users: Path
) -> None:
    golden("cli/sync.txt", call("sync").text())
    golden("cli/sync_again.txt", call("sync").text())
    assert call("check").code == 0


def test_check_says_when_they_are_out_of_date(
    golden: Callable[[str, str], None], call: Call, users: Path
) -> None:
    call("sync")
    (users / "assets/bronze/users.csv").write_text("id\n1\n")
    golden("cli/sync_stale.txt", call("check").text())


def test_what_was_written_is_said_as_json(call: Call, users: Path) -> None:
    data = call("sync", "--json").data
    assert data == {
        "file": str(users / "crm" / "sql_datasets.py"),
        "classes": ["Users"],
        "changed": True,
    }
    assert call("sync", "--json").data["changed"] is False


def test_a_project_without_python_needs_none(
    golden: Callable[[str, str], None], call: Call, users: Path
) -> None:
    (users / "flowforge.toml").write_text('[project]\nname = "crm"\n')
    golden("cli/sync_no_python.txt", call("sync").text())
