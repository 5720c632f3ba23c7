"""How many queries come out right on each target, by us or by sqlglot alone.

python fidelity.py ours|sqlglot TPC EVERY [CORPUS]
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import workloads.sql_worlds  # noqa: F401 - makes the tests' modules findable
from workloads.sql_worlds import World, worlds

from engine_words import NOT_COUNTED
from evidence_engines import (
    Engine,
    EngineError,
    PipedEngine,
    Result,
    TableRows,
    duckdb_reference,
    fakesnow,
    googlesql,
    postgres,
)
from flowforge_assets.sql import Emitted, emit
from postgres_server import postgres_server
from verdicts import Outcome, Verdict, judged

TARGETS = ("snowflake", "bigquery", "redshift", "synapse", "postgres")


Writer = Callable[[str, World, str], Emitted]


def written(sql: str, world: World, target: str) -> Emitted:
    """Our text for a target."""
    return emit(sql, schema=world.schema, target=target)


def analyzed(emitted: Emitted, engine: PipedEngine) -> Verdict:
    """Whether the analyzer takes the text; the rows are too many for the evaluator."""
    if emitted.text is None:
        return Verdict(Outcome.REFUSED)
    try:
        engine.analyze(emitted.text)
    except EngineError as error:
        return Verdict(Outcome.INVALID, " ".join(str(error).split()))
    return Verdict(Outcome.NOT_RUN)


def _verdict(
    text: Emitted, target: str, wanted: Result, engine: Engine | None, *, sql: str, world: World
) -> Verdict:
    """What an engine says of a text; without one, whether there is a text."""
    if engine is None:
        return Verdict(Outcome.NOT_RUN if text.text else Outcome.REFUSED)
    if world.is_large and target == "bigquery" and isinstance(engine, PipedEngine):
        return analyzed(text, engine)
    return judged(text, target, wanted, engine, sql)


def counted(world: World, dsn: str, write: Writer, *, tells: bool) -> Counter[tuple[str, str]]:
    """The outcomes by target; what is bad is told on standard error."""
    counts: Counter[tuple[str, str]] = Counter()
    with ExitStack() as stack:
        reference = stack.enter_context(duckdb_reference())
        world.enter(reference)
        engines: dict[str, Engine | None] = {
            "snowflake": stack.enter_context(fakesnow()),
            "bigquery": stack.enter_context(googlesql()),
            "postgres": stack.enter_context(postgres(dsn, world.name)),
            "synapse": None,
        }
        for name, engine in engines.items():
            if isinstance(engine, PipedEngine) and world.is_large and name == "bigquery":
                engine.enter({t: TableRows(c, []) for t, c in world.schema.items()})
            elif engine is not None:
                world.enter(engine)  # type: ignore[arg-type] # one of those it knows
        engines["redshift"] = engines["postgres"]
        for name, sql in world.queries:
            try:
                wanted = reference.run(sql)
            except EngineError:
                continue  # it stops at one of the values, or is refused by DuckDB itself
            for target in TARGETS:
                text, engine = write(sql, world, target), engines[target]
                is_left_out = (target, name) in NOT_COUNTED
                asked = None if is_left_out else engine
                verdict = _verdict(text, target, wanted, asked, sql=sql, world=world)
                counts[target, verdict.outcome.value] += 1
                if verdict.outcome in {Outcome.WRONG, Outcome.INVALID} and tells:
                    print(verdict.outcome, target, name, verdict.seen[:300], file=sys.stderr)
    return counts


def main(write: Writer, arguments: list[str], *, tells: bool = True) -> None:
    """Prints the counts, by world, target and outcome, as one line of JSON."""
    tpc, every, *more = arguments
    corpus = Path(more[0]) if more else None
    said: dict[str, float] = {}
    with postgres_server() as dsn:
        for world in worlds(Path(tpc), corpus, every=int(every)):
            counts = counted(world, dsn, write, tells=tells)
            for target in TARGETS:
                of_target = {o: n for (t, o), n in counts.items() if t == target}
                for outcome in Outcome:
                    said[f"{world.name} {target} {outcome.value}"] = of_target.get(outcome.value, 0)
                said[f"{world.name} {target} all"] = sum(of_target.values())
    print(json.dumps(said))


if __name__ == "__main__":
    main(written, sys.argv[1:])
