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


class WriteKeyError(GraphError):
    """An asset writes by key, but what it makes has no key.

    `merge`, `insert` and `scd2` tell rows apart by the dataset's key columns: declare them with
    `key()`.
    """

    code = "FF-209"


class WriterColumnError(GraphError):
    """The columns that a writer makes are missing, are too many, or have other types.

    `scd2` needs `col(valid_from=True)` and `col(valid_to=True)` and may have `col(current=True)`;
    `snapshot` needs `col(valid_from=True)`; no other way of writing makes any.
    """

    code = "FF-210"


class StepCoverError(GraphError):
    """The steps of an asset, as `per=` cuts them, do not hold whole partitions of what it makes.

    An overwrite replaces whole partitions, so each must lie in one step: days in months, not days
    in hours. Rows that land anywhere are written with `merge`, `insert` or `append`. A step of
    `scd2` or `snapshot` brings the state at one time: it takes one key of time, and what else
    cuts the steps of a `snapshot` is a column of its rows.
    """

    code = "FF-211"


class ViewFormError(GraphError):
    """An asset cannot be a view.

    A view is worked out by whoever reads it, from frames alone: no keys, no resources, one
    dataset, no quarantine.
    """

    code = "FF-214"


class MergeOptionError(GraphError):
    """`latest` or `deletes` stands on an asset that cannot use it.

    Both are for `write="merge"`, whose rows have keys. A job that writes the table in place merges
    by itself, and rows of a class (`Rows[D]`) have no column beyond its own.
    """

    code = "FF-220"


class MergeColumnError(GraphError):
    """The column that `latest` or `deletes` names is not one that it can be.

    `latest` is a stored column beside the key that can be compared: a time, a date, a number or a
    text. `deletes` is a boolean column that the asset returns and the dataset does not declare.
    """

    code = "FF-221"


class BreakingChangeError(GraphError):
    """A dataset's columns were declared so that rows which are there do not survive it.

    Nothing was run. Declare the columns as they were; or say `col(renamed_from="...")` on one
    that has another name now; or run with `--allow-breaking`: dropped columns are then dropped
    from the rows that stay, and a table whose rows cannot stay is emptied and made anew.
    """

    code = "FF-223"


class SourceScheduleError(GraphError):
    """An asset's `schedule` or `version` means nothing there, or cannot be read.

    They say when an asset without inputs is due: one with inputs is made when those change. Write
    a cron text of five fields in UTC, such as `0 6 * * *`, or a `timedelta`; let the function that
    tells a version ask for resources alone.
    """

    code = "FF-212"


class ExternalMadeError(GraphError):
    """An asset makes a dataset that is declared external.

    Take away the asset, or the `external(...)`: the dataset has one maker.
    """

    code = "FF-213"


class AliasDeclaredError(GraphError):
    """A dataset has an alias that is the key of another dataset.

    An alias is an earlier name. Remove it, or give the other dataset another key.
    """

    code = "FF-207"


class AliasTakenError(GraphError):
    """Two datasets say that they had the same name before.

    What was made under it can go on as one of them only: remove the alias from the other.
    """

    code = "FF-208"
