"""`@step`: a note on a function that says it is a step of a pipeline; the function stays plain."""

from __future__ import annotations

import functools
import importlib
import sys
from types import MethodType
from typing import TYPE_CHECKING, Any, Generic, ParamSpec, TypeVar, overload

from thruway.errors import PipelineError
from thruway.kit.options import DEFAULTS, ROLES, Role, StepOptions, with_options

if TYPE_CHECKING:
    from collections.abc import Callable

    from thruway.kit.dag import StepRef

__all__ = ["ROLES", "Role", "Step", "StepOptions", "import_step", "step"]

P = ParamSpec("P")
R = TypeVar("R")

# Flags of a code object, as `inspect` names them; importing it would cost more than all else here.
GENERATOR, COROUTINE, ASYNC_GENERATOR = 0x20, 0x80, 0x200
_REFUSED = {
    GENERATOR: "is a generator, whose values cannot be stored",
    COROUTINE: "is async",
    ASYNC_GENERATOR: "is an async generator",
}


class Step(Generic[P, R]):
    """A function that is a step. Called, it is just the function.

    Attributes:
        function: the function itself.
        name: its name.
        options: how it is run; each of them is an attribute of the step too.
        role: what it is for; "" if not said.
        retries: how often it is tried again when it fails.
        timeout: seconds after which a try is given up; None for no limit.
        backoff: seconds before the first further try, doubled before each that follows.
        cpus: processors that it keeps busy.
        memory: what it needs, in bytes or as text (`"2GB"`); None if not said.
        gpu: graphics processors that it needs, also parts of one.
        env: names of environment variables that its result depends on.
        cache: whether its result may be taken from the cache; if not, it is always executed.
    """

    def __init__(self, function: Callable[P, R], options: StepOptions = DEFAULTS) -> None:
        # What an object has beside its call is its own: names of it could be those of a step.
        updated = ("__dict__",) if hasattr(function, "__code__") else ()
        functools.update_wrapper(self, function, updated=updated)
        self.function = function
        self.name: str = _name_of(function)
        self.options = options
        self.role = options.role
        self.retries = options.retries
        self.timeout = options.timeout
        self.backoff = options.backoff
        self.cpus = options.cpus
        self.memory = options.memory
        self.gpu = options.gpu
        self.env = options.env
        self.cache = options.cache

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R:
        """Call the function."""
        return self.function(*args, **kwargs)

    def __get__(self, instance: object, owner: type | None = None) -> Any:
        """Return the step, or bound to an object, as a function in the body of a class is."""
        return self if instance is None else MethodType(self, instance)

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
        return type(self), (self.function, self.options)


def _name_of(function: Any) -> str:
    while isinstance(function, functools.partial):
        function = function.func
    return str(getattr(function, "__name__", type(function).__name__))


@overload
def step(
    function: Callable[P, R],
    /,
    *,
    role: Role | None = ...,
    retries: int = ...,
    timeout: float | None = ...,
    backoff: float = ...,
    cpus: float = ...,
    memory: str | int | None = ...,
    gpu: float = ...,
    env: tuple[str, ...] | list[str] = ...,
    cache: bool = ...,
) -> Step[P, R]: ...
@overload
def step(
    function: None = ...,
    /,
    *,
    role: Role | None = ...,
    retries: int = ...,
    timeout: float | None = ...,
    backoff: float = ...,
    cpus: float = ...,
    memory: str | int | None = ...,
    gpu: float = ...,
    env: tuple[str, ...] | list[str] = ...,
    cache: bool = ...,
) -> Callable[[Callable[P, R]], Step[P, R]]: ...
def step(
    function: Callable[P, R] | None = None, /, **options: Any
) -> Step[P, R] | Callable[[Callable[P, R]], Step[P, R]]:
    """Make a step of a function: `@step`, `@step(role="split")`, or `step(any_function)`.

    Options are written as literals: a run reads them from the text. A step that is made of a step
    keeps its options, but for those that are given.

    Args:
        function: a plain function of any library, with a signature.
        options: `role`, one of `ROLES`; `retries`, `timeout`, `backoff`, `cpus`, `memory`, `gpu`,
            `env` and `cache`, as in `Step`.

    Raises:
        PipelineError: the function cannot be a step, or an option makes no sense.

    >>> @step(role="prepare", retries=2, timeout=60)
    ... def double(x: int) -> int:
    ...     return 2 * x
    >>> double(4), double.timeout
    (8, 60)
    """
    with_options(options)
    if function is None:
        return lambda given: _make(given, options)
    return _make(function, options)


def _make(function: Callable[P, R], options: dict[str, Any]) -> Step[P, R]:
    before, inner = DEFAULTS, function
    if isinstance(function, Step):
        inner, before = function.function, function.options
    _refuse(inner)
    return Step(inner, with_options(options, before))


def _refuse(function: Any) -> None:
    if isinstance(function, classmethod | property) or not callable(function):
        kind = type(function).__name__
        raise PipelineError(
            f"{function!r} is not a function, so it cannot be a step."
            if not isinstance(function, classmethod | property)
            else f"A {kind} belongs to its class, so it cannot be a step.",
            fix="put @step above a `def`, or call step(function)",
        )
    inner = function
    while isinstance(inner, functools.partial):
        inner = inner.func
    where = f"{getattr(inner, '__module__', None) or '?'}.{_written_name(inner)}"
    if getattr(inner, "__name__", "") == "<lambda>":
        raise PipelineError(
            "A lambda has no name that a pipeline could use.", where, "write it as a `def`"
        )
    refuse_flags(getattr(_code_of(inner), "co_flags", 0), _name_of(inner), where)
    if inner is not function or not hasattr(function, "__code__"):
        _need_signature(function, where)


def _written_name(function: Any) -> str:
    return str(getattr(function, "__qualname__", None) or _name_of(function))


def _code_of(function: Any) -> Any:
    """Return the code that a call runs, None if it is not Python's."""
    code = getattr(function, "__code__", None)
    if code is None and not isinstance(function, type):
        code = getattr(type(function).__call__, "__code__", None)
    return code


def refuse_flags(flags: int, name: str, where: str) -> None:
    """Refuse a function whose call does not give its result at once.

    Raises:
        PipelineError: it is async, or a generator.
    """
    for flag, reason in _REFUSED.items():
        if flags & flag:
            raise PipelineError(
                f"`{name}` {reason}, so it cannot be a step.",
                where,
                "write a plain function that returns its result",
            )


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
