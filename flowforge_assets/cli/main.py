"""The entry of `flowforge`: help and version at once, everything else through `dispatch`."""

from __future__ import annotations

import sys
from collections.abc import Sequence


def main(argv: Sequence[str] | None = None) -> int:
    """Runs one command line and gives its exit code.

    0: good; 1: the work failed or a check found something; 2: bad use or configuration;
    3: differences, with `--exit-code`; 70: a bug of ours; 130: interrupted.
    """
    given = list(sys.argv[1:] if argv is None else argv)
    if given in ([], ["-h"], ["--help"]):
        from flowforge_assets.cli.commands import help_page  # no parser: help comes at once

        print(help_page())  # noqa: T201 - the answer
        return 0
    if given == ["--version"]:
        from flowforge_assets import __version__

        print(f"flowforge {__version__}")  # noqa: T201 - the answer
        return 0
    from flowforge_assets.cli.dispatch import dispatch  # the parser costs 0.1 s of CPU

    return dispatch(given)
