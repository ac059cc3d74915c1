"""What is printed, collected piece by piece at the level of `sys.stdout` and `sys.stderr`.

Output of C code and of child processes goes past `sys.stdout` and is not collected.
"""

from __future__ import annotations

import contextlib
import io
import sys
from dataclasses import dataclass
from hashlib import blake2b
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from collections.abc import Iterator

PIECE_LIMIT = 10 * 2**20
"""Most bytes kept of what one piece prints."""


@dataclass(frozen=True)
class Output:
    """What one piece printed."""

    stdout: str = ""
    stderr: str = ""


class OutputLog:
    """Replaces the standard streams between `start()` and `stop()`.

    Args:
        tee: pass everything on to the streams that were there.
        limit: bytes kept per piece and stream; of what is beyond, its size and digest are kept.
    """

    def __init__(self, *, tee: bool = False, limit: int = PIECE_LIMIT) -> None:
        self._tee = tee
        self._limit = limit
        self._originals: tuple[Any, Any] | None = None
        self._collectors: tuple[_Collector, _Collector] | None = None

    def start(self) -> Self:
        """Begin to collect."""
        self._originals = (sys.stdout, sys.stderr)
        out, err = (
            _Collector(stream, tee=self._tee, limit=self._limit) for stream in self._originals
        )
        self._collectors = (out, err)
        sys.stdout, sys.stderr = _text_stream(out), _text_stream(err)
        return self

    def take(self) -> Output:
        """Return what was printed since the last call."""
        if self._collectors is None:
            return Output()
        for stream in (sys.stdout, sys.stderr):
            with contextlib.suppress(Exception):  # the program may have put or closed its own
                stream.flush()
        out, err = self._collectors
        return Output(out.take(), err.take())

    def stop(self) -> None:
        """Put the streams back that were there."""
        if self._originals is not None:
            sys.stdout, sys.stderr = self._originals
            self._originals = None


@contextlib.contextmanager
def captured(*, tee: bool = False, limit: int = PIECE_LIMIT) -> Iterator[OutputLog]:
    r"""Collect what the block prints.

    Example:
        >>> with captured() as log:
        ...     print("hello")
        >>> log.take().stdout
        'hello\n'
    """
    log = OutputLog(tee=tee, limit=limit).start()
    try:
        yield log
    finally:
        log.stop()


class _Collector(io.RawIOBase):
    """The bytes under a text stream, so that `sys.stdout.buffer` works too."""

    def __init__(self, stream: Any, *, tee: bool, limit: int) -> None:
        self._stream = stream
        self._tee = tee
        self._limit = limit
        self._reset()

    def _reset(self) -> None:
        self._parts: list[bytes] = []
        self._size = 0
        self._dropped = 0
        self._digest = blake2b(digest_size=8)

    def writable(self) -> bool:
        return True

    def fileno(self) -> int:
        # Child processes inherit the descriptor that was there.
        number: int = self._stream.fileno()
        return number

    def isatty(self) -> bool:
        return False

    def write(self, data: Any) -> int:
        content = bytes(data)
        kept = content[: max(self._limit - self._size, 0)]
        if kept:
            self._parts.append(kept)
            self._size += len(kept)
        if len(kept) < len(content):
            self._dropped += len(content) - len(kept)
            self._digest.update(content[len(kept) :])
        if self._tee:
            self._pass_on(content)
        return len(content)

    def _pass_on(self, content: bytes) -> None:
        with contextlib.suppress(OSError, ValueError):  # the reader went away
            self._stream.write(content.decode("utf-8", "replace"))
            self._stream.flush()

    def take(self) -> str:
        text = b"".join(self._parts).decode("utf-8", "replace")
        if self._dropped:
            # The digest lets two long outputs be compared to their ends.
            text += f"\n[… {self._dropped:,} more bytes, digest {self._digest.hexdigest()}]\n"
        self._reset()
        return text


def _text_stream(collector: _Collector) -> io.TextIOWrapper:
    # `write_through` and no buffer below: what is printed is there when a piece ends.
    return _Stream(
        _Unbuffered(collector),  # type: ignore[arg-type]  # typeshed also asks for a name
        encoding="utf-8",
        errors="backslashreplace",
        newline="\n",
        write_through=True,
    )


class _Stream(io.TextIOWrapper):
    """A text stream that stays usable after a program closed it."""

    def close(self) -> None:
        with contextlib.suppress(ValueError):
            self.flush()


class _Unbuffered(io.BufferedIOBase):
    """Passes every write on at once; cannot be closed by a wrapper that a program puts on it."""

    def __init__(self, raw: _Collector) -> None:
        self._raw = raw

    def writable(self) -> bool:
        return True

    def fileno(self) -> int:
        return self._raw.fileno()

    def isatty(self) -> bool:
        return False

    def write(self, data: Any) -> int:
        return self._raw.write(data)

    def close(self) -> None:
        return
