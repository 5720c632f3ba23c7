"""Secrets by reference: what stands in the project file, and the value behind it."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal, NoReturn, TypeAlias

from flowforge_assets.errors.stores import SecretMissingError

Source: TypeAlias = Literal["env", "file", "prefect_block"]

FORMS: Final = '`{ env = "NAME" }`, `{ file = "path" }` or `{ prefect_block = "type/name" }`'
"""How people write a reference."""


@dataclass(frozen=True, slots=True)
class Reference:
    """Where a value stands: a variable's name, a file's path, or a block as `type/name`.

    `field` is the one field of a Prefect block that is meant; without it the block's value.
    """

    source: Source
    name: str
    field: str | None = None

    def __str__(self) -> str:
        """As the project file has it: `{ env = "LAKE_KEY" }`."""
        field = f', field = "{self.field}"' if self.field else ""
        return f'{{ {self.source} = "{self.name}"{field} }}'


class Secret:
    """A value that is shown nowhere; it cannot be pickled, so that it leaves no process."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """The value itself, for the client that needs it."""
        return self._value

    def __repr__(self) -> str:
        return "***"

    __str__ = __repr__

    def __format__(self, spec: str) -> str:
        return format("***", spec)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._value == self._value

    def __hash__(self) -> int:
        return hash(self._value)

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        message = "a secret is not pickled"
        raise TypeError(message)


def resolve(reference: Reference) -> Secret:
    """The value that a reference stands for, as it is now; nothing is kept.

    Raises:
        SecretMissingError: it is not there, or is empty (FF-650).
    """
    match reference.source:
        case "env":
            value = os.environ.get(reference.name, "")
            missing = f"the environment variable `{reference.name}` is not set"
            hint = f"set it where the run starts: `export {reference.name}=...`"
        case "file":
            value, missing = _in_file(reference)
            hint = "write the secret into that file, readable by this user alone"
        case "prefect_block":
            value, missing = _in_block(reference)
            hint = "save the block, and name its field: `field = ...`"
    if not value:
        raise SecretMissingError(missing, hint=hint)
    return Secret(value)


def _in_file(reference: Reference) -> tuple[str, str]:
    path = Path(reference.name).expanduser()
    try:
        text = path.read_text(encoding="utf-8").strip()
    except OSError as error:
        said = (error.strerror or type(error).__name__).lower()
        message = f"the secret's file `{path}` cannot be read: {said}"
        hint = "write the secret into that file, readable by this user alone"
        raise SecretMissingError(message, hint=hint) from error
    except UnicodeDecodeError:
        # its text would quote bytes of the secret
        message = f"the secret's file `{path}` is not text in UTF-8"
        raise SecretMissingError(message, hint="write the secret as plain text") from None
    return text, f"the secret's file `{path}` is empty"


def _in_block(reference: Reference) -> tuple[str, str]:
    # Prefect takes seconds to import; only who keeps secrets there pays
    from flowforge_assets.storage.prefect_block import block_value

    return block_value(reference)
