"""A component called elsewhere: in another process, and by the executors of a run."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from thruway.api.component.report import Flaw
from thruway.errors import ThruwayError
from thruway.kit.ambient.children import command, environment
from thruway.kit.step import Step
from thruway.kit.values import storage
from thruway.kit.values.origin import importable
from thruway.run.types import EXECUTORS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from types import TracebackType
    from typing import Self

_OTHER_SEED = "4242"
"""Of the hashes of text: what comes from a set has another order then."""

_FLOW = '''"""One component, given what it is checked with."""

from pathlib import Path
from typing import Any, NamedTuple

from thruway import pipeline, step
from thruway.kit.values import storage

from {module} import {top}

{make}
class Given(NamedTuple):
    """What it is called with."""

    {fields}


@step
def given() -> Given:
    """Read what it is called with."""
    return Given(**storage.read({format!r}, Path({file!r})))


@pipeline
def flow() -> Any:
    """Call it."""
    told = given()
    {results} = {call}({arguments})
    return {results}
'''


def name_of(function: Any) -> str:
    """Return `module:name` of a function."""
    name = getattr(function, "__qualname__", type(function).__qualname__)
    return f"{getattr(function, '__module__', '?')}:{name}"


def not_importable(function: Any) -> str:
    """Return why another process cannot find a function, "" if it can."""
    module = str(getattr(function, "__module__", ""))
    name = getattr(function, "__qualname__", "")
    if module == "__main__":
        return "another process cannot import it: it is defined in a notebook or a script"
    found: Any = sys.modules.get(module)
    for part in name.split("."):
        found = getattr(found, part, None)
    if found is function or (isinstance(found, Step) and found.function is function):
        return ""
    return "" if importable(function) else "another process cannot import it by its name"


def unavailable(executor: str) -> str:
    """Return why an executor cannot be tried, "" if it can."""
    if executor not in EXECUTORS:
        return "there is no such executor"
    if executor == "dask" and importlib.util.find_spec("distributed") is None:
        return "`distributed` is not installed"
    return ""


class Job:
    """One example, laid where other processes find it.

    Raises:
        StorageError: the example cannot be stored.
    """

    def __init__(self, function: Callable[..., Any], given: Mapping[str, Any], where: str) -> None:
        self._function = function
        self._where = where
        self._given = dict(given)
        self._temporary = tempfile.TemporaryDirectory(prefix="thruway-check-")
        self._folder = Path(self._temporary.name)
        try:
            with (self._folder / "given").open("wb") as handle:
                self._format = storage.write(self._given, handle)
        except ThruwayError:
            self._temporary.cleanup()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._temporary.cleanup()

    def in_process(self, wanted: Mapping[str, str]) -> list[Flaw]:
        """Call it in a process whose sets have another order."""
        told = self._child({"do": "call", "names": list(wanted)})
        return self._compared("process", "another process", told["call"], wanted)

    def by_executors(self, executors: list[str], wanted: Mapping[str, str]) -> list[Flaw]:
        """Run it as a step of a pipeline by some executors.

        In a process of its own: what a cluster starts imports the main module, which is the
        user's script here.
        """
        results = [f"out_{number}" for number in range(len(wanted))]
        (self._folder / "checked_flow.py").write_text(self._text(results), encoding="utf-8")
        self._link()
        told = self._child({"do": "run", "executors": executors, "names": list(wanted)})
        return [
            flaw
            for one in executors
            for flaw in self._compared("executors", f"the executor `{one}`", told[one], wanted)
        ]

    def _child(self, job: dict[str, Any]) -> dict[str, dict[str, str]]:
        """Return what another process says: of each way of calling, output → digest."""
        job |= {
            "module": self._function.__module__,
            "name": self._function.__qualname__,
            "format": self._format,
            "path": [place or os.getcwd() for place in sys.path],  # noqa: PTH109 - as text
        }
        (self._folder / "job.json").write_text(json.dumps(job), encoding="utf-8")
        done = subprocess.run(
            command(sys.executable, "thruway.api.component.child", str(self._folder)),
            env=environment({"PYTHONHASHSEED": _OTHER_SEED}),
            capture_output=True,
            text=True,
            check=False,
        )
        answer = self._folder / "done.json"
        if answer.is_file():
            told: dict[str, dict[str, str]] = json.loads(answer.read_text(encoding="utf-8"))
            answer.unlink()
            return told
        last = (done.stderr.strip() or "it ended without a word").splitlines()[-1]
        failed = {"failed": f"it failed: {last}"}
        return dict.fromkeys(job.get("executors", ["call"]), failed)

    def _text(self, results: list[str]) -> str:
        name = self._function.__qualname__
        is_step = isinstance(getattr(sys.modules[self._function.__module__], name, None), Step)
        return _FLOW.format(
            module=self._function.__module__,
            top=name.partition(".")[0],
            make="" if is_step else f"checked = step({name})\n\n",
            call=name if is_step else "checked",
            results=", ".join(results),
            fields="\n    ".join(f"{one}: Any" for one in self._given) or "nothing: Any = None",
            format=self._format,
            file=str(self._folder / "given"),
            arguments=", ".join(f"{one}=told.{one}" for one in self._given),
        )

    def _link(self) -> None:
        """Make the module of the component importable where a run looks for modules."""
        module = sys.modules[self._function.__module__]
        file = getattr(module, "__file__", None)
        if module.__name__.startswith("thruway."):  # it is there already
            return
        if file is None or any(p in {"site-packages", "dist-packages"} for p in Path(file).parts):
            return
        root = Path(file).resolve().parent
        for _ in range(module.__name__.count(".") + (Path(file).name == "__init__.py")):
            root = root.parent
        if root != Path.cwd():
            (self._folder / "src").symlink_to(root, target_is_directory=True)

    def _compared(
        self, check: str, who: str, found: Mapping[str, str], wanted: Mapping[str, str]
    ) -> list[Flaw]:
        if "failed" in found:
            fix = found.get("fix") or "see that it can be imported, and depends on its arguments"
            return [Flaw(check, "fail", f"{who}: {found['failed']}", self._where, fix)]
        return [
            Flaw(
                check, "fail", f"{who} gives {_other(name)}", self._where,
                "sort what comes from sets; let it depend on its arguments only",
            )
            for name in wanted
            if "stopped" not in found and found.get(name) != wanted[name]
        ]  # fmt: skip


def _other(name: str) -> str:
    return "another result" if name == "result" else f"another `{name}`"
