"""FF-2xx: declarations that do not fit together."""

from __future__ import annotations

from flowforge_assets.errors.base import FlowForgeError


class GraphError(FlowForgeError):
    """Declarations do not fit together; each way has a code of its own below."""

    code = "FF-200"


class TwoMakersError(GraphError):
    """Two assets make the same dataset.

    Every dataset has one maker: remove one, or let it make another dataset.
    """

    code = "FF-201"


class CycleError(GraphError):
    """Assets depend on one another in a circle.

    The message shows the circle. Cut it, or read the partition before with
    `Annotated[Frame[D], Lag(1)]` where an asset needs its own past.
    """

    code = "FF-203"


class NoMakerError(GraphError):
    """A dataset is read or checked, but no asset makes it.

    Declare an asset that returns it, or read the one that was meant.
    """

    code = "FF-204"


class MappingError(GraphError):
    """A partition mapping does not fit the two datasets that it stands between.

    Use another mapping in `Annotated[Frame[D], ...]`, or partition one dataset like the other.
    """

    code = "FF-205"


class DuplicateAssetError(GraphError):
    """Two assets have the same name.

    Give one of them another with `@asset(name="...")`.
    """

    code = "FF-206"


class SourceScheduleError(GraphError):
    """An asset's `schedule` or `version` means nothing there, or cannot be read.

    They say when an asset without inputs is due: one with inputs is made when those change. Write
    a cron text of five fields in UTC, such as `0 6 * * *`, or a `timedelta`.
    """

    code = "FF-212"


class ExternalMadeError(GraphError):
    """An asset makes a dataset that is declared external.

    Take away the asset, or the `external(...)`: the dataset has one maker.
    """

    code = "FF-213"
