"""Who asks whether a file is there: `os.stat` raises no audit event, so it is told of here."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, Self

from thruway.kit.ambient import audit

if TYPE_CHECKING:
    from collections.abc import Callable

_SETS = ("supports_fd", "supports_dir_fd", "supports_follow_symlinks")


class StatWatch:
    """Stands before `os.stat` between `start()` and `stop()`; `os.path` and `pathlib` ask there.

    Args:
        told: called with every path that is asked for, as text.
    """

    def __init__(self, told: Callable[[str], None]) -> None:
        self._told = told
        self._stat: Any = None

    def start(self) -> Self:
        """Begin to listen."""
        self._stat = os.stat
        for name in _SETS:  # by these sets the standard library knows what `os.stat` can do
            getattr(os, name).add(self._asked)
        os.stat = self._asked
        return self

    def stop(self) -> None:
        """Stop listening."""
        os.stat = self._stat
        for name in _SETS:
            getattr(os, name).discard(self._asked)

    def _asked(self, path: Any, *args: Any, **options: Any) -> Any:
        if isinstance(path, str | os.PathLike) and not audit.is_paused():
            with audit.paused():
                self._told(os.fspath(path))
        return self._stat(path, *args, **options)
