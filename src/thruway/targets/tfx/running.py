"""What the components that are written for TFX call when they run.

A component hands over its artifacts; here they are only asked for what every artifact of TFX has
(a `uri`, custom properties), so that nothing of TFX is imported.
"""

from __future__ import annotations

import json
import os
import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from thruway.components.packaging import pack
from thruway.errors import StepFailed, UsageError
from thruway.kit.options import with_options
from thruway.kit.project import load_project
from thruway.run import EngineRun, Part, RunOptions, finish_parts, load_artifact, run_part

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from thruway.kit.dag import Node
    from thruway.kit.options import StepOptions
    from thruway.kit.project import ProjectConfig
    from thruway.run import PartResult
    from thruway.run.types import ArtifactRef, State

RUN_ID = "pipeline-run-id"
"""The runtime parameter that TFX gives the id of a run."""
_VALUES: dict[str, Callable[[Any], Any]] = {
    "Integer": int,
    "Float": float,
    "String": str,
    "Boolean": bool,
}
# What TFX's own components look for: where a model is served from, and who says that it may be.
_SERVING = "Format-Serving"
_BLESSINGS = ("ModelBlessing", "InfraBlessing")


@dataclass(frozen=True)
class Steps:
    """The steps of a project, as components call them.

    Attributes:
        project: its folder.
        store: URL of the store that all tasks reach; "" for that of the project. What the
            environment says (`THRUWAY_STORE`) wins.
        lineage: the same, of the lineage (`THRUWAY_LINEAGE`).
    """

    project: str
    store: str = ""
    lineage: str = ""

    def begin(self, run: Any, run_id: str, parameters: Mapping[str, Any]) -> None:
        """Write what all components of a run have to know into the artifact that they all take.

        Args:
            run: a `String` artifact.
            run_id: of the run in TFX.
            parameters: of the pipeline.
        """
        run.value = json.dumps({"run_id": run_id, "parameters": dict(parameters)})

    def run(self, run: str, node: str, outputs: Mapping[str, Any]) -> None:
        """Run one step; describe in artifacts of TFX what it gave.

        Args:
            run: what `begin` wrote.
            node: name of the step in the pipeline.
            outputs: port → artifact; "" for the whole result.

        Raises:
            GateFailed: it decided that nothing may be made from what it looked at.
            StepFailed: it raised, as often as it may be tried.
        """
        told = json.loads(run)
        with self._project() as project:
            call = _Call(project, told["run_id"], project.dag().node(node), told["parameters"])
            done = call.all()
            for port, artifact in outputs.items():
                refs = done.result.outputs
                chosen = {port: refs[port]} if port in refs else {} if port else dict(refs)
                _describe(artifact, done, chosen, project)

    def source(self, path: str) -> tuple[str, str]:
        """Return folder and name of a file of data, as TFX's own components ask for it.

        Raises:
            UsageError: it is no single file on this machine.
        """
        with self._project() as project:
            place = (project.data / path).absolute()
        if not place.is_file():
            raise UsageError(
                f"`{path}` is no file, and TFX's own component reads one",
                where=str(place),
                fix="compile without standard-components to read all that `ingest` can",
            )
        return str(place.parent), place.name

    def destination(self, path: str) -> str:
        """Return the folder that models are pushed to; one that is relative is of the outputs.

        Raises:
            UsageError: it is none, but a registry.
        """
        if not path or path.startswith(("models:", "mlflow:")):
            raise UsageError(
                f"TFX's Pusher writes to a folder, and is told `{path}`",
                fix="compile without standard-components to push to a registry",
            )
        if "://" in path:
            return path
        with self._project() as project:
            return str((project.outputs / path).absolute())

    def export(self, node: str, model: Any, exported: Any) -> None:
        """Write a model of the store as a folder, where `Pusher` looks for it.

        Args:
            node: that gave the model.
            model: the artifact that stands for it.
            exported: a `Model` artifact.

        Raises:
            UsageError: there is no model: the step gave several values, or none.
        """
        address = model.get_string_custom_property("hash")
        member = model.get_string_custom_property("member")
        if not address:
            raise UsageError(
                f"step `{node}` gave no single value that could be pushed",
                fix="return the model by a name of its own, or compile without standard-components",
            )
        with self._project() as project:
            value = load_artifact(project.storage, f"{address}/{member}")
            pack(
                value,
                Path(exported.uri) / _SERVING,
                provenance={
                    "step": node,
                    "hash": address,
                    "run": model.get_string_custom_property("thruway_run"),
                },
            )

    def finish(self, run_id: str, elsewhere: Mapping[str, State]) -> tuple[str, State] | None:
        """Record how a run ended; return its id in the store and its state; None if none began.

        Args:
            run_id: of the run in TFX.
            elsewhere: nodes that TFX's own components did → how they ended.
        """
        with self._project() as project:
            try:
                return finish_parts(project, EngineRun("tfx", run_id), elsewhere)
            except UsageError:
                return None

    @contextmanager
    def _project(self) -> Iterator[ProjectConfig]:
        said = {"THRUWAY_STORE": self.store, "THRUWAY_LINEAGE": self.lineage}
        added = {name: url for name, url in said.items() if url and not os.environ.get(name)}
        os.environ.update(added)
        try:
            yield load_project(self.project)
        finally:
            for name in added:
                os.environ.pop(name, None)


