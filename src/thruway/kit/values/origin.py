"""Where a class or function comes from, and the name that the public knows it by.

First-party code (the user's program and whatever lies beside it) is moved about by a
migration, so its module never counts: `__main__.Box` and `churn.shared.Box` are one class.
Third-party code is known by its module, and shown by the shortest parent package that
exposes the same object (`pandas.core.frame.DataFrame` is `pandas.DataFrame`).
"""

from __future__ import annotations

import sys
from functools import lru_cache
from typing import Any

# Modules of the standard library whose public face has another name.
_PUBLIC_FACE = {
    "_io": "io",
    "_thread": "threading",
    "_decimal": "decimal",
    "_random": "random",
    "_struct": "struct",
    "_socket": "socket",
    "_sqlite3": "sqlite3",
    "_queue": "queue",
    "_functools": "functools",
    "_collections": "collections",
    "_operator": "operator",
    "_pickle": "pickle",
    "_csv": "csv",
    "pathlib._local": "pathlib",
}


def root(module: str) -> str:
    """Return the top-level package of a dotted module name."""
    return module.partition(".")[0]


def first_party(module: str) -> bool:
    """Return whether a module is the user's own, and so may be moved by a migration."""
    if module == "__main__":
        return True
    if root(module) in sys.stdlib_module_names or root(module) in {"thruway", "builtins"}:
        return False
    return _outside_packages(module, getattr(sys.modules.get(module), "__file__", None))


@lru_cache(maxsize=4096)
def _outside_packages(module: str, file: str | None) -> bool:
    if file is None:
        # Compiled parts of a package may carry no file: the package then decides.
        file = getattr(sys.modules.get(root(module)), "__file__", None)
    if file is None:
        return True
    path = str(file).replace("\\", "/")
    return "/site-packages/" not in path and "/dist-packages/" not in path


def module_of(thing: Any) -> str:
    """Return the module name of a class or function; "" when it has none."""
    module = getattr(thing, "__module__", None)
    return module if isinstance(module, str) else ""


def attribute(value: object, name: str, default: Any = None) -> Any:
    """Return an attribute of a value without running anything of the program's.

    A `__getattr__` or a property of the user's may count, load or log: looking must not.
    """
    kind = type(value)
    if not any(first_party(module_of(base)) for base in kind.__mro__):
        return getattr(value, name, default)
    for base in kind.__mro__:
        if name in vars(base):
            found = vars(base)[name]
            if not first_party(module_of(base)):
                return getattr(value, name, default)
            return default if hasattr(type(found), "__get__") else found
    try:
        return object.__getattribute__(value, "__dict__").get(name, default)
    except AttributeError:
        return default


def qualname_of(thing: Any) -> str:
    """Return the qualified name of a class or function, without the functions around it."""
    name = getattr(thing, "__qualname__", None) or getattr(thing, "__name__", "")
    return str(name).rpartition("<locals>.")[2]


def in_step(thing: Any) -> bool:
    """Return whether a function was written right inside a step.

    What it takes from the step's variables it took from the globals of the original.
    """
    outer, nested, inner = str(getattr(thing, "__qualname__", "")).partition(".<locals>.")
    if not nested or "<locals>" in inner:
        return False
    found = getattr(sys.modules.get(module_of(thing)), outer, None)
    return hasattr(found, "role") and hasattr(found, "function")


def token(thing: Any) -> str:
    """Return the name that a digest uses: stable when first-party code is moved."""
    module = module_of(thing)
    name = qualname_of(thing)
    return name if not module or first_party(module) else f"{module}:{name}"


def public_module(thing: type) -> str:
    """Return the shortest loaded parent package that exposes the same class."""
    module = module_of(thing)
    name = getattr(thing, "__qualname__", thing.__name__)
    module = _PUBLIC_FACE.get(module, module)
    if "." in name:
        return module
    parts = module.split(".")
    for count in range(1, len(parts)):
        parent = ".".join(parts[:count])
        # `vars`, not `getattr`: a lazy package would import its submodules for the asking.
        if vars(sys.modules.get(parent, sys)).get(name) is thing:
            return parent
    return module


def public_name(thing: type) -> str:
    """Return the public dotted name of a class.

    Example:
        >>> import collections
        >>> public_name(collections.OrderedDict)
        'collections.OrderedDict'
    """
    return f"{public_module(thing)}.{getattr(thing, '__qualname__', thing.__name__)}"


def importable(thing: Any) -> bool:
    """Return whether a class or function is found again under its module and name.

    A program's own `__main__` is taken at its word: whoever runs it decides what it holds.
    """
    module = module_of(thing)
    name = str(getattr(thing, "__qualname__", ""))
    if not name or "<" in name:
        return False
    if module == "__main__":
        return True
    found: Any = sys.modules.get(module)
    for part in name.split("."):
        found = getattr(found, part, None)
    return found is thing
