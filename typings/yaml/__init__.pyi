from collections.abc import Hashable
from typing import Any

class Mark:
    line: int
    column: int

class Node:
    start_mark: Mark

class MappingNode(Node): ...
class YAMLError(Exception): ...

class MarkedYAMLError(YAMLError):
    problem: str | None
    problem_mark: Mark | None

class SafeLoader:
    def construct_mapping(self, node: MappingNode, deep: bool = ...) -> dict[Hashable, Any]: ...

def load(stream: str, Loader: type[SafeLoader]) -> Any: ...
def safe_load(stream: str) -> Any: ...
def safe_dump(data: object, *, sort_keys: bool = ...) -> str: ...
