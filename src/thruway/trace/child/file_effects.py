"""The files that one statement read and wrote, with the digests of their content."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Self

from thruway.kit.ambient import audit
from thruway.kit.ambient.asking import StatWatch
from thruway.kit.ambient.files import FileLog
from thruway.kit.ambient.ignored import prefixes
from thruway.kit.ambient.own_copies import is_untouched_copy
from thruway.kit.ambient.scanning import Entry, changed, scan
from thruway.kit.values.fingerprint import fingerprint_file
from thruway.kit.values.written import fingerprint_written
from thruway.trace.types import Effect

if TYPE_CHECKING:
    from collections.abc import Callable

    from thruway.kit.ambient.files import Access
    from thruway.trace.job import Job

_MOST_FOLDERS = 200
_MOST_OPEN = 200
_State = tuple[int, int, int]
_STARTS = re.compile(r"subprocess|\bsystem\(|[pP]open|spawn")
_NEVER: _State = (0, 0, 0)


@dataclass
class Files:
    """What happened to files during one statement.

    Attributes:
        effects: on every resource that the audit hook knows.
        read, written: path as in the token → content digest afterwards.
    """

    effects: list[Effect] = field(default_factory=list)
    read: dict[str, str] = field(default_factory=dict)
    written: dict[str, str] = field(default_factory=dict)


class FileEffects:
    """Asks the log of accesses, and looks for files that compiled code wrote past it."""

    def __init__(self, job: Job) -> None:
        self._log = FileLog(Path(job.cwd), Path(job.workspace))
        self._folders = _Folders(Path(job.cwd))
        self._root = Path(job.cwd)
        self._asking = StatWatch(self._asked)
        self._questions: list[str] = []
        self._known: set[str] = set()
        self._starts = any(_STARTS.search(each.code) for each in job.statements)
        self._there: dict[str, Entry] = {}
        self._digests: dict[tuple[str, int, int, int, str], str] = {}
        self._open: dict[str, tuple[str, _State]] = {}

    def start(self) -> Self:
        """Begin to listen."""
        self._log.start()
        with audit.paused():
            self._folders.news()
            self._there = scan(self._root) if self._starts else {}
        self._asking.start()
        return self

    def stop(self) -> None:
        """Stop listening."""
        self._asking.stop()
        self._log.stop()

    def begin(self) -> None:
        """Forget what was not the statement's."""
        self._log.take()
        self._questions.clear()

    def end(self, *, moved: bool) -> Files:
        """Return what happened since `begin`.

        Args:
            moved: the working folder changed, which the log tells as a change of that folder.
        """
        files = Files()
        here = self._log.token(os.getcwd(), folder=True) if moved else ""  # noqa: PTH109 - as text
        if here in self._known:  # a folder that the program made: whoever enters it needs it
            files.effects.append(Effect(here, "read"))
        for access in self._log.take():
            if not (moved and access.resource.startswith("dir:") and access.mode == "update"):
                self._note(files, access)
        with audit.paused():
            for path in self._folders.news():
                token = self._log.token(path)
                if is_untouched_copy(path):
                    continue  # a link gave way to a copy before another program started
                if token.removeprefix("file:") not in files.written:
                    files.effects.append(Effect(token, "write"))
                    self._digest_into(files.written, token, path, fingerprint_written)
                self._watch(token, path)
            self._follow(files)
            if any(effect.resource == "outside:process" for effect in files.effects):
                self._look(files)
            self._ask(files)
        return files

    def _look(self, files: Files) -> None:
        """Note what another program did to files that were there."""
        before, self._there = self._there, scan(self._root)
        moved = changed(before, self._there)
        for name in (*moved.written, *moved.removed):
            path = str(self._root / name)
            token = self._log.token(path)
            state = _state(path)
            if name in files.written or (state and self._open.get(path, ("", _NEVER))[1] == state):
                continue
            files.effects.append(Effect(token, "update"))
            files.written[name] = ""
            self._digest_into(files.written, token, path, fingerprint_written)
            self._watch(token, path)

    def _asked(self, path: str) -> None:
        self._questions.append(os.path.normpath(os.path.join(os.getcwd(), path)))  # noqa: PTH109, PTH118 - as text, often

    def _ask(self, files: Files) -> None:
        """Note where a statement asked for a file that the program wrote or removed before."""
        touched = {effect.resource for effect in files.effects}
        for path in dict.fromkeys(self._questions):
            token = self._log.token(path)
            if token in self._known and token not in touched:
                files.effects.append(Effect(token, "read"))
        self._questions.clear()
        self._known |= {e.resource for e in files.effects if e.mode != "read"}

    def late(self) -> dict[str, str]:
        """Return what files hold now that were written to since, without a statement's doing."""
        files = Files()
        with audit.paused():
            self._follow(files)
        return files.written

    def _follow(self, files: Files) -> None:
        """Note files that an earlier statement opened and this one wrote to, closed or flushed."""
        for path, (token, before) in list(self._open.items()):
            state = _state(path)
            if state is None:
                del self._open[path]
                if token.removeprefix("file:") not in files.written:
                    files.effects.append(Effect(token, "update"))
                    files.written[token.removeprefix("file:")] = ""
            elif state != before:
                self._open[path] = (token, state)
                if token.removeprefix("file:") not in files.written:
                    files.effects.append(Effect(token, "update"))
                    self._digest_into(files.written, token, path, fingerprint_written)

    def _note(self, files: Files, access: Access) -> None:
        if access.resource.startswith("dir:") and _in_machinery(access.path):
            return  # caches that libraries make when they are imported
        files.effects.append(Effect(access.resource, access.mode))
        if not access.resource.startswith("file:"):
            return
        with audit.paused():
            if access.mode != "write":
                self._digest_into(files.read, access.resource, access.path)
            if access.mode != "read":
                self._digest_into(files.written, access.resource, access.path, fingerprint_written)
                if _state(access.path) is None:
                    files.written[access.resource.removeprefix("file:")] = ""
                self._watch(access.resource, access.path)

    def _watch(self, token: str, path: str) -> None:
        state = _state(path)
        if state is None:
            self._open.pop(path, None)
        elif path in self._open or len(self._open) < _MOST_OPEN:
            self._open[path] = (token, state)

    def _digest_into(
        self,
        record: dict[str, str],
        token: str,
        path: str,
        digest: Callable[[Path], str] = fingerprint_file,
    ) -> None:
        try:
            status = os.stat(path)  # noqa: PTH116 - text from the hook
            key = (path, status.st_ino, status.st_size, status.st_mtime_ns, digest.__name__)
            if key not in self._digests:
                self._digests[key] = digest(Path(path))
        except OSError:  # gone again, or not ours to read
            return
        record[token.removeprefix("file:")] = self._digests[key]


