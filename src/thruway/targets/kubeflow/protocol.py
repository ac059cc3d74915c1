"""What a task and KFP tell each other: the module `kfp.dsl.executor_main`, from our side.

KFP hands a task one JSON text, the executor input: values of its inputs, and where its outputs
belong. It reads one JSON file afterwards, the executor output, and takes up the files that lie
where the outputs belong. Values stay in the store of Thruway; what KFP keeps and shows is a
reference to each, its numbers if it is a metric, and a page for people.
"""

from __future__ import annotations

import json
import os
import sys
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from thruway.errors import UsageError
from thruway.kit.branch import check_condition
from thruway.run.store.store import PATH_FORMATS, Store
from thruway.targets.kubeflow import kinds, views
from thruway.targets.kubeflow.names import (
    CURVES,
    HOLDS,
    ITEM,
    OUTPUT,
    RUN_VARIABLE,
    STATUS,
    VIEW,
    answer_keys,
    holds_key,
    key_of,
)
from thruway.targets.kubeflow.parameters import given_values
from thruway.targets.types import Told

if TYPE_CHECKING:
    from thruway.kit.project import ProjectConfig
    from thruway.run import ArtifactRef, Begun, PartResult

_MOUNTS = {"gs://": "/gcs/", "minio://": "/minio/", "s3://": "/s3/"}
_LARGEST = 256 << 20
"""Bytes of a value above which it is not loaded again to be looked at."""
_MOST_METADATA = 1000
_FAILED = ("FAILED", "CANCELED", "CANCELLED", "ERROR")
"""What kfp.local and MLMD call the state of a DAG that did not go well."""


class ExecutorMain:
    """One task's talk with KFP.

    Args:
        project: the project.
        message: the executor input.

    Raises:
        UsageError: the message is not one.
    """

    def __init__(self, project: ProjectConfig, message: str) -> None:
        self.project = project
        try:
            self.input: dict[str, Any] = json.loads(message)
            self._outputs: dict[str, Any] = self.input["outputs"]
        except (ValueError, KeyError, TypeError) as error:
            raise UsageError(
                "the message is not an executor input of Kubeflow Pipelines",
                fix="this command is written by `thruway compile --to kubeflow`",
            ) from error

    def told(self) -> Told:
        """Return the values of parameters, the item, the run, and whether it failed.

        Raises:
            UsageError: a parameter is not of its type.
        """
        values = dict(self.input.get("inputs", {}).get("parameterValues", {}))
        item = values.pop(ITEM, None)
        status = values.pop(STATUS, None)
        params = given_values(self.project.dag().parameters, values)
        return Told(
            params,
            None if item is None else int(item),
            os.environ.get(RUN_VARIABLE, ""),
            isinstance(status, dict) and status.get("state") in _FAILED,
        )

    def begin(self, begun: Begun) -> None:
        """Write the executor output of `start`: what the store answers, for KFP's cache keys.

        Raises:
            UsageError: the pipeline was another one when it was compiled.
        """
        # A step that the store does not answer gets what no other run has.
        answers = {
            key: begun.answers[name] or begun.run
            for name, key in answer_keys(self.project.dag()).items()
        }
        if answers.keys() != self._outputs.get("parameters", {}).keys():
            raise UsageError(
                f"pipeline `{self.project.dag().name}` has other steps than when it was compiled",
                fix="compile it again",
            )
        self._write({}, answers)

    def tell(self, done: PartResult) -> None:
        """Write the executor output, and the files of the artifacts."""
        values = _Values(self.project, done)
        artifacts = {
            name: self._artifact(name, given["artifacts"][0], values)
            for name, given in self._outputs.get("artifacts", {}).items()
        }
        taken = {name: {"artifacts": [one]} for name, one in artifacts.items() if one}
        self._write(taken, self._results(values))

    def _write(self, artifacts: dict[str, Any], values: dict[str, Any]) -> None:
        record = {"artifacts": artifacts, "parameterValues": values}
        file = Path(self._outputs["outputFile"])
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(record), encoding="utf-8")

    def _results(self, values: _Values) -> dict[str, Any]:
        """Return the output parameters: indexes of items, and what decides."""
        found: dict[str, Any] = {}
        wanted = self._outputs.get("parameters", {})
        if OUTPUT in wanted:
            found[OUTPUT] = list(range(values.done.count or 0))
        for port in values.done.result.outputs:
            key = holds_key(port)
            if key in wanted:
                value = values.load(port)
                check_condition(value, f"{values.done.result.name}, which gave it")
                found[key] = bool(value)
        missing = [name for name in wanted if name not in found]
        if missing and missing[0].startswith(HOLDS):
            raise UsageError(
                f"step `{values.done.result.name}` gave nothing that others could be decided by",
                fix="compile the pipeline again: it is another one now",
            )
        return found

    def _artifact(self, name: str, given: dict[str, Any], values: _Values) -> dict[str, Any] | None:
        """Write the file of an artifact; return what KFP records of it, None if there is none."""
        kind = given.get("type", {}).get("schemaTitle", "")
        target = _local(given["uri"])
        metadata: dict[str, Any] | None
        if name == VIEW and kind == kinds.HTML:
            metadata = values.facts
            text = views.page(values.done, values.shown)
        elif kind == kinds.CLASSIFICATION:
            port = values.port_of(name.removesuffix(CURVES))
            metadata = None if port is None else views.curves_of(values.shown(port))
            text = json.dumps(metadata)
        else:
            port = values.port_of(name)
            reference = values.done.result.outputs.get(port or "")
            if port is None or reference is None:
                return None
            metadata = values.facts | _reference(reference)
            text = json.dumps(metadata, indent=1)
            if kind == kinds.METRICS:
                metadata = views.numbers_of(port, values.shown(port)) | metadata
        if metadata is None:
            return None
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")
        return {"metadata": metadata, "name": given.get("name", name), "uri": given["uri"]}


