"""Compile a pipeline to TFX: custom components with typed artifacts, and a runner for them.

`compile` says which files there are, `components` what becomes of a step, `artifacts` which type of
TFX is closest to what a step gives, `text` how it is written. What the components call when they
run is `running`. TFX itself is imported by the files that are written, and by nothing here.
"""

from thruway.targets.tfx.compile import compile_tfx

__all__ = ["compile_tfx"]
