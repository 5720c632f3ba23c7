"""A secret that is kept in a Prefect block."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from typing import TYPE_CHECKING, cast

from flowforge_assets.errors.project import PrefectMissingError
from flowforge_assets.errors.stores import SecretMissingError

if TYPE_CHECKING:
    from flowforge_assets.storage.secrets import Reference


def block_value(reference: Reference) -> tuple[str, str]:
    """The value of the block or of its field, and what to say where it is empty.

    Asks the Prefect server that Prefect itself is set up for.

    Raises:
        PrefectMissingError: Prefect is not installed (FF-850).
        SecretMissingError: there is no such block, or it has no such field (FF-650).
    """
    try:
        # an extra, and it takes seconds to import
        from prefect.blocks.core import Block
    except ImportError as error:
        message = f"the secret `{reference}` is in a Prefect block, and Prefect is not installed"
        hint = "install it: `pip install 'flowforge-assets[prefect]'`"
        raise PrefectMissingError(message, hint=hint) from error
    try:
        # in a thread of its own, for an event loop may run in this one
        with ThreadPoolExecutor(1) as thread:
            loading = copy_context().run
            block = thread.submit(loading, asyncio.run, Block.aload(reference.name)).result()
    except Exception as error:  # noqa: BLE001 - Prefect has no root for what may go wrong here
        # its own text may quote the block
        said = type(error).__name__
        message = f"the Prefect block `{reference.name}` cannot be loaded: {said}"
        hint = "save it under that name; `prefect block ls` lists the blocks of your server"
        raise SecretMissingError(message, hint=hint) from None
    return _value(block, reference), f"`{reference}` is empty"


def _value(block: object, reference: Reference) -> str:
    value: object = block
    for name in (reference.field or "value").split("."):
        if isinstance(value, Mapping):
            value = cast("Mapping[str, object]", value).get(name)
        else:
            value = getattr(value, name, None)
        value = _plain(value)
        if value is None:
            message = f"the Prefect block `{reference.name}` has no field `{name}`"
            hint = "name one that it has: `field = ...`; a dot goes into a field"
            raise SecretMissingError(message, hint=hint)
    if isinstance(value, str):
        return value
    message = f"`{reference}` is no text"
    raise SecretMissingError(message, hint="name the field that holds the text: `field = ...`")


def _plain(value: object) -> object:
    """What a secret of pydantic's holds."""
    reveal = getattr(value, "get_secret_value", None)
    return reveal() if callable(reveal) else value
