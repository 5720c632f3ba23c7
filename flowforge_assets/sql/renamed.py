"""A query under other names of its tables: what a rename of a dataset did to it, undone."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from hashlib import sha256

from flowforge_assets.core.key import DatasetKey
from flowforge_assets.sql.file import SqlFile


def with_tables_named(file: SqlFile, names: Mapping[DatasetKey, DatasetKey]) -> SqlFile:
    """The file with other names where its query names a dataset; `digest` is its own.

    Names in texts are taken for the dataset, too: it is for telling equal queries, not for running.
    """
    longest_first = sorted(names, key=len, reverse=True)
    keys = "|".join(re.escape(key) for key in longest_first)
    found = re.compile(rf"(?<![\w.])(?:{keys})(?!\w)")
    query = found.sub(lambda match: names[DatasetKey(match[0])], file.query)
    spelt = ",".join(f"{key}={name}" for key, name in sorted(names.items()))
    return replace(file, query=query, digest=sha256(f"{file.digest} {spelt}".encode()).hexdigest())
