"""`prefect.yaml` of Prefect 3.8 as models: what it reads, and nothing that it would pass over.

Prefect's own models let unknown keys go in silence; these name them. A test holds their fields
against Prefect's.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated, Any, Literal, TypeAlias, cast

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    JsonValue,
    PlainSerializer,
    model_validator,
)

Actions: TypeAlias = list[dict[str, JsonValue]] | dict[str, JsonValue]


def _seconds(interval: timedelta) -> int | float:
    seconds = interval.total_seconds()
    return int(seconds) if seconds.is_integer() else seconds


Seconds: TypeAlias = Annotated[timedelta, PlainSerializer(_seconds)]
Name: TypeAlias = Annotated[str, Field(min_length=1)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class YamlWorkPool(_Strict):
    """Where runs of a deployment take place."""

    name: Name
    work_queue_name: str | None = None
    job_variables: dict[str, JsonValue] = {}


class YamlConcurrency(_Strict):
    """How many runs of a deployment go on at once; a number alone is the limit."""

    limit: Annotated[int, Field(ge=1)]
    collision_strategy: Literal["ENQUEUE", "CANCEL_NEW"] | None = None
    grace_period_seconds: Annotated[int, Field(ge=0)] | None = None

    @model_validator(mode="before")
    @classmethod
    def _with_limit(cls, given: Any) -> Any:  # noqa: ANN401 - as the file has it
        return {"limit": given} if isinstance(given, int) else given


class YamlSchedule(_Strict):
    """When a deployment runs: one of `cron`, `interval` (seconds) and `rrule`."""

    cron: str | None = None
    interval: Seconds | None = None
    rrule: str | None = None
    timezone: str | None = None
    anchor_date: str | None = None
    active: bool | str | None = None
    parameters: dict[str, JsonValue] = {}
    slug: str | None = None
    replaces: str | None = None
    day_or: bool | str | None = None

    @model_validator(mode="before")
    @classmethod
    def _one_kind(cls, given: Any) -> Any:  # noqa: ANN401 - as the file has it
        if isinstance(given, dict):
            table = cast("Mapping[str, object]", given)
            kinds = [kind for kind in ("cron", "interval", "rrule") if table.get(kind) is not None]
            if len(kinds) != 1:
                msg = "a schedule has one of `cron`, `interval` and `rrule`"
                raise ValueError(msg)
        return cast("object", given)


class YamlDeployment(_Strict):
    """One deployment."""

    name: Name
    version: str | None = None
    version_type: str | None = None
    tags: list[str] | str | None = None
    description: str | None = None
    schedule: YamlSchedule | None = None
    schedules: list[YamlSchedule] | None = None
    paused: bool | None = None
    concurrency_limit: YamlConcurrency | None = None
    flow_name: str | None = None
    entrypoint: Name
    parameters: dict[str, JsonValue] = {}
    enforce_parameter_schema: bool | None = None
    build: Actions | None = None
    push: Actions | None = None
    pull: Actions | None = None
    work_pool: YamlWorkPool
    triggers: list[dict[str, JsonValue]] | None = None
    sla: list[dict[str, JsonValue]] | None = None


class PrefectYaml(_Strict):
    """The file."""

    prefect_version: Annotated[str | None, Field(alias="prefect-version")] = None
    name: str | None = None
    build: Actions | None = None
    push: Actions | None = None
    pull: Actions | None = None
    deployments: list[YamlDeployment] = []

    @model_validator(mode="after")
    def _names_once(self) -> PrefectYaml:
        names = [each.name for each in self.deployments]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            msg = f"two deployments are called `{twice[0]}`"
            raise ValueError(msg)
        return self


MODELS: Mapping[str, type[BaseModel]] = {
    "": PrefectYaml,
    "deployments": YamlDeployment,
    "schedule": YamlSchedule,
    "schedules": YamlSchedule,
    "concurrency_limit": YamlConcurrency,
    "work_pool": YamlWorkPool,
}
"""The model of a table by the key that it stands under."""
