"""A bundle is loaded where it is whole, where its packages are, and knows where its tables are."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

import pytest

from flowforge_assets import FlowForgeError, Project, compile_project
from flowforge_assets.errors.bundle import BundleImportError
from flowforge_assets.execute.bundle_flow import load_bundle

Write = Callable[[Mapping[str, str]], Path]
FILES: Final = {
    "flowforge.toml": (
        '[project]\nname = "till"\nmodules = ["loads"]\n\n[env.here]\nstore = "lake"\n'
    ),
    "loads.py": (
        "from flowforge_assets import Bronze, Col, Table, asset, col\n"
        "import polars as pl\n\n\n"
        "class Prices(Bronze):\n    price: Col[float] = col()\n\n\n"
        "@asset\ndef prices() -> Table[Prices]:\n    return pl.DataFrame({'price': [1.5]})\n"
    ),
    "assets/gold/worth.sql": "SELECT price FROM bronze.prices\n",
}


@pytest.fixture
def built(write_project: Write, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, str]:
    """A project's bundle, in a folder `build` inside of the project, and its version."""
    for name in ("FLOWFORGE_HOME", "FLOWFORGE_BUNDLE"):
        monkeypatch.delenv(name, raising=False)
    root = write_project(FILES)
    return root / "build" / "bundle", compile_project(Project.load(root), root / "build").version


def refusal(bundle: Path, version: str, env: str = "dev") -> FlowForgeError:
    with pytest.raises(FlowForgeError) as caught:
        load_bundle(bundle, load=Project.load, env=env, version=version)
    return caught.value


def test_a_bundle_makes_what_the_project_would_and_finds_it_fresh_where_that_has_made_it(
    built: tuple[Path, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    bundle, version = built
    root = bundle.parents[1]
    monkeypatch.setenv("FLOWFORGE_HOME", str(root))
    for env in ("dev", "here"):
        assert Project.load(root, env=env).run().made == 2
        project = load_bundle(bundle, load=Project.load, env=env, version=version)
        assert isinstance(project, Project)
        assert project.root == bundle
        assert project.run().fresh == 2
        assert project.read("gold.worth").rows() == [(1.5,)]
    assert (root / "lake").is_dir()
    assert not list(bundle.rglob("lake"))
    assert not (bundle / ".flowforge").exists()


def test_tables_never_lie_inside_of_a_bundle(built: tuple[Path, str]) -> None:
    for env in ("dev", "here"):
        error = refusal(*built, env)
        assert error.code == "FF-898"
        assert "set `FLOWFORGE_HOME`" in (error.hint or "")


def test_another_version_than_the_deployment_asks_for_is_not_run(
    built: tuple[Path, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FLOWFORGE_BUNDLE", "0123456789ab")
    error = refusal(*built)
    assert error.code == "FF-891"
    assert error.message.startswith("the deployment asks for the bundle `0123456789ab`")


def test_a_bundle_that_is_gone_or_was_changed_is_not_run(built: tuple[Path, str]) -> None:
    bundle, version = built
    loads = bundle / "loads.py"
    loads.write_text(loads.read_text().replace("1.5", "2.5"))
    assert refusal(bundle, version).code == "FF-892"
    bundle.rename(bundle.with_name("other"))
    assert refusal(bundle, version).code == "FF-891"


def test_a_module_that_is_not_installed_is_told_with_where_its_version_stands(
    write_project: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = write_project({**FILES, "tillkit.py": "RATE = 1\n"})
    (root / "loads.py").write_text("import importlib\n\nimportlib.import_module('tillkit')\n"
                                   + FILES["loads.py"])  # fmt: skip
    version = compile_project(Project.load(root), root / "build").version
    (root / "tillkit.py").unlink()
    monkeypatch.delitem(__import__("sys").modules, "tillkit")
    monkeypatch.setenv("FLOWFORGE_HOME", str(root))
    error = refusal(root / "build" / "bundle", version)
    assert isinstance(error, BundleImportError)
    assert error.code == "FF-897"
    assert "No module named 'tillkit'" in error.message
    assert "`pip install -r bundle/lock.txt`" in (error.hint or "")
