"""The seam to whatever runs jobs elsewhere: submit one, look at it, end it.

A runner keeps nothing that a kill could lose: all that it needs to find a job again stands in the
`JobRef`, which is recorded before the job is first looked at.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, Protocol, Self, TypeAlias

JobStatus: TypeAlias = Literal["running", "succeeded", "failed", "lost"]


@dataclass(frozen=True, slots=True)
class JobRequest:
    """A job to start: its name as the runner knows it, and its arguments.

    `token` is the same when one submission is tried twice, and no other's: a service that takes
    such a token starts one job for it. Arguments hold no secrets: the runner has those.
    """

    name: str
    arguments: Mapping[str, str] = field(default_factory=dict[str, str])
    token: str = ""


@dataclass(frozen=True, slots=True)
class JobRef:
    """What finds a submitted job again, from any process that reaches its runner; no secrets.

    `runner` is the `name` of the runner that gave it, `id` what the job is called there.
    """

    runner: str
    id: str

    def to_json(self) -> str:
        """The reference as it is recorded."""
        return json.dumps({"runner": self.runner, "id": self.id})

    @classmethod
    def from_json(cls, text: str) -> Self:
        """The reference that `to_json` gave.

        Raises:
            ValueError: it is something else.
        """
        said: object = json.loads(text)
        match said:
            case {"runner": str(runner), "id": str(id_)}:
                return cls(runner, id_)
            case _:
                raise ValueError(text)


@dataclass(frozen=True, slots=True)
class JobState:
    """How a job stands; `message` says why it failed, without rows and secrets.

    `lost` means that the runner knows no such job any more, nor how it ended.
    """

    status: JobStatus
    message: str = ""

    @property
    def has_ended(self) -> bool:
        """Whether it writes nothing any more."""
        return self.status != "running"


class JobRunner(Protocol):
    """Starts jobs somewhere else; safe for use from several threads.

    What a method cannot reach it raises, in whatever form: that is no word on the job.
    """

    @property
    def name(self) -> str:
        """Kind and place, such as `local` or `databricks adb-12`: refs are for one name."""
        ...

    @property
    def poll_seconds(self) -> float:
        """How long to wait between two looks at a job."""
        ...

    def submit(self, request: JobRequest) -> JobRef:
        """Starts a job and gives what finds it again; does not wait for it.

        Raises:
            JobNotStartedError: there is no such job, or it may not be run (FF-732).
        """
        ...

    def poll(self, ref: JobRef) -> JobState:
        """How the job stands now; once it has ended, the same each time."""
        ...

    def cancel(self, ref: JobRef) -> None:
        """Asks a job to end, which may take a while; of one that has ended it asks nothing."""
        ...
