"""Work without looks for circles of garbage leaves Python as it was."""

from __future__ import annotations

import gc

import pytest

from flowforge_assets.core.uncollected import uncollected


def test_python_looks_for_garbage_again_after_the_block() -> None:
    with uncollected():
        is_on = gc.isenabled()
    assert not is_on
    assert gc.isenabled()


def test_python_looks_again_when_the_block_fails() -> None:
    with pytest.raises(KeyError), uncollected():
        raise KeyError
    assert gc.isenabled()


def test_who_has_switched_the_looks_off_keeps_them_so() -> None:
    gc.disable()
    try:
        with uncollected():
            pass
        is_on = gc.isenabled()
    finally:
        gc.enable()
    assert not is_on
