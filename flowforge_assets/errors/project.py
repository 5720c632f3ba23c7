"""FF-8xx: the project file, its environments, the command line."""

from __future__ import annotations

from flowforge_assets.errors.base import FlowForgeError


class ProjectError(FlowForgeError):
    """The project or the command line is wrong; each way has a code of its own below."""

    code = "FF-800"
    exit_code = 2


class NoProjectError(ProjectError):
    """The folder holds no `flowforge.toml`.

    Go to the project's folder, name it with `-C DIR`, or start one with `flowforge init`.
    """

    code = "FF-801"


class ConfigSyntaxError(ProjectError):
    """The project file cannot be read as TOML; the place is where reading stopped.

    Mend that line, or the one before it. The file is TOML in UTF-8.
    """

    code = "FF-802"


class UnknownConfigKeyError(ProjectError):
    """The project file has a key that means nothing.

    Mend its spelling; docs/reference/config.md lists the keys.
    """

    code = "FF-803"


class UnknownEnvironmentError(ProjectError):
    """An environment was asked for that the project file does not have.

    Add a table `[env.NAME]`, or use one that is there; `dev` always is.
    """

    code = "FF-804"


class ConfigValueError(ProjectError):
    """A value in the project file has the wrong type or is out of range.

    Write the value as the hint shows.
    """

    code = "FF-805"


class ModuleError(ProjectError):
    """A module of the project cannot be imported.

    Its own traceback follows, without our frames. Mend the module, or its name under `modules`.
    """

    code = "FF-806"


class SelectionError(ProjectError):
    """A selection cannot be read, or names something that is not there.

    Write keys, asset names, `+orders`, `orders+`, `layer:gold`, `group:crm`, `tag:x`, `owner:y`,
    `kind:sql`, with `and`, `or`, `not` and parentheses.
    """

    code = "FF-807"


class ResourceSettingsError(ProjectError):
    """A resource's settings are missing in this environment, or do not fit its class.

    Add a table `[env.NAME.resources.CLASS]` with the class's annotated attributes.
    """

    code = "FF-808"


class UsageError(ProjectError):
    """The command line cannot be understood.

    `flowforge --help` lists the commands, `flowforge COMMAND --help` their options.
    """

    code = "FF-809"


class FolderInUseError(ProjectError):
    """A new project or file would overwrite something that is there.

    Name an empty folder, or another name.
    """

    code = "FF-810"


class NotWritableError(ProjectError):
    """A file of a new project or asset cannot be written.

    Give this user rights to the folder, free some space on its disk, or name another folder.
    """

    code = "FF-811"


class UsedProjectError(ProjectError):
    """A project named under `[uses.NAME]` is not there, or clashes with this one.

    Give its folder as `path`, or install its package and give that as `package`. The modules of
    the two must have different names.
    """

    code = "FF-812"


class NamespaceError(ProjectError):
    """An environment's `namespace` names an environment variable that is not set, or no plain word.

    Set the variable, or write the name itself. It may have letters, digits, `-` and `_`. To
    write the shared tables themselves use an environment with the same `store` and no namespace.
    """

    code = "FF-813"


class ReadFromError(ProjectError):
    """Environments read from one another in a circle.

    `read_from` names the environment that lends what this one has not made: cut the circle.
    """

    code = "FF-814"


class NeverMadeHereError(ProjectError):
    """A dataset was selected that this project reads and never makes.

    Someone else makes it: select what reads it (`KEY+`), or make it in its own project.
    """

    code = "FF-815"


class BadPartitionKey(ProjectError):
    """A text or value is no partition key of its dimension.

    Write hours as `2026-01-31T23` (UTC), days as `2026-01-31`, weeks as the date of their
    Monday, months as `2026-01`; years run from 1000 to 9998.
    """

    code = "FF-830"


class UnknownPartition(ProjectError):
    """A partition was asked for that is not among those the dataset declares.

    The message names the declared set. An open-ended set ends with the last complete partition:
    today is not in a daily set yet.
    """

    code = "FF-831"


class BadPartitionRange(ProjectError):
    """A partition selection cannot be read, or a range ends before it begins.

    Write `A`, `A..B` (both ends included), `A..`, `..B`, or several with commas; for several
    dimensions `day=2026-01-01..2026-01-31;country=de,ch`, where one left out means all of it.
    """

    code = "FF-832"


