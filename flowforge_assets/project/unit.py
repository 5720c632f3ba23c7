"""Units: the definitions of a source file, each with a key, a digest and the names it uses."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import blake2b
from typing import Final


@dataclass(frozen=True, slots=True)
class Unit:
    """A definition: the digest of its own text, and the names that it takes from outside.

    The digest does not say those names: it counts them in the order of `uses`.

    A use is a dotted name as written (`helpers.fn`), or for an import inside a function the
    module and name after colons (`:shop.helpers:fn`, `:.helpers:fn`, `:json:`).
    """

    digest: str
    uses: tuple[str, ...] = ()


def function_key(line: int, name: str) -> str:
    """The key of a function or lambda, whose code object says `line` and `name`."""
    return f"{line}:{name}"


def class_key(qualified_name: str) -> str:
    """The key of a class; nothing says on which line it stands."""
    return f"class {qualified_name}"


def name_key(name: str) -> str:
    """The key of what a module assigns to a name, or imports under it."""
    return f"= {name}"


MODULE_KEY: Final = "module"


def short_digest(text: str) -> str:
    """Sixteen hex digits."""
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()