@dataclass(frozen=True)
class _Call:
    """One step of one run; tried as often as it says, since TFX tries nothing twice."""

    project: ProjectConfig
    run_id: str
    node: Node
    parameters: Mapping[str, Any]

    def all(self) -> PartResult:
        """Run it; a mapped one for each of its items."""
        if not self.node.mapped:
            return self.part()
        counted = self.part("items")
        if counted.result.state == "SKIPPED":
            return counted
        for index in range(counted.count or 0):
            self.part("item", index)
        return self.part("gather")

    def part(self, stage: Any = "", index: int = 0) -> PartResult:
        of = EngineRun("tfx", self.run_id)
        options = self.options
        for tried in range(options.retries + 1):
            try:
                return run_part(
                    self.project,
                    Part(of, self.node.name, stage, index),
                    RunOptions(params=self.parameters),
                )
            except StepFailed as error:
                if tried == options.retries:
                    raise
                print(f"{self.node.name} is tried again: {error.what}", file=sys.stderr)  # noqa: T201
                time.sleep(options.backoff * 2**tried)
        raise AssertionError  # the last try returns or raises

    @property
    def options(self) -> StepOptions:
        import ast

        said = {name: ast.literal_eval(text) for name, text in self.node.step.options}
        return with_options(said)


def _describe(
    artifact: Any, done: PartResult, refs: Mapping[str, ArtifactRef], project: ProjectConfig
) -> None:
    """Say in an artifact which one of the store it stands for."""
    said: dict[str, str] = {"thruway_run": done.run, "state": done.result.state}
    if len(refs) > 1:
        said["outputs"] = json.dumps({port: f"{r.hash}/{r.member}" for port, r in refs.items()})
    for ref in refs.values() if len(refs) == 1 else ():
        said |= {
            "hash": ref.hash,
            "member": ref.member,
            "gate": ref.gate,
            "reasons": "\n".join(ref.reasons),
            "file_format": ref.format,
            "python_type": ref.type,
            "preview": ref.preview,
        }
    for name, text in said.items():
        artifact.set_string_custom_property(name, text)
    if artifact.type_name in _BLESSINGS:
        # A gate that fails does not come here.
        artifact.set_int_custom_property("blessed", int(bool(refs)))
    if artifact.type_name in _VALUES:
        artifact.value = _value(_VALUES[artifact.type_name], refs, project)
        return
    place = Path(artifact.uri)
    if place.is_dir():  # else it is somewhere else, and the properties say all of it
        record = json.dumps(done.dump(), indent=2)
        (place / "thruway.json").write_text(record, encoding="utf-8")


def _value(
    wanted: Callable[[Any], Any], refs: Mapping[str, ArtifactRef], project: ProjectConfig
) -> Any:
    """Return the value that an artifact of a plain type holds; None if it is of another type."""
    if len(refs) != 1:
        return None
    (ref,) = refs.values()
    value = load_artifact(project.storage, f"{ref.hash}/{ref.member}")
    return wanted(value) if isinstance(value, wanted) else None  # type: ignore[arg-type]
