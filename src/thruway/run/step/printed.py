"""What one step prints, displays and complains about.

Displays are kept apart, for the proof, and in their place among what was printed, for the log:
so the log of a probed run is that of any other. Standard error is never mixed with it; only its
end is kept, for messages about failures.
"""

from __future__ import annotations

import io
import os
import sys
from collections import deque
from typing import TYPE_CHECKING, Any, Self

from thruway.kit.ambient.display import Displayed, DisplayLog
from thruway.kit.ambient.output import OutputLog

if TYPE_CHECKING:
    from pathlib import Path

ERROR_BYTES = 64 * 1024
"""How much of the end of standard error is kept."""


class PrintedLog(DisplayLog):
    """Collects between `start()` and `stop()`.

    Args:
        own_errors: standard error is a file of this process already, and stays so.

    Attributes:
        stdout: what was printed.
        log: what was printed and displayed, as it went.
        displays: text of what was displayed.
    """

    def __init__(self, *, own_errors: bool) -> None:
        super().__init__(echo=False)
        self.stdout = ""
        self.log = ""
        self.displays: tuple[str, ...] = ()
        self._own_errors = own_errors
        self._output = OutputLog()
        self._pieces: list[tuple[bool, str]] = []
        self._errors: _Tail | None = None

    @property
    def stderr(self) -> str:
        """The end of what went to standard error; "" if that is a file of its own."""
        return self._errors.text() if self._errors else ""

    def start(self) -> Self:
        """Begin to collect."""
        before: Any = sys.stderr
        self._output.start()
        if self._own_errors:
            sys.stderr = before
        else:
            self._errors = _Tail(before)
            sys.stderr = io.TextIOWrapper(
                self._errors,
                encoding="utf-8",
                errors="backslashreplace",
                write_through=True,
            )
        return super().start()

    def add(self, item: Displayed) -> None:
        """Record one displayed value, after what was printed before it."""
        self._turn()
        self._pieces.append((True, item.text))
        super().add(item)

    def finish(self) -> None:
        """Put together what was collected."""
        self._turn()
        self.stdout = "".join(text for shown, text in self._pieces if not shown)
        self.log = "".join(f"{text}\n" if shown else text for shown, text in self._pieces)
        self.displays = tuple(text for shown, text in self._pieces if shown)

    def stop(self) -> None:
        """Put everything back as it was."""
        super().stop()
        self._output.stop()

    def _turn(self) -> None:
        printed = self._output.take().stdout
        if printed:
            self._pieces.append((False, printed))


class _Tail(io.BufferedIOBase):
    """The bytes under standard error: the last of them."""

    def __init__(self, before: Any) -> None:
        self._before = before
        self._parts: deque[bytes] = deque()
        self._size = 0

    def writable(self) -> bool:
        return True

    def fileno(self) -> int:
        # Child processes inherit the descriptor that was there.
        number: int = self._before.fileno()
        return number

    def write(self, data: Any) -> int:
        content = bytes(data)
        self._parts.append(content[-ERROR_BYTES:])
        self._size += len(self._parts[-1])
        while self._size - len(self._parts[0]) >= ERROR_BYTES:
            self._size -= len(self._parts.popleft())
        return len(content)

    def close(self) -> None:
        return

    def text(self) -> str:
        return _decoded(b"".join(self._parts))


def end_of(file: Path) -> str:
    """Return the end of a file into which a process wrote its standard error."""
    try:
        with file.open("rb") as handle:
            handle.seek(max(handle.seek(0, os.SEEK_END) - ERROR_BYTES, 0))
            return _decoded(handle.read())
    except OSError:
        return ""


def _decoded(content: bytes) -> str:
    return content[-ERROR_BYTES:].decode("utf-8", "replace")
