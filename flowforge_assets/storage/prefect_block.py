"""A secret that is kept in a Prefect block."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from typing import TYPE_CHECKING, cast

from flowforge_assets.errors.project import PrefectMissingError
from flowforge_assets.errors.stores import SecretMissingError

if TYPE_CHECKING:
    from prefect.client.orchestration import PrefectClient

    from flowforge_assets.storage.secrets import Reference


def block_value(reference: Reference) -> tuple[str, str]:
    """The value of the block or of its field, and what to say where it is empty.

    Asks the Prefect server that Prefect itself is set up for; the package that brought the
    block's type need not be installed.

    Raises:
        PrefectMissingError: Prefect is not installed (FF-850).
        SecretMissingError: there is no such block, or it has no such field (FF-650).
    """
    try:
        # an extra, and it takes seconds to import
        from prefect.client.orchestration import get_client
    except ImportError as error:
        message = f"the secret `{reference}` is in a Prefect block, and Prefect is not installed"
        hint = "install it: `pip install 'flowforge-assets[prefect]'`"
        raise PrefectMissingError(message, hint=hint) from error
    try:
        # in a thread of its own, for an event loop may run in this one
        with ThreadPoolExecutor(1) as thread:
            loading = copy_context().run
            fields = thread.submit(
                loading, asyncio.run, _fields(get_client, reference.name)
            ).result()
    except Exception as error:  # noqa: BLE001 - Prefect has no root for what may go wrong here
        # its own text may quote the block
        said = type(error).__name__
        message = f"the Prefect block `{reference.name}` cannot be loaded: {said}"
        hint = "save it under that name; `prefect block ls` lists the blocks of your server"
        raise SecretMissingError(message, hint=hint) from None
    return _value(fields, reference), f"`{reference}` is empty"


async def _fields(get_client: Callable[[], PrefectClient], name: str) -> Mapping[str, object]:
    """What the block `type/name` holds, its secrets in plain text."""
    block_type, _, block = name.partition("/")
    async with get_client() as client:
        found = await client.read_block_document_by_name(block, block_type, include_secrets=True)
    return found.data


def _value(fields: Mapping[str, object], reference: Reference) -> str:
    value: object = fields
    for name in (reference.field or "value").split("."):
        value = cast("Mapping[str, object]", value).get(name) if isinstance(value, dict) else None
        if value is None:
            message = f"the Prefect block `{reference.name}` has no field `{name}`"
            hint = "name one that it has: `field = ...`; a dot goes into a field"
            raise SecretMissingError(message, hint=hint)
    if isinstance(value, str):
        return value
    message = f"`{reference}` is no text"
    raise SecretMissingError(message, hint="name the field that holds the text: `field = ...`")
