"""What a state file holds, and which versions and files maintenance chooses."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from flowforge_assets.storage.folder_local import LocalFolder
from flowforge_assets.storage.kept_versions import keep_since, kept_since
from flowforge_assets.storage.past import Version
from flowforge_assets.storage.state_file import State, newest_state, read_state, write_state
from flowforge_assets.storage.upkeep import Upkeep
from storage_values import KEY

FUTURE = datetime.now(UTC) + timedelta(hours=1)
ALL = Upkeep(FUTURE, FUTURE, FUTURE)


def test_state_files_hold_what_they_were_given(tmp_path: Path) -> None:
    folder = LocalFolder(tmp_path)
    assert newest_state(folder, KEY, by=9) is None
    state = State("id", 4, ((1, {"a": 1}), (4, {"b": "ü"})), {"s": 4}, ())
    assert write_state(folder, state, KEY)
    assert not write_state(folder, state, KEY)
    assert read_state(folder, 4, KEY) == state
    assert newest_state(folder, KEY, by=3) is None
    assert newest_state(folder, KEY, by=4, table_id="other") is None
    other = replace(state, table_id="other")
    assert write_state(folder, other, KEY)
    assert newest_state(folder, KEY, by=9) == other
    text = json.loads((tmp_path / "_flowforge/state-4.json").read_text())
    (tmp_path / "_flowforge/state-4.json").write_text(json.dumps({**text, "format": 1.5}))
    with pytest.raises(Exception, match="format"):
        read_state(folder, 4, KEY)


def test_the_mark_of_kept_versions_belongs_to_one_table(tmp_path: Path) -> None:
    folder = LocalFolder(tmp_path)
    assert kept_since(folder, "a") == 0
    keep_since(folder, 3, "a")
    keep_since(folder, 5, "a")
    assert (kept_since(folder, "a"), kept_since(folder, "b")) == (5, 0)
    keep_since(folder, 5, "b")
    assert (kept_since(folder, "a"), kept_since(folder, "b")) == (0, 5)
    assert len(list((tmp_path / "_flowforge").iterdir())) == 1


def test_the_oldest_version_is_kept_where_none_is_old_enough() -> None:
    at = datetime(2026, 1, 1, tzinfo=UTC)
    versions = [Version(n, at + timedelta(days=n)) for n in range(3, 6)]
    assert Upkeep(at, at, at).kept_from(versions) == 3
    later = at + timedelta(days=4, hours=1)
    assert Upkeep(later, at, at).kept_from(versions) == 4
    assert Upkeep(later, later, at, needed=3).log_from(versions) == 3
