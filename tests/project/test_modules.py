from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeAlias

import pytest

from flowforge_assets.declare.asset import DECLARED
from flowforge_assets.errors.base import FlowForgeError, Problems
from flowforge_assets.project.modules import import_modules

Write: TypeAlias = Callable[[Mapping[str, str]], Path]
ASSET = "from flowforge_assets import Bronze, Frame, asset\nclass T(Bronze): ...\n"


def problems(root: Path, *names: str) -> list[FlowForgeError]:
    with pytest.raises(FlowForgeError) as caught:
        import_modules(root, names)
    error = caught.value
    found = error.errors if isinstance(error, Problems) else [error]
    assert {error.code for error in found} <= {"FF-806", "FF-111"}
    return found


def test_a_package_is_imported_whole(write_project: Write) -> None:
    root = write_project(
        {"ffa/__init__.py": "", "ffa/one.py": "", "ffa/deep/two.py": "", "ffa/deep/__init__.py": ""}
    )
    assert import_modules(root, ["ffa"]) == ["ffa", "ffa.deep", "ffa.deep.two", "ffa.one"]


def test_a_folder_without_init_is_a_package_of_its_own(write_project: Write) -> None:
    root = write_project({"ffb/one.py": ""})
    assert import_modules(root, ["ffb"]) == ["ffb", "ffb.one"]


def test_the_project_stands_first_on_the_path(write_project: Write) -> None:
    root = write_project({"here/ffc.py": "WHO = 'here'", "there/ffc.py": "WHO = 'there'"})
    for who in ("here", "there", "here"):
        import_modules(root / who, ["ffc"])
        assert who == sys.modules["ffc"].WHO
        assert sys.path[0] == str(root / who)


def test_a_helper_of_another_project_is_not_taken_for_ours(write_project: Write) -> None:
    root = write_project(
        {
            "here/ffd.py": "from ffd_help import WHO",
            "here/ffd_help.py": "WHO = 'here'",
            "there/ffe.py": "from ffd_help import WHO",
            "there/ffd_help.py": "WHO = 'there'",
        }
    )
    import_modules(root / "here", ["ffd"])
    import_modules(root / "there", ["ffe"])
    assert (sys.modules["ffd"].WHO, sys.modules["ffe"].WHO) == ("here", "there")


def test_a_changed_helper_is_seen_by_those_that_import_it(write_project: Write) -> None:
    files = {"fff.py": "from fff_help import RATE", "fff_help.py": "RATE = 1"}
    root = write_project(files)
    import_modules(root, ["fff"])
    before = sys.modules["fff"]
    import_modules(root, ["fff"])
    assert sys.modules["fff"] is before
    write_project({"fff_help.py": "RATE = 10"})
    import_modules(root, ["fff"])
    assert sys.modules["fff"].RATE == 10


