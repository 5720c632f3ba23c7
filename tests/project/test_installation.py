from __future__ import annotations

from collections.abc import Callable
from importlib import metadata

import pytest

from flowforge_assets.project.installation import installation, is_within


def installed(**other: str | None) -> Callable[[str], str | None]:
    """The versions that are installed, with some others in their place."""

    def find(name: str) -> str | None:
        if name.replace("-", "_") in other:
            return other[name.replace("-", "_")]
        try:
            return metadata.version(name)
        except metadata.PackageNotFoundError:
            return None

    return find


def said_of(name: str, find: Callable[[str], str | None]) -> tuple[str, str]:
    return next((f.health, f.said) for f in installation(find_version=find) if f.about == name)


def test_what_is_installed_here_is_well() -> None:
    python = installation(python=(3, 12, 1))
    assert {finding.health for finding in python} == {"ok"}


@pytest.mark.parametrize(
    ("python", "health"), [((3, 10, 9), "problem"), ((3, 11, 0), "ok"), ((3, 99, 0), "warning")]
)
def test_an_interpreter_is_too_old_or_not_tested(python: tuple[int, ...], health: str) -> None:
    assert installation(python=python)[0].health == health


def test_a_package_that_is_too_new_is_a_problem() -> None:
    assert said_of("polars", installed(polars="3.0.0")) == (
        "problem",
        "3.0.0, asked for is >=2.1,<3",
    )


def test_a_package_that_lacks_is_a_problem() -> None:
    assert said_of("duckdb", installed(duckdb=None)) == ("problem", "is not installed")


def test_what_prefect_needs_is_looked_at_where_prefect_is() -> None:
    find = installed(prefect="3.8.8", fastapi="0.151.0", sqlalchemy="2.1.0")
    assert said_of("fastapi", find)[0] == "problem"
    assert said_of("sqlalchemy", find)[0] == "problem"


def test_what_prefect_needs_is_nothing_to_a_project_without_it() -> None:
    find = installed(prefect=None, fastapi="0.151.0")
    assert "fastapi" not in {finding.about for finding in installation(find_version=find)}


def test_an_extra_is_wanted_where_the_package_is_that_bears_its_name() -> None:
    find = installed(google_auth="2.40.0", google_cloud_bigquery=None)
    assert "google-cloud-bigquery" not in {f.about for f in installation(find_version=find)}


def test_an_old_s3fs_is_a_problem_where_there_is_one() -> None:
    assert said_of("s3fs", installed(s3fs="2025.9.0"))[0] == "problem"
    assert "s3fs" not in {
        finding.about for finding in installation(find_version=installed(s3fs=None))
    }


def test_a_problem_says_what_to_install() -> None:
    findings = installation(find_version=installed(polars="1.0.0"))
    remedy = next(finding.remedy for finding in findings if finding.about == "polars")
    assert remedy == "`pip install 'polars>=2.1,<3'`"


@pytest.mark.parametrize(
    ("version", "bounds", "answer"),
    [
        ("2.1", ">=2.1,<3", True),
        ("2.1.0", "==2.1", True),
        ("2.0.9", ">=2.1", False),
        ("3", "<3", False),
        ("3.0.1", "!=3.0.1", False),
        ("3.0.1", ">3.0,<=3.0.1", True),
        ("0.150.0.post1", "<0.151", True),
        ("1", "", True),
    ],
)
def test_versions_keep_to_bounds(version: str, bounds: str, *, answer: bool) -> None:
    assert is_within(version, bounds) is answer
