"""`flowforge deploy`: the jobs of a project on a Prefect server."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Final

from cyclopts import Parameter

from flowforge_assets.cli.compile import show_unlisted
from flowforge_assets.cli.options import COMMON, Common, Flag
from flowforge_assets.cli.paint import Style, Text
from flowforge_assets.cli.words import counted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from flowforge_assets.api import Project
    from flowforge_assets.cli.terminal import Terminal
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
    from flowforge_assets.compile.deployment import Owner, describe_deployments
    from flowforge_assets.execute.prefect_api import load_prefect, reach_api

    terminal, project = common.terminal(), common.load()
    load_prefect(is_quiet=True)
    server = reach_api()
    # As above; and Prefect is to be told first that it reports nothing.
    from flowforge_assets.execute.deploy import deploy as deploy_to_server
    from flowforge_assets.execute.deploy import versions_in_use
    from flowforge_assets.execute.deploy_folders import DeployFolders
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
    owner = Owner(project.config.name, env, project.config.id)
    folders = DeployFolders.of(home, owner, server=server)
    place = BundlePlace(folders.of_version(build.version), home)
    removed: tuple[str, ...] = ()
    if dry_run:
        changes = deploy_to_server(wanted, place, owner=owner, removes=not jobs, is_dry=True)
    else:
        with folders.held():
            folders.keep(build)
            changes = deploy_to_server(wanted, place, owner=owner, removes=not jobs)
            used = versions_in_use(owner, folders.versions())
            removed = folders.sweep({build.version, *used})
    if terminal.json:
        said = as_json(changes, is_dry=dry_run, removed=removed)
        unlisted = {name: str(place) for name, place in build.unlisted.items()}
        terminal.data({**said, "version": build.version, "unlisted": unlisted})
    else:
        show_unlisted(terminal, build)
        show_changes(terminal, changes)
        show_removed(terminal, removed)
        _sum_up(terminal, project, changes, len(wanted), is_dry=dry_run)
    return DIFFERENT if exit_code and changes else 0


def show_changes(terminal: Terminal, changes: Sequence[Change]) -> None:
    """A line for each change, and below it one for each thing that is not as it is to be."""
    for change in changes:
        action = Text(f"{change.action:<7}", _STYLES[change.action])
        terminal.say(action, f"{change.kind} ", Text(change.name, "bold"))
        for detail in change.details:
            terminal.say(" " * 7, Text(detail, "dim"))


def show_removed(terminal: Terminal, versions: Sequence[str]) -> None:
    """Says which compiled folders are no more."""
    if versions:
        folders = counted(len(versions), "compiled folder")
        terminal.note(f"removed {folders} that nothing uses any more: {', '.join(versions)}")


def as_json(
    changes: Sequence[Change], *, is_dry: bool, removed: Sequence[str]
) -> dict[str, object]:
    """The changes as `--json` has them, and the versions whose folders were removed."""
    found = [
        {
            "action": change.action,
            "kind": change.kind,
            "name": change.name,
            "details": list(change.details),
        }
        for change in changes
    ]
    return {"dry_run": is_dry, "changes": found, "removed_folders": list(removed)}


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
