"""`train`: any estimator, to a model that takes raw rows, and a record of how it was made."""

from thruway.components.train.train import train
from thruway.components.train.types import ModelRun, Trained

__all__ = ["ModelRun", "Trained", "train"]
