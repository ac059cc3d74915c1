"""Recognises the classes of libraries by their names, so that none is imported to be asked."""

from __future__ import annotations

from typing import Any


def is_a(model: Any, root: str | tuple[str, ...], name: str) -> bool:
    """Return whether a class of the model is called so, in a package of that name.

    >>> is_a(ValueError(), "builtins", "Exception")
    True
    """
    roots = (root,) if isinstance(root, str) else root
    return any(
        kind.__name__ == name and kind.__module__.partition(".")[0] in roots
        for kind in type(model).__mro__
    )


def root_of(model: Any) -> str:
    """Return the top-level package that defines the class of a model."""
    return type(model).__module__.partition(".")[0]
