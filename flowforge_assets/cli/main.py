"""The entry of `flowforge`: help and version at once, everything else through `dispatch`."""

from __future__ import annotations

import atexit
import gc
import sys
from collections.abc import Sequence
from typing import Final

from flowforge_assets import __version__
from flowforge_assets.cli.commands import help_page
from flowforge_assets.cli.pipe import write_line

# A command makes much that stays until its end: to look through it every 700 objects, as Python
# does by itself, and once more before it ends, finds next to nothing and costs a tenth of the CPU.
_NEW_OBJECTS: Final = 100_000


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
    gc.set_threshold(_NEW_OBJECTS)
    atexit.register(_leave_the_rest)
    from flowforge_assets.cli.dispatch import dispatch  # the parser costs 0.1 s of CPU

    return dispatch(given)


def _leave_the_rest() -> None:
    """Lets Python end without looking for what nobody holds."""
    # DuckDB complains of each of its objects that is then still there
    if "_duckdb" not in sys.modules:
        gc.freeze()
