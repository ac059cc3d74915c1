"""End a process without taking apart what it loaded, which takes longer than many a step.

Python ends by destroying every module and object. After pandas and scikit-learn that is half a
second in which nothing happens that anyone could see: what does count at the end of a process is
done here, in the same order, and then the process is gone.
"""

from __future__ import annotations

import atexit
import contextlib
import gc
import io
import os
import sys
import threading
from typing import Any, NoReturn

_PATIENCE_SECONDS = 10.0
_THREADS: Any = threading
_ANY: Any = io.IOBase.__mro__[
    1
]  # the class in C, whose subclasses need no look at their `__class__`
_BASIC = frozenset({io.TextIOWrapper, io.BufferedWriter, io.BufferedRandom, io.FileIO})


def leave(status: int) -> NoReturn:
    """End this process: threads that are waited for, exit functions, open files, then nothing."""
    if sys.getprofile() is not None or sys.gettrace() is not None:
        sys.exit(status)  # whoever watches has something to say at the end
    # A file of the user's that cannot be closed must not keep the process.
    limit = threading.Timer(_PATIENCE_SECONDS, os._exit, (status,))
    limit.daemon = True
    steps = (_THREADS._shutdown, atexit._run_exitfuncs, limit.start, _write_out)
    for step in steps:
        with contextlib.suppress(BaseException):
            step()
    os._exit(status)


def _write_out() -> None:
    """Write out files that were left open, those that write through others first."""
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(Exception):
            stream.flush()
    files = [each for each in gc.get_objects() if issubclass(type(each), _ANY)]
    for each in sorted(files, key=_depth):
        with contextlib.suppress(Exception):
            # Not those that are read: a thread that waits for input has their lock.
            if each.writable():
                each.flush() if type(each) in _BASIC else each.close()


def _depth(file: object) -> int:
    """Text goes into anything, a compressed file into bytes, and those into the system's file."""
    if type(file) is io.TextIOWrapper:
        return 0
    return 2 if type(file) in _BASIC else 1
