"""Writing to a reader that may have gone away."""

from __future__ import annotations

import os
from typing import TextIO


def write_line(stream: TextIO, line: str) -> None:
    """Writes a line at once; a closed pipe is met with silence, for the work goes on."""
    try:
        stream.write(f"{line}\n")
        stream.flush()
    except BrokenPipeError:
        # What is still buffered is written when Python ends: let that reach nobody.
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)
