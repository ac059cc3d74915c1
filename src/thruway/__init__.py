"""From one long notebook or script to a pipeline of typed steps that provably computes the same.

Public names only; each is imported when it is first used, so that `import thruway` costs a few
milliseconds and loads no library that a program does not use itself. What runs user code in a
child process imports this package too, without Thruway's dependencies.
"""

import sys
from types import ModuleType

from thruway.version import __version__

# Not imported from `typing`, which takes longer to import than all the rest; type checkers
# know the name.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from thruway.api import check_component, explain, migrate, sync, verify
    from thruway.errors import ThruwayError
    from thruway.kit.ambient.display import display
    from thruway.kit.ambient.files import File
    from thruway.kit.ambient.random import NumpyRandom, PythonRandom, TorchRandom
    from thruway.kit.branch import when
    from thruway.kit.fanout import map_over
    from thruway.kit.pipeline import Pipeline, pipeline
    from thruway.kit.step import Step, step

__all__ = [
    "File",
    "NumpyRandom",
    "Pipeline",
    "PythonRandom",
    "Step",
    "ThruwayError",
    "TorchRandom",
    "__version__",
    "check_component",
    "display",
    "explain",
    "map_over",
    "migrate",
    "pipeline",
    "step",
    "sync",
    "verify",
    "when",
]

_HOMES = {
    "File": "thruway.kit.ambient.files",
    "NumpyRandom": "thruway.kit.ambient.random",
    "Pipeline": "thruway.kit.pipeline",
    "PythonRandom": "thruway.kit.ambient.random",
    "Step": "thruway.kit.step",
    "ThruwayError": "thruway.errors",
    "TorchRandom": "thruway.kit.ambient.random",
    "check_component": "thruway.api.component",
    "display": "thruway.kit.ambient.display",
    "explain": "thruway.api",
    "map_over": "thruway.kit.fanout",
    "migrate": "thruway.api",
    "pipeline": "thruway.kit.pipeline",
    "step": "thruway.kit.step",
    "sync": "thruway.api",
    "verify": "thruway.api",
    "when": "thruway.kit.branch",
}


class _Package(ModuleType):
    """The package, where a module named like a public verb does not hide the verb.

    Importing the module `thruway.verify` would otherwise bind it over the function of that name.
    """

    def __setattr__(self, name: str, value: object) -> None:
        if not (name in _HOMES and isinstance(value, ModuleType)):
            super().__setattr__(name, value)


sys.modules[__name__].__class__ = _Package


def __getattr__(name: str) -> object:
    home = _HOMES.get(name)
    if home is None:
        message = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(message)
    # `import_module` of `importlib` would cost an import; this is what it does.
    __import__(home)
    value = getattr(sys.modules[home], name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
