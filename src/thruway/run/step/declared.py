"""Options of a step as its text says them: how it runs, and which environment it depends on."""

from __future__ import annotations

import ast
import os
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from thruway.kit.dag import Node


def step_option(node: Node, name: str, default: Any) -> Any:
    """Return a literal keyword of `@step(...)`."""
    for option, text in node.step.options:
        if option == name:
            try:
                return ast.literal_eval(text)
            except (ValueError, SyntaxError):
                return default
    return default


def declared_environment(node: Node) -> dict[str, str | None]:
    """Return the environment variables that a step declares, with their values; None if unset."""
    names = step_option(node, "env", ())
    if isinstance(names, str):
        names = (names,)
    return {str(name): os.environ.get(str(name)) for name in names}


def may_cache(node: Node) -> bool:
    """Say whether an earlier result may answer for a step."""
    return step_option(node, "cache", default=True) is not False
