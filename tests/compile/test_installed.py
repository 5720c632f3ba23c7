"""What packages need of what is installed, and who brought a module."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

from flowforge_assets.compile.installed import Installed

Install = Callable[..., None]


@pytest.fixture
def install(tmp_path: Path) -> Install:
    """`install("six-1.0", needs=[...], files=[...])`: a package in the folder `a`, or another."""

    def made(
        package: str, *, needs: Iterable[str] = (), files: Iterable[str] = (), folder: str = "a"
    ) -> None:
        metadata = tmp_path / folder / f"{package}.dist-info"
        metadata.mkdir(parents=True)
        lines = "".join(f"Requires-Dist: {each}\n" for each in needs)
        text = f"Metadata-Version: 2.1\n{lines}\nRequires-Dist: prose\n"
        (metadata / "METADATA").write_text(text)
        (metadata / "RECORD").write_text("".join(f"{each},sha256=x,1\n" for each in files))

    return made


def locked(folder: Path, *requirements: str) -> list[str]:
    text = Installed([str(folder / "a"), str(folder / "b"), "/no.zip"]).lock(requirements)
    return [line for line in text.splitlines() if not line.startswith("#")]


def test_what_is_needed_is_listed_with_all_that_it_needs_and_nothing_else(
    install: Install, tmp_path: Path
) -> None:
    install("shop_base-5.0", needs=["Zope.Event>=4", "six (>=1) ; python_version >= '3'"])
    install("zope.event-5.1", needs=["shop-base"])
    install("six-1.17.0", needs=["old; python_version < '3'"])
    install("old-1.0")
    install("pytest-9.0", needs=["six"])
    expected = ["shop-base==5.0", "six==1.17.0", "zope-event==5.1"]
    assert locked(tmp_path, "Shop.Base") == expected


def test_what_is_found_first_counts(install: Install, tmp_path: Path) -> None:
    install("six-1.17.0")
    install("six-1.0", folder="b")
    install("b_c-1.0_1", folder="b")
    assert locked(tmp_path, "six>=2", "b-c") == ["b-c==1.0-1", "six==1.17.0"]


def test_what_extras_bring_is_listed_where_they_are_asked_for(
    install: Install, tmp_path: Path
) -> None:
    needs = ["six", "s3fs; extra == 's3'", "shop[s3]; extra == 'all'", "gone; extra == 'gone'"]
    install("shop-1.0", needs=needs)
    install("six-1.17.0")
    install("s3fs-3.0", needs=["boto[crt]"])
    install("boto-2.0", needs=["crt; extra == 'crt'", "jmes; extra == 'other'"])
    install("crt-1.0")
    install("jmes-1.0")
    assert locked(tmp_path, "shop") == ["shop==1.0", "six==1.17.0"]
    every = ["boto==2.0", "crt==1.0", "s3fs==3.0", "shop==1.0", "six==1.17.0"]
    assert locked(tmp_path, "shop[s3]") == locked(tmp_path, "shop[all]") == every
    assert locked(tmp_path, "shop", "shop[s3]") == every


def test_what_is_not_installed_stands_as_it_is_asked_for(install: Install, tmp_path: Path) -> None:
    install("shop-1.0", needs=["Absent.One<3,>=2 ; python_version > '3'"])
    assert locked(tmp_path, "shop", "also") == ["absent-one<3,>=2", "also", "shop==1.0"]


def test_a_module_is_of_the_package_that_is_called_so_or_that_has_its_file(
    install: Install, tmp_path: Path
) -> None:
    install("polars-2.0")
    install("google_cloud_storage-3.0", files=["google/cloud/storage/__init__.py"])
    install("google_cloud_bigquery-3.0", files=["google/cloud/bigquery/client.py"])
    install("protobuf-6.0", files=["google/protobuf/any.py"])
    install("PyYAML-6.0", files=["yaml/__init__.py", "_yaml/__init__.py"])
    install("one-1.0", files=["single.py"])
    found = Installed([str(tmp_path / "a")])
    assert found.owners("polars.selectors") == ["polars"]
    assert found.owners("google.cloud.storage.blob") == ["google-cloud-storage"]
    assert found.owners("google.protobuf.any") == ["protobuf"]
    assert found.owners("google.cloud") == ["google-cloud-bigquery", "google-cloud-storage"]
    assert found.owners("yaml.nodes") == ["pyyaml"]
    assert found.owners("single") == ["one"]
    assert found.owners("aml") == []


def test_the_packages_of_this_process_are_found() -> None:
    lines = Installed().lock(["flowforge-assets[prefect]"]).splitlines()
    assert lines[0].startswith("# What the project needs")
    names = [re.split("[=<>]", line)[0] for line in lines if not line.startswith("#")]
    assert names == sorted(names)
    assert {"flowforge-assets", "polars", "prefect", "pydantic"} <= set(names)
    assert not {"pytest", "mypy", "ruff", "hypothesis", "s3fs"} & set(names)


def test_a_name_alone_makes_nobody_the_owner_of_what_another_has(
    install: Install, tmp_path: Path
) -> None:
    install("snowflake-1.0", files=["snowflake/core/__init__.py"])
    install("snowflake_connector_python-4.0", files=["snowflake/connector/__init__.py"])
    install("python_rapidjson-1.0", files=["rapidjson.cpython-311-x86_64-linux-gnu.so"])
    install("linked-1.0", files=["__editable__.linked.pth"])
    owners = Installed([str(tmp_path / "a")]).owners
    assert owners("snowflake.connector") == ["snowflake-connector-python"]
    assert owners("snowflake.core") == ["snowflake"]
    assert owners("rapidjson") == ["python-rapidjson"]
    assert owners("linked.part") == ["linked"]
