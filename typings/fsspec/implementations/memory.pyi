from typing import ClassVar, Literal

from fsspec import AbstractFileSystem

class MemoryFileSystem(AbstractFileSystem):
    store: ClassVar[dict[str, object]]
    pseudo_dirs: ClassVar[list[str]]
    @classmethod
    def _strip_protocol(cls, path: str) -> str: ...
    def pipe_file(
        self, path: str, value: bytes, mode: Literal["overwrite", "create"] = "overwrite"
    ) -> None: ...
