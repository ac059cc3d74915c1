"""Canonical components: the steps that every team would otherwise write again, done once.

Each is a plain function on what users have already: frames of pandas, polars or Arrow, estimators,
dicts. Each lives in the module (or package) of its name, and is imported when it is first used.

    from thruway.components import ingest, split, statistics, validate

They need the extra `components`: `pip install "thruway[components]"`.
"""

from __future__ import annotations

import importlib
import sys
from types import ModuleType

NAMES: dict[str, str] = {
    "Anomalies": "thruway.components.validate",
    "Anomaly": "thruway.components.validate",
    "Blessing": "thruway.components.bless",
    "Chunks": "thruway.components.ingest",
    "ColumnStatistics": "thruway.components.statistics",
    "Evaluation": "thruway.components.evaluate",
    "ExampleDiffResult": "thruway.components.example_diff",
    "Feature": "thruway.components.schema",
    "FileRecord": "thruway.components.ingest",
    "Imported": "thruway.components.importer",
    "InferenceResult": "thruway.components.batch_predict",
    "InfraBlessing": "thruway.components.infra_validate",
    "InputFingerprint": "thruway.components.ingest",
    "LeakageReport": "thruway.components.leakage",
    "Measurement": "thruway.components.validate",
    "ModelRun": "thruway.components.train",
    "MonitoringReport": "thruway.components.monitor",
    "Override": "thruway.components.bless",
    "PushedModel": "thruway.components.push",
    "ResolvedModel": "thruway.components.resolve",
    "Schema": "thruway.components.schema",
    "Span": "thruway.components.ingest",
    "Split": "thruway.components.split",
    "SplitStatistics": "thruway.components.statistics",
    "Statistics": "thruway.components.statistics",
    "Trained": "thruway.components.train",
    "TrainedModel": "thruway.components.models",
    "TransformGraph": "thruway.components.transform",
    "Transformed": "thruway.components.transform",
    "Trial": "thruway.components.tune",
    "Tuned": "thruway.components.tune",
    "TunerResults": "thruway.components.tune",
    "batch_predict": "thruway.components.batch_predict",
    "best_of": "thruway.components.tune",
    "bless": "thruway.components.bless",
    "evaluate": "thruway.components.evaluate",
    "example_diff": "thruway.components.example_diff",
    "fingerprint": "thruway.components.ingest",
    "import_schema": "thruway.components.import_schema",
    "importer": "thruway.components.importer",
    "infer_schema": "thruway.components.infer_schema",
    "infra_validate": "thruway.components.infra_validate",
    "ingest": "thruway.components.ingest",
    "leakage": "thruway.components.leakage",
    "load_pushed": "thruway.components.push",
    "merge_statistics": "thruway.components.statistics",
    "monitor": "thruway.components.monitor",
    "passed": "thruway.components.passed",
    "propose": "thruway.components.tune",
    "push": "thruway.components.push",
    "resolve": "thruway.components.resolve",
    "roll_back": "thruway.components.push",
    "span_of": "thruway.components.ingest",
    "split": "thruway.components.split",
    "statistics": "thruway.components.statistics",
    "train": "thruway.components.train",
    "transform": "thruway.components.transform",
    "try_hyperparameters": "thruway.components.tune",
    "tune": "thruway.components.tune",
    "validate": "thruway.components.validate",
}
"""Public name → module that defines it: components, and what they return."""


class _Package(ModuleType):
    """The package, where a module named like its component does not hide the component."""

    def __setattr__(self, name: str, value: object) -> None:
        if not (name in NAMES and isinstance(value, ModuleType)):
            super().__setattr__(name, value)


sys.modules[__name__].__class__ = _Package


def __getattr__(name: str) -> object:
    if name not in NAMES:
        message = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(message)
    value = getattr(importlib.import_module(NAMES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *NAMES})
