"""The entry of `flowforge`: help and version at once, everything else through `dispatch`."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from flowforge_assets import __version__
from flowforge_assets.cli.commands import help_page
from flowforge_assets.cli.pipe import write_line


def main(argv: Sequence[str] | None = None) -> int:
    """Runs one command line and gives its exit code.

    0: good; 1: the work failed or a check found something; 2: bad use or configuration;
    3: differences, with `--exit-code`; 70: a bug of ours; 130: interrupted.
    """
    given = list(sys.argv[1:] if argv is None else argv)
    if given in ([], ["-h"], ["--help"]):
        write_line(sys.stdout, help_page())
        return 0
    if given == ["--version"]:
        write_line(sys.stdout, f"flowforge {__version__}")
        return 0
    from flowforge_assets.cli.dispatch import dispatch  # the parser costs 0.1 s of CPU

    return dispatch(given)
