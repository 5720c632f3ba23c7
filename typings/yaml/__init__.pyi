from collections.abc import Hashable, Sequence
from typing import Any

class Mark:
    line: int
    column: int

class Node:
    start_mark: Mark

class ScalarNode(Node):
    value: str

class MappingNode(Node):
    value: Sequence[tuple[Node, Node]]

class SequenceNode(Node):
    value: Sequence[Node]

class YAMLError(Exception): ...

class MarkedYAMLError(YAMLError):
    problem: str | None
    problem_mark: Mark | None

class SafeLoader:
    def construct_mapping(self, node: MappingNode, deep: bool = ...) -> dict[Hashable, Any]: ...

def compose(stream: str, Loader: type[SafeLoader]) -> Node | None: ...
def load(stream: str, Loader: type[SafeLoader]) -> Any: ...
def safe_load(stream: str) -> Any: ...
def safe_dump(data: object, *, sort_keys: bool = ...) -> str: ...
