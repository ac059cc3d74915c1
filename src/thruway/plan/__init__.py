"""Roles, where to cut, interfaces and names: a graph in, a complete plan out."""

from thruway.plan.make import make_plan
from thruway.plan.types import Plan, StepPlan

__all__ = ["Plan", "StepPlan", "make_plan"]