class _Values:
    """What a part gave, loaded when it is looked at."""

    def __init__(self, project: ProjectConfig, done: PartResult) -> None:
        self.project = project
        self.done = done
        self._loaded: dict[str, Any] = {}

    @cached_property
    def facts(self) -> dict[str, Any]:
        """What is the same for all artifacts of a task."""
        where = self.project.objects or str(self.project.store)
        result = self.done.result
        return {"run": self.done.run, "step": result.name, "state": result.state, "store": where}

    def port_of(self, key: str) -> str | None:
        """Return the port that is an output of that key."""
        ports = self.done.result.outputs
        return next((port for port in ports if key_of(port) == key), None)

    def load(self, port: str) -> Any:
        """Return a value."""
        if port not in self._loaded:
            # Values of the project's own classes: their modules are needed to read them.
            sys.path[:0] = [p for p in map(str, self.project.roots) if p not in sys.path]
            reference = self.done.result.outputs[port]
            self._loaded[port] = Store(self.project.storage).load(reference)
        return self._loaded[port]

    def shown(self, port: str) -> Any:
        """Return a value to look at; None for what is large, a file, or cannot be read here."""
        reference = self.done.result.outputs[port]
        if reference.format in PATH_FORMATS or reference.bytes > _LARGEST:
            return None
        try:
            return self.load(port)
        except Exception as error:  # values of user programs: looking at one is no reason to fail
            sys.stderr.write(f"{port}: not shown: {type(error).__name__}: {error}\n")
            return None


def _reference(reference: ArtifactRef) -> dict[str, Any]:
    """Return what is recorded of an artifact: enough to find it, and to see what it is."""
    found: dict[str, Any] = {
        "hash": reference.hash,
        "member": reference.member,
        "format": reference.format,
        "type": reference.type,
        "bytes": reference.bytes,
        "preview": reference.preview[:_MOST_METADATA],
    }
    if reference.gate:
        found |= {"gate": reference.gate, "reasons": "; ".join(reference.reasons)}
    return found


def _local(uri: str) -> Path:
    """Return where a file lies that KFP takes to a URI.

    >>> _local("s3://bucket/a").as_posix(), _local("/tmp/a").as_posix()
    ('/s3/bucket/a', '/tmp/a')
    """
    for scheme, mount in _MOUNTS.items():
        if uri.startswith(scheme):
            return Path(mount + uri.removeprefix(scheme))
    return Path(uri)
