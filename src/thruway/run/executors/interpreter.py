"""Versions of Python and packages that steps run with, and the code keys of a pipeline."""

from __future__ import annotations

import hashlib
import json
import platform
import subprocess
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from thruway.errors import InterpreterError
from thruway.kit.ambient import children
from thruway.kit.code import key as code
from thruway.kit.code import packages
from thruway.kit.code.effects import Imports

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from pathlib import Path

    from thruway.kit.code.key import CodeKey
    from thruway.kit.dag import Dag, Node, StepRef

_PATIENCE_SECONDS = 60


@dataclass(frozen=True)
class About:
    """An interpreter: its version, and distribution → version of what it can import."""

    python: str
    packages: Mapping[str, str]


def about_this() -> About:
    """Return what a worker answers when it is asked about itself."""
    return About(platform.python_version(), packages.installed())


def about(python: str) -> About:
    """Ask an interpreter about itself.

    Raises:
        InterpreterError: it cannot be started, or is too old.
    """
    command = children.command(python, "thruway.run.executors.worker", "--about")
    try:
        asked = subprocess.run(
            command,
            env=children.environment(),
            capture_output=True,
            text=True,
            timeout=_PATIENCE_SECONDS,
            check=True,
        )
        answer = json.loads(asked.stdout.splitlines()[-1])
        return About(answer["python"], answer["packages"])
    except subprocess.CalledProcessError as error:
        raise _unusable(python, error.stderr) from error
    except (OSError, ValueError, LookupError, subprocess.TimeoutExpired) as error:
        raise _unusable(python, str(error)) from error


def _unusable(python: str, reason: str) -> InterpreterError:
    lines = reason.strip().splitlines() or ["it gave no answer"]
    return InterpreterError(
        f"the interpreter cannot run steps: {lines[-1]}",
        where=python,
        fix="give another one with --python, Python 3.11 or later",
    )


class CodeKeys:
    """The code keys of a pipeline's steps, each read once."""

    def __init__(
        self,
        dag: Dag,
        roots: Sequence[Path],
        foreign: Callable[[], About | None] = lambda: None,
    ) -> None:
        self.dag = dag
        self.roots = roots
        self._ask = foreign
        self._known: dict[StepRef, CodeKey] = {}
        self._imports = Imports(tuple(roots))
        self._named: dict[str, CodeKey] = {}

    @cached_property
    def foreign(self) -> About | None:
        """The other interpreter; None when steps run with this one."""
        return self._ask()

    @property
    def python(self) -> str:
        """Version of the Python that steps run with."""
        return self.foreign.python if self.foreign else platform.python_version()

    def of(self, node: Node) -> tuple[dict[str, str], dict[str, str]]:
        """Return the code (place → digest) and packages (name → version) of a node's step."""
        places, versions = self._parts(self._key(node.step))
        places["step"] = f"{node.step.module}:{node.step.qualname}"
        return places, versions

    def _parts(self, found: CodeKey) -> tuple[dict[str, str], dict[str, str]]:
        places = {_place(kind, place): digest for kind, place, digest in found.ingredients}
        versions = {name: version for name, version in found.packages if name != "python"}
        if self.foreign:
            versions = {name: self.foreign.packages.get(name, "missing") for name in versions}
        return places, versions

    def of_values(self, named: Iterable[str]) -> tuple[dict[str, str], dict[str, str]]:
        """Return the code and packages that values are made of, as `of` does.

        A step calls methods of what it is given without naming its class anywhere.

        Args:
            named: as in `ArtifactRef`.
        """
        places: dict[str, str] = {}
        versions: dict[str, str] = {}
        for name in named:
            more, used = self._parts(self._of_value(name))
            places |= more
            # Modules that no distribution brings (what Cython makes up) have no version to differ.
            versions |= {each: found for each, found in used.items() if found != "missing"}
        return places, versions

    def lacking(self, named: Iterable[str]) -> str:
        """Return a package that values are made of and steps would not find here, "" if none.

        A frame may need one that no step names: where pyarrow is installed, pandas keeps texts so.

        Args:
            named: as in `ArtifactRef`.
        """
        for name in named:
            root = name.partition(":")[0].partition(".")[0]
            found = self._of_value(name)
            if root.startswith("_") or found.ingredients:  # made up by compiled code; the program's
                continue
            versions = self._parts(found)[1].values()
            if "missing" in versions and (self.foreign or not packages.is_found(root)):
                return root
        return ""

    def _of_value(self, name: str) -> CodeKey:
        if name not in self._named:
            module, _, definition = name.partition(":")
            self._named[name] = code.value_key(module, definition, self.roots, self._imports)
        return self._named[name]

    def places(self, node: Node, named: Iterable[str] = ()) -> tuple[str, ...]:
        """Return where the project's code is that a node's step, and what it is given, reach."""
        keys = [self._key(node.step), *(self._of_value(name) for name in named)]
        rows = (row for one in keys for row in one.ingredients if row[0] in code.DEFINITIONS)
        return tuple(dict.fromkeys(place for _, place, _ in rows))

    @cached_property
    def digest(self) -> str:
        """One digest over the pipeline's text and all of its code."""
        parts = [self.dag.dump(), self.python]
        parts += [repr(self.of(node)) for node in self.dag.nodes]
        return hashlib.blake2b("\n".join(parts).encode(), digest_size=20).hexdigest()

    def _key(self, step: StepRef) -> CodeKey:
        if step not in self._known:
            self._known[step] = code.code_key(
                step.file, step.qualname, self.roots, step.module, self._imports
            )
        return self._known[step]


def _place(kind: str, place: str) -> str:
    if kind == "order":
        return f"{place} (order of imports)"
    return place if kind in ("function", "class", "constant") else f"{place} ({kind})"
