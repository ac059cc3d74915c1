"""Kill this process at its N-th event that touches the store: what is written, renamed, committed.

Nothing in the product helps: events are Python's audit events, the statements of SQLite, and calls
of a few functions, wrapped here. `CRASH_AT` and `CRASH_FORK` ask for it in a worker (this file is
its `sitecustomize` then); in a forked child of the tests, `arm` is called.
"""

from __future__ import annotations

import os
import signal
import sqlite3
import sys

_EVENTS = {"os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.chmod", "os.utime", "os.link", "os.symlink", "shutil.rmtree"}  # fmt: skip
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT


class Crash:
    """Counts events; at the N-th, the process is gone."""

    def __init__(self, at: int, within: str = ""):
        self.at = at
        self.within = within
        self.count = 0
        self.seen: list[str] = []
        self.busy = False

    def event(self, what: str) -> None:
        if self.busy:
            return
        self.count += 1
        self.seen.append(what)
        if self.count == self.at:
            os.kill(os.getpid(), signal.SIGKILL)

    def hook(self, name, args):
        if name == "open":
            path, _, flags = args
            if isinstance(flags, int) and flags & _WRITING and self.is_in(path):
                self.event(f"open {path}")
        elif name in _EVENTS and self.is_in(args[0]):
            self.event(f"{name} {args[0]}")

    def is_in(self, path) -> bool:
        return isinstance(path, str | os.PathLike) and self.within in os.fspath(path)

    def wrap(self):
        """Make what raises no audit event one: writes, flushes and statements."""
        from thruway.run.store.hashing import HashingWriter

        write, fsync, connect = HashingWriter.write, os.fsync, sqlite3.connect

        def half_written(writer, data):
            # Half of it is on the disk when the process dies.
            self.busy = True
            content = memoryview(data).cast("B")
            write(writer, content[: len(content) // 2])
            writer._handle.flush()
            self.busy = False
            self.event("write")
            write(writer, content[len(content) // 2 :])
            return len(content)

        def flushed(number):
            self.event("fsync")
            fsync(number)
            self.event("fsync done")

        def connected(*args, **options):
            connection = connect(*args, **options)
            connection.set_trace_callback(lambda text: self.event(f"sql {text[:60]}"))
            return connection

        HashingWriter.write, os.fsync, sqlite3.connect = half_written, flushed, connected


def arm(at: int, within: str = "") -> Crash:
    """Begin to count in this process."""
    crash = Crash(at, within)
    crash.wrap()
    sys.addaudithook(crash.hook)
    return crash


def arm_worker() -> None:
    """Count in one of the processes that this one forks."""
    forks = [0]
    wanted, at = int(os.environ["CRASH_FORK"]), int(os.environ["CRASH_AT"])

    def forking():
        forks[0] += 1

    def forked():
        if forks[0] == wanted:
            crash = arm(at, ".thruway")
            if "CRASH_SEEN" in os.environ:
                import atexit
                from pathlib import Path

                atexit.register(lambda: Path(os.environ["CRASH_SEEN"]).write_text(str(crash.count)))

    os.register_at_fork(before=forking, after_in_child=forked)


if __name__ == "sitecustomize" and "CRASH_AT" in os.environ:
    arm_worker()
