"""What is asked: the arguments of `evaluate` that say which columns and values mean what."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from thruway.components.evaluate.types import TaskName


@dataclass(frozen=True)
class Question:
    """Arguments of `evaluate`, by their names there; `raw`: the rows, if they are no table."""

    label: Any
    task: TaskName | None = None
    positive: Any = None
    threshold: float | None = None
    weights: Any = None
    group: str | None = None
    time: str | None = None
    horizon: str | None = None
    history: Any = None
    season: int = 1
    k: int = 10
    quantile: float = 0.5
    features: tuple[str, ...] | None = None
    prediction: Any = None
    probability: str | Mapping[Any, str] | Any = None
    raw: Any = None

    def beside(self) -> set[Any]:
        """Return the columns that are no features."""
        named = [self.label, self.weights, self.group, self.prediction, self.probability]
        found: set[Any] = {name for name in named if isinstance(name, str | int)}
        if isinstance(self.probability, dict):
            found |= set(self.probability.values())
        return found
