"""Which commits were made by other code, columns or options than today's."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from flowforge_assets.core.made import Fingerprint, Made
from flowforge_assets.core.partition import PartitionSet
from flowforge_assets.declare.definition import AssetDefinition
from flowforge_assets.plan.step import Cause


def differences(
    asset: AssetDefinition, pieces: Iterable[Made], today: Fingerprint
) -> Iterator[tuple[Cause, PartitionSet]]:
    """What the commits made whose fingerprint is another than today's, and how it differs."""
    alike: Fingerprint | None = None  # most commits share one value: it is compared once
    for piece in pieces:
        then = piece.fingerprint
        if then is alike:
            continue
        if then == today:
            alike = then
        else:
            yield _difference(asset, then, today), piece.partitions


def _difference(asset: AssetDefinition, then: Fingerprint, today: Fingerprint) -> Cause:
    if then.algorithm != today.algorithm:
        return Cause("engine", "fingerprints are made in another way now")
    if then.schema != today.schema:
        return Cause("schema", f"the declaration of `{asset.id}` changed")
    if then.code != today.code:
        what = "file" if asset.kind == "seed" else "code"
        return Cause("code", f"the {what} of `{asset.name}` changed")
    if then.config != today.config:
        return Cause("config", f"the options of `{asset.name}` changed")
    return Cause("engine", "the engine changed")
