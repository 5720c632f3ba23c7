"""The folder that a project is compiled to: the same bytes, whole, and nobody else's."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

import pytest
import yaml

from flowforge_assets import FlowForgeError, Project, compile_project
from flowforge_assets.compile.build_folder import make_build, write_build
from flowforge_assets.compile.check_folder import check_build
from flowforge_assets.compile.flow_file import flow_text
from flowforge_assets.errors.base import Problems

Write = Callable[[Mapping[str, str]], Path]
SECRET: Final = "hunter2-canary"  # noqa: S105 - what must not be found
FILES: Final = {
    "flowforge.toml": """\
[project]
name = "till"
modules = ["loads"]

[env.prod]
store = { url = "s3://lake/till", ambient = true }

[env.prod.pool.default]
type = "process"
env = { TEAM = "data", TOKEN = { secret = "till-token" } }

[env.prod.resources.Shop]
token = "in the file"

[job.nightly]
select = "layer:gold"
schedule = { cron = "0 5 * * *", timezone = "Europe/Berlin" }
after = ["bronze.prices"]
concurrency = 1

[job.hourly]
schedule = { interval = "1h" }
""",
    "loads.py": (
        "from flowforge_assets import Bronze, Col, Table, asset, col, key\n"
        "import polars as pl\n\n\n"
        "class Prices(Bronze, owners=['ann']):\n"
        "    sku: Col[str] = key()\n    price: Col[float | None] = col()\n\n\n"
        "@asset(tags=['daily'])\ndef prices() -> Table[Prices]:\n"
        "    return pl.DataFrame({'sku': ['a'], 'price': [1.5]})\n"
    ),
    "assets/bronze/sales.csv": "sku,n\na,2\n",
    "assets/gold/worth.sql": (
        "SELECT s.sku, s.n * p.price AS worth\n"
        "FROM bronze.sales AS s JOIN bronze.prices AS p ON s.sku = p.sku\n"
    ),
    ".env": f"TOKEN={SECRET}\n",
    "assets/bronze/.credentials.json": SECRET,
    "data/rows.csv": SECRET,
}
ALL: Final = [
    "Dockerfile",
    "bundle/assets/bronze/sales.csv",
    "bundle/assets/gold/worth.sql",
    "bundle/flowforge.toml",
    "bundle/graph.json",
    "bundle/loads.py",
    "bundle/lock.txt",
    "flow.py",
    "plan.json",
    "prefect.yaml",
    "values.yaml",
]


def contents(folder: Path) -> dict[str, bytes]:
    paths = (path for path in sorted(folder.rglob("*")) if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in paths}


def compiled_elsewhere(project: Path, to: Path, home: Path) -> None:
    """Compiles in a process of its own, with other variables, from another folder."""
    code = "import sys; from flowforge_assets import *; compile_project(Project.load(sys.argv[1]), sys.argv[2])"  # fmt: skip # noqa: E501
    env = {"PATH": os.environ["PATH"], "HOME": str(home), "TOKEN": SECRET, "PYTHONHASHSEED": "7"}
    env["PYTHONPATH"] = os.pathsep.join(sys.path)
    subprocess.run([sys.executable, "-c", code, project, to], cwd=home, env=env, check=True)


def test_the_same_project_gives_the_same_bytes_wherever_it_lies(
    write_project: Write, tmp_path_factory: pytest.TempPathFactory
) -> None:
    root, out = write_project(FILES), tmp_path_factory.mktemp("out")
    compile_project(Project.load(root), out / "a")
    copy, home = tmp_path_factory.mktemp("copy") / "till", tmp_path_factory.mktemp("home")
    shutil.copytree(root, copy, ignore=shutil.ignore_patterns(".flowforge"))
    for path in copy.rglob("*"):
        os.utime(path, (1, 1))
    compiled_elsewhere(copy, out / "b", home)

    found = contents(out / "a")
    assert found == contents(out / "b")
    assert list(found) == ALL
    whole = b"".join(found.values()).decode()
    for never in (SECRET, str(root), str(copy), str(out), str(Path.home())):
        assert never not in whole


def test_a_version_is_of_the_projects_files_alone(write_project: Write) -> None:
    root = write_project(FILES)
    dev, prod = (make_build(Project.load(root, env=env, store="memory://a")) for env in ("dev", "prod"))  # fmt: skip # noqa: E501
    assert dev.version == prod.version
    assert dev.files["flow.py"] != prod.files["flow.py"]
    edited = FILES["loads.py"].replace("1.5", "2.5")
    other = make_build(Project.load(write_project({"loads.py": edited})))
    assert other.version != dev.version


def test_the_jobs_of_a_project_are_deployments_of_its_flow(write_project: Write) -> None:
    project = Project.load(write_project(FILES), env="prod", store="memory://b")
    build = make_build(project)
    hourly, nightly = yaml.safe_load(build.files["prefect.yaml"].decode())["deployments"]
    assert (hourly["name"], nightly["name"]) == ("prod.hourly", "prod.nightly")
    assert nightly["entrypoint"] == "flow.py:make"
    assert nightly["version"] == build.version
    assert f"flowforge-version:{build.version}" in nightly["tags"]
    assert nightly["parameters"] == {
        "select": "layer:gold", "partitions": None, "force": False, "env": "prod",
    }  # fmt: skip
    assert nightly["schedules"] == [
        {"cron": "0 5 * * *", "timezone": "Europe/Berlin", "day_or": True}
    ]
    assert hourly["schedules"][0]["interval"] == 3600
    assert nightly["concurrency_limit"] == {"limit": 1, "collision_strategy": "ENQUEUE"}
    env = nightly["work_pool"]["job_variables"]["env"]
    assert env["TOKEN"] == "{{ prefect.blocks.secret.till-token }}"  # noqa: S105 - its name
    assert nightly["triggers"][0]["match"] == {
        "prefect.resource.id": "flowforge://prod/bronze/prices"
    }


def test_a_folder_takes_the_place_of_an_earlier_one_and_keeps_its_caches(
    write_project: Write, tmp_path: Path
) -> None:
    build = make_build(Project.load(write_project(FILES)))
    out = tmp_path / "out" / "build"
    write_build(build, out)
    (out / "bundle/old.py").write_text("")
    (out / "__pycache__").mkdir()
    (out / ".flowforge").mkdir()
    (out / ".flowforge/kept").write_text("")
    write_build(build, out)
    assert contents(out) == {".flowforge/kept": b"", **build.files}
    assert [path.name for path in out.parent.iterdir()] == ["build"]


def test_a_folder_of_others_stays_as_it_is(write_project: Write, tmp_path: Path) -> None:
    build = make_build(Project.load(write_project(FILES)))
    other = tmp_path / "other"
    for name in ("bundle", "thesis.txt"):
        shutil.rmtree(other, ignore_errors=True)
        other.mkdir()
        (other / name).write_text("mine")
        with pytest.raises(FlowForgeError, match=f"`other/` holds `{name}`") as caught:
            write_build(build, other)
        assert caught.value.code == "FF-890"
        assert contents(other) == {name: b"mine"}
    with pytest.raises(FlowForgeError, match="cannot be written: not a directory"):
        write_build(build, other / "thesis.txt" / "build")


@pytest.mark.parametrize("has_new", [False, True], ids=["between", "after"])
def test_a_change_of_folders_that_was_killed_is_ended_by_the_next(
    write_project: Write, tmp_path: Path, *, has_new: bool
) -> None:
    build = make_build(Project.load(write_project(FILES)))
    out, before = tmp_path / "build", tmp_path / ".build.old"
    write_build(build, before)
    (before / ".flowforge").mkdir()
    (before / ".flowforge/kept").write_text("")
    if has_new:
        shutil.copytree(before, out, ignore=shutil.ignore_patterns(".flowforge"))
    write_build(build, out)
    assert contents(out) == {".flowforge/kept": b"", **build.files}
    assert not before.exists()


def test_a_folder_is_whole_or_as_it_was_when_writing_fails(
    write_project: Write, tmp_path: Path
) -> None:
    build = make_build(Project.load(write_project(FILES)))
    out = tmp_path / "build"
    write_build(build, out)
    before = contents(out)
    files = {**build.files, "z/" + "n" * 300: b""}  # no file system takes such a name
    with pytest.raises(FlowForgeError, match="cannot be written: file name too long"):
        write_build(type(build)(files, build.version), out)
    assert contents(out) == before


def test_a_folder_is_checked_with_all_that_is_wrong_in_it(
    write_project: Write, tmp_path: Path
) -> None:
    build = compile_project(Project.load(write_project(FILES)), tmp_path / "build")
    assert check_build(tmp_path / "build") == build.version
    for name, old, new in (
        ("bundle/loads.py", "1.5", "2.5"),
        ("prefect.yaml", "entrypoint", "entrypiont"),
        ("plan.json", '"select": null', '"select": "gold.worth"'),
    ):
        path = tmp_path / "build" / name
        path.write_text(path.read_text().replace(old, new))
    with pytest.raises(Problems) as caught:
        check_build(tmp_path / "build")
    codes = [error.code for error in caught.value.errors]
    assert sorted(set(codes)) == ["FF-892", "FF-894", "FF-895"]
    with pytest.raises(FlowForgeError, match="holds no compiled project") as none:
        check_build(tmp_path)
    assert none.value.code == "FF-891"


def test_a_flow_file_is_python_whatever_the_project_is_called() -> None:
    name = 'a "quoted" \\ name\n\N{PILE OF POO}'
    called: dict[str, object] = {}
    text = flow_text(name, env="dev", version="abc").replace(
        "from flowforge_assets import Project, bundle_flow\n", ""
    )
    given = {"bundle_flow": lambda _, **words: called.update(words), "__file__": "flow.py",
             "Project": Project}  # fmt: skip
    exec(compile(text, "flow.py", "exec"), given)  # noqa: S102 - it is ours
    assert called == {"name": name, "env": "dev", "version": "abc", "load": Project.load}
