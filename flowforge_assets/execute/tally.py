"""What has become of the assets and partitions of a run so far."""

from __future__ import annotations

from dataclasses import dataclass, field

from flowforge_assets.core.key import DatasetKey
from flowforge_assets.core.partition import PartitionSet
from flowforge_assets.errors.base import FlowForgeError
from flowforge_assets.record.run import RunCounts


@dataclass(slots=True)
class Tally:
    """The fates of assets, and the partitions that readers cannot have.

    `lost` are rows by dataset and `lost_steps` steps by asset; `left` is as it should be. Of what
    is `in_doubt` a commit failed: its tables say whether it landed.
    """

    made: set[DatasetKey] = field(default_factory=set[DatasetKey])
    failed: set[DatasetKey] = field(default_factory=set[DatasetKey])
    skipped: set[DatasetKey] = field(default_factory=set[DatasetKey])
    left: dict[DatasetKey, PartitionSet] = field(default_factory=dict[DatasetKey, PartitionSet])
    lost: dict[DatasetKey, PartitionSet] = field(default_factory=dict[DatasetKey, PartitionSet])
    lost_steps: dict[DatasetKey, PartitionSet] = field(
        default_factory=dict[DatasetKey, PartitionSet]
    )
    errors: list[FlowForgeError] = field(default_factory=list[FlowForgeError])
    in_doubt: set[DatasetKey] = field(default_factory=set[DatasetKey])
    is_cut_short: bool = False

    def counts(self, fresh: int) -> RunCounts:
        """Each asset once: failed before skipped before made before fresh."""
        skipped = self.skipped - self.failed
        made = self.made - self.failed - skipped
        left = set(self.left) - self.failed - skipped - made
        return RunCounts(len(made), len(self.failed), len(skipped), fresh + len(left))
