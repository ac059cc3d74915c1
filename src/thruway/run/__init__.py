"""Run a pipeline here: plan, cache key, executors, store, lineage, reporter.

`run_project` is the verb; `lineage` and `store` hold what is known of runs.
"""

from __future__ import annotations

from thruway.run.execute import run_project
from thruway.run.history import describe_artifact, describe_run, explain_key, list_runs
from thruway.run.reporter import Reporter, SilentReporter
from thruway.run.types import ArtifactRef, RunOptions, RunResult, StepRecord, StepResult

__all__ = [
    "ArtifactRef",
    "Reporter",
    "RunOptions",
    "RunResult",
    "SilentReporter",
    "StepRecord",
    "StepResult",
    "describe_artifact",
    "describe_run",
    "explain_key",
    "list_runs",
    "run_project",
]
