"""Run a pipeline here: plan, cache key, executors, store, lineage, reporter.

`run_project` is the verb; `lineage` and `store` hold what is known of runs. Names are imported when
they are first used: a run that is answered by the cache needs little of this.
"""

import importlib

TYPE_CHECKING = False
if TYPE_CHECKING:
    from thruway.run.engine.again import options_of, resume_options
    from thruway.run.engine.direct import run_directly
    from thruway.run.engine.driven import begin_parts, finish_parts, run_part
    from thruway.run.engine.execute import run_project
    from thruway.run.engine.forecasting import Forecast, StepForecast, forecast
    from thruway.run.engine.part import Begun, EngineRun, Part, PartResult
    from thruway.run.events.reporter import Reporter, SilentReporter
    from thruway.run.lineage.history import (
        describe_artifact,
        describe_run,
        explain_key,
        list_runs,
        load_artifact,
    )
    from thruway.run.lineage.lineage import Lineage
    from thruway.run.step.key import difference
    from thruway.run.store.store import Store
    from thruway.run.types import ArtifactRef, RunOptions, RunResult, StepRecord, StepResult

__all__ = [
    "ArtifactRef",
    "Begun",
    "EngineRun",
    "Forecast",
    "Lineage",
    "Part",
    "PartResult",
    "Reporter",
    "RunOptions",
    "RunResult",
    "SilentReporter",
    "StepForecast",
    "StepRecord",
    "StepResult",
    "Store",
    "begin_parts",
    "describe_artifact",
    "describe_run",
    "difference",
    "explain_key",
    "finish_parts",
    "forecast",
    "list_runs",
    "load_artifact",
    "options_of",
    "resume_options",
    "run_directly",
    "run_part",
    "run_project",
]

_HOMES = {
    "engine.again": ("options_of", "resume_options"),
    "engine.direct": ("run_directly",),
    "engine.execute": ("run_project",),
    "lineage.lineage": ("Lineage",),
    "step.key": ("difference",),
    "store.store": ("Store",),
    "engine.driven": ("begin_parts", "finish_parts", "run_part"),
    "engine.part": ("Begun", "EngineRun", "Part", "PartResult"),
    "engine.forecasting": ("Forecast", "StepForecast", "forecast"),
    "lineage.history": (
        "describe_artifact",
        "describe_run",
        "explain_key",
        "list_runs",
        "load_artifact",
    ),
    "events.reporter": ("Reporter", "SilentReporter"),
    "types": ("ArtifactRef", "RunOptions", "RunResult", "StepRecord", "StepResult"),
}


def __getattr__(name: str) -> object:
    for home, names in _HOMES.items():
        if name in names:
            value: object = getattr(importlib.import_module(f"{__name__}.{home}"), name)
            globals()[name] = value
            return value
    message = f"module {__name__!r} has no attribute {name!r}"
    raise AttributeError(message)
