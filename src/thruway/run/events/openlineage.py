"""Runs as OpenLineage events, to a file or an address: a job per step, a run per execution.

Artifacts are datasets of the namespace of the store, named `pipeline.step.port`, with the
address of their content as version; files that a step read are datasets of the namespace `file`.
Source: the OpenLineage specification, version 2 of its events.
"""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from thruway.errors import UsageError
from thruway.version import __version__

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from thruway.kit.dag import Dag
    from thruway.kit.project import ProjectConfig
    from thruway.run.lineage.lineage import Execution
    from thruway.run.types import ArtifactRef, State

_PRODUCER = f"urn:thruway:{__version__}"
_RETRY = {"total": 2, "connect": 1, "backoff_factor": 0.3, "allowed_methods": ["POST"]}
_ENDS = {"COMPLETE": "COMPLETE", "CACHED": "COMPLETE", "FAILED": "FAIL", "SKIPPED": "ABORT"}


class OpenLineageEvents:
    """Sends events; what cannot be sent is told once, and stops nothing.

    Args:
        project: whose run it is.
        dag: the pipeline.
        target: an address (`https://…`) or a file; "" leaves it to the client's own settings.
        warn: is told when events cannot be sent.
    """

    def __init__(
        self, project: ProjectConfig, dag: Dag, target: str, warn: Callable[[str], None]
    ) -> None:
        self._client = _client(target)
        self._project = project
        self._dag = dag
        self._warn = warn
        self._namespace = f"thruway:{project.store.resolve().as_posix()}"
        self._parent = ""
        self._names: dict[str, str] = {}
        self._complained = False

    def run_started(self, run: str, params: Mapping[str, str]) -> None:
        """Send the start of the pipeline."""
        self._parent = _run_id(run, "")
        facets = {"executionParameters": _parameters(params)}
        self._send("START", self._dag.name, self._parent, facets)

    def run_joined(self, run: str, executions: Sequence[Execution]) -> None:
        """Know the pipeline and what its steps gave; others sent that."""
        self._parent = _run_id(run, "")
        for execution in executions:
            self._made(execution)

    def step_started(self, execution: Execution) -> None:
        """Send the start of a step, with what it takes."""
        name = f"{self._dag.name}.{execution.step}"
        run = _run_id(execution.run, execution.step)
        self._send("START", name, run, self._facets(), self._datasets(execution.inputs))

    def step_ended(self, execution: Execution, state: State, error: str = "") -> None:
        """Send the end of a step, with what it took and gave."""
        from openlineage.client.facet_v2 import error_message_run

        facets = self._facets()
        if error:
            facets["errorMessage"] = error_message_run.ErrorMessageRunFacet(error, "PYTHON")
        inputs = self._datasets(execution.inputs, _assertions(execution))
        inputs += [self._file(token, digest) for token, digest in execution.reads.items()]
        outputs = self._made(execution)
        name = f"{self._dag.name}.{execution.step}"
        run = _run_id(execution.run, execution.step)
        self._send(_ENDS[state], name, run, facets, inputs, outputs)

    def run_ended(self, state: State, error: str = "") -> None:
        """Send the end of the pipeline."""
        from openlineage.client.facet_v2 import error_message_run

        facets: dict[str, Any] = {}
        if error:
            facets["errorMessage"] = error_message_run.ErrorMessageRunFacet(error, "PYTHON")
        self._send(_ENDS[state], self._dag.name, self._parent, facets)
        try:
            self._client.close(5.0)
        except Exception as error_:  # as in `_send`
            self._complain(error_)

    def _facets(self) -> dict[str, Any]:
        from openlineage.client.facet_v2 import parent_run

        job = parent_run.Job(self._namespace, self._dag.name)
        return {"parent": parent_run.ParentRunFacet(parent_run.Run(self._parent), job)}

    def _made(self, execution: Execution) -> list[Any]:
        prefix = f"{self._dag.name}.{execution.step}"
        named = {
            f"{prefix}.{port}".removesuffix(".return"): ref
            for port, ref in execution.outputs.items()
        }
        for name, ref in named.items():
            self._names[f"{ref.hash}/{ref.member}"] = name
        return [self._dataset(name, ref, output=True) for name, ref in named.items()]

    def _datasets(
        self, references: Mapping[str, ArtifactRef], asserted: Mapping[str, Any] | None = None
    ) -> list[Any]:
        found = [
            self._dataset(self._names.get(f"{ref.hash}/{ref.member}") or port, ref, output=False)
            for port, ref in references.items()
        ]
        for dataset in found if asserted else ():
            dataset.inputFacets = dict(asserted or {})
        return found

    def _dataset(self, name: str, ref: ArtifactRef, *, output: bool) -> Any:
        from openlineage.client import event_v2
        from openlineage.client.facet_v2 import (
            dataset_version_dataset,
            output_statistics_output_dataset,
        )

        version = dataset_version_dataset.DatasetVersionDatasetFacet(ref.hash or "in memory")
        if not output:
            return event_v2.InputDataset(self._namespace, name, {"version": version})
        size = output_statistics_output_dataset.OutputStatisticsOutputDatasetFacet(size=ref.bytes)
        return event_v2.OutputDataset(
            self._namespace,
            name,
            facets={"version": version},
            outputFacets={"outputStatistics": size},
        )

    def _file(self, token: str, digest: str) -> Any:
        from openlineage.client import event_v2
        from openlineage.client.facet_v2 import dataset_version_dataset

        path = (self._project.data / token.partition(":")[2]).resolve().as_posix()
        version = dataset_version_dataset.DatasetVersionDatasetFacet(digest or "missing")
        return event_v2.InputDataset("file", path, {"version": version})

    def _send(
        self,
        state: str,
        job: str,
        run: str,
        facets: Mapping[str, Any],
        inputs: list[Any] | None = None,
        outputs: list[Any] | None = None,
    ) -> None:
        from openlineage.client import event_v2
        from openlineage.client.facet_v2 import documentation_job, job_type_job

        if self._complained:
            return
        kind = "PIPELINE" if job == self._dag.name else "STEP"
        facets_of_job: dict[str, Any] = {
            "jobType": job_type_job.JobTypeJobFacet("BATCH", "THRUWAY", kind)
        }
        if self._dag.doc and kind == "PIPELINE":
            facets_of_job["documentation"] = documentation_job.DocumentationJobFacet(self._dag.doc)
        try:
            self._client.emit(
                event_v2.RunEvent(
                    eventTime=datetime.now(UTC).isoformat(),
                    eventType=event_v2.RunState[state],
                    run=event_v2.Run(run, dict(facets)),
                    job=event_v2.Job(self._namespace, job, facets_of_job),
                    inputs=inputs or [],
                    outputs=outputs or [],
                    producer=_PRODUCER,
                )
            )
        except Exception as error:  # a lineage server that is away is no reason to stop a run
            self._complain(error)

    def _complain(self, error: Exception) -> None:
        if not self._complained:
            self._complained = True
            self._warn(f"OpenLineage events are not sent: {type(error).__name__}: {error}")


