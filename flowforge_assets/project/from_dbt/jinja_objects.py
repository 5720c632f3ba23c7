"""The objects that a text with Jinja finds in dbt: its target, its variables, its own table."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, NoReturn

from flowforge_assets.project.bring.words import Words, text

if TYPE_CHECKING:
    from flowforge_assets.project.from_dbt.render import Renderer


class Package:
    """`dbt_utils.star`: the macros of one package."""

    def __init__(self, name: str, renderer: Renderer) -> None:
        self._name, self._renderer = name, renderer

    def __getattr__(self, name: str) -> Callable[..., object]:
        found = self._renderer.macros.get(self._name, {}).get(name)
        if found is None:
            self._renderer.refuse(f"the macro `{self._name}.{name}` is not known here")
        return found


class Config:
    """`config(...)` notes what it is told; `config.get` finds what was said."""

    def __init__(self, renderer: Renderer) -> None:
        self._renderer = renderer

    def __call__(self, *arguments: Words, **options: object) -> str:
        """Nothing, once it is noted."""
        for given in (*arguments, options):
            self._renderer.found.config |= given
        return ""

    def get(self, name: str, default: object = None, **_: object) -> object:
        """What was said under `name`."""
        node = self._renderer.node
        said = {**(node.config if node is not None else {}), **self._renderer.found.config}
        return said.get(name, default)

    require = get


class This:
    """The model's own table."""

    def __init__(self, renderer: Renderer) -> None:
        self._renderer = renderer

    def __str__(self) -> str:
        self._renderer.found.reads_itself = True
        node = self._renderer.node
        return node.name if node is not None else "this"

    def __getattr__(self, name: str) -> object:
        if name in {"identifier", "name", "table", "schema", "database"}:
            return str(self)
        raise AttributeError(name)


class Variables:
    """`var('start')`, and `var.has_var`."""

    def __init__(self, renderer: Renderer) -> None:
        self._renderer = renderer

    def __call__(self, name: str, default: object = None) -> object:
        """The variable's value."""
        variables = self._renderer.variables
        if name not in variables and default is None:
            self._renderer.refuse(f"it asks for the variable `{name}`, which has no value")
        self._renderer.found.asks[f"var('{name}')"] = "its value is written into the query"
        return variables.get(name, default)

    def has_var(self, name: str) -> bool:
        """Whether it has a value."""
        return name in self._renderer.variables


class Target:
    """The target as `--target` names it."""

    def __init__(self, renderer: Renderer) -> None:
        self._renderer = renderer

    def __getattr__(self, name: str) -> object:
        known = {
            "name": self._renderer.options.target,
            "target_name": self._renderer.options.target,
            "type": self._renderer.project.adapter,
            "profile_name": self._renderer.project.name,
            "schema": "main",
            "dataset": "main",
            "database": self._renderer.project.name,
            "threads": 1,
        }
        if name not in known:
            self._renderer.refuse(f"it asks for `target.{name}`, which is not known here")
        if name != "type":
            said = f"it was read with `{known[name]}`"
            self._renderer.found.asks[f"target.{name}"] = said
        return known[name]

    def get(self, name: str, default: object = None) -> object:
        """The same, as a table has it."""
        return getattr(self, name) or default


class Adapter:
    """What of the adapter needs no database."""

    def __init__(self, renderer: Renderer) -> None:
        self._renderer = renderer

    def dispatch(self, name: str, *namespace: object, **options: object) -> Callable[..., object]:
        """The macro of that name for this warehouse, or for all."""
        package = text(options.get("macro_namespace")) or text(next(iter(namespace), ""))
        everywhere = dict(self._renderer.macros)
        found = [everywhere.pop(one, {}) for one in (self._renderer.project.name, package)]
        for macros in (*found, *everywhere.values()):
            for spelled in (f"{self._renderer.project.adapter}__{name}", f"default__{name}", name):
                if spelled in macros and (spelled != name or macros is not found[0]):
                    return macros[spelled]
        return self._renderer.refuse(f"the macro `{name}` is not known here")

    def quote(self, name: str) -> str:
        """The name in quotes."""
        return f'"{name}"'

    def __getattr__(self, name: str) -> NoReturn:
        self._renderer.refuse(f"it asks the database while it is compiled (`adapter.{name}`)")


class Exceptions:
    """What a text raises when it does not want to be compiled."""

    def __init__(self, renderer: Renderer) -> None:
        self._renderer = renderer

    def warn(self, _: object) -> str:
        """Nothing: nobody reads it here."""
        return ""

    def __getattr__(self, name: str) -> Callable[..., NoReturn]:
        def refuse(said: object = "", *_: object, **__: object) -> NoReturn:
            self._renderer.refuse(f"it refuses to be compiled: {said}")

        return refuse


class Model:
    """The few facts of the model that its own text may ask for."""

    def __init__(self, renderer: Renderer) -> None:
        self._renderer = renderer

    def __getattr__(self, name: str) -> object:
        node = self._renderer.node
        if node is None or name not in {"name", "alias", "description", "package_name"}:
            self._renderer.refuse(f"it asks for `model.{name}`, which is not known here")
        return node.package if name == "package_name" else getattr(node, name, node.name)

    def __getitem__(self, name: str) -> object:
        return getattr(self, name)


class Closed:
    """Something that only a running dbt has."""

    def __init__(self, renderer: Renderer, name: str) -> None:
        self._renderer, self._name = renderer, name

    def _refuse(self) -> NoReturn:
        self._renderer.refuse(f"it asks dbt for `{self._name}` while it is compiled")

    def __call__(self, *_: object, **__: object) -> NoReturn:
        """Gives the text up."""
        self._refuse()

    def __getattr__(self, name: str) -> NoReturn:
        self._refuse()

    def __str__(self) -> str:  # noqa: PLE0307 - it never returns
        self._refuse()

    def __iter__(self) -> Iterator[object]:
        self._refuse()

    def __bool__(self) -> bool:  # noqa: PLE0304 - as above
        self._refuse()
