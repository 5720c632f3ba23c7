# What we use of aiobotocore, which comes without types.

from collections.abc import Callable, Mapping

class AioSession:
    def __init__(
        self, session_vars: Mapping[str, tuple[str | None, str | None, object, None]] | None = None
    ) -> None: ...
    def register(self, event_name: str, handler: Callable[..., None]) -> None: ...
