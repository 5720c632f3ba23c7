"""The flags that commands share, and the project that they name."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final, TypeAlias

from cyclopts import Parameter, validators

from flowforge_assets.cli.terminal import Terminal
from flowforge_assets.errors.project import UsageError
from flowforge_assets.plan.as_of import read_time

if TYPE_CHECKING:
    from datetime import datetime

    from flowforge_assets.api import Project

Key: TypeAlias = Annotated[str, Parameter(help="A dataset: silver.orders, or orders.")]
Select: TypeAlias = Annotated[
    str | None, Parameter(name=["--select", "-s"], help="Some assets: orders, +orders, layer:gold.")
]
Partition: TypeAlias = Annotated[
    str | None,
    Parameter(name=["--partition", "-p"], help="Some partitions: 2013-01-01..2013-01-31."),
]
Version: TypeAlias = Annotated[
    int | None, Parameter(help="As it was at a version.", validator=validators.Number(gte=0))
]
At: TypeAlias = Annotated[
    str | None, Parameter(help="As it was at a time: 2026-01-31, 2026-01-31T12:00 (UTC).")
]
Flag: TypeAlias = Annotated[bool, Parameter(negative="", show_default=False)]


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True, slots=True)
class Common:
    """The flags that every command on a project takes."""

    project: Annotated[
        Path,
        Parameter(name=["--project", "-C"], help="The project's folder.", show_default=False),
    ] = Path()
    env: Annotated[
        str, Parameter(name=["--env", "-e"], env_var="FLOWFORGE_ENV", help="The environment.")
    ] = "dev"
    json: Annotated[Flag, Parameter(name="--json", help="One JSON object on standard output.")] = (
        False
    )
    quiet: Annotated[
        Flag, Parameter(name=["--quiet", "-q"], help="Only the answer, and errors.")
    ] = False
    verbose: Annotated[Flag, Parameter(name=["--verbose", "-v"], help="Say more.")] = False
    yes: Annotated[Flag, Parameter(name=["--yes", "-y"], help="Answer yes to questions.")] = False

    def load(self) -> Project:
        """The project in its environment."""
        from flowforge_assets.api import Project  # `init` needs no project

        return Project.load(self.project, env=self.env)

    def terminal(self) -> Terminal:
        """Where this command speaks."""
        return Terminal(json=self.json, quiet=self.quiet, verbose=self.verbose)


COMMON: Final = Common()


def when_asked(version: int | None, at: str | None) -> int | datetime | None:
    """What `--version` or `--at` says; None without them.

    Raises:
        UsageError: both are given, or the time cannot be read (FF-809).
    """
    if version is not None and at is not None:
        message = "`--version` and `--at` both say which version is meant"
        raise UsageError(message, hint="leave one of them out")
    return version if at is None else read_time(at)
