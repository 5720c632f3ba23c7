"""How many queries come out right on each target, by us or by sqlglot alone.

python fidelity.py ours|sqlglot TPC EVERY [CORPUS]
"""

from __future__ import annotations

import json
import sys
import time
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
    grammars,
    postgres,
)
from flowforge_assets.sql import Emitted, emit
from grammar_words import DIALECTS, NOT_READ
from postgres_server import postgres_server
from rows_alike import is_vacuous
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


def _engines(stack: ExitStack, world: World, dsn: str) -> dict[str, Engine]:
    """The engines that take part, with the tables."""
    engines: dict[str, Engine] = {}
    if not world.only:
        server = stack.enter_context(postgres(dsn, world.name))
        world.enter(server)
        if world.is_large:
            server.settle(world.keys)
        engines = {"postgres": server, "redshift": server}
        engines["snowflake"] = snowflake = stack.enter_context(fakesnow())
        world.enter(snowflake)
    engines["bigquery"] = evaluator = stack.enter_context(googlesql())
    if world.is_large:
        evaluator.enter({table: TableRows(of, []) for table, of in world.schema.items()})
    else:
        world.enter(evaluator)
    return engines


def counted(world: World, dsn: str, write: Writer, *, tells: bool) -> Counter[tuple[str, str]]:
    """The outcomes by target; what is bad is told on standard error.

    Under no target's name, `empty` counts the queries that give no row or nothing in it.
    """
    counts: Counter[tuple[str, str]] = Counter()
    with ExitStack() as stack:
        reference = stack.enter_context(duckdb_reference())
        world.enter(reference)
        engines = _engines(stack, world, dsn)
        grammar = stack.enter_context(grammars()) if tells else None
        for name, sql in world.queries:
            try:
                wanted = reference.run(sql)
            except EngineError:
                continue  # it stops at one of the values, or is refused by DuckDB itself
            counts["", "empty"] += is_vacuous(wanted)
            for target in sorted(world.only) or TARGETS:
                text = write(sql, world, target)
                asked = None if (target, name) in NOT_COUNTED else engines.get(target)
                verdict = _verdict(text, target, wanted, asked, sql=sql, world=world)
                counts[target, verdict.outcome.value] += 1
                if verdict.outcome in {Outcome.WRONG, Outcome.INVALID} and tells:
                    print(verdict.outcome, target, name, verdict.seen[:300], file=sys.stderr)
                if grammar is not None and text.text and _is_read(world, target):
                    counts[target, "unread"] += _unread(grammar, target, name, text.text)
    return counts


def _is_read(world: World, target: str) -> bool:
    """Whether a grammar is asked, which takes long: most where no engine is at hand."""
    asked = {"cases", "tpch"} | ({"idioms", "tpcds", "corpus"} if target == "synapse" else set())
    return target in DIALECTS and world.name in asked


def _unread(grammar: PipedEngine, target: str, name: str, text: str) -> bool:
    """Whether sqlfluff does not read a text, but for those that grammar_words lists."""
    if (target, name.removeprefix("idiom.")) in NOT_READ:
        return False
    part = grammar.parse(DIALECTS[target], text)
    if part:
        print("unread", target, name, part, file=sys.stderr)
    return bool(part)


def main(write: Writer, arguments: list[str], *, tells: bool = True) -> None:
    """Prints the counts, by world, target and outcome, as one line of JSON."""
    tpc, every, *more = arguments
    corpus = Path(more[0]) if more else None
    said: dict[str, float] = {}
    with postgres_server() as dsn:
        for world in worlds(Path(tpc), corpus, every=int(every)):
            started = time.monotonic()
            counts = counted(world, dsn, write, tells=tells)
            if tells:
                print(f"{world.name}: {time.monotonic() - started:.0f} s", file=sys.stderr)
            said[f"{world.name} empty"] = counts["", "empty"]
            for target in TARGETS:
                outcomes = {outcome.value: counts[target, outcome.value] for outcome in Outcome}
                said |= {f"{world.name} {target} {word}": n for word, n in outcomes.items()}
                said[f"{world.name} {target} unread"] = counts[target, "unread"]
                said[f"{world.name} {target} all"] = sum(outcomes.values())
    print(json.dumps(said))


if __name__ == "__main__":
    main(written, sys.argv[1:])
