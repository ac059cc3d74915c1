"""Compilers to other orchestrators: text out, nothing of them is imported.

`tasks` says what a pipeline is to another engine, `types` what a target is given and gives. Each
target is a package of its own, and a stranger to the others. What the files do when they run is
`run.engine.driven`'s business.
"""

from thruway.targets.compile import compile_project
from thruway.targets.types import Compiled, CompileOptions, Target

__all__ = ["CompileOptions", "Compiled", "Target", "compile_project"]
