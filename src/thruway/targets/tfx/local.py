"""A run of TFX's local runner as a run of ours: its parameters, its failures, its end."""

from __future__ import annotations

import argparse
import json
import sys
import time
import uuid
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from thruway.errors import ThruwayError, UsageError
from thruway.kit.parameters import parse_parameter
from thruway.kit.project import load_project
from thruway.targets.tfx.running import RUN_ID

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

    from thruway.run.types import State
    from thruway.targets.tfx.running import Steps


@dataclass
class LocalRun:
    """One run: each node by itself, and the end of the run whatever happens.

    TFX's local runner stops at the first node that fails. A run of ours goes on with what does not
    need that node, and its end is recorded in any case; so each node is launched alone, all in the
    same run of TFX.

    Attributes:
        steps: the project's.
        known: name → runtime parameter of TFX.
        as_json: names of those that are JSON.
        given: name → value.
        run_id: of the run; a new one if none is given.
        standard: id of a component of TFX's own → the node that it stands for.
        failed: id of a node that failed, or needs one that did → why; None for the latter.
        ended: id and state of the run in the store; None if nothing of it is there.
    """

    steps: Steps
    known: Mapping[str, Any]
    as_json: Collection[str]
    given: Mapping[str, Any]
    run_id: str = ""
    standard: Mapping[str, str] = field(default_factory=dict)
    failed: dict[str, Exception | None] = field(default_factory=dict)
    ended: tuple[str, State] | None = None

    def __post_init__(self) -> None:
        now = time.strftime("%Y%m%d-%H%M%S", time.gmtime())
        self.run_id = self.run_id or f"{now}-{uuid.uuid4().hex[:6]}"

    def check(self, run_options: Any) -> None:
        """Refuse what would make no whole run."""
        if run_options is not None:
            raise UsageError(
                "part of a TFX pipeline cannot be run",
                fix="run all of it: steps whose result is known are answered from the store",
            )

    def bindings(self) -> dict[str, Any]:
        """Return runtime parameter → value, for all of them.

        Raises:
            UsageError: there is no such parameter, one has no value, or one of another type.
        """
        for name in self.given:
            if name not in self.known:
                raise UsageError(
                    f"`{name}` is no parameter of this pipeline that can be set in TFX",
                    fix=f"the parameters are: {', '.join(self.known) or 'none'}",
                )
        return {RUN_ID: self.run_id, **{name: self._binding(name) for name in self.known}}

    def _binding(self, name: str) -> Any:
        parameter = self.known[name]
        if name not in self.given:
            if parameter.default is None:
                raise UsageError(f"`{name}` has no value", fix=f"set it: -p {name}=…")
            return parameter.default
        value = self.given[name]
        if name in self.as_json:
            return json.dumps(value)
        if type(value) is not parameter.ptype:
            raise UsageError(
                f"`{name}` is {parameter.ptype.__name__}, not {value!r}",
                fix="give a value of the type that the pipeline's own annotation says",
            )
        return value

    def launch(self, pipeline: Any, launch: Callable[[Any], Any]) -> None:
        """Run the nodes of a pipeline, and record how the run ended.

        Args:
            pipeline: as TFX compiled it (its intermediate representation).
            launch: of the runner: runs the nodes of such a pipeline.
        """
        nodes = [type(node).FromString(node.SerializeToString()) for node in pipeline.nodes]
        try:
            for node in nodes:
                del pipeline.nodes[:]
                pipeline.nodes.add().CopyFrom(node)
                self._one(node.pipeline_node, pipeline, launch)
        finally:
            elsewhere: dict[str, State] = dict.fromkeys(self.standard.values(), "COMPLETE")
            elsewhere |= {n: "FAILED" for name, n in self.standard.items() if name in self.failed}
            self.ended = self.steps.finish(self.run_id, elsewhere)

    def _one(self, node: Any, pipeline: Any, launch: Callable[[Any], Any]) -> None:
        name = node.node_info.id
        if not self.failed.keys().isdisjoint(node.upstream_nodes):
            self.failed[name] = None
            return
        try:
            launch(pipeline)
        except Exception as error:  # user code raises anything; what does not need it runs
            self.failed[name] = error

    @property
    def exit_code(self) -> int:
        """0, or that of the first node that failed."""
        for error in filter(None, self.failed.values()):
            return error.exit_code if isinstance(error, ThruwayError) else 1
        return 0

    def __str__(self) -> str:
        """Return how it ended, for people."""
        run, state = self.ended or ("", "FAILED")
        lines = [f"run {run or 'not begun'}: {state} (in TFX: {self.run_id})"]
        for name, error in self.failed.items():
            lines.append(f"{name}: {error or 'not run, because it needs one that failed'}")
        return "\n".join(lines)


def main(
    run: Callable[..., LocalRun],
    steps: Steps,
    root: str,
    metadata: str,
    words: Sequence[str] | None = None,
) -> int:
    """Run a pipeline as the command line says; return the exit status.

    Args:
        run: of the module that is run.
        steps: the project's.
        root: default of `--pipeline-root`.
        metadata: default of `--metadata-path`.
        words: the command line; that of the process by default.
    """
    parser = argparse.ArgumentParser(description="Run the pipeline with TFX on this machine.")
    parser.add_argument(
        "-p", "--param", action="append", default=[], metavar="K=V", help="set a parameter"
    )
    parser.add_argument("--pipeline-root", default=root, metavar="DIR", help="default: %(default)s")
    parser.add_argument(
        "--metadata-path", default=metadata, metavar="FILE", help="default: %(default)s"
    )
    parser.add_argument("--run-id", default="", metavar="ID", help="go on with this run")
    said = parser.parse_args(words)
    try:
        given = _given(steps, said.param)
        root, metadata = _place(said.pipeline_root), _place(said.metadata_path)
        done = run(given, root, metadata, said.run_id)
    except ThruwayError as error:
        print(error, file=sys.stderr)  # noqa: T201 - this is a command
        return error.exit_code
    print(done, file=sys.stderr if done.exit_code else sys.stdout)
    return done.exit_code


def _place(text: str) -> str:
    """Return a place as lineage has to name it: the same from everywhere."""
    return text if "://" in text else str(Path(text).absolute())


def _given(steps: Steps, words: Sequence[str]) -> dict[str, Any]:
    known = {each.name: each for each in load_project(steps.project).dag().parameters}
    given = {}
    for word in words:
        name, equals, text = word.partition("=")
        if not equals or name not in known:
            raise UsageError(
                f"`-p {word}` names no parameter of this pipeline",
                fix=f"write -p name=value; the parameters are: {', '.join(known) or 'none'}",
            )
        given[name] = parse_parameter(text, known[name].annotation)
    return given
