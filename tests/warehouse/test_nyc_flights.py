"""The gold queries of a month of flights give the same rows in each warehouse as here."""

from __future__ import annotations

import shutil
from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from flowforge_assets.api import Project
from warehouse_places import WarehousePlace

pytestmark = pytest.mark.slow

GOLD = ("gold.route_performance", "gold.plane_age", "gold.on_time_league")
_PROJECT = Path(__file__).parents[2] / "projects" / "nyc_flights"


@pytest.fixture(scope="session")
def flights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project with all of these made in its lake, of January alone: a year takes a minute."""
    root = tmp_path_factory.mktemp("flights") / "nyc_flights"
    shutil.copytree(_PROJECT, root, ignore=shutil.ignore_patterns(".flowforge", "tests"))
    calendar = root / "nyc_flights" / "calendar.py"
    calendar.write_text(calendar.read_text().replace("2013-12", "2013-01"))
    with pytest.MonkeyPatch.context() as patched:
        patched.syspath_prepend(str(root))
        assert Project.load(root).run(", ".join(f"+{key}" for key in GOLD)).status == "succeeded"
    return root


@pytest.mark.parametrize("kind", ["postgres", "snowflake", "bigquery"])
def test_gold_has_the_same_rows_there(
    kind: str,
    flights: Path,
    request: pytest.FixtureRequest,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    place: WarehousePlace = request.getfixturevalue(kind)
    monkeypatch.setenv("WAREHOUSE_PASSWORD", str(place.options.get("password", "")))
    monkeypatch.syspath_prepend(str(flights))
    text = (_PROJECT / "flowforge.toml").read_text()
    own = f'\n[env.{kind}]\nread_from = "dev"\n\n{place.toml(kind)}'
    (flights / "flowforge.toml").write_text(text + own)
    there, here = Project.load(flights, env=kind), Project.load(flights)
    result = there.run(", ".join(GOLD))
    assert result.status == "succeeded", result
    for key in GOLD:
        assert there.reader(there.dataset(key)).uri.startswith(f"{kind}://")
        by = list(there.dataset(key).key_columns)
        found, expected = (each.read(key).sort(by or pl.all()) for each in (there, here))
        assert found.height > 10
        assert_frame_equal(found, expected, rel_tol=1e-9)