class UnknownDimension(ProjectError):
    """A partition selection names a dimension that the dataset does not have.

    Use the names of the dataset's partition columns; `flowforge show` prints them.
    """

    code = "FF-833"


class NotPartitioned(ProjectError):
    """A partition was asked for of a dataset that has none.

    Leave the partition out, or give the dataset class a `partition=`.
    """

    code = "FF-834"


class UnknownTimeZone(ProjectError):
    """A partition dimension names a time zone that this machine does not know.

    Use an IANA name such as `Europe/Berlin`; without a system database install `tzdata`.
    """

    code = "FF-835"


class BadPartitioning(ProjectError):
    """Declared partitions contradict themselves.

    Give each dimension a column of its own, an end that is not before its start, and values that
    are not empty and not repeated.
    """

    code = "FF-836"


class UnconfirmedRebuildError(ProjectError):
    """Tables that keep their history are to be emptied, and nobody is here to agree to it.

    What their inputs no longer hold is lost with that. Say `--yes` if it may be.
    """

    code = "FF-838"


class NoSyncPlaceError(ProjectError):
    """`flowforge sync` has no place for its module: the project has no Python.

    A project that is all in SQL needs no classes. Else name its package under `modules`, or the
    file to write as `sync`, both in `[project]`.
    """

    code = "FF-840"


class ForeignModuleError(ProjectError):
    """The file that `flowforge sync` would write is there, and was written by someone else.

    Rename it, or say another place: `sync = "shop/sql_datasets.py"` in `[project]`.
    """

    code = "FF-841"


class StaleSyncError(ProjectError):
    """The module of classes that `flowforge sync` wrote is not what the files declare now.

    Write it anew with `flowforge sync`, and check it in.
    """

    code = "FF-845"
    exit_code = 1


class PrefectMissingError(ProjectError):
    """A run with Prefect was asked for, and Prefect is not installed.

    Install the extra: `pip install 'flowforge-assets[prefect]'`. It states the versions of
    Prefect's own libraries with which its server works.
    """

    code = "FF-850"


class NoPrefectApiError(ProjectError):
    """A run with Prefect was asked for, and no Prefect server is named.

    Start one with `flowforge server` and set `PREFECT_API_URL`, or choose a Prefect profile
    that has it. A server of its own, as Prefect starts one by default, would forget the run.
    """

    code = "FF-851"


class PrefectUnreachableError(ProjectError):
    """The Prefect server that is named does not answer, or is not healthy.

    See that it runs, that `PREFECT_API_URL` ends with `/api`, and that nothing in between stops
    the connection. Nothing was planned or made.
    """

    code = "FF-852"


class PrefectFailedError(ProjectError):
    """Prefect itself failed in the middle of a run, most often since its server went away.

    What was made is made, and the ledger knows it: start the run again when the server is back.
    """

    code = "FF-853"
    exit_code = 1


class PrefectStepError(ProjectError):
    """Prefect ended a step's task without running the step.

    The message has Prefect's own reason, such as a concurrency limit of zero on one of its tags.
    """

    code = "FF-854"
    exit_code = 1


class PrefectServerError(ProjectError):
    """The Prefect server that was to run here did not start, or has ended.

    Its port may be taken: another is chosen with `--port`. Else what the server printed says why;
    `flowforge doctor` sees whether the packages that it needs are of versions that fit together.
    """

    code = "FF-855"


class PrefectVersionError(ProjectError):
    """The Prefect server that is named is of a version that this Prefect cannot work with.

    The server may be newer than the Prefect that is installed here, within its major version, but
    not older. Bring the server up to date, or name another one. Nothing was planned or made.
    """

    code = "FF-856"


class LostServerError(ProjectError):
    """The Prefect server did not answer any more, and the project says to stop then.

    What was made is made, and the ledger knows it: start the run again. With
    `on_lost_server = "go on"` in `[prefect]` a run goes on without its server, and tells it later.
    """

    code = "FF-857"
    exit_code = 1


class RebuildPartitionsError(ProjectError):
    """A table is to be emptied and made anew, but only some of its partitions are asked for.

    Leave out the partitions: what is not made again would be lost.
    """

    code = "FF-837"
