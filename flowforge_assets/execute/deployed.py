"""A deployment as a Prefect server has it beside how it is to be: the same fields, then compared.

Imports Prefect, so it is loaded by who deploys, and by nobody else.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeAlias, cast

from prefect.client.schemas.actions import DeploymentScheduleCreate
from prefect.client.schemas.schedules import CronSchedule, IntervalSchedule, RRuleSchedule
from pydantic import BaseModel, ValidationError

from flowforge_assets.compile.deployment import (
    ENTRYPOINT,
    IMAGE_FOLDER,
    PARAMETERS,
    Deployment,
    schedule_json,
)
from flowforge_assets.errors.deploy import ScheduleError
from flowforge_assets.project.job_schedule import Cron, Every, JobSchedule, Recurrence
from flowforge_assets.project.pools import BlockReference

if TYPE_CHECKING:
    from prefect.client.schemas.responses import DeploymentResponse

Fields: TypeAlias = Mapping[str, object]
"""What can be compared of a deployment, by name; the values are JSON."""
PrefectSchedule: TypeAlias = CronSchedule | IntervalSchedule | RRuleSchedule

HOME_VARIABLE: Final = "FLOWFORGE_HOME"
_GO_THERE: Final = "prefect.deployments.steps.set_working_directory"
_HIDDEN: Final = "parameter schema"
_LONGEST: Final = 60
_UNSAID: Final = ("anchor_date", "day_or")


@dataclass(frozen=True, slots=True)
class BundlePlace:
    """Where processes of this machine find the compiled folder, and the project's own data."""

    folder: Path
    home: Path


def wanted_fields(
    deployment: Deployment, place: BundlePlace, blocks: Mapping[BlockReference, str]
) -> Fields:
    """How the deployment is to be; `blocks` has the ids of those that it names."""
    pool, limit = deployment.pool, deployment.concurrency
    variables: dict[str, object] = {
        name: {"$ref": {"block_document_id": blocks[value]}}
        if isinstance(value, BlockReference)
        else value
        for name, value in deployment.job_variables.items()
    }
    if not pool.is_remote:
        env = variables["env"]
        assert isinstance(env, dict)  # noqa: S101 - it is made so
        variables["env"] = {**env, HOME_VARIABLE: str(place.home)}
    folder = IMAGE_FOLDER if pool.is_remote else str(place.folder)
    schedule = None if deployment.schedule is None else prefect_schedule(deployment)
    return {
        "version": deployment.version,
        "description": deployment.description,
        "entrypoint": ENTRYPOINT,
        "folder": [{_GO_THERE: {"directory": folder}}],
        "tags": sorted(deployment.tags),
        "parameters": dict(deployment.parameters),
        _HIDDEN: [True, dict(PARAMETERS)],
        "pool": pool.name,
        "variables": variables,
        "schedules": [] if schedule is None else [schedule_fields(schedule)],
        "concurrency": None if limit is None else [limit.limit, limit.on_collision],
    }


def deployed_fields(found: DeploymentResponse) -> Fields:
    """How the server has it."""
    limit, options = found.global_concurrency_limit, found.concurrency_options
    strategy = "enqueue" if options is None else str(options.collision_strategy.value).lower()
    return {
        "version": found.version,
        "description": found.description,
        "entrypoint": found.entrypoint,
        "folder": found.pull_steps,
        "tags": sorted(found.tags),
        "parameters": found.parameters,
        _HIDDEN: [found.enforce_parameter_schema, found.parameter_openapi_schema],
        "pool": found.work_pool_name,
        "variables": found.job_variables,
        "schedules": [schedule_fields(each.schedule) for each in found.schedules],
        "concurrency": None if limit is None else [limit.limit, strategy],
    }


def differences(was: Fields, wanted: Fields) -> tuple[str, ...]:
    """A line for each field that is not as it is to be: `parameters: {...} -> {...}`."""
    return tuple(_changed(was, wanted))


def prefect_schedule(deployment: Deployment) -> PrefectSchedule:
    """The schedule of a deployment that has one.

    Raises:
        ScheduleError: Prefect cannot read it (FF-871).
    """
    schedule = deployment.schedule
    assert schedule is not None  # noqa: S101 - who has none is not asked
    try:
        # As the server has it: a rule without a beginning gets one.
        read = DeploymentScheduleCreate(schedule=_prefect_schedule(schedule)).schedule
    except ValidationError as error:
        said = str(error.errors()[0]["msg"]).lower()
        message = f"Prefect cannot read the schedule of the job `{deployment.job}`: {said}"
        hint = "docs/guide/deploy.md shows the three kinds of schedules"
        raise ScheduleError(message, hint=hint) from error
    assert isinstance(read, (CronSchedule, IntervalSchedule, RRuleSchedule))  # noqa: S101 - no others
    return read


def schedule_fields(schedule: BaseModel) -> object:
    """A schedule in JSON, as it can be compared."""
    return schedule.model_dump(mode="json")


def _prefect_schedule(schedule: JobSchedule) -> PrefectSchedule:
    told = schedule_json(schedule)
    match schedule:
        case Cron():
            return CronSchedule.model_validate(told)
        case Every():
            return IntervalSchedule.model_validate(told)
        case Recurrence():
            return RRuleSchedule.model_validate(told)


def outline(fields: Fields) -> tuple[str, ...]:
    """A line for each thing that people want to know of a new deployment."""
    told = {name: fields[name] for name in ("pool", "schedules", "concurrency") if fields[name]}
    given = {name: value for name, value in _parameters(fields).items() if value}
    return tuple(f"{name}: {_shown(value)}" for name, value in {**told, **given}.items())


def _parameters(fields: Fields) -> Fields:
    return cast("Fields", fields["parameters"])


def _changed(was: Fields, wanted: Fields) -> Iterator[str]:
    for name, value in wanted.items():
        before = was[name]
        if before == value:
            continue
        if name == _HIDDEN:
            yield f"{name}: changed"
        elif _is_table(value) and _is_table(before):
            yield from _inside(name, cast("Fields", before), cast("Fields", value))
        else:
            yield f"{name}: {_shown(before)} -> {_shown(value)}"


def _is_table(value: object) -> bool:
    return isinstance(value, dict)


def _inside(name: str, was: Fields, wanted: Fields) -> Iterator[str]:
    """A line for each key; a whole table would hide what has changed in it."""
    for key in sorted({*was, *wanted}):
        before, after = was.get(key), wanted.get(key)
        if before != after:
            yield f"{name}.{key}: {_shown(before)} -> {_shown(after)}"


def _shown(value: object) -> str:
    text = _words(value)
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 3]}..."


def _words(value: object) -> str:
    """JSON without its marks: `cron 0 5 * * *, timezone Europe/Berlin`."""
    match value:
        case None | []:
            return "none"
        case dict():
            told = cast("Fields", value)
            return ", ".join(f"{k} {_words(v)}" for k, v in told.items() if k not in _UNSAID)
        case list():
            return " ".join(map(_words, cast("list[object]", value)))
        case str():
            return value
        case _:
            return json.dumps(value)
