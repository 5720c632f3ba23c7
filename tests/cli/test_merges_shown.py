"""What the command line says of merges that know the newest row of a key."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from command_line import Call

QUERY = "SELECT id, seen FROM bronze.seen"
SAID = "the latest `seen` of a key wins: no step has to be merged after another"


@pytest.mark.parametrize(("latest", "is_said"), [('latest = "seen"\n', True), ("", False)])
def test_why_says_that_the_order_of_steps_does_not_matter(
    write_project: Callable[[Mapping[str, str]], Path],
    monkeypatch: pytest.MonkeyPatch,
    call: Call,
    latest: str,
    *,
    is_said: bool,
) -> None:
    header = f'/*\nwrite = "merge"\nkey = ["id"]\n{latest}*/\n'
    root = write_project(
        {
            "flowforge.toml": '[project]\nname = "crm"\n',
            "assets/bronze/seen.csv": "id,seen\n1,5\n",
            "assets/silver/users.sql": header + QUERY,
        }
    )
    monkeypatch.chdir(root)
    assert SAID not in call("why", "users").out
    assert call("run").code == 0
    assert (SAID in call("why", "users").out) is is_said
