"""Run the executor of a component of TFX as a step, with artifacts that are folders.

What an orchestrator of TFX adds around an executor, a driver and ML Metadata, is not there; so only
a component that needs no driver of its own can be imported.
"""

from __future__ import annotations

import importlib
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

from thruway.errors import DataError, UsageError
from thruway.kit.ambient.files import File

if TYPE_CHECKING:
    from collections.abc import Mapping

_BEAM = ["--runner=DirectRunner", "--direct_running_mode=in_memory"]


def run(component: str, given: Mapping[str, Any], inputs: tuple[str, ...]) -> dict[str, Any]:
    """Return output → folder of its artifact; the value itself of a value artifact.

    Args:
        component: `package.module.Component`.
        given: argument → value; those that are None are left out.
        inputs: the arguments that are artifacts.

    Raises:
        UsageError: TFX or the component is not installed.
        DataError: it gave no output.
    """
    module, _, name = component.rpartition(".")
    try:
        kind = getattr(importlib.import_module(module), name)
        channel_utils = importlib.import_module("tfx.types.channel_utils")
    except (ImportError, AttributeError) as error:
        raise UsageError(
            f"{component} cannot be imported: {error}", fix="run it where TFX is installed"
        ) from error
    arguments = {each: value for each, value in given.items() if value is not None}
    taken = {
        each: _artifact(kind, each, arguments.pop(each)) for each in inputs if each in arguments
    }
    channels = {each: channel_utils.as_channel([artifact]) for each, artifact in taken.items()}
    made = kind(**channels, **arguments)
    top = Path(name)
    outputs = {
        each: [_output(channel.type(), top / each)] for each, channel in made.outputs.items()
    }
    executor = _executor(made, top)
    executor.Do({each: [one] for each, one in taken.items()}, outputs, dict(made.exec_properties))
    return {each: _given(name, each, artifact) for each, (artifact,) in outputs.items()}


def _artifact(kind: Any, name: str, value: Any) -> Any:
    artifact = kind.SPEC_CLASS.INPUTS[name].type()
    artifact.uri = str(Path(value).absolute())
    if hasattr(artifact, "read") and Path(value).is_file():
        artifact.read()
    splits = sorted(each.name[6:] for each in Path(value).glob("Split-*"))
    if splits and "split_names" in (artifact.PROPERTIES or {}):
        encode = importlib.import_module("tfx.types.artifact_utils").encode_split_names
        artifact.split_names = encode(splits)
    return artifact


def _output(artifact: Any, place: Path) -> Any:
    is_value = hasattr(artifact, "write")
    shutil.rmtree(place, ignore_errors=True)
    (place.parent if is_value else place).mkdir(parents=True, exist_ok=True)
    artifact.uri = str(place.absolute())
    return artifact


def _executor(made: Any, top: Path) -> Any:
    kind = made.executor_spec.executor_class
    beam = importlib.import_module("tfx.dsl.components.base.base_beam_executor").BaseBeamExecutor
    words = {"tmp_dir": str((top / ".tmp").absolute()), "unique_id": "1"}
    if issubclass(kind, beam):
        return kind(context=beam.Context(beam_pipeline_args=_BEAM, **words))
    base = importlib.import_module("tfx.dsl.components.base.base_executor").BaseExecutor
    return kind(context=base.Context(**words))


def _given(component: str, name: str, artifact: Any) -> Any:
    if hasattr(artifact, "write"):
        return artifact.value
    place = Path(artifact.uri)
    if not any(place.iterdir()):
        raise DataError(f"{component} wrote nothing to its output `{name}`")
    return File(Path(component, name).as_posix())
