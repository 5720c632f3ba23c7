"""From a command line to an exit code."""

from __future__ import annotations

import io
import os
import sys
import tempfile
import threading
import traceback
from pathlib import Path
from typing import Final

from cyclopts import App, CycloptsError

from flowforge_assets.cli.commands import COMMANDS, LEADING_FLAGS, help_page
from flowforge_assets.cli.terminal import Terminal, flat
from flowforge_assets.cli.usage import usage_error
from flowforge_assets.errors.base import FlowForgeError
from flowforge_assets.errors.project import UsageError

_BUG: Final = 70
_INTERRUPTED: Final = 130


def dispatch(argv: list[str]) -> int:
    """Runs the command that `argv` names; every error becomes words and an exit code."""
    _encode_everything()
    flags = set(argv[: argv.index("--")] if "--" in argv else argv)
    terminal = Terminal(json="--json" in flags, verbose=bool(flags & {"-v", "--verbose"}))
    words = _command_first(argv)
    if words[0] in {"-h", "--help"}:
        terminal.say(help_page())
        return 0
    try:
        if words[0] in LEADING_FLAGS:
            hint = "`flowforge --help` lists the commands"
            raise UsageError("no command is named", hint=hint)  # noqa: TRY301 - as any other
        code = parser()(words)
    except CycloptsError as error:
        return _refused(terminal, words[0], usage_error(error))
    except FlowForgeError as error:
        return _refused(terminal, words[0], error)
    except KeyboardInterrupt:
        terminal.note("interrupted")
        if any(thread.name.startswith("flowforge") for thread in threading.enumerate()):
            # Interrupted twice: steps go on, and Python must not take itself apart under them.
            # Whatever they were about to commit is committed whole, or not at all.
            os._exit(_INTERRUPTED)
        return _INTERRUPTED
    except Exception as error:  # noqa: BLE001 - the last place that can say something useful
        return _broke_down(terminal, error)
    return code if isinstance(code, int) else 0


def parser() -> App:
    """The commands; each is imported when it is called."""
    app = App(
        name="flowforge",
        help_format="plaintext",
        version_flags=(),
        suppress_keyboard_interrupt=False,
        exit_on_error=False,
        print_error=False,
        result_action="return_value",
    )
    for command in COMMANDS:
        target = f"flowforge_assets.cli.{command.target}"
        app.command(target, name=command.name, group=command.group, help=_sentence(command.summary))
    return app


def _sentence(summary: str) -> str:
    return f"{summary[0].upper()}{summary[1:]}."


def _command_first(argv: list[str]) -> list[str]:
    """`-C shop run -q` as `run -q -C shop`: common flags may stand before the command."""
    at = 0
    while at < len(argv) and argv[at].partition("=")[0] in LEADING_FLAGS:
        at += 1 + (LEADING_FLAGS.get(argv[at], False))
    leading, rest = argv[:at], argv[at:]
    end = rest.index("--") if "--" in rest else len(rest)
    return [*rest[:end], *leading, *rest[end:]]


def _refused(terminal: Terminal, command: str, error: FlowForgeError) -> int:
    if terminal.json and command == "run":
        # One line, and the last event, as who reads events line by line expects it.
        counts = dict.fromkeys(("made", "failed", "skipped", "fresh"), 0)
        errors = [each.as_json() for each in flat([error])]
        said = {"version": 1, "data": None, "event": "run_finished", "run_id": None}
        terminal.json_line(said | {"status": "failed"} | counts | {"errors": errors})
    elif terminal.json:
        terminal.data(None, [error])
    else:
        terminal.errors([error])
    return max(each.exit_code for each in flat([error]))


def _broke_down(terminal: Terminal, error: Exception) -> int:
    """Says that this is our bug, and where its traceback is."""
    text = "".join(traceback.format_exception(error))
    message = f"this is a bug in FlowForge Assets: {type(error).__name__}: {error}"
    if terminal.verbose:
        hint = "report it with the traceback above"
        sys.stderr.write(text)
    else:
        hint = f"report it with the traceback in `{_kept(text)}` (`-v` prints it)"
    if terminal.json:
        said = {"code": None, "message": message, "file": None, "line": None, "hint": hint}
        terminal.json_line({"version": 1, "data": None, "errors": [said]}, indent=2)
    else:
        sys.stderr.write(f"{terminal.err('error', 'red')}: {message}\nhint: {hint}\n")
    return _BUG


def _kept(text: str) -> Path:
    with tempfile.NamedTemporaryFile(
        "w", prefix="flowforge-traceback-", suffix=".txt", encoding="utf-8", delete=False
    ) as file:
        file.write(text)
    return Path(file.name)


def _encode_everything() -> None:
    """A terminal that cannot show a character shows a question mark instead."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
