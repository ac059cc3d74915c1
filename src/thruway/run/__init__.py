"""Run a pipeline here: plan, cache key, executors, store, lineage, reporter.

`run_project` is the verb; `lineage` and `store` hold what is known of runs.
"""

from __future__ import annotations

from thruway.run.again import options_of, resume_options
from thruway.run.direct import run_directly
from thruway.run.execute import run_project
from thruway.run.forecast import Forecast, StepForecast, forecast
from thruway.run.history import describe_artifact, describe_run, explain_key, list_runs
from thruway.run.reporter import Reporter, SilentReporter
from thruway.run.types import ArtifactRef, RunOptions, RunResult, StepRecord, StepResult

__all__ = [
    "ArtifactRef",
    "Forecast",
    "Reporter",
    "RunOptions",
    "RunResult",
    "SilentReporter",
    "StepForecast",
    "StepRecord",
    "StepResult",
    "describe_artifact",
    "describe_run",
    "explain_key",
    "forecast",
    "list_runs",
    "options_of",
    "resume_options",
    "run_directly",
    "run_project",
]
