"""`@pipeline`: a note on a function that calls steps. Called, it just runs; its text is the DAG."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, ParamSpec, TypeVar

from thruway import plugins
from thruway.errors import PipelineError

if TYPE_CHECKING:
    from collections.abc import Callable

    from thruway.kit.dag import Dag

P = ParamSpec("P")
R = TypeVar("R")


class Pipeline(Generic[P, R]):
    """A function that calls steps.

    Attributes:
        function: the function itself.
        name: its name.
    """

    def __init__(self, function: Callable[P, R]) -> None:
        self.function = function
        functools.update_wrapper(self, function)
        self.name: str = function.__name__

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R:
        """Run the body as plain Python: no store, no files, no processes."""
        return self.function(*args, **kwargs)

    def __repr__(self) -> str:
        """Return `<pipeline churn>`."""
        return f"<pipeline {self.name}>"

    @property
    def file(self) -> Path:
        """The file that the pipeline is written in."""
        return Path(self.function.__code__.co_filename)

    @property
    def root(self) -> Path:
        """The folder from which the modules of its project are imported."""
        root = self.file.resolve().parent
        if self.__module__ == "__main__":
            while (root / "__init__.py").is_file():
                root = root.parent
            return root
        depth = self.__module__.count(".") + (self.file.name == "__init__.py")
        return root.parents[depth - 1] if depth else root

    def dag(self) -> Dag:
        """Return the DAG, read from the text.

        Raises:
            PipelineError: the text is not a pipeline, or there is no file to read.
        """
        # Imported here: a pipeline that is only called needs no reader.
        from thruway.kit.reading.read import read_function

        return read_function(self._written(), self.function.__name__, (self.root,))

    def run(self, **parameters: Any) -> Any:
        """Run it with a store, cached and recorded; return what the runner says of the run.

        Args:
            parameters: values for the pipeline's parameters.

        Raises:
            ThruwayError: it cannot be built, or a step failed.
        """
        # Imported here: a pipeline that is only called needs no project.
        from thruway.kit.project import locate_project

        file = self._written()
        parts = file.relative_to(self.root).with_suffix("").parts
        module = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
        project = locate_project(self.root, module, self.function.__name__, file.parent)
        return plugins.load("runner")(project, plugins.load("runner_options")(params=parameters))

    def _written(self) -> Path:
        if not self.file.is_file():
            raise PipelineError(
                f"The text of `{self.name}` is not in a file.",
                str(self.file),
                "write the pipeline and its steps to .py files; called directly, it runs anywhere",
            )
        return self.file.resolve()


def pipeline(function: Callable[P, R], /) -> Pipeline[P, R]:
    """Make a pipeline of a function that calls steps.

    Raises:
        PipelineError: it is not a plain function.

    >>> @pipeline
    ... def doubled(x: int = 2) -> int:
    ...     return x
    >>> doubled(4)
    4
    """
    if not hasattr(function, "__code__"):
        raise PipelineError(
            f"{function!r} is not a function with a body, so it cannot be a pipeline.",
            fix="put @pipeline above a `def` that calls steps",
        )
    return Pipeline(function)
