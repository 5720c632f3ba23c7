"""The digest of a data file, which stands in its name, so that a flipped bit is no other row.

Parquet's own checksums are neither written nor verified by most, and most flipped bits of a page
give other values without an error. The digest is the 64-bit XXH3 of the whole file, in hex, as the
last part of its name: `part-TOKEN-0-9f86d081884c7d65.zstd.parquet`. Files of other programs, and
those that were compacted, have none.
"""

from __future__ import annotations

import re
from collections.abc import Hashable
from functools import lru_cache
from pathlib import Path
from typing import Final

from xxhash import xxh3_64

_NAMED: Final = re.compile(r"part-[0-9a-f]{32}-\d+-([0-9a-f]{16})\.zstd\.parquet")
_CHUNK_BYTES: Final = 1 << 20


def digest_of(file: Path) -> str:
    """The digest of a file's bytes; a gigabyte takes about a fifth of a second."""
    digest = xxh3_64()
    with file.open("rb", buffering=0) as content:
        while chunk := content.read(_CHUNK_BYTES):
            digest.update(chunk)
    return digest.hexdigest()


def named_with(path: str, digest: str) -> str:
    """The name of the data file `part-TOKEN-N.zstd.parquet` with its digest in it."""
    return f"{path.removesuffix('.zstd.parquet')}-{digest}.zstd.parquet"


def is_intact(file: Path, mark: Hashable) -> bool:
    """Whether a file holds what its name says; one whose name says nothing does.

    `mark` is another when the file is: a file is read once in the life of a process.
    """
    named = _NAMED.fullmatch(file.name)
    return named is None or _known(file, mark) == named[1]


@lru_cache(maxsize=65_536)
def _known(file: Path, mark: Hashable) -> str:  # noqa: ARG001 - a key of the cache
    return digest_of(file)
