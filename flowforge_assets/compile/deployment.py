"""What is to be deployed: a deployment of Prefect for each job, as plain values.

Nothing here depends on the machine: where a process finds the compiled folder, and which id a
block has, is for who deploys it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, cast

from flowforge_assets.compile.prefect_flow import asset_key
from flowforge_assets.core.key import DatasetKey
from flowforge_assets.errors.base import FlowForgeError, did_you_mean, raise_all
from flowforge_assets.errors.deploy import (
    LocalLedgerError,
    LocalStoreError,
    NoJobsError,
    UnknownPoolError,
    UpstreamKeyError,
)
from flowforge_assets.project.config import ProjectConfig
from flowforge_assets.project.environment import Environment
from flowforge_assets.project.job_schedule import Cron, Every, JobSchedule, Recurrence
from flowforge_assets.project.jobs import Concurrency, FunctionHook, JobConfig
from flowforge_assets.project.pools import BlockReference, Pool, SecretBlock, find_pool
from flowforge_assets.storage.remote_url import is_remote

ENTRYPOINT: Final = "flow.py:make"
IMAGE_FOLDER: Final = "/opt/flowforge"
"""Where an image made of the compiled folder's Dockerfile has that folder."""
BUNDLE_VARIABLE: Final = "FLOWFORGE_BUNDLE"
"""Says in a run which version was deployed, so that an older image is seen."""
MARK: Final = "flowforge"
"""The tag of all that is deployed from here; what has not got it is never touched."""
_ID: Final = f"{MARK}-id:"
# An interval is counted from here, or a second deploy would move it.
ANCHOR: Final = datetime(2020, 1, 1, tzinfo=UTC)
PARAMETERS: Final[Mapping[str, object]] = {
    "title": "Parameters",
    "type": "object",
    "properties": {
        "select": {
            "title": "select",
            "description": "Which assets; all of them where it is empty.",
            "anyOf": [{"type": "string"}, {"type": "null"}],
            "default": None,
            "position": 0,
        },
        "partitions": {
            "title": "partitions",
            "description": "Which partitions: `2026-01-01..2026-01-31`.",
            "anyOf": [{"type": "string"}, {"type": "null"}],
            "default": None,
            "position": 1,
        },
        "force": {
            "title": "force",
            "description": "Whether what is fresh is made again.",
            "type": "boolean",
            "default": False,
            "position": 2,
        },
        "env": {
            "title": "env",
            "description": "The environment.",
            "anyOf": [{"type": "string"}, {"type": "null"}],
            "default": None,
            "position": 3,
        },
    },
}
"""What the flow of a compiled folder takes, as its schema in JSON."""


@dataclass(frozen=True, slots=True)
class Deployment:
    """One deployment, `<flow>/<name>` in Prefect.

    `owner` are the tags that all deployments of this project and environment have; `tags` has
    them and more. `job_variables` are JSON but for references to blocks. `after` are keys of
    Prefect's assets, `on_failure` the blocks that are called.
    """

    flow: str
    name: str
    job: str
    description: str
    version: str
    owner: tuple[str, ...]
    tags: tuple[str, ...]
    parameters: Mapping[str, object]
    schedule: JobSchedule | None
    concurrency: Concurrency | None
    pool: Pool
    job_variables: Mapping[str, object]
    after: tuple[str, ...]
    on_failure: tuple[BlockReference, ...]

    @property
    def full_name(self) -> str:
        """`shop/prod.nightly`."""
        return f"{self.flow}/{self.name}"


def deployment_name(env: str, job: str) -> str:
    """What the deployment of a job is called: `prod.nightly`.

    No job has a dot in its name, so that two never meet.
    """
    return f"{env}.{job}"


@dataclass(frozen=True, slots=True)
class Owner:
    """Whose a deployment is: a project's in one environment.

    `id` tells the project from others of its name, where its file says one.
    """

    project: str
    env: str
    id: str | None = None

    @property
    def name_tags(self) -> tuple[str, ...]:
        """What the deployments of all projects of this name have."""
        return (MARK, f"{MARK}-project:{self.project}", f"{MARK}-env:{self.env}")

    @property
    def tags(self) -> tuple[str, ...]:
        """What all its deployments have."""
        return self.name_tags if self.id is None else (*self.name_tags, f"{_ID}{self.id}")

    def is_named_by(self, tags: Iterable[str]) -> bool:
        """Whether what has these tags is of a project of this name."""
        return {*self.name_tags} <= {*tags}


def id_in(tags: Iterable[str]) -> str | None:
    """The id of the project that deployed what has these tags, if it had one."""
    return next((tag.removeprefix(_ID) for tag in tags if tag.startswith(_ID)), None)


def version_tag(version: str) -> str:
    """What a deployment of that version has, and each of its runs."""
    return f"{MARK}-version:{version}"


def describe_deployments(
    config: ProjectConfig,
    environment: Environment,
    *,
    version: str,
    datasets: Iterable[DatasetKey],
    jobs: Iterable[str] = (),
) -> tuple[Deployment, ...]:
    """The deployments of `jobs`, or of all jobs, in the order of their names.

    `datasets` are all that the project makes and reads; `version` is that of the compiled folder.

    Raises:
        NoJobsError: there is no such job, or none at all (FF-882).
        Problems: pools that are not there in this environment (FF-873), datasets that are not
            known (FF-885), a ledger on this machine for runs on others (FF-878), all at once.
    """
    wanted = list(_chosen(config.jobs, tuple(jobs)))
    known = frozenset(datasets)
    problems: list[FlowForgeError] = []
    found: list[Deployment] = []
    for job in wanted:
        pool = find_pool(job.pool, environment.config.pool, config.pools)
        if pool is None:
            message = f"the job `{job.name}` names a pool that `{environment.name}` does not have"
            hint = f"write `[pool.{job.pool}]` or `[env.{environment.name}.pool.{job.pool}]`"
            problems.append(UnknownPoolError(message, place=job.place, hint=hint))
            continue
        problems += _away_from_home(job, pool, environment)
        after: list[str] = []
        for key in job.after:
            try:
                after.append(_upstream(key, config, environment, known))
            except UpstreamKeyError as error:
                error.place = job.place
                problems.append(error)
        found.append(
            _deployment(config, environment, job, pool=pool, version=version, after=tuple(after))
        )
    raise_all(problems)
    return tuple(found)


