"""`flowforge undeploy`: takes away from a Prefect server what `deploy` brought."""

from __future__ import annotations

from typing import Annotated

from cyclopts import Parameter

from flowforge_assets.cli.deploy import (
    DIFFERENT,
    DRY_RUN,
    EXIT_CODE,
    as_json,
    show_changes,
    show_removed,
)
from flowforge_assets.cli.options import COMMON, Common, Flag
from flowforge_assets.cli.words import counted
from flowforge_assets.project.config import read_config
from flowforge_assets.project.environment import Environment


def undeploy(
    *,
    dry_run: Annotated[Flag, Parameter(help=DRY_RUN)] = False,
    exit_code: Annotated[Flag, Parameter(help=EXIT_CODE)] = False,
    common: Common = COMMON,
) -> int:
    """Remove the deployments of a project's environment from a Prefect server, and no others."""
    from flowforge_assets.compile.deployment import Owner  # with what compiles
    from flowforge_assets.execute.prefect_api import load_prefect, reach_api  # takes seconds

    terminal = common.terminal()
    project = read_config(common.project)  # one whose modules are broken can be removed, too
    load_prefect(is_quiet=True)
    server = reach_api()
    # Prefect is to be told first that it reports nothing.
    from flowforge_assets.execute.deploy import undeploy as remove_from_server
    from flowforge_assets.execute.deploy import versions_in_use
    from flowforge_assets.execute.deploy_folders import DeployFolders

    env = Environment.of(project, common.env).shown
    owner = Owner(project.name, env, project.id)
    changes = remove_from_server(owner=owner, is_dry=dry_run)
    folders = DeployFolders.of(project.root.resolve(), owner, server=server)
    removed: tuple[str, ...] = ()
    if folders.root.is_dir() and not dry_run:
        with folders.held():
            removed = folders.sweep(versions_in_use(owner, folders.versions()))
    if terminal.json:
        terminal.data(as_json(changes, is_dry=dry_run, removed=removed))
    else:
        show_changes(terminal, changes)
        show_removed(terminal, removed)
        what = "to remove, none removed" if dry_run else "removed"
        terminal.note(f"{counted(len(changes), 'thing')} {what}" if changes else "nothing is there")
    return DIFFERENT if exit_code and changes else 0
