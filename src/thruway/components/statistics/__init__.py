"""Statistics of examples: `statistics`, and `merge_statistics` for those of parts.

`types` holds the records; `reading` what differs between libraries; `numeric` and `strings` one
column of each; `sketches` what can be merged; `merge` merges; `view` is the picture.
"""

from __future__ import annotations

from thruway.components.statistics.compute import statistics
from thruway.components.statistics.merge import merge_statistics
from thruway.components.statistics.types import (
    ColumnStatistics,
    Histogram,
    Numbers,
    SplitStatistics,
    Statistics,
    Text,
    Weighted,
)

__all__ = [
    "ColumnStatistics",
    "Histogram",
    "Numbers",
    "SplitStatistics",
    "Statistics",
    "Text",
    "Weighted",
    "merge_statistics",
    "statistics",
]
