"""`bless`: whether a model is good enough, by thresholds of the user; always with an answer.

The record is in `types`, what thresholds may say in `rules`, their checking in `checking`.
"""

from thruway.components.bless.bless import bless
from thruway.components.bless.types import Blessing, Override

__all__ = ["Blessing", "Override", "bless"]
