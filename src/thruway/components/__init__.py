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
    "ColumnStatistics": "thruway.components.statistics",
    "ExampleDiffResult": "thruway.components.example_diff",
    "Feature": "thruway.components.schema",
    "Measurement": "thruway.components.validate",
    "MonitoringReport": "thruway.components.monitor",
    "Schema": "thruway.components.schema",
    "SplitStatistics": "thruway.components.statistics",
    "Statistics": "thruway.components.statistics",
    "example_diff": "thruway.components.example_diff",
    "import_schema": "thruway.components.import_schema",
    "infer_schema": "thruway.components.infer_schema",
    "merge": "thruway.components.statistics",
    "monitor": "thruway.components.monitor",
    "statistics": "thruway.components.statistics",
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
