"""fidelity: queries written once in DuckDB's SQL, by target: right, refused, wrong, not taken.

Run on the engines that stand for the targets: fakesnow, GoogleSQL's evaluator, PostgreSQL. For
Synapse there is none, so a grammar alone reads its text. The peer is sqlglot, from the typed tree.
TPC-H and TPC-DS are of a tenth of the smallest official size; GoogleSQL's evaluator only says that
it takes those texts, and runs TPC-H on a hundredth of these rows.
`FLOWFORGE_SQL_CORPUS` names a folder of more cases, as JSON.
"""

from __future__ import annotations

import os

from harness.contest import Run, Score
from harness.figures import Figure, Reading, Target, figure
from harness.setting import Setting, slow

ROUNDS = 1
SCALE = "0.1"
EVERY = 8  # of the hostile queries
ENGINES = ("snowflake", "bigquery", "redshift", "postgres")
MOST_REFUSED = {"snowflake": 5, "bigquery": 5, "redshift": 10, "synapse": 20}
WORLDS = ("cases", "idioms", "values", "tpch", "tpcds", "small tpch", "corpus")
GRAMMARS = ("snowflake", "bigquery", "redshift", "synapse")
# Where an engine holds the rows of TPC. GoogleSQL's evaluator holds few, and of TPC-DS none.
WITH_ROWS = {"tpch": ("snowflake", "redshift"), "tpcds": ("snowflake", "redshift")}
WITH_ROWS |= {"small tpch": ("bigquery",)}


def run(setting: Setting) -> list[Figure]:
    """Ours beside sqlglot's."""
    data = setting.folder("tpc")
    scale = SCALE if setting.scale == 1 else "0.01"
    made = setting.peer("tpc", "data", "tpc_data", data, scale)
    setting.compete(slow(made), rounds=ROUNDS)
    corpus = os.environ.get("FLOWFORGE_SQL_CORPUS", "")
    every = EVERY if setting.scale == 1 else 200
    rest = (data, every, *([corpus] if corpus else []))
    scores = setting.compete(
        slow(setting.ours("ours", "fidelity", *rest), timeout_seconds=3000),
        slow(setting.hand("sqlglot", "fidelity_sqlglot", *rest), timeout_seconds=3000),
        rounds=ROUNDS,
    )
    figures = [_bad(scores, target, word) for target in ENGINES for word in ("wrong", "invalid")]
    figures += [_bad(scores, "bigquery", "invalid", world=world) for world in ("tpch", "tpcds")]
    figures += [_unlike(scores, t, world) for world, of in WITH_ROWS.items() for t in of]
    figures += [_unread(scores, target) for target in GRAMMARS]
    figures += [_empty(scores, world) for world in ("idioms", *WITH_ROWS)]
    return figures + [_refused(scores, target, has_corpus=bool(corpus)) for target in MOST_REFUSED]


def _unlike(scores: dict[str, Score], target: str, world: str) -> Figure:
    """Queries that did not give DuckDB's rows, for whatever reason."""
    right, whole = _sum("right", target, (world,)), _sum("all", target, (world,))
    return figure(
        "fidelity",
        f"{target}: not the rows of DuckDB, {world}",
        "queries",
        scores["ours"],
        read=lambda run: whole(run) - right(run),
        peer=scores["sqlglot"],
        target=Target(0, "ours"),
    )


def _unread(scores: dict[str, Score], target: str) -> Figure:
    """But for the texts of which tests/evidence/grammar_words.py says why."""
    name, read = f"{target}: not read by sqlfluff", _sum("unread", target, WORLDS)
    ours = scores["ours"]
    return figure("fidelity", name, "queries", ours, read=read, target=Target(0, "ours"))


def _empty(scores: dict[str, Score], world: str) -> Figure:
    """Queries that show little, since no row comes of the data."""
    return figure(
        "fidelity",
        f"{world}: without a row or a value",
        "queries",
        scores["ours"],
        read=lambda run: run.said[f"{world} empty"],
    )


def _bad(scores: dict[str, Score], target: str, word: str, world: str = "") -> Figure:
    worlds = (world,) if world else WORLDS
    return figure(
        "fidelity",
        f"{target}: {word}{f', {world}' if world else ''}",
        "queries",
        scores["ours"],
        read=_sum(word, target, worlds),
        peer=scores["sqlglot"],
        target=Target(0, "ours"),
    )


def _refused(scores: dict[str, Score], target: str, *, has_corpus: bool) -> Figure:
    """Of the corpus and TPC, or without a corpus of our own cases and TPC."""
    worlds = ("corpus" if has_corpus else "cases", "tpch", "tpcds")
    part, whole = _sum("refused", target, worlds), _sum("all", target, worlds)
    return figure(
        "fidelity",
        f"{target}: refused of {' and '.join(worlds)}",
        "%",
        scores["ours"],
        read=lambda run: 100 * part(run) / max(whole(run), 1),
        peer=scores["sqlglot"],
        target=Target(MOST_REFUSED[target], "ours"),
    )


def _sum(word: str, target: str, worlds: tuple[str, ...]) -> Reading:
    """The counts of the worlds that were tried: one that says none of them has not been counted."""

    def read(run: Run) -> float:
        counts = [
            run.said[f"{world} {target} {word}"]
            for world in worlds
            if f"{world} {target} all" in run.said
        ]
        if not counts:
            raise ValueError(f"no count of what is {word} on {target} in {', '.join(worlds)}")
        return sum(counts)

    return read
