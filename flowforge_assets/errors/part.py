"""FF-763 to FF-767: parts of a run that the workers of a cluster make.

RunError
├── PartLostError           FF-763  the worker died, or gave no answer
├── NotPortableError        FF-764  the run needs what only the process that began it has
├── OtherProjectError       FF-765  the worker would make it with other code
├── TaskRunnerMissingError  FF-766  the package of the task runner is not installed
└── ClusterError            FF-767  the cluster cannot be started or reached
"""

from __future__ import annotations

from flowforge_assets.errors.run import RunError


class PartLostError(RunError):
    """The worker that made a part of the run died, or its answer never came.

    Dask and Ray have tried it again on other workers by then. What was committed is in the tables
    and is not made again: run once more. A worker that dies each time mostly lacks memory.
    """

    code = "FF-763"


class NotPortableError(RunError):
    """A run was to be made on a cluster that needs what only its own process has.

    Workers open the project from its folder: put resources into `[env.NAME.resources]`, the store
    into the environment, and the assets into modules that the project file names.
    """

    code = "FF-764"
    exit_code = 2


class OtherProjectError(RunError):
    """A worker has another version of the project or of FlowForge than the run was planned with.

    Nothing of the part was made. Give all workers the same folder, bundle or image, and start
    workers anew that hold an older one; then run again.
    """

    code = "FF-765"


class TaskRunnerMissingError(RunError):
    """The project asks for a task runner whose package is not installed.

    Install its extra beside Prefect's, here and on the workers:
    `pip install 'flowforge-assets[prefect,dask]'`, or `[prefect,ray]`.
    """

    code = "FF-766"
    exit_code = 2


class ClusterError(RunError):
    """The Dask or Ray cluster of the run could not be started, or is not reached.

    See that the address under `cluster` in `[prefect]` is right and that its scheduler runs.
    Nothing was made.
    """

    code = "FF-767"
