"""prefect_plain.py COUNT: a flow of plain Prefect tasks over the graph that our assets have.

Each is a `materialize` task with an asset of its own, submitted with the futures that it reads.
Nothing is cached or stored.
"""

from __future__ import annotations

import sys
from typing import Any

from prefect import flow
from prefect.assets import materialize
from prefect.cache_policies import NO_CACHE
from prefect.task_runners import ThreadPoolTaskRunner
from workloads.clock import measured, say
from workloads.graph import parents

count = int(sys.argv[1])
reads = parents("line_and_fan", count)


def make_task(number: int) -> Any:  # noqa: ANN401 - Prefect's own type has many parameters
    """The task of one asset."""
    made = materialize(
        f"bench://d{number}", cache_policy=NO_CACHE, persist_result=False, name=f"d{number}"
    )
    return made(lambda up: (up or 0) + 1)


tasks = [make_task(number) for number in range(count)]


@flow(task_runner=ThreadPoolTaskRunner(max_workers=2))
def plain() -> int:
    """How many tasks have completed."""
    futures: list[Any] = []
    for task, read in zip(tasks, reads, strict=True):
        futures.append(task.submit(None if read is None else futures[read]))
    return sum(future.result() > 0 for future in futures)


with measured() as cost:
    done = plain()
if done != count:
    raise SystemExit(f"{done} of {count} tasks completed")
say(cost)
