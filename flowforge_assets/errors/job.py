"""FF-718, FF-719 and FF-730 to FF-735: a job elsewhere that failed, or wrote something else.

RunError
├── WrittenMissingError      FF-718  nothing readable is where the job was to write
├── InPlaceError             FF-719  a table that was written in place breaks its promises
├── JobFailedError           FF-730  the job ended badly
├── JobLostError             FF-731  its runner knows nothing of it any more
├── JobNotStartedError       FF-732  its runner did not take it
├── InPlaceStoreError        FF-733  the store's tables cannot be written in place
├── WrittenElsewhereError    FF-734  the asset returned another place than it was given
└── JobCancelledError        FF-735  the run was stopped while it went on
"""

from __future__ import annotations

from flowforge_assets.errors.run import RunError


class WrittenMissingError(RunError):
    """Nothing that can be read is where a job was to write its dataset.

    The job writes a Delta table, or Parquet files that end in `.parquet`, to the `url` of the
    `Out` that its asset is given; look at the job's own log for where it wrote.
    """

    code = "FF-718"


class InPlaceError(RunError):
    """A job has written a table in place, and what is there now breaks its promises.

    The rows are in the table already, since `in_place=True` is not atomic; the dataset stays out
    of date until a run finds it in order. Mend the job, then run again.
    """

    code = "FF-719"


class InPlaceStoreError(RunError):
    """A table was to be written in place in a store of which only this program knows the form.

    Use a store of Delta tables in a folder, or leave out `in_place=True`: the job then writes
    beside the table.
    """

    code = "FF-733"


class WrittenElsewhereError(RunError):
    """An asset returned that a job has written another place than the one that it was given.

    Return `out.written()` of the `out: Out[D]` that belongs to the dataset, in the order in which
    the return annotation names them.
    """

    code = "FF-734"


class JobFailedError(RunError):
    """A job that runs elsewhere ended, and says that it failed; nothing was committed.

    The message has the runner's words. A further try of the step submits the job anew.
    """

    code = "FF-730"


class JobLostError(RunError):
    """The runner of a job knows nothing of it any more; nothing was committed.

    Its process was killed, or its machine is gone. Run again: the job is submitted anew.
    """

    code = "FF-731"


class JobNotStartedError(RunError):
    """A job was not taken by its runner: there is no such job or command, or it may not be run.

    The message has the reason; mend the call of the job in the asset, or the runner's settings.
    """

    code = "FF-732"


class JobCancelledError(RunError):
    """A run was stopped while a job of it went on, so the job was cancelled.

    Run again: the job is submitted anew.
    """

    code = "FF-735"
