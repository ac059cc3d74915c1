"""A stand-in for `kfp.dsl`, for functions that were written for it and run here."""

from __future__ import annotations

import inspect
import sys
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

_NAMES = ("kfp", "kfp.dsl", "kfp.components")


class Artifact:
    """An artifact: a file, and what is said of it."""

    schema_title = "system.Artifact"

    def __init__(
        self, name: str = "", uri: str = "", metadata: dict[str, Any] | None = None
    ) -> None:
        self.name = name
        self.uri = uri
        self.metadata: dict[str, Any] = dict(metadata or {})

    @property
    def path(self) -> str:
        """Where its file is."""
        return self.uri

    def log_metric(self, metric: str, value: float) -> None:
        """Note a number."""
        self.metadata[metric] = value


KINDS = (
    *("Dataset", "Model", "Metrics", "ClassificationMetrics", "SlicedClassificationMetrics"),
    *("HTML", "Markdown"),
)


@dataclass(frozen=True)
class _ArtifactHint:
    kind: Any = Artifact


@dataclass(frozen=True)
class _PathHint:
    kind: Any = None


class Input:
    """`Input[Dataset]`: an artifact that is given."""

    def __class_getitem__(cls, kind: Any) -> _ArtifactHint:
        """Return the hint."""
        return _ArtifactHint(kind)


class Output(Input):
    """`Output[Model]`: an artifact that is made."""


def _path(kind: Any = None) -> _PathHint:
    """`InputPath("CSV")`, `OutputPath(int)`: the path of a file."""
    return _PathHint(kind)


def _unchanged(*given: Any, **_: Any) -> Any:
    """Return a decorated function as it is, whether or not the decorator was called."""
    return given[0] if given and callable(given[0]) else _unchanged


@dataclass
class Call:
    """A call of such a function: its arguments as its annotations want them."""

    function: Callable[..., Any]
    arguments: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        scope = getattr(self.function, "__globals__", {})
        self._hints = {
            name: eval(hint, scope) if isinstance(hint, str) else hint  # noqa: S307 - its own text
            for name, hint in self.function.__annotations__.items()
        }
        self._parameters = inspect.signature(self.function).parameters

    def takes(self, name: str) -> bool:
        """Say whether it is a parameter; an output that is none is returned."""
        return name in self._parameters

    def give(self, name: str, value: Any) -> None:
        """Pass an input: a value, or the path of a file."""
        is_path = isinstance(value, Path)
        self.arguments[name] = self._file(name, value) if is_path else value

    def output(self, name: str, place: Path) -> Artifact | None:
        """Pass where an output is to be written; return the artifact if it wants one."""
        self.arguments[name] = self._file(name, place)
        made = self.arguments[name]
        return made if isinstance(made, Artifact) else None

    def _file(self, name: str, place: Path) -> Any:
        hint = self._hints.get(name)
        if isinstance(hint, _PathHint) or hint is _path:
            return str(place)
        kind = hint.kind if isinstance(hint, _ArtifactHint) else Artifact
        made = kind if isinstance(kind, type) and issubclass(kind, Artifact) else Artifact
        return made(name, str(place))

    def run(self, names: Sequence[str]) -> dict[str, Any]:
        """Call it; return output → value of what it returns."""
        value = self.function(**self.arguments)
        if not names:
            return {}
        fields = getattr(value, "_fields", None)
        if fields is not None and set(names) <= set(fields):
            return {name: getattr(value, name) for name in names}
        if len(names) == 1:
            return {names[0]: value}
        return dict(zip(names, value, strict=True))


def _modules() -> dict[str, ModuleType]:
    dsl = ModuleType("kfp.dsl")
    kinds = {name: type(name, (Artifact,), {"schema_title": f"system.{name}"}) for name in KINDS}
    said = {
        **kinds,
        "Artifact": Artifact,
        "Input": Input,
        "Output": Output,
        "InputPath": _path,
        "OutputPath": _path,
        "component": _unchanged,
        "Call": Call,
    }
    vars(dsl).update(said)
    dsl.__all__ = [name for name in said if name != "Call"]  # type: ignore[attr-defined]
    kfp, components = ModuleType("kfp"), ModuleType("kfp.components")
    vars(components).update({name: said[name] for name in ("InputPath", "OutputPath")})
    vars(kfp).update({"dsl": dsl, "components": components, "__path__": []})
    return dict(zip(_NAMES, (kfp, dsl, components), strict=True))


@contextmanager
def installed() -> Iterator[Any]:
    """Let `kfp` be the stand-in; what was there is there again afterwards."""
    before = {name: sys.modules.get(name) for name in _NAMES}
    modules = _modules()
    sys.modules.update(modules)
    try:
        yield modules["kfp.dsl"]
    finally:
        for name, module in before.items():
            if module is None:
                sys.modules.pop(name, None)
            else:
                sys.modules[name] = module