def schedule_json(schedule: JobSchedule) -> Mapping[str, object]:
    """The schedule as Prefect's API and files have it."""
    match schedule:
        case Cron(text, timezone):
            return {"cron": text, "timezone": timezone, "day_or": True}
        case Every(interval, timezone):
            return {
                "interval": interval.total_seconds(),
                "anchor_date": ANCHOR.isoformat().replace("+00:00", "Z"),
                "timezone": timezone,
            }
        case Recurrence(rule, timezone):
            return {"rrule": rule, "timezone": timezone}


def _chosen(jobs: Mapping[str, JobConfig], names: tuple[str, ...]) -> Iterator[JobConfig]:
    if not jobs:
        hint = 'declare one: `[job.nightly]`, and below it `schedule = { cron = "0 5 * * *" }`'
        raise NoJobsError("the project has no job", hint=hint)
    for name in sorted(names or jobs):
        if name not in jobs:
            listed = ", ".join(f"`{each}`" for each in sorted(jobs))
            hint = did_you_mean(name, jobs) or f"the project has {listed}"
            raise NoJobsError(f"no job is called `{name}`", hint=hint)
        yield jobs[name]


def _deployment(
    config: ProjectConfig,
    environment: Environment,
    job: JobConfig,
    *,
    pool: Pool,
    version: str,
    after: tuple[str, ...],
) -> Deployment:
    owner = Owner(config.name, environment.shown, config.id).tags
    return Deployment(
        flow=config.name,
        name=deployment_name(environment.shown, job.name),
        job=job.name,
        description=f"Makes {job.select or 'all assets'} of {config.name} in {environment.shown}.",
        version=version,
        owner=owner,
        tags=tuple(sorted((*owner, f"{MARK}-job:{job.name}", version_tag(version)))),
        parameters={
            "select": job.select,
            "partitions": job.partitions,
            "force": job.force,
            "env": environment.name,
        },
        schedule=job.schedule,
        concurrency=job.concurrency,
        pool=pool,
        job_variables=_job_variables(pool, version),
        after=after,
        on_failure=tuple(h for h in job.on_failure if not isinstance(h, FunctionHook)),
    )


def _job_variables(pool: Pool, version: str) -> Mapping[str, object]:
    """What the infrastructure is told: secrets by the name of their block, never by value."""
    given: dict[str, object] = {**pool.extra, **pool.variables}
    found = {name: _told(value) for name, value in given.items()}
    env = {name: _told(value) for name, value in pool.env.items()}
    found["env"] = {**env, BUNDLE_VARIABLE: version}
    return dict(sorted(found.items()))


def _told(value: object) -> object:
    if isinstance(value, SecretBlock):
        # a worker puts the block's value there when it starts the run
        return f"{{{{ prefect.blocks.secret.{value.name} }}}}"
    return list(cast("tuple[object, ...]", value)) if isinstance(value, tuple) else value


def _upstream(
    key: str, config: ProjectConfig, environment: Environment, known: frozenset[DatasetKey]
) -> str:
    """The key of Prefect's asset whose making starts a job."""
    if "://" in key:
        return key
    dataset = DatasetKey.parse(key)
    uses = {use.name: use for use in config.uses}
    if dataset.project is None:
        if dataset not in known:
            hint = did_you_mean(key, known) or "`flowforge ls` lists the datasets"
            raise UpstreamKeyError(f"no dataset is called `{key}`", hint=hint)
        return asset_key(environment.name, dataset)
    if dataset.project not in uses:
        message = f"`{key}` is of a project that this one does not use"
        hint = did_you_mean(dataset.project, uses) or f"write `[uses.{dataset.project}]`"
        raise UpstreamKeyError(message, hint=hint)
    return asset_key(uses[dataset.project].env, dataset)


def _away_from_home(
    job: JobConfig, pool: Pool, environment: Environment
) -> Iterator[FlowForgeError]:
    """An error where runs elsewhere would each have a ledger of their own."""
    if pool.is_remote and environment.config.ledger is None:
        message = (
            f"the job `{job.name}` runs in the pool `{pool.table}` of type `{pool.kind}`, "
            f"but the ledger of `{environment.name}` is a file on this machine"
        )
        hint = f'write `ledger = {{ env = "LEDGER_URL" }}` in `[env.{environment.name}]`'
        yield LocalLedgerError(message, place=job.place, hint=hint)
    stores = [environment.config.store, *environment.config.stores.values()]
    if pool.is_remote and not all(store and _is_shared(store.url) for store in stores):
        message = (
            f"the job `{job.name}` runs in the pool `{pool.table}` of type `{pool.kind}`, "
            f"but tables of `{environment.name}` are in a folder of this machine"
        )
        hint = f'write `store = "s3://bucket/lake"` in `[env.{environment.name}]`'
        yield LocalStoreError(message, place=job.place, hint=hint)


def _is_shared(url: str) -> bool:
    """Whether others may reach it: a disk that is written as a URL may be one of the network."""
    return is_remote(url) or url.startswith("file://")
