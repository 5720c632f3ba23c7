"""Which compiled folders a machine keeps for deployments."""

from __future__ import annotations

from pathlib import Path

import pytest

from flowforge_assets.compile.build_folder import BuildFolder, is_build
from flowforge_assets.compile.bundle import Bundle
from flowforge_assets.compile.deployment import Owner
from flowforge_assets.compile.flow_file import flow_text
from flowforge_assets.execute.deploy_folders import DeployFolders

SHOP = Owner("shop", "dev")
HERE, THERE = "http://127.0.0.1:4200/api", "https://prefect.example/api"


def build(number: int) -> BuildFolder:
    own = {"flowforge.toml": f"# {number}\n".encode()}
    version = Bundle(own).version
    files = {f"bundle/{name}": content for name, content in own.items()}
    flow = flow_text("shop", env="dev", version=version).encode()
    return BuildFolder({**files, "flow.py": flow}, version)


ONE, TWO, THREE = (build(number) for number in range(3))


@pytest.fixture
def here(tmp_path: Path) -> DeployFolders:
    return DeployFolders.of(tmp_path, SHOP, server=HERE)


@pytest.fixture
def there(tmp_path: Path) -> DeployFolders:
    return DeployFolders.of(tmp_path, SHOP, server=THERE)


def kept(folders: DeployFolders) -> set[str]:
    return {path.name for path in folders.root.iterdir() if path.is_dir()}


def test_what_is_used_stays_and_the_rest_goes(here: DeployFolders) -> None:
    with here.held():
        for each in (ONE, TWO, THREE):
            here.keep(each)
        assert here.sweep([TWO.version, "of another machine"]) == tuple(
            sorted([ONE.version, THREE.version])
        )
    assert kept(here) == {TWO.version}
    assert is_build(here.of_version(TWO.version))
    assert here.sweep([]) == (TWO.version,)
    assert [path.name for path in here.root.iterdir()] == [".lock"]


def test_a_folder_that_is_kept_already_is_not_written_again(here: DeployFolders) -> None:
    with here.held():
        here.keep(ONE)
        (here.of_version(ONE.version) / "flow.py").touch()
        before = (here.of_version(ONE.version) / "flow.py").stat().st_ino
        here.keep(ONE)
    assert (here.of_version(ONE.version) / "flow.py").stat().st_ino == before


def test_what_another_server_may_know_stays(here: DeployFolders, there: DeployFolders) -> None:
    with here.held():
        here.keep(ONE)
        there.keep(ONE)
        there.keep(TWO)
    assert here.sweep([]) == there.sweep([TWO.version]) == ()
    assert kept(here) == {ONE.version, TWO.version}
    assert there.sweep([]) == (TWO.version,)


def test_what_others_put_there_and_other_environments_stay(
    here: DeployFolders, tmp_path: Path
) -> None:
    prod = DeployFolders.of(tmp_path, Owner("shop", "prod"), server=HERE)
    with here.held(), prod.held():
        prod.keep(ONE)
        here.keep(TWO)
    (here.root / "own").mkdir()
    (here.of_version(TWO.version) / "flow.py").write_text("# somebody's own\n")
    assert here.sweep([]) == ()
    assert kept(here) == {"own", TWO.version}
    assert kept(prod) == {ONE.version}


def test_what_the_project_deployed_under_another_name_stays(
    here: DeployFolders, tmp_path: Path
) -> None:
    renamed = DeployFolders.of(tmp_path, Owner("store", "dev"), server=HERE)
    with here.held():
        here.keep(ONE)
        assert renamed.sweep([]) == ()
    assert kept(here) == {ONE.version}


def test_half_a_folder_that_a_killed_deploy_left_goes_with_the_next(here: DeployFolders) -> None:
    with here.held():
        here.keep(ONE)
        here.of_version(ONE.version).rename(here.root / f".{ONE.version}.gone")
        (here.root / f".{TWO.version}.new" / "bundle").mkdir(parents=True)
        assert here.sweep([]) == ()
        assert kept(here) == set()
        here.keep(ONE)
    assert kept(here) == {ONE.version}