def _state(path: str) -> _State | None:
    try:
        status = os.stat(path)  # noqa: PTH116 - called after every statement
    except OSError:
        return None
    return status.st_ino, status.st_size, status.st_mtime_ns


class _Folders:
    """Notices new files by the times of the folders that hold them: one `stat` per folder."""

    def __init__(self, root: Path) -> None:
        self._root = str(root)
        self._known: dict[str, tuple[int, frozenset[str]]] = {}

    def news(self) -> list[str]:
        """Return the paths of files that appeared since the last call."""
        found: list[str] = []
        waiting = [self._root, *(folder for folder in self._known if folder != self._root)]
        for folder in waiting:
            try:
                time = os.stat(folder).st_mtime_ns  # noqa: PTH116 - called after every statement
            except OSError:
                self._known.pop(folder, None)
                continue
            known = self._known.get(folder)
            if known is None or known[0] != time:
                files, inner = _listing(folder)
                self._known[folder] = (time, files)
                waiting += [new for new in inner if new not in self._known and self._room()]
                found += sorted(files - (known[1] if known else frozenset()))
        return found

    def _room(self) -> bool:
        return len(self._known) < _MOST_FOLDERS


def _in_machinery(folder: str) -> bool:
    return (folder + os.sep).startswith(prefixes())


def _listing(folder: str) -> tuple[frozenset[str], list[str]]:
    files, folders = set(), []
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                if not entry.name.startswith((".", "__pycache__", "joblib_memmapping")):
                    folders.append(entry.path)
            elif not entry.is_symlink():
                files.add(entry.path)
    return frozenset(files), folders
