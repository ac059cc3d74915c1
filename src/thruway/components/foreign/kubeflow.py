"""Run a component of Kubeflow Pipelines: its Python here, anything else in its container.

A lightweight component carries its Python in the YAML: a function (SDK 2) or a program (SDK 1).
Either runs in this process. The function sees a stand-in for `kfp.dsl` (`kubeflow_dsl`), so the
SDK need not be installed.
"""

from __future__ import annotations

import json
import runpy
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from thruway.components.foreign import kubeflow_dsl
from thruway.components.foreign.placeholders import Places, resolved
from thruway.errors import DataError, UsageError
from thruway.kit.ambient.files import File

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

Type = Literal["int", "float", "str", "bool", "dict", "list", "file", "metrics"]
_ENGINES = ("docker", "podman")
_INSIDE = "/thruway"


@dataclass(frozen=True)
class Component:
    """What a YAML file says of a component.

    Attributes:
        name: of it; outputs are files in a folder of this name.
        inputs: name → type; of a `file`, the content may be given as text, too.
        outputs: name → type.
        image: in which it runs.
        command: and its arguments, with placeholders.
        source: Python of a lightweight component; "" if it is none.
        function: of the source, that is called; "" when the source is a program.
        packages: that it installs before it runs.
    """

    name: str
    inputs: Mapping[str, Type]
    outputs: Mapping[str, Type]
    image: str = ""
    command: Sequence[Any] = ()
    source: str = ""
    function: str = ""
    packages: Sequence[str] = ()


@dataclass
class _Folders:
    """Where the files of one call are."""

    component: Component
    top: Path
    paths: dict[str, Path] = field(default_factory=dict)

    def place_inputs(self, given: Mapping[str, Any]) -> None:
        for name, kind in self.component.inputs.items():
            value = given.get(name)
            if kind == "file" and value is not None:
                self.paths[name] = self._placed(name, value)

    def _placed(self, name: str, value: Any) -> Path:
        if isinstance(value, File):
            return Path(value).absolute()
        place = self.top / "inputs" / _folder(name) / "data"
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(value if isinstance(value, str) else json.dumps(value), encoding="utf-8")
        return place

    def output(self, name: str) -> Path:
        place = self.top / "outputs" / _folder(name) / "data"
        place.parent.mkdir(parents=True, exist_ok=True)
        return place


def run(component: Component, given: Mapping[str, Any]) -> dict[str, Any]:
    """Return output → value of one call; files lie in the working folder.

    Args:
        component: what is called.
        given: input → value; those that are None are left out.

    Raises:
        DataError: it wrote no output, or one of another type than it says.
        UsageError: it needs a container, and there is neither docker nor podman; or a package.
    """
    with tempfile.TemporaryDirectory(prefix="thruway-kfp-") as top:
        folders = _Folders(component, Path(top))
        folders.place_inputs(given)
        values = {name: value for name, value in given.items() if value is not None}
        returned: dict[str, Any] = {}
        try:
            if component.function:
                returned = _function(component, folders, values)
            elif component.source:
                _program(component, folders, values)
            else:
                _container(component, folders, values)
        except ModuleNotFoundError as error:
            needed = ", ".join(component.packages) or str(error.name)
            raise UsageError(
                f"the component `{component.name}` needs `{error.name}`",
                fix=f"install what it names: {needed}",
            ) from error
        return {name: _output(component, folders, name, returned) for name in component.outputs}


def _output(component: Component, folders: _Folders, name: str, returned: Mapping[str, Any]) -> Any:
    kind = component.outputs[name]
    if name in returned:
        return returned[name]
    place = folders.output(name)
    if not place.exists():
        raise DataError(
            f"the component `{component.name}` wrote no output `{name}`",
            fix="look at what it printed",
        )
    if kind == "file":
        kept = Path(_folder(component.name), _folder(name))
        kept.parent.mkdir(parents=True, exist_ok=True)
        _remove(kept)
        shutil.move(place, kept)
        return File(kept.as_posix())
    return _parsed(component, name, place.read_text(encoding="utf-8"))


