"""Which packages and which files beside the program were imported."""

from __future__ import annotations

import ast
import os
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

# Top-level module → distribution, where `packages_distributions` may not know (editable installs).
_DISTRIBUTIONS = {
    "sklearn": "scikit-learn",
    "cv2": "opencv-python",
    "PIL": "pillow",
    "yaml": "PyYAML",
    "bs4": "beautifulsoup4",
    "skimage": "scikit-image",
    "dateutil": "python-dateutil",
    "dotenv": "python-dotenv",
    "mpl_toolkits": "matplotlib",
}


def imported_roots(trees: Iterable[ast.AST]) -> set[str]:
    """Return the top-level modules that import statements in these trees name."""
    roots = set()
    for tree in trees:
        for node in ast.walk(tree):
            if isinstance(node, ast.Import):
                roots |= {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                roots.add(node.module.partition(".")[0])
    return roots


def packages(roots: Iterable[str]) -> dict[str, str]:
    """Return distribution name → version of the modules that were really imported."""
    from importlib import metadata  # costs 25 ms; most programs have loaded it by now

    found: dict[str, str] = {}
    wanted = [root for root in roots if root in sys.modules and not _standard(root)]
    known = _distributions(wanted)
    for root in sorted(wanted):
        for name in known.get(root, [root]):
            try:
                found[name] = metadata.version(name)
            except metadata.PackageNotFoundError:
                continue
    return dict(sorted(found.items(), key=lambda item: item[0].lower()))


def _distributions(roots: list[str]) -> dict[str, list[str]]:
    named = {root: [_DISTRIBUTIONS.get(root, root)] for root in roots}
    unknown = [root for root in roots if not _installed(named[root][0])]
    if not unknown:
        return named
    from importlib import metadata

    every = metadata.packages_distributions()  # reads every RECORD: only when it must
    return {**named, **{root: sorted(set(every.get(root, []))) for root in unknown}}


def _installed(distribution: str) -> bool:
    from importlib import metadata

    try:
        metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return False
    return True


def _standard(root: str) -> bool:
    return root in sys.stdlib_module_names or root == "thruway"


def local_modules(workspace: Path, names: Iterable[str] | None = None) -> dict[str, str]:
    """Return name → file, relative to the workspace, of imported modules that lie in it.

    Args:
        workspace: the folder.
        names: the modules to ask for; all by default.
    """
    found = {}
    prefix = f"{workspace}{os.sep}"
    # By identity: `multiprocessing` keeps the program's own module under a second name.
    program = sys.modules.get("__main__")
    for name in list(sys.modules) if names is None else names:
        module = sys.modules.get(name)
        file = None if module is program else getattr(module, "__file__", None)
        if isinstance(file, str) and file.startswith(prefix):
            found[name] = file.removeprefix(prefix).replace(os.sep, "/")
    return found
