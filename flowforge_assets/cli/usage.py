"""What is wrong with a command line, in our words."""

from __future__ import annotations

import re

from cyclopts import (
    CoercionError,
    CycloptsError,
    MissingArgumentError,
    UnknownCommandError,
    UnknownOptionError,
    UnusedCliTokensError,
)

from flowforge_assets.cli.commands import COMMANDS
from flowforge_assets.errors.base import did_you_mean
from flowforge_assets.errors.project import UsageError


def usage_error(error: CycloptsError) -> UsageError:
    """The parser's error as ours (FF-809)."""
    command = " ".join(error.command_chain or ())
    more = f"`flowforge {command} --help`" if command else "`flowforge --help`"
    said, _, rest = str(error).partition(". ")
    said = re.sub(r'"([^"]*)"', r"`\1`", said).strip().rstrip(".")
    match error:
        case UnknownCommandError():
            name = error.unused_tokens[0] if error.unused_tokens else ""
            message = f"there is no command `{name}`"
            near = did_you_mean(name, [each.name for each in COMMANDS])
            return UsageError(message, hint=near or f"{more} lists them")
        case UnknownOptionError():
            found = re.search(r"Did you mean (\S+?)\?", rest)
            hint = f"did you mean `{found[1]}`?" if found else f"{more} lists them"
            return UsageError(f"`{said.rpartition(' ')[2]}` is no option", hint=hint)
        case UnusedCliTokensError():
            extra = " ".join(error.unused_tokens or ())
            return UsageError(f"`{extra}` is more than the command takes", hint=f"see {more}")
        case MissingArgumentError():
            found = re.search(r"parameter (\S+)", said)
            name = found[1] if found else "a value"
            what = f"`{name}` needs a value" if name.startswith("-") else f"`{name}` is missing"
            return UsageError(what, hint=f"see {more}")
        case CoercionError():
            found = re.search(r"Choose from: (.*?)\.?$", rest)
            names = re.sub(r'"([^"]*)"', r"`\1`", found[1]) if found else ""
            return UsageError(_lower(said), hint=f"choose from {names}" if names else f"see {more}")
        case _:
            return UsageError(_lower(said), hint=f"see {more}")


def _lower(text: str) -> str:
    return text[:1].lower() + text[1:]
