"""A restore and an upkeep of the same data at once, as on two machines."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from artifact_values import MODEL, commit, content
from flowforge_assets.core.made import Fingerprint
from flowforge_assets.core.partition import PartitionSet
from flowforge_assets.errors.storage import NoVersionError
from flowforge_assets.storage import artifact_pointer, delta, manifest
from flowforge_assets.storage.folder_local import LocalFolder
from flowforge_assets.storage.kept_versions import keep_since, kept_since
from flowforge_assets.storage.location import open_store
from flowforge_assets.storage.restoring import is_restoring, restoring
from flowforge_assets.storage.upkeep import Upkeep
from storage_values import ORDERS, numbers, put, record, values
from store_kinds import StoreKind, opened, parameters

if TYPE_CHECKING:
    from flowforge_assets.core.made import Made
    from flowforge_assets.storage.past import Version
    from flowforge_assets.storage.store import Store

NOW = datetime.now(UTC)
HOUR = timedelta(hours=1)
NEWEST_ALONE = Upkeep(NOW + HOUR, NOW + HOUR, NOW - HOUR)
ELSEWHERE = replace(ORDERS, description="as another machine opened it")
KINDS = parameters(
    StoreKind("delta", "delta"),
    StoreKind("parquet", "parquet"),
    StoreKind("delta-s3", "delta", "moto_s3"),
)


@dataclass(frozen=True)
class Interrupted(Upkeep):
    """An upkeep that has looked which versions there are when another machine acts."""

    act: Callable[[], object] = field(kw_only=True)
    acted: list[bool] = field(kw_only=True, default_factory=list[bool])

    def kept_from(self, versions: Sequence[Version]) -> int:
        if not self.acted:
            self.acted.append(True)
            self.act()
        return super().kept_from(versions)


@pytest.fixture(params=KINDS)
def lake(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    return opened(request, tmp_path)


@pytest.fixture
def before_a_commit(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[], object]], None]:
    """Lets something happen when a restore has looked at its version, and not yet committed."""

    def arrange(act: Callable[[], object]) -> None:
        acts = [act]
        for module, name in (
            (delta, "restore_files"),
            (manifest, "write_manifest"),
            (artifact_pointer, "write_pointer"),
        ):
            real = getattr(module, name)

            def then(*given: Any, real: Any = real, **more: Any) -> Any:  # noqa: ANN401 - of each
                while acts:
                    acts.pop()()
                return real(*given, **more)

            monkeypatch.setattr(module, name, then)

    return arrange


def restorer() -> Made:
    nothing = PartitionSet.none(())
    return replace(record(nothing), inputs={}, fingerprint=Fingerprint(0, "", "", "", ""))


def test_upkeep_leaves_the_files_that_a_restore_has_named_meanwhile(lake: Store) -> None:
    mine, other = lake.table(ORDERS), lake.table(ELSEWHERE)
    for n in range(3):
        put(mine, numbers(n))
    times = (NEWEST_ALONE.keep_since, NEWEST_ALONE.log_since, NEWEST_ALONE.swept_before)
    other.maintain(Interrupted(*times, act=lambda: mine.restore(0, restorer())))
    assert values(mine.scan()) == [0]


def test_upkeep_leaves_the_files_that_a_restore_is_about_to_name(
    lake: Store, before_a_commit: Callable[[Callable[[], object]], None]
) -> None:
    mine, other = lake.table(ORDERS), lake.table(ELSEWHERE)
    for n in range(3):
        put(mine, numbers(n))
    before_a_commit(lambda: other.maintain(NEWEST_ALONE))
    mine.restore(0, restorer())
    assert values(mine.scan()) == [0]
    other.maintain(NEWEST_ALONE)
    assert values(mine.scan()) == [0]


def test_a_version_that_upkeep_has_given_up_is_not_restored(lake: Store) -> None:
    mine, other = lake.table(ORDERS), lake.table(ELSEWHERE)
    for n in range(3):
        put(mine, numbers(n))
    other.maintain(NEWEST_ALONE)
    with pytest.raises(NoVersionError):
        mine.restore(0, restorer())
    assert values(mine.scan()) == [2]


def test_upkeep_leaves_the_file_of_an_artifact_that_comes_back(
    tmp_path: Path, before_a_commit: Callable[[Callable[[], object]], None]
) -> None:
    store = open_store(str(tmp_path / "lake"))
    mine, other = (store.artifact(replace(MODEL, description=text)) for text in ("", "other"))
    for text in (b"one", b"two"):
        commit(mine, tmp_path, text)
    for path in (tmp_path / "lake").rglob("*.pkl"):
        long_ago = (NOW - 2 * HOUR).timestamp()
        os.utime(path, (long_ago, long_ago))
    before_a_commit(lambda: other.maintain(NEWEST_ALONE))
    mine.restore(0, restorer())
    other.maintain(NEWEST_ALONE)
    assert content(mine) == b"one"


def test_what_a_killed_restore_leaves_is_swept_away_when_it_is_old(tmp_path: Path) -> None:
    table = open_store(str(tmp_path), format="delta").table(ORDERS)
    put(table, numbers(0))
    put(table, numbers(1))
    folder = LocalFolder(tmp_path / "silver" / "orders")
    killed = restoring(folder)
    killed.__enter__()
    assert is_restoring(folder, NEWEST_ALONE)
    assert table.maintain(NEWEST_ALONE).vacuumed == 0
    (left,) = (tmp_path / "silver" / "orders" / "_flowforge").glob("restoring-*")
    long_ago = (NOW - 2 * HOUR).timestamp()
    os.utime(left, (long_ago, long_ago))
    done = table.maintain(NEWEST_ALONE)
    assert (done.vacuumed, done.swept) == (1, 1)
    assert not left.exists()


def test_what_another_machine_gave_up_is_not_taken_back(tmp_path: Path) -> None:
    folder = LocalFolder(tmp_path)
    keep_since(folder, 9, "deleted")
    keep_since(folder, 7, "mine")
    keep_since(folder, 5, "mine")
    assert kept_since(folder, "mine") == 7
    keep_since(folder, 9, "mine")
    assert kept_since(folder, "mine") == 9
    assert folder.names("_flowforge") == ["kept-9.json"]
