"""What every store promises of artifacts."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from artifact_values import DAILY_MODEL, MODEL, commit, content, in_store, spoil
from flowforge_assets.core.partition import WHOLE, PartitionSet
from flowforge_assets.errors.storage import (
    BaseMovedError,
    DamagedFileError,
    DamagedLogError,
    NewerRecordError,
    NoFileError,
    NotATableError,
    NoVersionError,
)
from flowforge_assets.storage.artifact import ArtifactFolder
from flowforge_assets.storage.folder_local import LocalFolder
from flowforge_assets.storage.folder_versions import KEPT_VERSIONS
from flowforge_assets.storage.location import open_store
from flowforge_assets.storage.store import NO_TABLE
from flowforge_assets.storage.upkeep import Upkeep
from storage_values import DAY, ORDERS, WEEK, days, numbers, put, record
from store_kinds import ARTIFACT_KINDS, opened, remote_store

if TYPE_CHECKING:
    from flowforge_assets.storage.store import StagedFile, Store
    from store_place import StorePlace


@pytest.fixture(params=ARTIFACT_KINDS)
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    return opened(request, tmp_path)


def test_an_artifact_has_no_version_before_its_first_commit(store: Store) -> None:
    artifacts = store.artifact(MODEL)
    assert artifacts.version() is None
    assert list(artifacts.made()) == []
    assert artifacts.files() == {}


def test_the_same_spec_gives_the_same_artifact(store: Store) -> None:
    assert store.artifact(MODEL) is store.artifact(replace(MODEL))


def test_reading_before_the_first_commit_says_to_make_the_file(store: Store) -> None:
    with pytest.raises(NoFileError, match=r"flowforge run -s gold\.churn"):
        store.artifact(MODEL).file(WHOLE)


def test_a_committed_file_bears_its_digest_and_suffix(store: Store, tmp_path: Path) -> None:
    artifacts = store.artifact(MODEL)
    commit(artifacts, tmp_path, b"weights")
    found = artifacts.file(WHOLE)
    digest = sha256(b"weights").hexdigest()
    assert found.path.read_bytes() == b"weights"
    assert (found.path.name, found.digest, found.size_bytes) == (f"{digest}.pkl", digest, 7)


def test_a_staged_file_is_seen_by_its_holder_alone(store: Store, tmp_path: Path) -> None:
    artifacts = store.artifact(MODEL)
    commit(artifacts, tmp_path, b"old")
    (tmp_path / "new").write_bytes(b"new")
    staged = artifacts.stage(tmp_path / "new")
    assert staged.digest == sha256(b"new").hexdigest()
    assert content(artifacts) == b"old"


def test_staging_leaves_the_file_where_it_is(store: Store, tmp_path: Path) -> None:
    commit(store.artifact(MODEL), tmp_path, b"weights")
    assert (tmp_path / "source").read_bytes() == b"weights"


def test_a_discarded_file_leaves_nothing(store: Store, tmp_path: Path) -> None:
    artifacts = store.artifact(MODEL)
    (tmp_path / "new").write_bytes(b"new")
    artifacts.discard(artifacts.stage(tmp_path / "new"))
    assert in_store(artifacts) == []


def test_discarding_a_committed_file_loses_none(store: Store, tmp_path: Path) -> None:
    artifacts = store.artifact(MODEL)
    (tmp_path / "new").write_bytes(b"new")
    staged = artifacts.stage(tmp_path / "new")
    artifacts.commit({WHOLE: staged}, made=record())
    artifacts.discard(staged)
    assert content(artifacts) == b"new"


def test_a_commit_replaces_the_file_and_keeps_the_old_version(store: Store, tmp_path: Path) -> None:
    artifacts = store.artifact(MODEL)
    first = commit(artifacts, tmp_path, b"old").table
    second = commit(artifacts, tmp_path, b"new").table
    assert (second.table_id, second.version) == (first.table_id, first.version + 1)
    assert artifacts.version() == second
    assert content(artifacts) == b"new"
    assert artifacts.file(WHOLE, version=first.version).path.read_bytes() == b"old"


def test_a_version_that_never_was_is_refused(store: Store, tmp_path: Path) -> None:
    artifacts = store.artifact(MODEL)
    with pytest.raises(NoVersionError, match="nothing was made yet"):
        artifacts.files(version=0)
    commit(artifacts, tmp_path, b"new")
    with pytest.raises(NoVersionError, match="the newest is 0"):
        artifacts.file(WHOLE, version=1)


def test_the_last_versions_alone_are_kept(store: Store, tmp_path: Path) -> None:
    artifacts = store.artifact(MODEL)
    for number in range(KEPT_VERSIONS + 1):
        commit(artifacts, tmp_path, str(number).encode())
    with pytest.raises(NoVersionError):
        artifacts.file(WHOLE, version=0)
    assert artifacts.file(WHOLE, version=1).path.read_bytes() == b"1"


def test_an_equal_file_is_a_version_that_touches_nothing(store: Store, tmp_path: Path) -> None:
    artifacts = store.artifact(MODEL)
    commit(artifacts, tmp_path, b"same")
    again = commit(artifacts, tmp_path, b"same")
    assert again.table.version == 1
    assert again.touched == PartitionSet.none(())
    assert artifacts.file(WHOLE).version == 0


def test_each_partition_has_a_file_of_its_own(store: Store, tmp_path: Path) -> None:
    artifacts = store.artifact(DAILY_MODEL)
    commit(artifacts, tmp_path, b"one", days(0))
    commit(artifacts, tmp_path, b"two", days(1))
    assert [content(artifacts, days(0)), content(artifacts, days(1))] == [b"one", b"two"]
    assert list(artifacts.files()) == ["2020-01-01", "2020-01-02"]
    with pytest.raises(NoFileError, match="of 2020-01-03 has no file yet"):
        artifacts.file(days(2))


def test_one_commit_takes_several_partitions_and_tells_which_changed(
    store: Store, tmp_path: Path
) -> None:
    artifacts = store.artifact(DAILY_MODEL)
    commit(artifacts, tmp_path, b"old", days(0))
    staged: dict[PartitionSet, StagedFile] = {}
    for day in (0, 1):
        (tmp_path / "day").write_bytes(b"old")
        staged[days(day)] = artifacts.stage(tmp_path / "day")
    made = artifacts.commit(staged, made=record(days(0, 1)))
    assert made.partitions == days(0, 1)
    assert made.touched == days(1)


def test_a_record_changes_no_file(store: Store, tmp_path: Path) -> None:
    artifacts = store.artifact(MODEL)
    commit(artifacts, tmp_path, b"weights")
    unchanged = replace(record(), touched=PartitionSet.none(()))
    assert artifacts.commit({}, made=unchanged).table.version == 1
    assert content(artifacts) == b"weights"


def test_a_step_that_committed_is_not_committed_again(store: Store, tmp_path: Path) -> None:
    artifacts = store.artifact(MODEL)
    first = commit(artifacts, tmp_path, b"one", step="step")
    commit(artifacts, tmp_path, b"two", step="other")
    again = commit(artifacts, tmp_path, b"one", step="step")
    assert again.table == first.table
    assert content(artifacts) == b"two"


def test_a_step_that_is_tried_again_tells_what_it_had_touched(store: Store, tmp_path: Path) -> None:
    artifacts = store.artifact(MODEL)
    commit(artifacts, tmp_path, b"same")
    first = commit(artifacts, tmp_path, b"same", step="step")
    assert commit(artifacts, tmp_path, b"same", step="step") == replace(first, at=first.at)


def test_a_rebuild_forgets_the_files_before_it(store: Store, tmp_path: Path) -> None:
    artifacts = store.artifact(DAILY_MODEL)
    commit(artifacts, tmp_path, b"one", days(0))
    commit(artifacts, tmp_path, b"two", days(1), restart=True)
    assert list(artifacts.files()) == ["2020-01-02"]
    assert [made.partitions for made in artifacts.made()] == [days(1)]


def test_what_was_made_and_what_changed_is_said_once_a_partition(
    store: Store, tmp_path: Path
) -> None:
    artifacts = store.artifact(DAILY_MODEL)
    for day in (0, 1, 0):
        commit(artifacts, tmp_path, b"weights", days(day))
    made, none = artifacts.made(), PartitionSet.none((DAY,))
    assert [each.partitions for each in made] == [none, days(1), days(0)]
    assert [each.changed for each in made] == [days(0), days(1), none]


def test_a_commit_from_a_base_that_has_moved_is_refused(store: Store, tmp_path: Path) -> None:
    artifacts = store.artifact(MODEL)
    commit(artifacts, tmp_path, b"one")
    with pytest.raises(BaseMovedError):
        artifacts.commit({}, made=record(), base=NO_TABLE)


def test_a_file_that_was_changed_is_refused_before_it_is_handed_over(
    store: Store, tmp_path: Path
) -> None:
    artifacts = store.artifact(MODEL)
    commit(artifacts, tmp_path, b"weights")
    spoil(artifacts, tmp_path, b"WEIGHTS")
    with pytest.raises(DamagedFileError, match="holds something else"):
        artifacts.file(WHOLE)


def test_a_file_that_is_gone_is_refused(store: Store, tmp_path: Path) -> None:
    artifacts = store.artifact(MODEL)
    commit(artifacts, tmp_path, b"weights")
    spoil(artifacts, tmp_path, None)
    with pytest.raises(DamagedFileError, match="is gone"):
        artifacts.file(WHOLE)


def test_making_a_damaged_file_again_mends_it(store: Store, tmp_path: Path) -> None:
    artifacts = store.artifact(MODEL)
    commit(artifacts, tmp_path, b"weights")
    spoil(artifacts, tmp_path, b"WEIGHTS")
    commit(artifacts, tmp_path, b"weights")
    assert content(artifacts) == b"weights"


def test_a_damaged_copy_of_a_file_elsewhere_is_fetched_anew(
    moto_s3: StorePlace, tmp_path: Path
) -> None:
    artifacts = remote_store(moto_s3, copies=tmp_path / "copies").artifact(MODEL)
    commit(artifacts, tmp_path, b"weights")
    path = artifacts.file(WHOLE).path
    path.chmod(0o644)
    path.write_bytes(b"WEIGHTS")
    assert content(artifacts) == b"weights"


def test_writers_at_the_same_time_lose_nothing(store: Store, tmp_path: Path) -> None:
    artifacts = store.artifact(DAILY_MODEL)

    def write(day: int) -> None:
        folder = tmp_path / str(day)
        folder.mkdir()
        commit(artifacts, folder, str(day).encode(), days(day))

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(write, range(8)))
    assert [content(artifacts, days(day)) for day in range(8)] == [b"%d" % n for n in range(8)]
    assert len(artifacts.made()) == 8


def test_another_opener_of_the_same_folder_sees_the_commit(tmp_path: Path) -> None:
    first, second = (open_store(str(tmp_path / "lake")).artifact(MODEL) for _ in range(2))
    made = commit(first, tmp_path, b"weights")
    assert content(second) == b"weights"
    assert list(second.made()) == [made]


def test_files_of_days_are_no_files_of_weeks(store: Store, tmp_path: Path) -> None:
    commit(store.artifact(DAILY_MODEL), tmp_path, b"weights", days(0))
    assert store.artifact(replace(MODEL, dimensions=(WEEK,))).files() == {}


def test_an_artifact_is_not_put_into_the_folder_of_a_table(
    disk_store: Store, tmp_path: Path
) -> None:
    put(disk_store.table(ORDERS), numbers(1))
    with pytest.raises(NotATableError, match="is an artifact"):
        commit(disk_store.artifact(replace(ORDERS, suffix=".pkl")), tmp_path, b"weights")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        '{"format": 1}',
        (
            '{"format":1,"table_id":"a","version":0,"by":{},"steps":{},"records":[],'
            '"files":{"":{"name":"../other","sha256":"","bytes":1,"version":0}}}'
        ),
    ],
)
def test_a_garbled_pointer_is_told(disk_store: Store, tmp_path: Path, text: str) -> None:
    artifacts = disk_store.artifact(MODEL)
    commit(artifacts, tmp_path, b"weights")
    pointer = artifacts.file(WHOLE).path.parent / "_flowforge" / "artifact-0.json"
    pointer.write_text(text, encoding="utf-8")
    with pytest.raises(DamagedLogError, match="no pointer to files"):
        artifacts.version()


def test_a_pointer_of_a_newer_format_is_refused(disk_store: Store, tmp_path: Path) -> None:
    artifacts = disk_store.artifact(MODEL)
    commit(artifacts, tmp_path, b"weights")
    pointer = artifacts.file(WHOLE).path.parent / "_flowforge" / "artifact-0.json"
    content = json.loads(pointer.read_text(encoding="utf-8"))
    pointer.write_text(json.dumps({**content, "format": 99}), encoding="utf-8")
    with pytest.raises(NewerRecordError):
        artifacts.version()


def test_a_commit_that_was_cut_off_before_its_pointer_can_be_repeated(
    store: Store, tmp_path: Path
) -> None:
    artifacts = store.artifact(MODEL)
    (tmp_path / "new").write_bytes(b"new")
    staged = artifacts.stage(tmp_path / "new")
    # as far as a kill, or an error, may let it come
    assert isinstance(artifacts, ArtifactFolder)
    artifacts._publish(staged)
    assert artifacts.files() == {}
    artifacts.commit({WHOLE: staged}, made=record())
    assert content(artifacts) == b"new"


def kept_for(age: timedelta) -> Upkeep:
    since = datetime.now(UTC) - age
    return Upkeep(since, since, since)


def test_files_that_nothing_points_to_are_swept_when_they_are_old(tmp_path: Path) -> None:
    artifacts = ArtifactFolder(MODEL, LocalFolder(tmp_path / "churn"), tmp_path)
    assert not artifacts.maintain(kept_for(timedelta(0)))
    commit(artifacts, tmp_path, b"weights")
    left = artifacts.stage(tmp_path / "source")
    assert not artifacts.maintain(kept_for(timedelta(hours=1)))
    assert artifacts.maintain(kept_for(timedelta(seconds=-1))).swept == 1
    assert not (tmp_path / "churn" / left.name).exists()
    assert content(artifacts) == b"weights"


def test_a_file_that_a_writer_may_be_about_to_name_again_is_not_swept(tmp_path: Path) -> None:
    artifacts = ArtifactFolder(MODEL, LocalFolder(tmp_path / "churn"), tmp_path)
    for content_ in (b"old", b"new"):
        commit(artifacts, tmp_path, content_)
    soon = datetime.now(UTC) + timedelta(hours=1)
    an_hour_ago = datetime.now(UTC) - timedelta(hours=1)
    done = artifacts.maintain(Upkeep(soon, soon, an_hour_ago))
    assert (done.cleaned, done.vacuumed) == (1, 0)
    commit(artifacts, tmp_path, b"old")
    assert content(artifacts) == b"old"


def test_files_of_kept_versions_are_not_swept(tmp_path: Path) -> None:
    artifacts = ArtifactFolder(MODEL, LocalFolder(tmp_path / "churn"), tmp_path)
    for number in range(KEPT_VERSIONS + 1):
        commit(artifacts, tmp_path, str(number).encode())
    upkeep = replace(kept_for(timedelta(seconds=-1)), needed=1)
    assert artifacts.maintain(upkeep).swept == 1
    assert not (tmp_path / "churn" / f"{sha256(b'0').hexdigest()}.pkl").exists()
    assert artifacts.file(WHOLE, version=1).path.read_bytes() == b"1"
