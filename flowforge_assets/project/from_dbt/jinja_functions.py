"""dbt's functions of Jinja that only turn one value into another."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from typing import Final

import yaml


def same(value: object) -> object:
    """The value: what a filter that only says a type gives."""
    return value


def _nothing(*_: object, **__: object) -> str:
    return ""


def _from_json(said: str, default: object = None) -> object:
    try:
        return json.loads(said)
    except ValueError:
        return default


def _to_json(value: object, default: object = None, *, sort_keys: bool = False) -> object:
    try:
        return json.dumps(value, sort_keys=sort_keys)
    except TypeError:
        return default


def _from_yaml(said: str, default: object = None) -> object:
    try:
        return yaml.safe_load(said)
    except yaml.YAMLError:
        return default


def _to_yaml(value: object, default: object = None, *, sort_keys: bool = False) -> object:
    try:
        return yaml.safe_dump(value, sort_keys=sort_keys)
    except yaml.YAMLError:
        return default


def _set(values: Iterable[object], default: object = None) -> object:
    try:
        return set(values)
    except TypeError:
        return default


def _zip(*values: Iterable[object], default: object = None) -> object:
    try:
        return list(zip(*values, strict=False))
    except TypeError:
        return default


def _md5(said: str) -> str:
    return hashlib.md5(said.encode(), usedforsecurity=False).hexdigest()


PLAIN_FUNCTIONS: Final[Mapping[str, object]] = {
    "log": _nothing,
    "print": _nothing,
    "fromjson": _from_json,
    "tojson": _to_json,
    "fromyaml": _from_yaml,
    "toyaml": _to_yaml,
    "set": _set,
    "set_strict": _set,
    "zip": _zip,
    "zip_strict": _zip,
    "local_md5": _md5,
    "dbt_version": "1.11.0",
    "flags": {"FULL_REFRESH": False, "WHICH": "run"},
}
