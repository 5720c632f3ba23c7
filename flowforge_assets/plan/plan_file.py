"""A plan as a file: to be read, compared, and run later, if the world is still the same."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path
from typing import Final, cast

from flowforge_assets.core.json_text import json_text
from flowforge_assets.core.made import Fingerprint
from flowforge_assets.errors.bundle import PlanFileError, PlanMovedError
from flowforge_assets.plan.plan import Plan

_FORMAT: Final = 1
_PARTS: Final = ("env", "makes", "fingerprints", "observed", "inputs", "changes")
_MOST_SHOWN: Final = 5
_HINT: Final = "`flowforge plan --out plan.json` writes one; assets are selected with `-s`"


@dataclass(frozen=True, slots=True)
class PlanAsk:
    """What a plan was asked for, as `Project.plan` takes it."""

    select: str | None = None
    partitions: str | None = None
    force: bool = False
    rebuild: bool = False
    allow_breaking: bool = False


@dataclass(frozen=True, slots=True)
class PlanFile:
    """A plan that was written down.

    `will` says by asset what is to be made, with what code, out of which sources: equal plans have
    equal ones, whatever the reasons are called.
    """

    env: str
    ask: PlanAsk
    will: Mapping[str, object]


def plan_text(plan: Plan, ask: PlanAsk) -> str:
    """The file: `plan --json` with what was asked, the fingerprints and a hash; keys sorted."""
    will = _will(plan)
    found = {
        **plan.as_json(),
        **will,
        "format": _FORMAT,
        "ask": asdict(ask),
        "digest": _digest(ask, will),
    }
    return json_text(found)


def write_plan_file(path: Path, plan: Plan, ask: PlanAsk) -> None:
    """Writes the plan to the file.

    Raises:
        PlanFileError: that cannot be written (FF-895).
    """
    try:
        path.write_text(plan_text(plan, ask), encoding="utf-8", newline="\n")
    except OSError as error:
        said = (error.strerror or str(error)).lower()
        message = f"the plan `{path}` cannot be written: {said}"
        raise PlanFileError(message, hint="name a file that you may write") from error


def read_plan_file(path: Path) -> PlanFile:
    """The plan in the file.

    Raises:
        PlanFileError: it cannot be read, or holds no plan that we know (FF-895).
    """
    try:
        found = cast("Mapping[str, object]", json.loads(path.read_text(encoding="utf-8")))
        known = found["format"]
        if known != _FORMAT:
            message = f"`{path}` has the format `{known}`, and this version reads `{_FORMAT}`"
            raise PlanFileError(message, hint="plan anew: `flowforge plan --out plan.json`")
        ask = _ask(cast("Mapping[str, object]", found["ask"]))
        will = {part: found[part] for part in _PARTS}
        is_whole = isinstance(found["env"], str) and found["digest"] == _digest(ask, will)
    except OSError as error:
        said = (error.strerror or str(error)).lower()
        raise PlanFileError(f"the plan `{path}` cannot be read: {said}", hint=_HINT) from error
    except (ValueError, KeyError, TypeError) as error:
        raise PlanFileError(f"`{path}` holds no plan", hint=_HINT) from error
    if not is_whole:
        message = f"`{path}` is not as it was written: its hash is another"
        raise PlanFileError(message, hint="a plan is not edited: plan anew with what you want")
    return PlanFile(str(found["env"]), ask, will)


def _ask(found: Mapping[str, object]) -> PlanAsk:
    """What was asked; a flag that is none is left to the hash of what it led to."""
    select, partitions = found["select"], found["partitions"]
    return PlanAsk(
        None if select is None else str(select),
        None if partitions is None else str(partitions),
        force=bool(found["force"]),
        rebuild=bool(found["rebuild"]),
        allow_breaking=bool(found["allow_breaking"]),
    )


def refuse_moved(written: PlanFile, plan: Plan) -> Plan:
    """The plan, if it is what was written down.

    Raises:
        PlanMovedError: it is another (FF-896).
    """
    now = _will(plan)
    if now == written.will:
        return plan
    hint = "see what `flowforge plan` says now, and write that down"
    message = f"the plan is not what would be made now: {_difference(written.will, now)}"
    raise PlanMovedError(message, hint=hint)


def _will(plan: Plan) -> dict[str, object]:
    """What the plan comes to, by asset, in JSON's own types."""
    makes: dict[str, list[object]] = {}
    for step in plan.steps:
        parts = step.partitions.to_json() if step.partitions.dimensions else None
        commits = [str(key) for key in step.commits]
        # why it is made does not count, save that a rebuild empties the table first
        makes.setdefault(step.asset_id, []).append([step.reason == "rebuild", parts, commits])
    prints = {str(id_): _print(each) for id_, each in plan.fingerprints.items()}
    will: dict[str, object] = {
        "env": plan.env,
        "makes": makes,
        "fingerprints": prints,
        "observed": {str(key): version for key, version in plan.observed.items()},
        "inputs": {str(key): list(asdict(at).values()) for key, at in plan.inputs.items()},
        "changes": [dict(change.as_json()) for change in plan.changes],
    }
    return cast("dict[str, object]", json.loads(json.dumps(will)))


def _print(found: Fingerprint) -> list[object]:
    return [found.algorithm, found.code, found.schema, found.config, found.engine]


def _digest(ask: PlanAsk, will: Mapping[str, object]) -> str:
    text = json.dumps([asdict(ask), will], sort_keys=True, ensure_ascii=False)
    return sha256(text.encode()).hexdigest()[:16]


def _difference(before: Mapping[str, object], now: Mapping[str, object]) -> str:
    """The first differences in words."""
    said = {
        "makes": "",
        "fingerprints": "its code",
        "observed": "what its source holds",
        "inputs": "what is read",
    }
    found: list[str] = []
    for part, what in said.items():
        old = cast("Mapping[str, object]", before.get(part) or {})
        new = cast("Mapping[str, object]", now[part])
        for key in sorted({*old, *new}):
            if old.get(key) == new.get(key) or any(f"`{key}`" in each for each in found):
                continue
            if what:
                found.append(f"{what} is another (`{key}`)")
            elif key not in new:
                found.append(f"`{key}` needs no making any more")
            elif key not in old:
                found.append(f"`{key}` is to be made too")
            else:
                found.append(f"`{key}` is to be made otherwise")
    return _shown(found) or "its environment or the columns of its tables are others"


def _shown(found: Sequence[str]) -> str:
    more = len(found) - _MOST_SHOWN
    return ", ".join([*found[:_MOST_SHOWN], *([f"and {more:,} more"] if more > 0 else [])])
