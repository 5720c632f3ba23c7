"""The commands, and the page that `flowforge --help` prints.

The one table that the help page and the parser are both made of. It imports nothing, so that
help costs no more than starting Python.
"""

from __future__ import annotations

from typing import NamedTuple


class Command(NamedTuple):
    """A command: `target` is where its function is, loaded when it is called."""

    name: str
    usage: str
    target: str
    group: str
    summary: str


COMMANDS = (
    Command("init", "[DIR]", "start:init", "Start", "make a small project that runs at once"),
    Command("new", "KEY", "start:new", "Start", "add a dataset and the asset that makes it"),
    Command("infer", "FILE", "infer:infer", "Start", "print a dataset class for a file of data"),
    Command(
        "import",
        "dbt|sqlmesh DIR",
        "import_project:app",
        "Start",
        "bring a project of another tool",
    ),
    Command("sync", "", "sync:sync", "Start", "write classes for what SQL files and seeds make"),
    Command("doctor", "", "doctor:doctor", "Start", "look over installation and project"),
    Command("ls", "", "ls:ls", "See", "list the datasets: fresh, stale or never made"),
    Command("show", "KEY", "show:show", "See", "a dataset's columns, rules, partitions and rows"),
    Command(
        "lineage", "KEY[.COLUMN]", "lineage:lineage", "See", "what it comes from, what reads it"
    ),
    Command("sql", "KEY", "sql:sql", "See", "its query as it is written for a target"),
    Command("history", "[KEY]", "history:history", "See", "the last runs, or those of a dataset"),
    Command("why", "KEY", "why:why", "See", "why its partitions are stale, or fresh"),
    Command("check", "", "check:check", "Work", "type-check the project without data"),
    Command("plan", "", "plan:plan", "Work", "what a run would make, and why"),
    Command("run", "[PLAN]", "run:run", "Work", "make what is out of date, or what a plan says"),
    Command("cancel", "[RUN]", "cancel:cancel", "Work", "end a run after what is going on"),
    Command(
        "backfill", "[SELECTION]", "backfill:backfill", "Work", "make many partitions in chunks"
    ),
    Command("backfills", "[cancel ID]", "backfills:app", "Work", "how far backfills are; end one"),
    Command("test", "", "test:run_tests", "Work", "test queries; with --stored, what is stored"),
    Command("adopt", "KEY", "adopt:adopt", "Work", "take a table that is there as made"),
    Command("maintain", "", "maintain:maintain", "Work", "keep tables small, and logs short"),
    Command("restore", "KEY", "restore:restore", "Work", "put a table back to an older version"),
    Command(
        "reproduce", "KEY@VERSION", "reproduce:reproduce", "Work", "make a version again, compare"
    ),
    Command("ledger", "rebuild|prune", "ledger:app", "Work", "mend or shorten the record of runs"),
    Command("parity", "[KEY]", "parity:parity", "Work", "try queries on the engine of a target"),
    Command("server", "", "server:server", "Ship", "run a Prefect server on this machine"),
    Command(
        "compile", "", "compile:compile", "Ship", "write what runs it anywhere, or SQL scripts"
    ),
    Command("deploy", "[JOB]", "deploy:deploy", "Ship", "bring jobs to a Prefect server"),
    Command("undeploy", "", "undeploy:undeploy", "Ship", "take them away from it again"),
)

LEADING_FLAGS = {
    "-C": True,
    "--project": True,
    "-e": True,
    "--env": True,
    "--json": False,
    "-q": False,
    "--quiet": False,
    "-v": False,
    "--verbose": False,
    "-y": False,
    "--yes": False,
}
"""The flags that may stand before the command, and whether a value follows."""

_FLAGS = """\
  -C, --project DIR      the project's folder (default: this one)
  -e, --env NAME         the environment (default: $FLOWFORGE_ENV, or dev)
  -s, --select TEXT      some assets: orders, +orders, orders+, layer:gold, tag:x, kind:sql,
                         with and, or, not and parentheses
  -p, --partition KEYS   some partitions: 2013-01-01..2013-01-31
      --json             one JSON object on standard output (run: a line an event)
  -q, --quiet            say only what was asked for, and errors
  -v, --verbose          say more
  -y, --yes              answer yes to questions"""


def help_page() -> str:
    """What `flowforge --help` prints."""
    lines = ["Usage: flowforge COMMAND [OPTIONS]", "", "Typed data pipelines, made incrementally."]
    group = ""
    for command in COMMANDS:
        if command.group != group:
            group = command.group
            lines += ["", f"{group}:"]
        lines.append(f"  {f'{command.name} {command.usage}':<23}{command.summary}")
    lines += ["", "Flags of most commands:", _FLAGS, ""]
    lines.append("`flowforge COMMAND --help` says more; `flowforge --version` names the version.")
    return "\n".join(lines)
