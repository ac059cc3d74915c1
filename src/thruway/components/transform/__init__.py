"""`transform`: fitted on the training rows, applied to all, and the same object when it serves."""

from thruway.components.transform.graph import TransformGraph
from thruway.components.transform.transform import Transformed, transform

__all__ = ["TransformGraph", "Transformed", "transform"]
