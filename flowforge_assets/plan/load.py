"""The graph of a project, with all that is wrong in it told at once."""

from __future__ import annotations

from collections.abc import Iterable

from flowforge_assets.core.key import DatasetKey
from flowforge_assets.core.table_name import same_names
from flowforge_assets.core.uncollected import uncollected
from flowforge_assets.declare.renamed import first_key
from flowforge_assets.errors.base import raise_all
from flowforge_assets.errors.sql_script import TableNameError
from flowforge_assets.graph.build import Graph, build_graph
from flowforge_assets.graph.writes import write_problems
from flowforge_assets.plan.fit import misfits
from flowforge_assets.project.config import ProjectConfig
from flowforge_assets.project.declared import declared_by
from flowforge_assets.project.environment import Environment
from flowforge_assets.project.sampling import unknown_shares
from flowforge_assets.project.stores import unknown_stores
from flowforge_assets.project.uses import NO_OTHERS, Foreign
from flowforge_assets.sql.analysis import SqlAnalysis


@uncollected()
def load_graph(
    config: ProjectConfig,
    environment: Environment,
    modules: Iterable[str],
    foreign: Foreign = NO_OTHERS,
) -> Graph:
    """What the imported `modules` and the files of a project declare, as a graph that works.

    Raises:
        Problems: all that is wrong with it (FF-1xx, FF-2xx, FF-4xx, FF-8xx), a stage at a time.
    """
    with SqlAnalysis(environment.cache_folder / "sql.json") as sql:
        graph = build_graph(declared_by(config, modules, sql, foreign, env=environment.name))
    env = environment.config
    shares = unknown_shares(env.sample, environment.name, graph.datasets)
    stores = unknown_stores(env.stores, environment.name, graph.datasets)
    raise_all([*write_problems(graph), *misfits(graph), *shares, *stores])
    return graph


def in_warehouse(environment: Environment, graph: Graph) -> Environment:
    """The environment, knowing which datasets of the graph are made in its warehouse.

    Raises:
        TableNameError: two of them would be one table there (FF-473).
    """
    found = environment.knowing(graph.assets.values(), lambda key: first_key(graph.datasets[key]))
    if found.warehouse is not None:
        refuse_meeting(found.in_warehouse)
    return found


def refuse_meeting(keys: Iterable[DatasetKey]) -> None:
    """Passes datasets that each have a table of their own in a warehouse."""
    for table, those in same_names(keys).items():
        shown = " and ".join(f"`{key}`" for key in sorted(those))
        message = f"{shown} would both be the table `{table}` of the warehouse"
        hint = "rename one of them: a group and a name are joined by `__` there"
        raise TableNameError(message, hint=hint)
