"""`[pool.NAME]`: where the runs of jobs take place, and with what."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final, TypeAlias, cast

from flowforge_assets.errors.base import Place, did_you_mean
from flowforge_assets.errors.deploy import (
    JobVariableError,
    NoImageError,
    UnknownJobVariableError,
)
from flowforge_assets.project.pool_types import (
    POOL_TYPES,
    JobVariable,
    PoolKind,
    PoolType,
    VariableForm,
)
from flowforge_assets.project.table_reader import TableReader

TABLE: Final = "pool"
DEFAULT_POOL: Final = "default"
_OWN: Final = ("type", "name", "env", "variables")
_BLOCK_NAME: Final = r"[a-z0-9][a-z0-9-]*"


@dataclass(frozen=True, slots=True)
class SecretBlock:
    """A text that stands in a Secret block of the server, which the worker reads when it runs."""

    name: str


@dataclass(frozen=True, slots=True)
class BlockReference:
    """A block of the server: `{ block = "aws-credentials/prod" }`."""

    type: str
    name: str

    def __str__(self) -> str:
        """`aws-credentials/prod`."""
        return f"{self.type}/{self.name}"


VariableValue: TypeAlias = (
    str
    | int
    | float
    | bool
    | tuple[str, ...]
    | Mapping[str, object]
    | tuple[Mapping[str, object], ...]
    | SecretBlock
    | BlockReference
)


@dataclass(frozen=True, slots=True)
class Pool:
    """A work pool of Prefect, and what its infrastructure is told for each run.

    `name` is that of the work pool on the server. `variables` are of the pool's kind, `extra` of
    the base job template that somebody made his own: those are seen to on deploying.
    """

    table: str
    kind: PoolKind
    name: str
    variables: Mapping[str, VariableValue] = field(default_factory=dict[str, VariableValue])
    env: Mapping[str, str | SecretBlock] = field(default_factory=dict[str, str | SecretBlock])
    extra: Mapping[str, object] = field(default_factory=dict[str, object])

    @property
    def is_remote(self) -> bool:
        """Whether its runs may be on other machines, or see other files."""
        return self.kind != "process"


def find_pool(name: str, *pools: Mapping[str, Pool]) -> Pool | None:
    """The pool of that name in the first of `pools` that has it, an environment's before all.

    `default` is always there: processes, in the work pool `default`.
    """
    found = next((each[name] for each in pools if name in each), None)
    if found is None and name == DEFAULT_POOL:
        return Pool(DEFAULT_POOL, "process", DEFAULT_POOL)
    return found


class PoolReader(TableReader):
    """Reads tables of pools, and collects what is wrong with them."""

    def pools(self, tables: Mapping[str, object], where: str) -> Mapping[str, Pool]:
        """The pools in the table `where`, by their names there."""
        read = (self._pool(name, self.table(tables, name, where), where) for name in tables)
        return {pool.table: pool for pool in read if pool is not None}

    def _pool(self, name: str, raw: Mapping[str, object], around: str) -> Pool | None:
        where = f"{around}.{name}"
        given = self.text(raw, "type", where)
        kind = _kind(given)
        if kind is None:
            shown = ", ".join(f'"{each}"' for each in POOL_TYPES)
            hint = did_you_mean(given or "", POOL_TYPES) or 'write `type = "process"`'
            self.wrong("type", f"one of {shown}", where, hint)
            return None
        known = POOL_TYPES[kind]
        variables: dict[str, VariableValue] = {}
        for each, value in raw.items():
            if each in _OWN:
                continue
            variable = known.variables.get(each)
            if variable is None:
                self._unknown(each, kind, known, where)
            elif (read := self._value(each, variable, value, where)) is not None:
                variables[each] = read
        if known.image and not any(each in raw for each in known.image):
            message = f"the pool `{name}` starts containers, and has no `image`"
            hint = f'write `{known.image[0]} = "registry.example/shop:1"` in `[{where}]`'
            self.problems.append(NoImageError(message, place=self.find(where, "type"), hint=hint))
        return Pool(
            *(name, kind, self.text(raw, "name", where) or name, variables),
            env=self._env(raw, where),
            extra=dict(self.table(raw, "variables", where)),
        )

    def _env(self, raw: Mapping[str, object], where: str) -> Mapping[str, str | SecretBlock]:
        found: dict[str, str | SecretBlock] = {}
        for name, value in self.table(raw, "env", where).items():
            read = _read_text(value)
            if read is not None:
                found[name] = read
            else:
                hint = f'write `{name} = "..."` or `{name} = {{ secret = "block-name" }}`'
                self._misfit(name, "a text or a secret", f"{where}.env", hint)
        return found

    def _value(
        self, name: str, variable: JobVariable, value: object, where: str
    ) -> VariableValue | None:
        read, wanted, example = _FORMS[variable.form]
        found = read(value)
        text = found if isinstance(found, str) else None
        is_beside = text is not None and (
            (variable.choices and text not in variable.choices)
            or (variable.pattern and not re.fullmatch(variable.pattern, text))
        )
        if found is not None and not is_beside:
            return found
        if variable.choices:
            wanted = "one of " + ", ".join(f"`{each}`" for each in variable.choices)
            example = f'"{variable.choices[0]}"'
        hint = text and did_you_mean(text, variable.choices)
        shown = variable.example or example
        self._misfit(name, wanted, where, hint or f"write for example `{name} = {shown}`")
        return None

    def _misfit(self, name: str, wanted: str, where: str, hint: str) -> None:
        message = f"`{name}` in `[{where}]` is not {wanted}"
        at = self.find(where, name)
        at = Place(at.file, at.line)  # without the line's text, which may hold a secret
        self.problems.append(JobVariableError(message, place=at, hint=hint))

    def _unknown(self, name: str, kind: PoolKind, known: PoolType, where: str) -> None:
        message = f"`{name}` in `[{where}]` is no variable of a pool of type `{kind}`"
        names = [*_OWN, *known.variables]
        hint = did_you_mean(name, names) or f"known are {', '.join(f'`{n}`' for n in names)}"
        place = self.find(where, name)
        self.problems.append(UnknownJobVariableError(message, place=place, hint=hint))


def _kind(given: str | None) -> PoolKind | None:
    for kind in POOL_TYPES:
        if kind == given:
            return kind
    return None


def _read_text(value: object) -> str | SecretBlock | None:
    if isinstance(value, str):
        return value
    name = _only(value, "secret")
    return SecretBlock(name) if name and re.fullmatch(_BLOCK_NAME, name) else None


def _read_whole(value: object) -> int | None:
    is_whole = isinstance(value, int) and not isinstance(value, bool) and value >= 0
    return cast("int", value) if is_whole else None


def _read_number(value: object) -> float | None:
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool) and value > 0
    return float(cast("float", value)) if is_number else None


def _read_flag(value: object) -> bool | None:
    return value if isinstance(value, bool) else None


def _read_texts(value: object) -> tuple[str, ...] | None:
    items = cast("list[object]", value) if isinstance(value, list) else [None]
    found = tuple(item for item in items if isinstance(item, str))
    return found if len(found) == len(items) else None


def _read_mapping(value: object) -> Mapping[str, object] | None:
    found = _read_table(value)
    return found if found and all(isinstance(each, str) for each in found.values()) else None


def _read_table(value: object) -> Mapping[str, object] | None:
    return cast("dict[str, object]", value) if isinstance(value, dict) else None


def _read_tables(value: object) -> tuple[Mapping[str, object], ...] | None:
    items = cast("list[object]", value) if isinstance(value, list) else [None]
    found = tuple(each for each in map(_read_table, items) if each is not None)
    return found if len(found) == len(items) else None


def _read_block(value: object) -> BlockReference | None:
    found = re.fullmatch(rf"({_BLOCK_NAME})/({_BLOCK_NAME})", _only(value, "block") or "")
    return BlockReference(found[1], found[2]) if found else None


def _only(value: object, key: str) -> str | None:
    """The text under the one key of a table."""
    table = _read_table(value)
    if table is None or set(table) != {key}:
        return None
    text = table[key]
    return text if isinstance(text, str) else None


_FORMS: Final[Mapping[VariableForm, tuple[Callable[[object], VariableValue | None], str, str]]] = {
    "text": (_read_text, "a text that fits", '"..."'),
    "whole": (_read_whole, "a whole number from 0", "1"),
    "number": (_read_number, "a number above 0", "1.0"),
    "flag": (_read_flag, "true or false", "true"),
    "texts": (_read_texts, "a list of texts", '["a", "b"]'),
    "mapping": (_read_mapping, "a table of texts", '{ team = "data" }'),
    "table": (_read_table, "a table", '{ key = "value" }'),
    "tables": (_read_tables, "a list of tables", '[{ key = "value" }]'),
    "block": (_read_block, "a block of the server", '{ block = "type/name" }'),
}
"""How each form is read, what it is called, and an example of it."""
