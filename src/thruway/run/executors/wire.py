"""Orders to a worker and its answers, as files that both sides can read whatever they have.

The worker may be another Python with other libraries than ours. Paths go as text, because their
classes move between versions of Python; an answer holds records and plain data only, so that
reading it needs none of the libraries that the step used.
"""

from __future__ import annotations

import io
import pickle
import types
from pathlib import Path, PurePath
from typing import Any

from thruway.run.store.store import write_atomically

_PROTOCOL = 4


def send(target: Path, order: object) -> None:
    """Write an order for a worker; values of parameters go as they are."""
    _write(target, order, plain=False)


def answer(target: Path, done: object) -> None:
    """Write a worker's answer; what is neither a record nor plain data becomes text."""
    _write(target, done, plain=True)


def receive(source: Path) -> Any:
    """Read what the other side wrote."""
    with source.open("rb") as handle:
        return pickle.load(handle)


def as_path(text: str) -> Path:
    """Return a path; this function is what a path is written as."""
    return Path(text)


def as_text(text: str) -> str:
    """Return the text; this function is what a stranger is written as."""
    return text


def _write(target: Path, record: object, *, plain: bool) -> None:
    handle = io.BytesIO()
    _Pickler(handle, plain=plain).dump(record)
    # An order may hold variables that are secrets.
    write_atomically(target, handle.getvalue(), mode=0o600)


class _Pickler(pickle.Pickler):
    def __init__(self, handle: io.BytesIO, *, plain: bool) -> None:
        super().__init__(handle, protocol=_PROTOCOL)
        self._plain = plain

    def reducer_override(self, part: Any) -> Any:
        """Return how to write what is not of an exact built-in type."""
        if isinstance(part, PurePath):
            return as_path, (str(part),)
        if isinstance(part, type | types.FunctionType | types.BuiltinFunctionType):
            return NotImplemented
        if self._plain and not type(part).__module__.startswith("thruway."):
            return as_text, (str(part),)
        return NotImplemented
