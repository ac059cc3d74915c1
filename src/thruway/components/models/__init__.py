"""Models of any library, asked in one way: the frame goes in, an array comes out.

Scikit-learn's estimators and those made after them (XGBoost, LightGBM, CatBoost, skorch), the
boosters of XGBoost and LightGBM, modules of torch, models of Keras, a `TrainedModel` of ours, and
plain functions from a frame to predictions. Components ask models through these five functions
only; how each library answers is in `adapters`, one file a library.
"""

from __future__ import annotations

from thruway.components.models.ask import (
    classes_of,
    features_of,
    predict,
    predict_proba,
    task_of,
)
from thruway.components.models.trained import TrainedModel
from thruway.components.models.types import Kind, Task

__all__ = [
    "Kind",
    "Task",
    "TrainedModel",
    "classes_of",
    "features_of",
    "predict",
    "predict_proba",
    "task_of",
]
