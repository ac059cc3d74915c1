"""`check_component`: whether a function will behave as a step, whatever runs it.

What is looked at here: the signature, two calls, what they leave. `apart` asks another process and
the executors. The record is in `report`.
"""

from thruway.api.component.check import check_component
from thruway.api.component.report import ComponentReport, Flaw

__all__ = ["ComponentReport", "Flaw", "check_component"]
