"""FF-751 to FF-759: a backfill that cannot be begun, gone on with or handed over.

RunError
├── UnknownBackfillError     FF-751  no such backfill, or nothing is left of it
├── BackfillJobError         FF-752  Prefect is to make it, and no job says where
└── BackfillNotDeployedError FF-753  the job is not deployed
"""

from __future__ import annotations

from flowforge_assets.errors.run import RunError


class UnknownBackfillError(RunError):
    """A backfill is named that the ledger does not know, or that has nothing left to do.

    `flowforge backfills` lists them. One that has ended needs no resuming: begin another.
    """

    code = "FF-751"


class BackfillJobError(RunError):
    """A backfill is to be made by Prefect, and it is not clear by which job.

    Each chunk is a run of a job's deployment. Name one of the project's jobs with `--job`.
    """

    code = "FF-752"
    exit_code = 2


class BackfillNotDeployedError(RunError):
    """A backfill is to be made by a job that has no deployment on the Prefect server.

    Deploy it with `flowforge deploy`, in the environment that is to be backfilled, and resume.
    """

    code = "FF-753"
