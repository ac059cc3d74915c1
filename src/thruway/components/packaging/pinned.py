"""The versions that a model needs: of what it is made of, and of what that needs."""

from __future__ import annotations

import re
import sys
from importlib import metadata
from typing import TYPE_CHECKING

from thruway.kit.code import packages
from thruway.kit.values import origin

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["pinned"]

_NAME = re.compile(r"^\s*([A-Za-z0-9][A-Za-z0-9._-]*)")
# What asks a model, whatever it is: see `models`.
_ALWAYS = ("narwhals", "numpy")


def pinned(modules: Iterable[str]) -> tuple[str, ...]:
    """Return lines of a `requirements.txt`, sorted.

    Args:
        modules: names under which packages are imported; those of the standard library, of the
            project and those that are not installed are left out.
    """
    installed = packages.installed()
    waiting = [
        name
        for module in sorted({*modules, *_ALWAYS})
        if _counts(module)
        for name, version in packages.versions(module)
        if version != "missing"
    ]
    found: dict[str, str] = {}
    while waiting:
        name = _normal(waiting.pop())
        version = installed.get(name)
        if version is None or name in found or name == "thruway":
            continue
        # What is after a `+` says where it was built, and is on no registry; a digest is ours.
        found[name] = version.partition(" ")[0].partition("+")[0]
        waiting += _needs(name)
    return tuple(f"{name}=={version}" for name, version in sorted(found.items()))


def _counts(module: str) -> bool:
    top = module.partition(".")[0]
    known = top in sys.stdlib_module_names or top in {"thruway", "__main__", "builtins"}
    return not known and not origin.first_party(top)


def _needs(name: str) -> list[str]:
    try:
        lines = metadata.requires(name) or []
    except metadata.PackageNotFoundError:
        return []
    return [
        match[1]
        for line in lines
        if "extra ==" not in line.replace("'", '"') and (match := _NAME.match(line))
    ]


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
