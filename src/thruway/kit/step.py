"""`@step`: a note on a function that says it is a step of a pipeline; the function stays plain."""

from __future__ import annotations

import functools
import importlib
import sys
from typing import TYPE_CHECKING, Any, Generic, Literal, ParamSpec, TypeVar, get_args, overload

from thruway.errors import PipelineError

if TYPE_CHECKING:
    from collections.abc import Callable

    from thruway.kit.dag import StepRef

Role = Literal[
    "ingest",
    "explore",
    "validate",
    "prepare",
    "split",
    "transform",
    "tune",
    "train",
    "evaluate",
    "predict",
    "export",
    "report",
]
ROLES: tuple[str, ...] = get_args(Role)

P = ParamSpec("P")
R = TypeVar("R")

# Flags of a code object, as `inspect` names them; importing it would cost more than all else here.
_GENERATOR, _COROUTINE, _ASYNC_GENERATOR = 0x20, 0x80, 0x200
_REFUSED = {
    _GENERATOR: "is a generator, whose values cannot be stored",
    _COROUTINE: "is async",
    _ASYNC_GENERATOR: "is an async generator",
}


class Step(Generic[P, R]):
    """A function that is a step. Called, it is just the function.

    Attributes:
        function: the function itself.
        name: its name.
        role: what it is for; "" if not said.
        retries: how often it is tried again when it fails.
        backoff: seconds before it is first tried again; doubled each time.
        timeout: seconds after which it is killed; None for never.
        cpus: processors that it uses.
        memory: how much it may hold (`"2GB"`, or bytes); None for any.
        gpu: graphics processors that it uses.
        env: environment variables that it depends on.
        cache: whether an earlier result may answer for it.
    """

    def __init__(self, function: Callable[P, R], role: str = "", **options: Any) -> None:
        self.function = function
        self.role = role
        self.options = options
        functools.update_wrapper(self, function)
        self.name: str = getattr(function, "__name__", type(function).__name__)
        self.retries: int = options.get("retries", 0)
        self.backoff: float = options.get("backoff", 0.5)
        self.timeout: float | None = options.get("timeout")
        self.cpus: float = options.get("cpus", 1)
        self.memory: str | int | None = options.get("memory")
        self.gpu: float = options.get("gpu", 0)
        self.env: tuple[str, ...] = tuple(options.get("env", ()))
        self.cache: bool = options.get("cache", True)

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R:
        """Call the function."""
        return self.function(*args, **kwargs)

    def __repr__(self) -> str:
        """Return `<step train_model [train]>`."""
        return f"<step {self.name}{f' [{self.role}]' if self.role else ''}>"

    def __reduce__(self) -> str | tuple[Any, ...]:
        # By name where the step stands for its function in a module, as functions are pickled.
        qualname = getattr(self, "__qualname__", self.name)
        found: Any = sys.modules.get(self.__module__)
        for part in qualname.split("."):
            found = getattr(found, part, None)
        if found is self:
            return str(qualname)
        return _made_again, (self.function, self.role, self.options)


def _made_again(function: Callable[P, R], role: str, options: dict[str, Any]) -> Step[P, R]:
    return Step(function, role, **options)


@overload
def step(
    function: Callable[P, R],
    /,
    *,
    role: Role | None = ...,
    retries: int = ...,
    backoff: float = ...,
    timeout: float | None = ...,
    cpus: float = ...,
    memory: str | int | None = ...,
    gpu: float = ...,
    env: tuple[str, ...] = ...,
    cache: bool = ...,
) -> Step[P, R]: ...
@overload
def step(
    function: None = ...,
    /,
    *,
    role: Role | None = ...,
    retries: int = ...,
    backoff: float = ...,
    timeout: float | None = ...,
    cpus: float = ...,
    memory: str | int | None = ...,
    gpu: float = ...,
    env: tuple[str, ...] = ...,
    cache: bool = ...,
) -> Callable[[Callable[P, R]], Step[P, R]]: ...
def step(
    function: Callable[P, R] | None = None,
    /,
    *,
    role: Role | None = None,
    **options: Any,
) -> Step[P, R] | Callable[[Callable[P, R]], Step[P, R]]:
    """Make a step of a function: `@step`, `@step(role="split")`, or `step(any_function)`.

    Options are literals: they are read from the text.

    Args:
        function: a plain function of any library, with a signature.
        role: what the step is for, one of `ROLES`.
        options: how it runs; what each means stands at `Step`.

    Raises:
        PipelineError: the function cannot be a step, or an option is unknown or no such value.

    >>> @step(role="prepare", retries=2)
    ... def double(x: int) -> int:
    ...     return 2 * x
    >>> double(4), double.retries
    (8, 2)
    """
    if role is not None and role not in ROLES:
        raise PipelineError(f"`{role}` is not a role.", fix=f"use one of: {', '.join(ROLES)}")
    if options:
        from thruway.kit.step_options import check_options

        check_options(options)
    if function is None:
        return lambda given: _make(given, role or "", options)
    return _make(function, role or "", options)


def _make(function: Callable[P, R], role: str, options: dict[str, Any]) -> Step[P, R]:
    if isinstance(function, Step):
        role, options = role or function.role, {**function.options, **options}
        function = function.function
    _refuse(function)
    return Step(function, role, **options)


def _refuse(function: Any) -> None:
    where = f"{getattr(function, '__module__', '?')}.{getattr(function, '__qualname__', function)}"
    if not callable(function):
        raise PipelineError(
            f"{function!r} is not a function, so it cannot be a step.",
            fix="put @step above a `def`, or call step(function)",
        )
    code = getattr(function, "__code__", None)
    if getattr(function, "__name__", "") == "<lambda>":
        raise PipelineError(
            "A lambda has no name that a pipeline could use.", where, "write it as a `def`"
        )
    for flag, reason in _REFUSED.items():
        if code is not None and code.co_flags & flag:
            raise PipelineError(
                f"`{function.__name__}` {reason}, so it cannot be a step.",
                where,
                "write a plain function that returns its result",
            )
    if code is None:
        _need_signature(function, where)


def _need_signature(function: Any, where: str) -> None:
    import inspect

    try:
        inspect.signature(function)
    except (ValueError, TypeError) as error:
        raise PipelineError(
            f"`{where}` has no signature that Python can read, so it cannot be a step.",
            where,
            "call it in a `def` of your own with named parameters, and make that the step",
        ) from error


def import_step(ref: StepRef) -> Callable[..., Any]:
    """Return the step that a reference names, importing its module.

    Raises:
        PipelineError: the module has no such name.
        ImportError: the module, or what it imports, is missing.
    """
    found: Any = importlib.import_module(ref.module)
    for part in ref.qualname.split("."):
        try:
            found = getattr(found, part)
        except AttributeError as error:
            raise PipelineError(
                f"`{ref.module}` has no step `{ref.qualname}`.",
                str(ref.file or ref.module),
                "check the import in the pipeline",
            ) from error
    return found if isinstance(found, Step) else step(found)
