"""Why something stays closed: raised where it is seen, told as a finding."""

from __future__ import annotations

import ast
from dataclasses import dataclass

from thruway.program.opening.scope import own

LOOKS = frozenset({"locals", "exec", "eval", "globals"})
LOOKS_AROUND = frozenset({"vars", "dir"})
FRAMES = frozenset({"inspect.currentframe", "inspect.stack", "sys._getframe", "currentframe"})
WAITS = (ast.Await, ast.AsyncFor, ast.AsyncWith)
_FUNCTIONS_ONLY = frozenset({"super", "__class__", "UnboundLocalError", "NameError"})
YIELDS = (ast.Yield, ast.YieldFrom)
HANDLES = frozenset(
    {
        *("open", "fdopen", "connect", "writer", "DictWriter", "Popen", "Pool"),
        *("File", "ZipFile", "TarFile", "ExcelWriter", "HDFStore", "SummaryWriter"),
        *("TemporaryDirectory", "NamedTemporaryFile", "TemporaryFile"),
    }
)


@dataclass
class ClosedError(Exception):
    """Something cannot be opened: why, and what would help."""

    reason: str
    fix: str = ""


def require_plain_program(tree: ast.Module) -> None:
    """Refuse a program that looks at its own names: it would see more of them once opened.

    Raises:
        ClosedError: it does.
    """
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            name = getattr(node.func, "id", getattr(node.func, "attr", ""))
            bare = isinstance(node.func, ast.Name) and not node.args and not node.keywords
            if (
                (isinstance(node.func, ast.Name) and name in LOOKS)
                or (bare and name in LOOKS_AROUND)
                or ast.unparse(node.func) in FRAMES
            ):
                raise ClosedError(f"the program looks at its own names with `{name}()`")
        if isinstance(node, ast.Import) and any(a.name == "__main__" for a in node.names):
            raise ClosedError("the program imports `__main__`")


def require_straight(function: ast.FunctionDef) -> None:
    """Refuse a function that does what only a function can do.

    Raises:
        ClosedError: it does.
    """
    if function.decorator_list:
        raise ClosedError("it is decorated", "leave the decorator out")
    for node in own(function):
        if isinstance(node, YIELDS):
            raise ClosedError("it is a generator")
        if isinstance(node, WAITS):
            raise ClosedError("it waits (`await`)")
    for node in ast.walk(function):
        if isinstance(node, ast.Name) and node.id in _FUNCTIONS_ONLY:
            raise ClosedError(f"it uses `{node.id}`")
    _require_closed_handles(function)


def _require_closed_handles(function: ast.FunctionDef) -> None:
    """A file that ends with the function would stay open until the end of the program."""
    closed = {
        node.func.value.id
        for node in ast.walk(function)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in {"close", "cleanup", "terminate", "join"}
        and isinstance(node.func.value, ast.Name)
    }
    for node in own(function):
        if not isinstance(node, ast.Assign) or not isinstance(node.value, ast.Call):
            continue
        called = node.value.func
        name = getattr(called, "id", getattr(called, "attr", ""))
        targets = {t.id for t in node.targets if isinstance(t, ast.Name)}
        if name in HANDLES and targets and not targets & closed:
            raise ClosedError(
                f"`{min(targets)}` is closed only because the function ends",
                f"use `with {name}(…) as {min(targets)}:`",
            )
