"""`evaluate`: what a model is worth, on the whole, in slices, and against a baseline.

The record is in `types`; what is asked of which rows in `case`; the metrics of each task in the
module of its name; `judge` computes them for all rows, every slice and every bootstrap draw.
"""

from thruway.components.evaluate.evaluate import evaluate
from thruway.components.evaluate.types import Estimate, Evaluation

__all__ = ["Estimate", "Evaluation", "evaluate"]
