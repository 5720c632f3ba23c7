from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from flowforge_assets.core.clock import utc_now
from flowforge_assets.project.doctor import has_project, project_health
from flowforge_assets.project.finding import Finding
from flowforge_assets.project.scaffold import make_project
from flowforge_assets.record.lease import run_lease
from flowforge_assets.record.ledger import Ledger
from flowforge_assets.record.run import RunRecord


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """A new project's folder; what it imports goes when the test ends."""
    path, modules = list(sys.path), set(sys.modules)
    make_project(tmp_path / "healthy_shop")
    yield tmp_path / "healthy_shop"
    for name in set(sys.modules) - modules:
        del sys.modules[name]
    sys.path[:] = path


def health(folder: Path, env: str = "dev") -> dict[str, Finding]:
    return {finding.about: finding for finding in project_health(folder, env)}


def unwell(folder: Path, env: str = "dev") -> dict[str, str]:
    return {a: f.health for a, f in health(folder, env).items() if f.health != "ok"}


def test_a_new_project_is_well(folder: Path) -> None:
    assert unwell(folder) == {}


def test_it_leaves_no_trace(folder: Path) -> None:
    before = {path for path in folder.rglob("*") if "__pycache__" not in path.parts}
    health(folder)
    assert before == {path for path in folder.rglob("*") if "__pycache__" not in path.parts}


def test_a_folder_without_a_project_file_is_no_project(tmp_path: Path) -> None:
    assert not has_project(tmp_path)


def test_a_project_file_that_cannot_be_read_ends_it(folder: Path) -> None:
    (folder / "flowforge.toml").write_text("[project\n")
    found = health(folder)
    assert list(found) == ["flowforge.toml"]
    assert found["flowforge.toml"].said.startswith("FF-802")


def test_several_errors_are_counted(folder: Path) -> None:
    (folder / "flowforge.toml").write_text("[projct]\n[envv]\n")
    assert health(folder)["flowforge.toml"].said.endswith("and 1 more")


def test_an_unknown_environment_is_a_problem(folder: Path) -> None:
    assert unwell(folder, "prod") == {"env prod": "problem"}


def test_a_module_that_fails_is_a_problem(folder: Path) -> None:
    (folder / "healthy_shop" / "assets.py").write_text("1 / 0\n")
    assert unwell(folder) == {"modules": "problem"}


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_store_that_may_not_be_written_is_a_problem(folder: Path) -> None:
    (folder / "lake").mkdir(mode=0o500)
    (folder / "flowforge.toml").write_text('[env.dev]\nstore = "lake"\n')
    assert unwell(folder) == {"store": "problem"}


def test_a_store_that_is_a_file_is_a_problem(folder: Path) -> None:
    (folder / "lake").write_text("")
    (folder / "flowforge.toml").write_text('[env.dev]\nstore = "lake"\n')
    assert unwell(folder) == {"store": "problem"}


def test_a_store_of_an_unknown_kind_is_a_problem(folder: Path) -> None:
    (folder / "flowforge.toml").write_text('[env.dev]\nstore = "nfs://lake"\n')
    assert health(folder)["flowforge.toml"].said.startswith("FF-601")


def test_a_store_in_memory_is_well(folder: Path) -> None:
    (folder / "flowforge.toml").write_text('[env.dev]\nstore = "memory://x"\n')
    assert health(folder)["store"].health == "ok"


def ledger(folder: Path) -> Path:
    """The ledger of a run that did not end."""
    path = folder / ".flowforge" / "dev" / "ledger.db"
    with Ledger.open(path) as opened:
        run = RunRecord("R", utc_now(), "dev", selection="", plan_hash="", pid=1, host="here")
        opened.begin_run(run)
    return path


def test_a_ledger_that_is_none_is_a_problem(folder: Path) -> None:
    path = ledger(folder)
    path.write_bytes(b"no ledger at all" * 512)
    assert unwell(folder)["ledger"] == "problem"


def test_a_run_that_was_killed_is_a_warning(folder: Path) -> None:
    ledger(folder)
    found = health(folder)
    assert found["ledger"].said == "sound, knows 0 datasets"
    assert (found["runs"].health, found["runs"].said) == (
        "warning",
        "1 run did not end: killed",
    )


def test_a_run_that_goes_on_is_well(folder: Path) -> None:
    ledger(folder)
    with run_lease(folder / ".flowforge" / "dev", on_wait=lambda _: None):
        assert health(folder)["runs"].said == "one is going on now"


RULES = 'lint.select = ["ALL"]\n'
KEPT = (
    "[lint.flake8-type-checking]\n"
    'runtime-evaluated-decorators = ["flowforge_assets.asset", "flowforge_assets.check"]\n'
)


@pytest.mark.parametrize(
    ("settings", "found"),
    [
        ("", "ok"),
        ('lint.select = ["E"]\n', "ok"),
        (RULES, "warning"),
        ('lint.extend-select = ["TC001"]\n', "warning"),
        (RULES + KEPT, "ok"),
        (RULES + KEPT.replace(', "flowforge_assets.check"', ""), "warning"),
        ("lint = 3\n", "ok"),
    ],
)
def test_ruff_must_leave_our_imports_alone(folder: Path, settings: str, found: str) -> None:
    (folder / "ruff.toml").write_text(settings)
    assert health(folder)["ruff"].health == found


def test_a_project_without_ruff_is_told_nothing_of_it(folder: Path) -> None:
    (folder / "pyproject.toml").write_text("[tool.other]\n")
    assert "ruff" not in health(folder)


def test_a_sample_in_production_is_warned_of(tmp_path: Path) -> None:
    text = '[project]\nname = "shop"\n[env.prod]\nsample = 0.1\n[env.dev]\nread_from = "prod"\n'
    (tmp_path / "flowforge.toml").write_text(text)
    prod = {each.about: each for each in project_health(tmp_path, "prod")}
    dev = {each.about: each for each in project_health(tmp_path, "dev")}
    assert (prod["sample"].health, prod["sample"].remedy) == (
        "warning",
        "take `sample` out of `[env.prod]`",
    )
    assert (dev["read_from"].health, dev["read_from"].said) == ("ok", "prod")
