"""`tune`: the best hyperparameters of a search space, found alike however many processes search."""

from thruway.components.tune.search import best_of, propose, try_hyperparameters
from thruway.components.tune.tune import tune
from thruway.components.tune.types import Trial, Tuned, TunerResults

__all__ = [
    "Trial",
    "Tuned",
    "TunerResults",
    "best_of",
    "propose",
    "try_hyperparameters",
    "tune",
]
