"""`flowforge doctor`, as people call it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pytest

    from command_line import Call


def test_a_healthy_project_is_all_well(call: Call, shop: Path) -> None:
    ran = call("doctor")
    assert ran.code == 0
    assert "all is well: looked at " in ran.out
    assert "sound, knows 3 datasets" in ran.out


def test_quiet_leaves_the_sum(call: Call, shop: Path) -> None:
    assert len(call("doctor", "-q").out.splitlines()) == 1


def test_a_problem_has_a_remedy_and_an_exit_code(call: Call, shop: Path) -> None:
    (shop / "flowforge.toml").write_text("[project\n")
    ran = call("doctor", "-q")
    assert ran.code == 1
    assert "problem  flowforge.toml  FF-802:" in ran.out
    assert "-> it is TOML" in ran.out
    assert ran.out.endswith("1 problem, 0 warnings\n")


def test_outside_of_a_project_the_installation_is_looked_at(
    call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    ran = call("doctor")
    assert ran.code == 0
    assert "polars" in ran.out
    assert "no project is here" in ran.err


def test_findings_are_said_as_json(call: Call, shop: Path) -> None:
    findings = call("doctor", "--json").data["findings"]
    assert {"about": "flowforge.toml", "health": "ok", "said": "corner_shop", "remedy": ""} in (
        findings
    )


def test_a_variable_that_is_not_set_is_a_problem(
    call: Call, shop: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("NOBODY_SETS_THIS", raising=False)
    config = shop / "flowforge.toml"
    config.write_text(
        f'{config.read_text()}[env.dev]\nnamespace = {{ env = "NOBODY_SETS_THIS" }}\n'
    )
    ran = call("doctor", "-q")
    assert ran.code == 1
    assert "NOBODY_SETS_THIS" in ran.out
