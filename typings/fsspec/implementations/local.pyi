from typing import Literal

from fsspec import AbstractFileSystem

class LocalFileSystem(AbstractFileSystem):
    @classmethod
    def _strip_protocol(cls, path: str) -> str: ...
    def pipe_file(
        self, path: str, value: bytes, mode: Literal["overwrite", "create"] = "overwrite"
    ) -> None: ...