def test_a_change_within_the_second_is_seen(
    write_project: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = write_project({"racy_prices.py": "least = 10\n"})
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    second = 1_767_225_600_000_000_000
    os.utime(root / "racy_prices.py", ns=(second, second))
    import_modules(root, ["racy_prices"])
    (root / "racy_prices.py").write_text("least = 20\n")
    os.utime(root / "racy_prices.py", ns=(second + 1, second + 1))
    import_modules(root, ["racy_prices"])
    assert sys.modules["racy_prices"].least == 20


def test_what_a_changed_module_no_longer_declares_is_forgotten(write_project: Write) -> None:
    root = write_project({"ffg.py": f"{ASSET}@asset\ndef old() -> Frame[T]: ...\n"})
    import_modules(root, ["ffg"])
    write_project({"ffg.py": f"{ASSET}@asset\ndef newer() -> Frame[T]: ...\n"})
    import_modules(root, ["ffg"])
    assert [entry.name for (module, _), entry in DECLARED.items() if module == "ffg"] == ["newer"]


def test_a_module_that_nobody_wrote_is_refused_where_it_is_named(write_project: Write) -> None:
    root = write_project(
        {"flowforge.toml": "[project]\nmodules = ['shpo']\n", "shop.py": "", "other.py": ""}
    )
    (error,) = problems(root, "shpo")
    assert error.message == "the project's module `shpo` is not there"
    assert str(error.place) == "flowforge.toml:2"
    assert error.hint == "did you mean `shop`?"
    (error,) = problems(root, "zzz.yyy")
    assert error.hint == "write `zzz/yyy.py`, or mend its name under `modules`"


def test_a_module_that_fails_shows_its_own_traceback_only(write_project: Write) -> None:
    root = write_project(
        {"ffh.py": "import ffh_help\n", "ffh_help.py": "def f():\n    return 1 / 0\n\nf()\n"}
    )
    (error,) = problems(root, "ffh")
    assert error.message == (
        "the module `ffh` cannot be imported: ZeroDivisionError: division by zero"
    )
    assert str(error.place) == "ffh_help.py:2  return 1 / 0"
    assert isinstance(error.__cause__, ZeroDivisionError)
    assert error.hint is not None
    frames = [line for line in error.hint.splitlines() if line.startswith("  File ")]
    assert [frame.split('"')[1] for frame in frames] == [
        str(root / "ffh.py"), *[str(root / "ffh_help.py")] * 2
    ]  # fmt: skip
    assert error.hint.endswith("ZeroDivisionError: division by zero")


@pytest.mark.parametrize(
    ("source", "place", "said"),
    [
        ("def f(:\n", "ffi.py:1:7  def f(:", "SyntaxError: invalid syntax"),
        ("import not_there_at_all\n", "ffi.py:1  import not_there_at_all", "not_there_at_all"),
        ("import sys\nsys.exit()\n", "ffi.py:2  sys.exit()", "SystemExit: no message"),
        (f"{ASSET}asset(retires=2)\n", "ffi.py:3", "`retires=` is no option of an asset"),
    ],
)
def test_what_is_wrong_with_a_module_is_placed(
    write_project: Write, source: str, place: str, said: str
) -> None:
    (error,) = problems(write_project({"ffi.py": source}), "ffi")
    assert str(error.place) == place
    assert said in error.message
    assert "flowforge_assets/" not in (error.hint or "")


def test_a_misspelt_dataset_is_named_with_the_nearest(write_project: Write) -> None:
    source = "class RawOrders: ...\ndef clean(raw: list[RawOrder]) -> None: ...\n"
    (error,) = problems(write_project({"ffj.py": source}), "ffj")
    assert "name 'RawOrder' is not defined" in error.message
    assert (error.hint or "").startswith("did you mean `RawOrders`?\n")


def test_all_modules_that_fail_are_told_and_a_shared_one_once(write_project: Write) -> None:
    root = write_project(
        {"ffk.py": "import ffk_help", "ffl.py": "import ffk_help", "ffk_help.py": "1 / 0",
         "ffm.py": "None.x"}
    )  # fmt: skip
    found = problems(root, "ffk", "ffl", "ffm")
    assert [str(error.place) for error in found] == ["ffk_help.py:1  1 / 0", "ffm.py:1  None.x"]


def test_a_declaration_that_fails_keeps_its_own_error(write_project: Write) -> None:
    source = f"{ASSET}@asset(timeout=0)\ndef load() -> Frame[T]: ...\n"
    (error,) = problems(write_project({"ffn.py": source}), "ffn")
    assert (error.code, str(error.place)) == ("FF-111", "ffn.py:3")


def test_a_module_that_is_gone_is_missed(write_project: Write) -> None:
    root = write_project({"ffo.py": ""})
    import_modules(root, ["ffo"])
    (root / "ffo.py").unlink()
    (error,) = problems(root, "ffo")
    assert (error.message, str(error.place)) == (
        "the project's module `ffo` is not there",
        "flowforge.toml",
    )
