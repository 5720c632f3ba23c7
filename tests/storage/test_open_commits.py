"""Commits of which nobody can say whether they came to be: what they name must stay."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import deltalake
import pytest
from deltalake.exceptions import DeltaError

from flowforge_assets.core.partition import PartitionSet
from flowforge_assets.core.schema import Field, Plain
from flowforge_assets.errors.base import FlowForgeError
from flowforge_assets.storage.store import Matching
from storage_values import DAY, WEEKLY, day_rows, day_values, record, spec
from store_kinds import StoreKind, opened, parameters

if TYPE_CHECKING:
    from flowforge_assets.storage.store import Store

S3 = parameters(StoreKind("delta-s3", "delta", "moto_s3"))
NOTHING = PartitionSet.none(WEEKLY.dimensions)


@pytest.fixture(params=S3)
def lake(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    return opened(request, tmp_path)


def test_a_commit_that_comes_late_after_columns_were_added_finds_its_files(
    lake: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = lake.table(WEEKLY)
    before.commit(before.stage(day_rows(0, 1)), replace=NOTHING, made=record(NOTHING))
    note = Field("note", Plain("string"), nullable=True, optional=True)
    table = lake.table(spec(*WEEKLY.schema.fields, note, by=(DAY,)))
    staged = table.stage(day_rows(1, n=5).with_columns(note=None).cast({"note": str}))
    sent: list[Callable[[], object]] = []
    write = deltalake.DeltaTable.create_write_transaction

    def unanswered(*given: Any, **more: Any) -> None:  # noqa: ANN401 - as the library has it
        sent.append(lambda: write(*given, **more))
        message = "the store has not answered in time"
        raise DeltaError(message)

    monkeypatch.setattr(deltalake.DeltaTable, "create_write_transaction", unanswered)
    with pytest.raises((FlowForgeError, DeltaError)):
        table.commit(staged, replace=Matching(("day",)), made=record(NOTHING))
    table.discard(staged)
    sent[0]()
    assert day_values(table.scan()) == {0: 0, 1: 5}
