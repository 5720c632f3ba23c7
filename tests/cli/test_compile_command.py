"""`flowforge compile -o DIR`, `plan --out` and `run PLAN`, as people call them."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from command_line import Call


def test_a_folder_is_written_and_checked(call: Call, shop: Path, tmp_path: Path) -> None:
    build = tmp_path / "build"
    ran = call("compile", "-o", str(build), "--json")
    assert (ran.code, ran.err) == (0, "")
    version = ran.data["version"]
    assert ran.data["folder"] == str(build)
    assert ran.data["assets"][-1] == "gold.sales"
    written = (path for path in build.rglob("*") if path.is_file())
    assert ran.data["files"] == sorted(path.relative_to(build).as_posix() for path in written)

    again = call("compile", "-o", str(build))
    assert again.out == f"wrote {len(ran.data['files'])} files of version {version} into {build}\n"
    assert call("compile", "--check", str(build)).out == f"good {build} is version {version}\n"
    assert call("compile", "--check", str(build), "--json").data["version"] == version

    file = build / "prefect.yaml"
    file.write_text(file.read_text().replace("deployments", "deployment"))
    checked = call("compile", "--check", str(build))
    assert checked.code == 2
    assert checked.err.splitlines() == [
        "error[FF-894]: `deployment` is no key of Prefect, which would pass over it",
        "  --> prefect.yaml:3",
        "hint: did you mean `deployments`?",
    ]


def test_a_module_that_the_lock_lacks_is_warned_of(
    call: Call, shop: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "oddlib.py").touch()
    monkeypatch.setattr(sys, "path", [str(tmp_path / "elsewhere"), *sys.path])
    file = next((shop / "corner_shop").rglob("*.py"))
    text = file.read_text() + "\nimport oddlib\n"
    file.write_text(text)
    place = f"{file.relative_to(shop).as_posix()}:{len(text.splitlines())}"
    build = str(tmp_path / "build")
    ran = call("compile", "-o", build, "--no-plan")
    said = f"warning: no installed package has `oddlib`, and `lock.txt` lacks it ({place})\n"
    assert (ran.code, ran.err) == (0, said)
    assert call("compile", "-o", build, "--no-plan", "--json").data["unlisted"] == {"oddlib": place}


def test_without_a_plan_neither_ledger_nor_tables_are_asked(
    call: Call, shop: Path, tmp_path: Path
) -> None:
    far = '\n[env.far]\nledger = { env = "NO_LEDGER_URL" }\nstore = "memory://far"\n'
    with (shop / "flowforge.toml").open("a") as file:
        file.write(far)
    out = tmp_path / "build"
    refused = call("compile", "-e", "far", "-o", str(out))
    assert (refused.code, "FF-650" in refused.err) == (2, True)
    written = call("compile", "-e", "far", "-o", str(out), "--no-plan")
    assert (written.code, (out / "plan.json").exists()) == (0, False)
    assert call("compile", "--check", str(out)).code == 0


def test_a_folder_of_others_is_refused(call: Call, shop: Path) -> None:
    ran = call("compile", "-o", str(shop))
    assert (ran.code, "error[FF-890]" in ran.err) == (2, True)
    assert (shop / "flowforge.toml").is_file()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("", "`compile` needs a folder to write into"),
        ("-o out -s gold.sales", "a project is compiled as a whole"),
        ("-o out --to sql", "SQL is written for a warehouse"),
        ("-o out --check out", "`--check` looks at a folder, and writes none"),
    ],
)
def test_words_that_do_not_go_together_are_refused(
    call: Call, shop: Path, words: str, said: str
) -> None:
    ran = call("compile", *words.split())
    assert ran.code == 2
    assert ran.err.startswith(f"error[FF-809]: {said}\nhint: ")


def test_a_plan_is_made_as_it_was_written_or_not_at_all(
    call: Call, shop: Path, tmp_path: Path
) -> None:
    file = str(tmp_path / "plan.json")
    call("plan", "--force", "-s", "gold.sales", "--out", file)
    assert json.loads(Path(file).read_text())["ask"]["force"] is True
    assert "made 1, failed 0, skipped 0, fresh 0" in call("run", file).out

    call("plan", "-s", "silver.orders", "--force", "--out", file)
    runs = len(call("history", "--json").data["runs"])
    source = next(shop.rglob("assets.py"))
    source.write_text(source.read_text() + "\n\ndef later() -> None:\n    pass\n")
    assert "made 1" in call("run", file).out  # what changed is nothing that it is made with

    call("plan", "--force", "--out", file)
    source.write_text(source.read_text().replace("return raw", "return raw.head(2)"))
    refused = call("run", file)
    assert refused.code == 1
    assert refused.err.startswith(
        "error[FF-896]: the plan is not what would be made now: its code is another (`"
    )
    assert len(call("history", "--json").data["runs"]) == runs + 1


def test_a_plan_says_all_that_a_run_does(call: Call, shop: Path, tmp_path: Path) -> None:
    file = str(tmp_path / "plan.json")
    call("plan", "--force", "--out", file)
    more = call("run", file, "-s", "gold.sales")
    assert (more.code, "a plan says what is made" in more.err) == (2, True)
    elsewhere = call("run", file, "-e", "prod")
    assert (elsewhere.code, "`flowforge run PLAN -e dev`" in elsewhere.err) == (2, True)
    none = call("run", "gold.sales")
    assert (none.code, "error[FF-895]" in none.err) == (2, True)
    assert "assets are selected with `-s`" in none.err