def _parsed(component: Component, name: str, text: str) -> Any:
    kind = component.outputs[name]
    try:
        if kind == "str":
            return text
        if kind == "bool":
            return {"true": True, "false": False}[text.strip().lower()]
        return {"int": int, "float": float}.get(kind, json.loads)(text)
    except (ValueError, KeyError) as error:
        raise DataError(
            f"the output `{name}` of the component `{component.name}` is no {kind}: {text[:80]!r}"
        ) from error


def _remove(place: Path) -> None:
    shutil.rmtree(place) if place.is_dir() else place.unlink(missing_ok=True)


# Python in this process -----------------------------------------------------------------------


def _function(component: Component, folders: _Folders, given: Mapping[str, Any]) -> dict[str, Any]:
    with kubeflow_dsl.installed() as dsl:
        scope: dict[str, Any] = {"__name__": f"kfp_{_folder(component.name)}"}
        exec(compile(component.source, f"<{component.name}>", "exec"), scope)  # noqa: S102 - that is what it is
        function = scope[component.function]
        call = dsl.Call(function)
        for name, value in given.items():
            call.give(name, folders.paths.get(name, value))
        metrics = {}
        for name, kind in component.outputs.items():
            if call.takes(name):
                metrics[name] = call.output(name, folders.output(name))
                if kind == "metrics":
                    folders.output(name).write_text("{}", encoding="utf-8")
        wanted = [name for name in component.outputs if not call.takes(name)]
        returned: dict[str, Any] = call.run(wanted)
    told = {name: each.metadata for name, each in metrics.items() if each is not None}
    return returned | {name: told[name] for name in told if component.outputs[name] == "metrics"}


def _program(component: Component, folders: _Folders, given: Mapping[str, Any]) -> None:
    """Run the program of an SDK-1 component as a script, with the arguments of the container."""
    words = resolved(component.command, _places(component, folders, given))
    script = folders.top / "program.py"
    script.write_text(component.source, encoding="utf-8")
    before = sys.argv
    sys.argv = [str(script), *words[words.index(component.source) + 1 :]]
    try:
        runpy.run_path(str(script), run_name="__main__")
    except SystemExit as error:
        if error.code not in (None, 0):
            raise DataError(
                f"the component `{component.name}` ended with status {error.code}"
            ) from error
    finally:
        sys.argv = before


def _places(component: Component, folders: _Folders, given: Mapping[str, Any]) -> Places:
    outputs = {name: str(folders.output(name)) for name in component.outputs}
    return Places(dict(given), {name: str(path) for name, path in folders.paths.items()}, outputs)


# Anything else, in a container ----------------------------------------------------------------


def _container(component: Component, folders: _Folders, given: Mapping[str, Any]) -> None:
    engine = next(filter(None, map(shutil.which, _ENGINES)), None)
    if engine is None:
        raise UsageError(
            f"the component `{component.name}` runs in the image {component.image}, and there is "
            "neither docker nor podman here",
            fix="install one of them, or run the pipeline compiled to kubeflow",
        )
    mounts = ["-v", f"{folders.top}:{_INSIDE}"]
    inside = {}
    for number, (name, path) in enumerate(folders.paths.items()):
        if path.is_relative_to(folders.top):
            inside[name] = f"{_INSIDE}/{path.relative_to(folders.top).as_posix()}"
        else:
            inside[name] = f"{_INSIDE}-inputs/{number}/{path.name}"
            mounts += ["-v", f"{path}:{inside[name]}:ro"]
    outputs = {
        name: f"{_INSIDE}/{folders.output(name).relative_to(folders.top).as_posix()}"
        for name in component.outputs
    }
    words = resolved(component.command, Places(dict(given), inside, outputs))
    entry = ["--entrypoint", words[0]] if words else []
    done = subprocess.run(
        [engine, "run", "--rm", *mounts, *entry, component.image, *words[1:]], check=False
    )
    if done.returncode:
        raise DataError(f"the component `{component.name}` ended with status {done.returncode}")


def _folder(name: str) -> str:
    return "".join(letter if letter.isalnum() or letter in "-_" else "_" for letter in name)
