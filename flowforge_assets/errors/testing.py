"""FF-72x: what a test gives to its assets, or asks of them, that cannot be had."""

from __future__ import annotations

from flowforge_assets.errors.run import RunError


class UnknownRowColumnError(RunError):
    """A test's row has a column that its dataset does not declare.

    Name the columns as the class does. Columns that a row leaves out are filled in.
    """

    code = "FF-720"


class NotGivenError(RunError):
    """A test makes a dataset from rows that it does not give.

    Add them to `given={...}`; `rows(D, [])` gives a dataset without rows. What is to be made in
    the same test is named beside the dataset: `materialize(Orders, Sales, given=...)`.
    """

    code = "FF-721"


class GivenRowsError(RunError):
    """Rows that a test gives do not fit the columns of their dataset.

    `rows(D, [...])` fills in what is left out and casts to the right types.
    """

    code = "FF-722"


class PartitionUnsaidError(RunError):
    """A test does not say which partition is to be made, and no given rows tell.

    Say it: `materialize(..., partition="2026-01-01")`, a range `"A..B"`, or a `date`.
    """

    code = "FF-723"


class NoSuchAssetError(RunError):
    """A test makes or reads a dataset that no asset within its reach makes.

    A dataset is in reach when the test's module holds the function that makes it, or imports its
    module. All of a project is with `project=...`, and in the fixture `materialize`.
    """

    code = "FF-724"


class NoPlainValueError(RunError):
    """A test leaves out a column for which no value can be made up that keeps its rules.

    Say the value in each row: no pattern is solved, and a limited column has only so many values.
    """

    code = "FF-725"
