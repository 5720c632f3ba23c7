"""Flags, exit codes and streams."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from flowforge_assets import __version__
from flowforge_assets.api import Project
from flowforge_assets.cli.commands import COMMANDS
from flowforge_assets.cli.dispatch import parser

if TYPE_CHECKING:
    from command_line import Call

Edit = Callable[[Path, str, str], None]


@pytest.mark.parametrize("argv", [(), ("-h",), ("--help",)])
def test_help_lists_every_command(call: Call, argv: tuple[str, ...]) -> None:
    ran = call(*argv)
    assert ran.code == 0
    for command in COMMANDS:
        assert f"\n  {command.name} " in ran.out


def test_the_version_is_that_of_the_package(call: Call) -> None:
    assert call("--version").out == f"flowforge {__version__}\n"


@pytest.mark.parametrize("command", [command.name for command in COMMANDS])
def test_every_command_explains_itself(call: Call, command: str) -> None:
    ran = call(command, "--help")
    assert ran.code == 0
    assert f"flowforge {command}" in ran.out


def test_the_help_page_says_what_the_functions_say() -> None:
    # A command whose function is not where the table says fails here.
    app = parser()
    for command in COMMANDS:
        assert app[command.name].help


def test_common_flags_may_stand_before_the_command(call: Call, shop: Path) -> None:
    os.chdir("..")
    ran = call("-C", "corner_shop", "--env=dev", "--json", "plan", "-s", "sales")
    assert ran.data["fresh"] == ["gold.sales"]


def test_the_environment_may_come_from_outside(
    call: Call, shop: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FLOWFORGE_ENV", "nowhere")
    assert "`nowhere`" in call("plan").err
    assert call("plan", "-e", "dev").code == 0


def test_answers_go_to_one_stream_and_the_rest_to_the_other(call: Call, new_shop: Path) -> None:
    ran = call("run")
    assert ran.out.startswith("made 3, failed 0, skipped 0, fresh 0 in ")
    assert "clean_orders" in ran.err


def test_quiet_leaves_only_the_answer(call: Call, new_shop: Path) -> None:
    assert call("run", "--quiet").err == ""
    assert call("plan", "-q").text().count("\n") == 2


def test_quiet_still_tells_errors(call: Call, new_shop: Path, edit: Edit) -> None:
    edit(new_shop / "corner_shop/assets.py", "return pl.scan", "1 / 0\n    return pl.scan")
    assert call("run", "-q").err.startswith("error[FF-701]: `raw_orders` failed")


def test_differences_are_an_exit_code_only_when_asked_for(call: Call, shop: Path) -> None:
    assert call("plan", "--exit-code").code == 0
    assert call("plan", "--exit-code", "--force").code == 3
    assert call("plan", "--force").code == 0


@pytest.mark.parametrize(
    ("argv", "code"),
    [
        (("check",), 0),
        (("rum",), 2),
        (("plan", "-e", "nowhere"), 2),
        (("plan", "-C", "nowhere"), 2),
        (("plan", "-s", "nothing_like_it"), 2),
        (("show", "nothing_like_it"), 2),
        (("history", "-n", "0"), 2),
        (("run", "--engine", "spark"), 2),
        (("run", "--resume", "X", "--force"), 2),
        (("run", "--resume", "X"), 1),
        (("run", "--resume", "X", "--rebuild"), 2),
        (("plan", "--rebuild"), 0),
        (("new", "orders"), 2),
        (("init",), 2),
    ],
)
def test_exit_codes(call: Call, shop: Path, argv: tuple[str, ...], code: int) -> None:
    ran = call(*argv)
    assert ran.code == code
    assert ran.err.startswith("error[FF-") is (code != 0)


def test_what_is_rebuilt_is_rebuilt_whole(call: Call, days: Path) -> None:
    ran = call("plan", "--rebuild", "-p", "2026-01-01")
    assert (ran.code, ran.err.splitlines()[-1]) == (2, "hint: leave `-p` out, or `--rebuild`")
    assert ran.err.startswith("error[FF-837]")


def test_several_errors_of_the_configuration_are_bad_use(call: Call, new_shop: Path) -> None:
    (new_shop / "flowforge.toml").write_text("[projects]\n[project]\nnam = 1\n")
    ran = call("plan")
    assert (ran.code, ran.err.count("error[FF-803]")) == (2, 2)


def test_a_bug_of_ours_says_where_its_traceback_is(
    call: Call, shop: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("two and two is five")

    monkeypatch.setattr(Project, "load", broken)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    ran = call("plan")
    (kept,) = tmp_path.glob("flowforge-traceback-*.txt")
    assert ran.code == 70
    assert "this is a bug in FlowForge Assets: RuntimeError: two and two is five" in ran.err
    assert str(kept) in ran.err
    assert "in broken" in kept.read_text()
    assert "in broken" in call("plan", "-v").err
    assert call("plan", "--json").answer["errors"][0]["code"] is None


def test_an_interrupted_run_ends_with_130(call: Call, new_shop: Path, edit: Edit) -> None:
    stop = "import os, signal\n    os.kill(os.getpid(), signal.SIGINT)\n    return pl.scan"
    edit(new_shop / "corner_shop/assets.py", "return pl.scan", stop)
    ran = call("run", "--json")
    assert ran.code == 130
    assert ran.events[-1]["status"] == "cancelled"


INTERRUPT = """\
import os, signal, threading
    if day == START:
        threading.Thread(target=os.kill, args=(os.getpid(), signal.SIGINT)).start()
    """
RUN = """\
from flowforge_assets.cli.main import main
raise SystemExit(main(["run", "--json"]))
"""


def interrupted(folder: Path) -> subprocess.CompletedProcess[str]:
    """A run in a process of its own, which its own second partition interrupts."""
    command = [sys.executable, "-c", RUN]
    return subprocess.run(
        command, cwd=folder, capture_output=True, text=True, check=False, timeout=60
    )


def test_an_interrupt_stops_between_partitions(days: Path, edit: Edit) -> None:
    module = days / "visits_project.py"
    edit(module, '"2026-01-01", end="2026-01-20"', '"2001-01-01", end="2012-12-31"')
    stop = INTERRUPT.replace("START", "date(2001, 1, 2)")
    edit(module, "return pl.LazyFrame(", f"{stop}return pl.LazyFrame(")
    ran = interrupted(days)
    assert ran.returncode == 130
    assert ran.stderr.splitlines()[-1] == "interrupted"
    finished = [line for line in ran.stdout.splitlines() if '"step_finished"' in line]
    assert len(finished) < 4_000


def test_a_second_interrupt_ends_at_once(days: Path, edit: Edit) -> None:
    stop = INTERRUPT.replace("START", "date(2026, 1, 2)")
    again = "    threading.Timer(0.5, os.kill, (os.getpid(), signal.SIGINT)).start()"
    forever = f"{stop}{again}\n        threading.Event().wait()\n    "
    module = days / "visits_project.py"
    edit(module, "return pl.LazyFrame(", f"{forever}return pl.LazyFrame(")
    ran = interrupted(days)
    assert (ran.returncode, ran.stderr.splitlines()[-1]) == (130, "interrupted")


def test_a_resumed_run_makes_what_was_left(call: Call, new_shop: Path, edit: Edit) -> None:
    assets = new_shop / "corner_shop/assets.py"
    edit(assets, "return raw.filter", "1 / 0\n    return raw.filter")
    run_id = call("run", "--json").events[-1]["run_id"]
    edit(assets, "1 / 0\n    return raw", "return raw")
    ran = call("run", "--resume", run_id)
    assert ran.out.startswith("made 2, failed 0, skipped 0, fresh 0")


def test_pruning_asks_on_a_terminal(
    call: Call, shop: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Keyboard(io.StringIO):
        def isatty(self) -> bool:
            return True

    monkeypatch.setattr("sys.stdin", Keyboard("n\n"))
    ran = call("ledger", "prune", "--keep", "0")
    assert ran.err.startswith("remove the history of all but the newest 0 runs? [y/N] ")
    assert len(call("history", "--json").data["runs"]) == 1
    monkeypatch.setattr("sys.stdin", Keyboard("y\n"))
    assert call("ledger", "prune", "--keep", "0").out == "removed the history of 1 run\n"


def test_pruning_without_a_terminal_needs_a_yes(
    call: Call, shop: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO())
    ran = call("ledger", "prune", "--keep", "0")
    assert (ran.code, "--yes" in ran.err) == (2, True)


def test_colour_only_where_it_is_wanted(
    call: Call, shop: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert "\x1b[" not in call("ls").out
    monkeypatch.delenv("NO_COLOR")
    assert "\x1b[32mfresh\x1b[0m" in call("ls").out
    assert "\x1b[" not in call("ls", "--json").out
    monkeypatch.delenv("FORCE_COLOR")
    assert "\x1b[" not in call("ls").out


def test_a_reader_that_goes_away_stops_no_work(new_shop: Path) -> None:
    script = "from flowforge_assets.cli.main import main; raise SystemExit(main(['run', '--json']))"
    command = [sys.executable, "-c", script]
    with subprocess.Popen(
        command, cwd=new_shop, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        said = process.stderr.read()
    assert (process.returncode, said) == (0, "")


def test_letters_that_a_terminal_lacks_are_replaced(shop: Path) -> None:
    script = (
        "from flowforge_assets.cli.main import main; raise SystemExit(main(['lineage', 'orders']))"
    )
    ran = subprocess.run(
        [sys.executable, "-c", script],
        cwd=shop,
        env={**os.environ, "PYTHONIOENCODING": "ascii"},
        capture_output=True,
        check=True,
    )
    assert b"??? bronze.raw_orders" in ran.stdout
