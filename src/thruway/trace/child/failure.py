"""The user's exception as the user wrote it: our frames out, the author's lines in."""

from __future__ import annotations

import traceback
from typing import TYPE_CHECKING

from thruway.trace.types import Failure

if TYPE_CHECKING:
    from types import TracebackType

    from thruway.trace.job import JobStatement

_LINES = 24
_MESSAGE = 2000


class InputRefusedError(Exception):
    """The program asked for input, and nobody is there."""


def describe_failure(error: BaseException, statement: JobStatement) -> Failure:
    """Return what the user is told about an exception that left a statement."""
    if isinstance(error, InputRefusedError):
        message = "the program asks for input: put the answer into the program as a value"
        return Failure(statement.id, "EOFError", message, "", _line(error, statement))
    text = _traceback(error, statement)
    return Failure(statement.id, _name(error), _message(error), text, _line(error, statement))


def _name(error: BaseException) -> str:
    kind = type(error)
    module = kind.__module__
    return (
        kind.__qualname__ if module in {"builtins", "__main__"} else f"{module}.{kind.__qualname__}"
    )


def _message(error: BaseException) -> str:
    try:
        return str(error)[:_MESSAGE]
    except Exception as broken:  # the user's own `__str__`
        return f"<no message: {type(broken).__name__}>"


def _traceback(error: BaseException, statement: JobStatement) -> str:
    try:
        ours_removed = _from_user_frame(error.__traceback__, statement.file)
        told = traceback.TracebackException(type(error), error, ours_removed, compact=True)
        lines = "".join(told.format()).rstrip().splitlines()
    except Exception as broken:  # the user's own `__str__`, or a source that cannot be read
        return f"{_name(error)} <no traceback: {type(broken).__name__}>"
    return "\n".join([lines[0], "  …", *lines[-_LINES:]] if len(lines) > _LINES + 2 else lines)


def _from_user_frame(trace: TracebackType | None, file: str) -> TracebackType | None:
    here = trace
    while here is not None and here.tb_frame.f_code.co_filename != file:
        here = here.tb_next
    return here


def _line(error: BaseException, statement: JobStatement) -> int:
    trace = _from_user_frame(error.__traceback__, statement.file)
    return trace.tb_lineno if trace is not None else statement.line
