"""FF-760 and FF-761: a step in a process of its own that died, or could not begin.

RunError
├── ProcessDiedError   FF-760  the process ended by a signal, or without an answer (StepFailedError)
└── NotIsolableError   FF-761  the asset cannot be called in another process
"""

from __future__ import annotations

from flowforge_assets.errors.run import RunError, StepFailedError


class ProcessDiedError(StepFailedError):
    """The process of an isolated asset died; nothing of the step was written.

    The message names the signal. `SIGKILL` mostly says that the machine ran out of memory,
    `SIGABRT` and `SIGSEGV` that native code gave up. Take less data at once (finer partitions, or
    lazy frames that stream), or give the machine more memory.
    """

    code = "FF-760"


class NotIsolableError(RunError):
    """An isolated asset cannot be called in a process of its own.

    The process imports the module that declares the asset and makes its resources anew: declare it
    at the top of a module, and let what it needs be made from the environment's settings.
    """

    code = "FF-761"
