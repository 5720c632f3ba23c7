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
from flowforge_assets.record.lease_book import Claim
from flowforge_assets.record.ledger import Ledger
from flowforge_assets.record.run import RunRecord
from store_place import StorePlace


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
    path = folder / ".flowforge" / "dev" / "ledger.db"
    run = RunRecord("R", utc_now(), "dev", selection="", plan_hash="", pid=1, host="here")
    with Ledger.open(path) as opened:
        opened.leases.take(Claim("R", "here", 1, "", {}, run), turn=0, is_gone=lambda _: False)
    assert health(folder)["runs"].said == "one is going on now"
    with Ledger.open(path) as opened:
        opened.leases.take(Claim("Q", "here", 2, "", {}), turn=0, is_gone=lambda _: False)
    assert health(folder)["runs"].said == "2 are going on now"


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


STORE = """\
[env.dev]
store = "lake"
[env.dev.stores.gold]
"""


def test_each_place_of_tables_is_looked_at(folder: Path) -> None:
    (folder / "flowforge.toml").write_text(f'{STORE}url = "marts"\n')
    found = health(folder)
    marts = f"store {(folder / 'marts').as_uri()}"
    assert [about for about in found if about.startswith("store")] == ["store", marts]
    assert found[marts].health == "ok"


def test_a_secret_that_is_not_there_is_a_problem(folder: Path) -> None:
    gold = 'url = "gs://lake/x"\nservice_account = { env = "NOBODY_HAS_SET_THIS" }\n'
    (folder / "flowforge.toml").write_text(STORE + gold)
    found = health(folder)["store gs://lake/x"]
    assert found.said == "FF-650: the environment variable `NOBODY_HAS_SET_THIS` is not set"
    assert "export NOBODY_HAS_SET_THIS" in found.remedy


def test_a_client_that_is_not_installed_is_a_problem(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "s3fs", None)
    gold = 'url = "s3://lake"\nanonymous = true\nregion = "us-east-1"\n'
    (folder / "flowforge.toml").write_text(STORE + gold)
    found = health(folder)["store s3://lake"]
    assert found.said.startswith("FF-651: ")
    assert "flowforge-assets[s3]" in found.remedy


def test_a_store_that_answers_and_is_safe_is_well(folder: Path, moto_s3: StorePlace) -> None:
    (folder / "flowforge.toml").write_text(STORE + moto_s3.toml())
    found = health(folder)[f"store {moto_s3.url}"]
    assert (found.health, found.said) == (
        "ok",
        f"{moto_s3.url} can be written, with the credentials given",
    )


def test_a_store_that_does_not_answer_is_a_problem(folder: Path, moto_s3: StorePlace) -> None:
    quick = moto_s3.through("http://127.0.0.1:9").with_options(max_retries=0)
    (folder / "flowforge.toml").write_text(STORE + quick.toml())
    found = health(folder)[f"store {moto_s3.url}"]
    assert found.health == "problem"
    assert "could not be reached" in found.said
    assert "silver.doctor" not in found.said


def test_a_store_that_lets_two_writers_win_is_a_problem(
    folder: Path, unsafe_s3: StorePlace
) -> None:
    (folder / "flowforge.toml").write_text(STORE + unsafe_s3.toml())
    assert health(folder)[f"store {unsafe_s3.url}"].said.startswith("FF-648: ")
