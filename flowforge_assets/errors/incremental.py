"""FF-227, FF-642 and FF-762: what changed cannot be told, or would be lost or doubled.

GraphError
└── ChangesReadError   FF-227  an asset reads changes, and what it writes would lack or double rows
StorageError
└── ChangesLostError   FF-642  what changed since a version cannot be told any more
RunError
└── ChangesTakenError  FF-762  another run has taken the same changes meanwhile
"""

from __future__ import annotations

from flowforge_assets.errors.graph import GraphError
from flowforge_assets.errors.run import RunError
from flowforge_assets.errors.storage import StorageError


class ChangesReadError(GraphError):
    """An asset reads the changes of a dataset, and what it writes would lack or double rows.

    `Changes[D]` is what came since the last step, so it is added to what is there: write it with
    `append`, `merge`, `insert` or `scd2`, or take `Before` of what the step will replace.
    """

    code = "FF-227"


class ChangesLostError(StorageError):
    """What changed in a table since its reader's last step cannot be told any more.

    The version that the reader saw is no longer kept, or has columns that cannot be compared with
    today's, or the table was removed and made anew. A reader that writes by key takes all rows
    again by itself; where that would double rows or miss removed ones, `flowforge run --rebuild -s
    KEY` of the reader empties it and takes all of them.
    """

    code = "FF-642"


class ChangesTakenError(RunError):
    """Another run has taken the same changes while this step worked, so nothing was written.

    Run again: the step reads what has changed since then.
    """

    code = "FF-762"
