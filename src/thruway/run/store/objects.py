"""Where objects are: in a folder of this machine, and perhaps in a place that others share.

`<folder>/ab/cdef…` holds an object under the digest of its bytes. It is written to a temporary
file in the same folder and renamed, so that a reader never sees half of one and two writers of the
same content do not disturb each other. Objects are not flushed to disk one by one: what a power
cut takes does not fit its address any more, and is computed anew. The place that is shared is
`objects_remote`'s business; `store` says what is put, got and checked.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import stat
import uuid
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, Protocol

from thruway.run.store.hashing import digest_file

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

TEMPORARY = ".new-"
"""What names of things begin with that are not whole yet."""


class Entry(NamedTuple):
    """One thing in a place for objects.

    Attributes:
        address: of the object; "" for what a writer left behind that was killed.
        name: where it is, for `remove`.
        bytes: size.
        changed: when it was written, seconds since the epoch.
    """

    address: str
    name: str
    bytes: int
    changed: float


class Objects(Protocol):
    """A place for objects.

    Attributes:
        place: where it is, for people.
    """

    place: str

    def size(self, address: str) -> int | None:
        """Return the bytes of an object; None if it is not there. Its content is not looked at."""

    def entries(self) -> Iterator[Entry]:
        """Give all that is there, and what killed writers left behind."""

    def remove(self, names: Collection[str], before: float) -> frozenset[str]:
        """Remove entries by their names, unless they were written anew; return which are gone.

        Args:
            names: from `entries`.
            before: what was written since then stays, seconds since the epoch.
        """


class Folder:
    """Objects as files; see `Objects`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.place = str(folder)

    def path(self, address: str) -> Path:
        """Return where an object is, or would be."""
        return self.folder / address[:2] / address[2:]

    def size(self, address: str) -> int | None:
        """Return the bytes of an object; None if it is not there."""
        try:
            found = self.path(address).stat()
        except OSError:
            return None
        return found.st_size if address and stat.S_ISREG(found.st_mode) else None

    def has(self, address: str) -> bool:
        """Say whether an object is there; its content is not looked at."""
        return bool(address) and self.path(address).is_file()

    def sound(self, address: str) -> bool:
        """Say whether an object is there and is what its address says; drop it if damaged."""
        if not self.has(address):
            return False
        path = self.path(address)
        with contextlib.suppress(OSError):
            if digest_file(path) == address:
                return True
            path.unlink()
        return False

    def place_file(self, temporary: Path, address: str) -> None:
        """Make a temporary file the object that it is; one that is sound already is kept."""
        target = self.path(address)
        if self.sound(address):
            # File systems flush a file that takes the place of another: milliseconds for nothing.
            with contextlib.suppress(OSError):
                os.utime(target)  # as young as the run that refers to it
                return
        target.parent.mkdir(parents=True, exist_ok=True)
        temporary.chmod(0o444)
        if target.is_dir():  # whoever made it so: no object is a folder
            shutil.rmtree(target)
        temporary.replace(target)

    def entries(self) -> Iterator[Entry]:
        """Give all that is there, and what killed writers left behind."""
        if not self.folder.is_dir():
            return
        for one in os.scandir(self.folder):
            if one.is_dir(follow_symlinks=False):
                for inner in os.scandir(one.path):
                    yield from _entry(inner, one.name + inner.name)
            elif one.name.startswith(TEMPORARY):
                yield from _entry(one, "")

    def remove(self, names: Collection[str], before: float) -> frozenset[str]:
        """Remove entries by their names, unless they were written anew; return which are gone."""
        return frozenset(name for name in names if self._remove(Path(name), before))

    def _remove(self, path: Path, before: float) -> bool:
        # Moved aside first: a writer that comes now finds nothing, and writes it again.
        aside = self.folder / f"{TEMPORARY}{uuid.uuid4().hex}"
        try:
            path.replace(aside)
        except FileNotFoundError:
            return False
        if aside.stat().st_mtime >= before:
            aside.replace(path)
            return False
        aside.unlink()
        return True


def _entry(found: os.DirEntry[str], address: str) -> Iterator[Entry]:
    # What another process removes while we look is not there.
    with contextlib.suppress(FileNotFoundError):
        state = found.stat(follow_symlinks=False)
        if stat.S_ISREG(state.st_mode):
            whole = "" if found.name.startswith(TEMPORARY) else address
            yield Entry(whole, found.path, state.st_size, state.st_mtime)


def is_ours(folder: Path) -> bool:
    """Say whether nobody but this user (and root) can write to a folder.

    A group counts as others, unless it is the private one of the user. Windows keeps other
    users out of a user's folders by itself.
    """
    if os.name == "nt":
        return True
    try:
        found = folder.stat()
    except OSError:
        return True  # it is not there yet: who makes it, owns it
    if found.st_uid != os.geteuid() or found.st_mode & stat.S_IWOTH:
        return False
    return not found.st_mode & stat.S_IWGRP or _is_private(found.st_gid)


def _is_private(group: int) -> bool:
    import grp
    import pwd

    try:
        found, user = grp.getgrgid(group), pwd.getpwuid(os.geteuid())
    except KeyError:
        return False
    return found.gr_name == user.pw_name and not set(found.gr_mem) - {user.pw_name}