def _assertions(execution: Execution) -> dict[str, Any]:
    """Return what the gates of a step say of what it took."""
    from openlineage.client.facet_v2 import data_quality_assertions_dataset as quality

    made = [
        quality.Assertion(assertion=reason, success=ref.gate != "fail")
        for ref in execution.outputs.values()
        if ref.gate
        for reason in ref.reasons or (f"the gate of `{execution.step}`",)
    ]
    return (
        {"dataQualityAssertions": quality.DataQualityAssertionsDatasetFacet(made)} if made else {}
    )


def _run_id(run: str, step: str) -> str:
    """Return the UUID of an execution: the same for its start and its end."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"thruway/{run}/{step}"))


def _parameters(params: Mapping[str, str]) -> Any:
    from openlineage.client.facet_v2 import execution_parameters_run

    return execution_parameters_run.ExecutionParametersRunFacet(
        [
            execution_parameters_run.ExecutionParameter(key=name, name=name, value=value)
            for name, value in params.items()
        ]
    )


def _client(target: str) -> Any:
    try:
        from openlineage.client import OpenLineageClient
        from openlineage.client.transport.file import FileConfig, FileTransport
        from openlineage.client.transport.http import HttpConfig, HttpTransport
    except ImportError as error:
        raise UsageError(
            "OpenLineage events are asked for, and the package openlineage-python is not installed",
            fix="pip install 'thruway[openlineage]', or unset THRUWAY_OPENLINEAGE",
        ) from error
    if not target:
        return OpenLineageClient()
    if target.startswith(("http://", "https://")):
        return OpenLineageClient(
            transport=HttpTransport(HttpConfig(url=target, timeout=5.0, retry=_RETRY))
        )
    return OpenLineageClient(transport=FileTransport(FileConfig(target, append=True)))
