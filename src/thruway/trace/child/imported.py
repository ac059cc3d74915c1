"""Which packages and which files beside the program were imported."""

from __future__ import annotations

import ast
import contextlib
import os
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_INSTALLED = frozenset({"site-packages", "dist-packages"})

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


@dataclass(frozen=True)
class Beside:
    """The folders around a program, as text.

    Attributes:
        cwd: where it runs.
        workspace: the outermost folder of what it may write to.
        root: its own folder, of which the workspace is a mirror.
    """

    cwd: str
    workspace: str
    root: str

    def relative(self, path: str) -> str:
        """Return a path relative to the program's folder (posix), "" for one elsewhere."""
        full = os.path.normpath(os.path.join(self.cwd, path))  # noqa: PTH118 - as text
        for inside, start in ((self.workspace, self.cwd), (self.root, self.root)):
            if full == inside or full.startswith(f"{inside}{os.sep}"):
                return os.path.relpath(full, start).replace(os.sep, "/")
        return ""


def import_path(beside: Beside) -> tuple[str, ...]:
    """Return the folders of `sys.path` that lie beside the program, relative to its own."""
    found = [beside.relative(entry) for entry in sys.path if isinstance(entry, str)]
    kept = [entry for entry in found if entry and not _INSTALLED & set(entry.split("/"))]
    return tuple(dict.fromkeys(kept))


def local_trees(beside: Beside) -> Iterator[ast.Module]:
    """Yield the syntax of the modules that were imported from beside the program."""
    for file in sorted(set(local_modules(beside).values())):
        path = os.path.join(beside.cwd, file)  # noqa: PTH118 - as text
        with contextlib.suppress(OSError, SyntaxError, ValueError), open(path, "rb") as text:  # noqa: PTH123
            yield ast.parse(text.read())


def local_modules(beside: Beside, names: Iterable[str] | None = None) -> dict[str, str]:
    """Return name → file, relative to the program's folder, of modules imported from beside it.

    Args:
        beside: the folders around the program.
        names: the modules to ask for; all by default.
    """
    found = {}
    # By identity: `multiprocessing` keeps the program's own module under a second name.
    program = sys.modules.get("__main__")
    for name in list(sys.modules) if names is None else names:
        module = sys.modules.get(name)
        file = None if module is program else getattr(module, "__file__", None)
        place = beside.relative(file) if isinstance(file, str) else ""
        # Some libraries name files that never were: `torch.ops` says `_ops.py`.
        there = place and os.path.isfile(os.path.join(beside.cwd, place))  # noqa: PTH113, PTH118 - as text
        if there and not _INSTALLED & set(place.split("/")):
            found[name] = place
    return found
