"""`flowforge deploy`: the jobs of a project on a Prefect server."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

from cyclopts import Parameter

from flowforge_assets.cli.options import COMMON, Common, Flag
from flowforge_assets.cli.paint import Style, Text
from flowforge_assets.cli.words import counted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from flowforge_assets.api import Project
    from flowforge_assets.cli.terminal import Terminal
    from flowforge_assets.compile.build_folder import BuildFolder
    from flowforge_assets.execute.deploy import Action, Change

DIFFERENT: Final = 3
DRY_RUN: Final = "Say what would be changed on the server, and change nothing."
EXIT_CODE: Final = "Exit with 3 if something is changed, or would be."
_STYLES: Final[dict[Action, Style]] = {"add": "green", "change": "yellow", "remove": "red"}


def deploy(
    *jobs: Annotated[str, Parameter(help="Some jobs; all of them without.", show_default=False)],
    dry_run: Annotated[Flag, Parameter(help=DRY_RUN)] = False,
    exit_code: Annotated[Flag, Parameter(help=EXIT_CODE)] = False,
    common: Common = COMMON,
) -> int:
    """Bring the jobs of a project to a Prefect server: what is so already is not touched."""
    # All that deploys is loaded on use: it compiles, and asks Prefect, which takes seconds.
    from flowforge_assets.compile.build_folder import make_build
    from flowforge_assets.compile.deployment import describe_deployments
    from flowforge_assets.execute.prefect_api import load_prefect, reach_api

    terminal, project = common.terminal(), common.load()
    load_prefect(is_quiet=True)
    reach_api()
    # As above; and Prefect is to be told first that it reports nothing.
    from flowforge_assets.execute.deploy import deploy as deploy_to_server
    from flowforge_assets.execute.deployed import BundlePlace

    build = make_build(project, plan=False)
    env = project.environment.shown
    wanted = describe_deployments(
        *(project.config, project.environment),
        version=build.version,
        datasets=project.graph.datasets,
        jobs=jobs,
    )
    home = project.config.root.resolve()
    folder = home / ".flowforge" / "deploy" / env / build.version
    if not dry_run:
        _keep(build, folder)
    changes = deploy_to_server(
        wanted,
        BundlePlace(folder, home),
        project=project.config.name,
        env=env,
        removes=not jobs,
        is_dry=dry_run,
    )
    if terminal.json:
        terminal.data({**as_json(changes, is_dry=dry_run), "version": build.version})
    else:
        show_changes(terminal, changes)
        _sum_up(terminal, project, changes, len(wanted), is_dry=dry_run)
    return DIFFERENT if exit_code and changes else 0


def show_changes(terminal: Terminal, changes: Sequence[Change]) -> None:
    """A line for each change, and below it one for each thing that is not as it is to be."""
    for change in changes:
        action = Text(f"{change.action:<7}", _STYLES[change.action])
        terminal.say(action, f"{change.kind} ", Text(change.name, "bold"))
        for detail in change.details:
            terminal.say(" " * 7, Text(detail, "dim"))


def as_json(changes: Sequence[Change], *, is_dry: bool) -> dict[str, object]:
    """The changes as `--json` has them."""
    found = [
        {
            "action": change.action,
            "kind": change.kind,
            "name": change.name,
            "details": list(change.details),
        }
        for change in changes
    ]
    return {"dry_run": is_dry, "changes": found}


def _keep(build: BuildFolder, folder: Path) -> None:
    """Writes the compiled folder where it is not yet: runs of that version may be using it."""
    from flowforge_assets.compile.build_folder import BUNDLE, write_build  # as in `deploy`
    from flowforge_assets.compile.bundle import read_bundle

    if not (folder / BUNDLE).is_dir() or read_bundle(folder / BUNDLE).version != build.version:
        write_build(build, folder)


def _sum_up(
    terminal: Terminal, project: Project, changes: Sequence[Change], wanted: int, *, is_dry: bool
) -> None:
    of = f"{counted(wanted, 'deployment')} of {project.config.name}"
    if not changes:
        terminal.note(f"nothing to change: {of} as declared")
    elif is_dry:
        terminal.note(f"{counted(len(changes), 'change')} to make, none made")
    else:
        terminal.note(f"{counted(len(changes), 'change')} made, {of} as declared")
