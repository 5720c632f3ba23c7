"""FF-870 to FF-888: jobs, work pools, and what is deployed from them.

ProjectError
├── JobError                 FF-870  a job of the project file contradicts itself
├── ScheduleError            FF-871  a schedule that cannot be read
├── NeverFiresError          FF-872  a schedule whose time never comes
├── UnknownPoolError         FF-873  a job names a pool that the project file does not have
├── UnknownJobVariableError  FF-874  a pool's type has no such variable
├── JobVariableError         FF-875  a variable's value does not fit
├── WorkPoolMissingError     FF-876  the server has no such work pool
├── WorkPoolTypeError        FF-877  it is of another type
├── LocalLedgerError         FF-878  a ledger in a file, and runs on other machines
├── DeploymentTakenError     FF-879  the name belongs to somebody else's deployment
├── DeployRefusedError       FF-880  the server did not take what was to be deployed
├── HookError                FF-881  what is called on a failure is not there
├── NoJobsError              FF-882  nothing to deploy
├── NoImageError             FF-883  a pool that runs containers has no image
├── BlockMissingError        FF-884  the server has no such block
├── UpstreamKeyError         FF-885  what a job runs after is no dataset
├── LocalStoreError          FF-886  tables in a folder, and runs on other machines
├── OtherProjectError        FF-887  another project of this name is deployed there
└── ServerDatabaseError      FF-888  a database that a Prefect server cannot use
"""

from __future__ import annotations

from flowforge_assets.errors.project import ProjectError


class JobError(ProjectError):
    """A job of the project file has a name that cannot be, or keys that exclude one another.

    Names have lower-case letters, digits, `-` and `_`. A job has one schedule of one kind.
    """

    code = "FF-870"


class ScheduleError(ProjectError):
    """A job's schedule cannot be read.

    Write `{ cron = "0 5 * * *", timezone = "Europe/Berlin" }` with five fields,
    `{ interval = "1h" }` or `{ rrule = "FREQ=DAILY;BYHOUR=5" }`.
    """

    code = "FF-871"


class NeverFiresError(ProjectError):
    """A job's schedule names a time that never comes, such as the 31st of February.

    Mend the day or the month of a cron text, or the end of a rule that lies in the past.
    """

    code = "FF-872"


class UnknownPoolError(ProjectError):
    """A job names a pool that the project file does not have.

    Add a table `[pool.NAME]`, or use one that is there; without any, `default` is a pool of
    processes.
    """

    code = "FF-873"


class UnknownJobVariableError(ProjectError):
    """A pool has a variable that its type does not know.

    Mend its spelling: docs/reference/pools.md lists those of each type. What your own base job
    template has beyond them stands in `[pool.NAME.variables]`.
    """

    code = "FF-874"


class JobVariableError(ProjectError):
    """The value of a pool's variable is of another form than the infrastructure takes.

    Write the value as the hint shows. A secret is named, never written:
    `PASSWORD = { secret = "block-name" }`.
    """

    code = "FF-875"


class WorkPoolMissingError(ProjectError):
    """The Prefect server has no work pool of that name, so nobody would run the deployment.

    Make it with the command in the hint and start a worker for it, or name another under `name`.
    """

    code = "FF-876"


class WorkPoolTypeError(ProjectError):
    """The work pool on the server is of another type than the project file says.

    Its workers would not understand the variables. Mend `type`, or name another pool.
    """

    code = "FF-877"


class LocalLedgerError(ProjectError):
    """A job runs on other machines, but its environment's ledger is a file on this one.

    Each run would begin with a ledger of its own, and two could write one table at once. Put the
    ledger into PostgreSQL: `ledger = { env = "LEDGER_URL" }` in `[env.NAME]`.
    """

    code = "FF-878"


class DeploymentTakenError(ProjectError):
    """The server has a deployment of that name which is not of this project and environment.

    Rename the job or the project, or delete the other deployment; it was left as it is.
    """

    code = "FF-879"


class DeployRefusedError(ProjectError):
    """The Prefect server did not take a deployment or an automation.

    The message has what it said. What was deployed before stays; deploy again when it is mended.
    """

    code = "FF-880"


class HookError(ProjectError):
    """What is to be called when a job fails is neither a block nor a function.

    Name a block of the server as `type/name`, such as `slack-webhook/ops`, or a function of the
    project as `module:function`, which takes the failure as its one argument.
    """

    code = "FF-881"


class NoJobsError(ProjectError):
    """There is nothing to deploy: the project file has no job of that name, or none at all.

    Declare one: `[job.nightly]`, with a schedule below.
    """

    code = "FF-882"


class NoImageError(ProjectError):
    """A pool starts containers, and none is named that has the project.

    Build the image from the compiled folder's `Dockerfile`, and name it: `image = "..."`.
    """

    code = "FF-883"


class BlockMissingError(ProjectError):
    """A pool or a job names a block that the Prefect server does not have.

    Save the block under that name first; `prefect block ls` lists those that are there.
    """

    code = "FF-884"


class UpstreamKeyError(ProjectError):
    """What a job runs after is no dataset that this project makes or reads, and no asset key.

    Write a key (`gold.rates`), that of a used project (`finance/gold.rates`), or the key of
    another tool's asset in full (`s3://bucket/rates`).
    """

    code = "FF-885"


class LocalStoreError(ProjectError):
    """A job runs on other machines, but its environment's tables are in a folder of this one.

    Put the tables where those machines reach them: `store = "s3://..."` in `[env.NAME]`. For a
    disk that they all have under the same path write it as `file:///...`.
    """

    code = "FF-886"


class OtherProjectError(ProjectError):
    """The server has jobs of another project that has the same name and environment.

    Each would take the other's jobs away. Give one of the two another `name` in `[project]`. If
    they are one project, give both the same `id` there.
    """

    code = "FF-887"


class ServerDatabaseError(ProjectError):
    """The variable that names the database of a Prefect server holds no URL of PostgreSQL.

    Set it to `postgresql://user:password@host/database`. Without `--database-from` the server
    keeps its data in a file below `PREFECT_HOME`.
    """

    code = "FF-888"
