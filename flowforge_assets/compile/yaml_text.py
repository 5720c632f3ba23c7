"""YAML of plain values, written so that the same values give the same bytes."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Final, TypeAlias, cast

Yaml: TypeAlias = "str | int | float | bool | Sequence[Yaml] | Mapping[str, Yaml] | None"

_PLAIN: Final = re.compile(r"[A-Za-z_/][\w./@-]*(?::[\w./@-]+)*")
# What YAML 1.1, as Prefect reads it, takes for something else than a text.
_WORDS: Final = frozenset({"y", "n", "yes", "no", "on", "off", "true", "false", "null", "nan"})


def yaml_text(value: Mapping[str, Yaml]) -> str:
    """The mapping as a YAML document; keys stay in their order.

    >>> print(yaml_text({"name": "nightly", "tags": ["a", "1"], "pool": {"cpu": 2}}), end="")
    name: nightly
    tags:
      - a
      - "1"
    pool:
      cpu: 2
    """
    return "".join(f"{line}\n" for line in _lines(value))


def _lines(value: Yaml) -> Iterator[str]:
    if isinstance(value, Mapping) and value:
        for key, item in value.items():
            yield from _entry(f"{_scalar(key)}:", list(_lines(item)), is_short=not _is_nested(item))
    elif _is_nested(value):
        for item in cast("Sequence[Yaml]", value):
            first, *rest = _lines(item)
            yield f"- {first}"
            yield from (f"  {line}" for line in rest)
    else:
        yield _scalar(value)


def _entry(head: str, below: list[str], *, is_short: bool) -> Iterator[str]:
    if is_short:
        yield f"{head} {below[0]}"
        return
    yield head
    yield from (f"  {line}" for line in below)


def _is_nested(value: Yaml) -> bool:
    """Whether it takes lines of its own."""
    return bool(value) and isinstance(value, (Mapping, Sequence)) and not isinstance(value, str)


def _scalar(value: Yaml) -> str:
    """JSON, which YAML takes too; a plain word stands without quotes."""
    if isinstance(value, str) and _PLAIN.fullmatch(value) and value.lower() not in _WORDS:
        return value
    text = json.dumps(value, ensure_ascii=isinstance(value, str) and not value.isprintable())
    # without a point YAML 1.1 takes `1e-05` for a text
    return text.replace("e", ".0e") if isinstance(value, float) and "." not in text else text
