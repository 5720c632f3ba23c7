"""`prefect.yaml`: the deployments of a compiled project, and what is wrong with such a file.

Prefect passes over keys that it does not know; a file that is checked here has none.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeAlias, cast

from flowforge_assets.compile.deployment import Deployment, schedule_json
from flowforge_assets.compile.flow_file import ENTRYPOINT
from flowforge_assets.compile.yaml_text import yaml_text
from flowforge_assets.errors.base import FlowForgeError, Place, did_you_mean, raise_all
from flowforge_assets.errors.bundle import PrefectYamlError
from flowforge_assets.project.pools import BlockReference

if TYPE_CHECKING:
    from pydantic import JsonValue
    from pydantic_core import ErrorDetails
    from yaml import Node

    from flowforge_assets.compile.prefect_models import PrefectYaml, YamlDeployment
    from flowforge_assets.compile.yaml_text import Yaml

FILE: Final = "prefect.yaml"
_HEAD: Final = (
    "# Written by `flowforge compile`; `flowforge compile --check DIR` says what is wrong.\n"
)
_HINT: Final = "mend it there, or write the file anew with `flowforge compile`"
_Path: TypeAlias = tuple[int | str, ...]


def prefect_yaml(
    project: str, deployments: Iterable[Deployment], *, entrypoint: str = ENTRYPOINT
) -> str:
    """The file for these deployments, sorted by name; `entrypoint` is taken from its folder."""
    given = sorted(deployments, key=lambda each: each.name)
    if not given:
        return _HEAD + yaml_text({"name": project, "deployments": []})
    from flowforge_assets.compile.prefect_models import PrefectYaml  # pydantic, on use

    described = [_described(each, entrypoint) for each in given]
    file = PrefectYaml(name=project, deployments=described)
    found = file.model_dump(mode="json", by_alias=True, exclude_defaults=True)
    return _HEAD + yaml_text(cast("Mapping[str, Yaml]", found))


def _described(deployment: Deployment, entrypoint: str) -> YamlDeployment:
    """The deployment as the file has it."""
    from flowforge_assets.compile.prefect_models import (  # as above
        YamlConcurrency,
        YamlDeployment,
        YamlSchedule,
        YamlWorkPool,
    )

    limit = deployment.concurrency
    schedule = deployment.schedule
    return YamlDeployment(
        name=deployment.name,
        version=deployment.version,
        tags=list(deployment.tags),
        description=deployment.description,
        schedules=None
        if schedule is None
        else [YamlSchedule.model_validate(schedule_json(schedule))],
        concurrency_limit=None
        if limit is None
        else YamlConcurrency(
            limit=limit.limit,
            collision_strategy="ENQUEUE" if limit.on_collision == "enqueue" else "CANCEL_NEW",
        ),
        entrypoint=entrypoint,
        parameters=cast("dict[str, JsonValue]", dict(deployment.parameters)),
        work_pool=YamlWorkPool(
            name=deployment.pool.name,
            job_variables={
                name: _by_template(value) for name, value in deployment.job_variables.items()
            },
        ),
        triggers=[_trigger(key) for key in deployment.after] or None,
    )


def _by_template(value: object) -> JsonValue:
    """The value; a block by the name under which Prefect finds it."""
    if isinstance(value, BlockReference):
        return f"{{{{ prefect.blocks.{value.type}.{value.name} }}}}"
    return cast("JsonValue", value)


def _trigger(key: str) -> dict[str, JsonValue]:
    """Starts the deployment when an asset was made anew."""
    return {
        "type": "event",
        "match": {"prefect.resource.id": key},
        "expect": ["prefect.asset.materialization.succeeded"],
    }


def read_prefect_yaml(path: Path, *, shown_as: str = FILE) -> PrefectYaml:
    """The file, if it says nothing that Prefect would read otherwise than it is meant.

    Raises:
        Problems: it is no YAML, has keys that mean nothing, or wrong values, all with their lines
            (FF-894).
    """
    try:
        import yaml  # an extra's: only who checks a file needs it
    except ModuleNotFoundError as error:
        message = f"`{shown_as}` cannot be checked: PyYAML is not installed"
        hint = "it comes with Prefect: `pip install 'flowforge-assets[prefect]'`"
        raise PrefectYamlError(message, hint=hint) from error
    from pydantic import ValidationError  # on use, as above

    from flowforge_assets.compile.prefect_models import PrefectYaml  # pydantic too

    try:
        text = path.read_text(encoding="utf-8")
        node = yaml.compose(text, Loader=yaml.SafeLoader)
        value = cast("object", yaml.safe_load(text))
    except (OSError, UnicodeDecodeError) as error:
        said = (getattr(error, "strerror", None) or "it is not UTF-8").lower()
        message = f"`{shown_as}` cannot be read: {said}"
        raise PrefectYamlError(message, place=Place(shown_as), hint=_HINT) from error
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        place = Place(shown_as, mark.line + 1 if mark is not None else 0)
        said = str(getattr(error, "problem", None) or "it cannot be read")
        message = f"`{shown_as}` is not YAML: {said}"
        raise PrefectYamlError(message, place=place, hint=_HINT) from error
    try:
        return PrefectYaml.model_validate({} if value is None else value)
    except ValidationError as error:
        raise_all(_problems(error.errors(), node, shown_as))
        raise


def _problems(
    details: Iterable[ErrorDetails], root: Node | None, shown_as: str
) -> Iterator[FlowForgeError]:
    for detail in details:
        path, node = _walked(root, detail["loc"])
        line = 0 if node is None else node.start_mark.line + 1
        place = Place(shown_as, line)
        named = ".".join(map(str, path)) or "the file"
        message, hint = f"`{named}` does not fit: {_said(detail)}", _HINT
        if detail["type"] == "extra_forbidden":
            key, known = str(path[-1]), _known(path)
            message = f"`{named}` is no key of Prefect, which would pass over it"
            hint = did_you_mean(key, known) or f"known are {', '.join(f'`{n}`' for n in known)}"
        elif detail["type"] == "missing":
            name = str(detail["loc"][-1])
            message, hint = f"`{named}` has no `{name}`", f"write `{name}: ...` there"
        yield PrefectYamlError(message, place=place, hint=hint)


def _said(detail: ErrorDetails) -> str:
    """What pydantic says, without its own beginning."""
    said = detail["msg"].removeprefix("Value error, ")
    return said[:1].lower() + said[1:]


def _known(path: _Path) -> list[str]:
    """The keys of the table in which a path ends."""
    above = next((each for each in reversed(path[:-1]) if isinstance(each, str)), "")
    from flowforge_assets.compile.prefect_models import MODELS  # loaded by now

    model = MODELS.get(above)
    if model is None:
        return []
    return [field.alias or name for name, field in model.model_fields.items()]


def _walked(root: Node | None, path: Sequence[int | str]) -> tuple[_Path, Node | None]:
    """As much of the path as the document has, and the node at its end.

    A part that names a branch of a model is in no document, and is left out.
    """
    from yaml import MappingNode, ScalarNode, SequenceNode  # with the file

    at, found = root, list[int | str]()
    for part in path:
        if isinstance(at, MappingNode):
            keys = ((k, v) for k, v in at.value if isinstance(k, ScalarNode) and k.value == part)
            entry = next(keys, None)
            if entry is not None:
                key, value = entry
                at = value if part != path[-1] else key
                found.append(part)
        elif isinstance(at, SequenceNode) and isinstance(part, int) and part < len(at.value):
            at = at.value[part]
            found.append(part)
    return tuple(found), at
