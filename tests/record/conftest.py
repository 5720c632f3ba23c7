"""What the tests of the record share: commits and steps with all but a few parts given."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from flowforge_assets.core.key import DatasetKey
from flowforge_assets.core.made import Fingerprint, Made, TableVersion
from flowforge_assets.core.partition import WHOLE, PartitionSet
from flowforge_assets.record.ledger import Ledger
from flowforge_assets.record.run import RunRecord, StepRecord

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
FLIGHTS = DatasetKey("silver.flights")
_NOBODY = 65_534


@pytest.fixture(params=["sqlite", "postgres"])
def ledger(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Ledger]:
    """A new ledger, closed at the end; each test that asks for it has it in both databases."""
    is_file = request.param == "sqlite"
    place = tmp_path / "ledger.db" if is_file else request.getfixturevalue("postgres_place")
    with Ledger.open(place) as opened:
        yield opened


@pytest.fixture(scope="session")
def commit() -> Callable[..., Made]:
    """`commit(version, partitions)`: a commit of that version of `silver.flights`."""

    def make(  # a test names those that it is about
        version: int = 1,
        partitions: PartitionSet = WHOLE,
        dataset: DatasetKey = FLIGHTS,
        table_id: str = "t",
        inputs: Mapping[DatasetKey, TableVersion] | None = None,
        at: datetime = NOON,
    ) -> Made:
        return Made(
            dataset=dataset,
            partitions=partitions,
            asset="clean_flights",
            run_id="20260101T120000-0000",
            step_id=f"step-{version}",
            fingerprint=Fingerprint(1, "c0de", "5c3a", "c0f1", "e091"),
            inputs=inputs or {},
            at=at,
            rows=10 * version,
            table=TableVersion(table_id, version),
        )

    return make


@pytest.fixture(scope="session")
def run() -> Callable[..., RunRecord]:
    """`run(run_id)`: a run that began at noon."""

    def make(run_id: str = "20260101T120000-0000", started_at: datetime = NOON) -> RunRecord:
        return RunRecord(
            run_id=run_id,
            started_at=started_at,
            env="dev",
            selection="silver.*",
            plan_hash="91a",
            pid=42,
            host="desk",
        )

    return make


@pytest.fixture(scope="session")
def step() -> Callable[..., StepRecord]:
    """`step(step_id, run_id)`: a planned step that makes `silver.flights`."""

    def make(
        step_id: str = "step-1",
        run_id: str = "20260101T120000-0000",
        makes: tuple[DatasetKey, ...] = (FLIGHTS,),
        partitions: PartitionSet = WHOLE,
    ) -> StepRecord:
        return StepRecord(
            run_id=run_id,
            step_id=step_id,
            asset="clean_flights",
            makes=makes,
            partitions=partitions,
            reason="never made",
        )

    return make


@pytest.fixture
def read_only_folder() -> Iterator[Callable[[Callable[[Path], None]], Path]]:
    """`read_only_folder(fill)`: a folder that is filled, then closed to writers.

    Root may write everywhere, so that it becomes another user for the rest of the test.
    """
    with TemporaryDirectory() as name:
        folder = Path(name)
        user = os.geteuid()

        def make(fill: Callable[[Path], None]) -> Path:
            fill(folder)
            folder.chmod(0o555)
            if user == 0:
                os.seteuid(_NOBODY)
            return folder

        try:
            yield make
        finally:
            os.seteuid(user)
            folder.chmod(0o755)
