"""`flowforge server`: a Prefect server on this machine, until it is interrupted."""

from __future__ import annotations

import signal
from typing import Annotated

from cyclopts import Parameter, validators

from flowforge_assets.cli.options import COMMON, Common


def server(
    *,
    host: Annotated[str, Parameter(help="The address that it listens on.")] = "127.0.0.1",
    port: Annotated[
        int, Parameter(help="The port.", validator=validators.Number(gte=1, lte=65_535))
    ] = 4200,
    ui: Annotated[bool, Parameter(help="Whether it has its pages for a browser.")] = True,
    database_from: Annotated[
        str | None, Parameter(help="The environment variable with the URL of its PostgreSQL.")
    ] = None,
    common: Common = COMMON,
) -> int:
    """Run a Prefect server on this machine until Ctrl-C: it reports nothing, and keeps up."""
    from flowforge_assets.execute.prefect_server import prefect_server  # starts processes, on use
    from flowforge_assets.execute.server_database import database_setting  # as above

    terminal = common.terminal()
    settings = {} if database_from is None else database_setting(database_from)
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # as who stops services asks for it
    terminal.note("the Prefect server starts: half a minute, most of a minute the first time")
    with prefect_server(host, port, has_ui=ui, settings=settings) as running:
        if terminal.json:
            terminal.data({"url": running.url, "api_url": running.api_url})
        else:
            terminal.say(f"Prefect runs at {running.url}; Ctrl-C ends it")
            terminal.say(f"export PREFECT_API_URL={running.api_url}")
        try:
            running.wait()
        except KeyboardInterrupt:
            terminal.note("the Prefect server ends")
    return 0
