"""Content-addressed objects on disk: whole or not at all, and checked before they are read.

`<store>/objects/ab/cdef…` holds an object under the digest of its bytes. It is written to a
temporary file in the same folder and renamed, so that a reader never sees half of one and two
writers of the same content do not disturb each other. Objects are not flushed to disk one by one:
what a power cut takes does not fit its address any more, and is computed anew. Lineage is next
door, in `lineage.py`.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from thruway.errors import StorageError
from thruway.run import folders
from thruway.run.folders import FOLDER_FORMAT
from thruway.run.hashing import HashingWriter, digest_bytes, digest_file
from thruway.run.types import ArtifactRef

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

_CHUNK = 1 << 20
FILE_FORMAT = "file"
TEXT_FORMAT = "text"
LIST_FORMAT = "list"
"""A list whose items are objects of their own."""
WHOLE = "return"
"""Port of a step's whole result, where it is not taken apart."""
ABSENT_FORMAT = "absent"
"""A file or folder that a step removed: the object is empty, and restoring it removes the path."""
PATH_FORMATS = (FILE_FORMAT, FOLDER_FORMAT, ABSENT_FORMAT)
"""What travels as a path: `kit.ambient.files.File`."""


class Store:
    """The objects of one project."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.objects = root / "objects"

    def prepare(self) -> None:
        """Create the folders; the store hides itself from git."""
        self.objects.mkdir(parents=True, exist_ok=True)
        ignore = self.root / ".gitignore"
        if not ignore.exists():
            write_atomically(ignore, b"*\n")

    def path(self, address: str) -> Path:
        """Return where an object is, or would be."""
        return self.objects / address[:2] / address[2:]

    def has(self, address: str) -> bool:
        """Say whether an object is there; its content is not looked at."""
        return bool(address) and self.path(address).is_file()

    def sound(self, address: str) -> bool:
        """Say whether an object is there and is what its address says; drop it if damaged."""
        path = self.path(address)
        if not address or not path.is_file():
            return False
        if digest_file(path) == address:
            return True
        with contextlib.suppress(OSError):
            path.unlink()
        return False

    def put(self, write: Callable[[Any], str]) -> tuple[str, str, int]:
        """Store what `write` puts into the handle it is given.

        Args:
            write: writes the content and returns the name of its format.

        Returns:
            Address, format and size in bytes.
        """
        self.objects.mkdir(parents=True, exist_ok=True)
        number, name = tempfile.mkstemp(prefix=".new-", dir=self.objects)
        temporary = Path(name)
        try:
            with os.fdopen(number, "wb") as handle, HashingWriter(handle) as writer:
                form = write(writer)
            self._place(temporary, writer.digest())
        finally:
            temporary.unlink(missing_ok=True)
        return writer.digest(), form, writer.size

    def _place(self, temporary: Path, address: str) -> None:
        # Replacing an object by the same content is harmless, and heals a damaged one.
        target = self.path(address)
        target.parent.mkdir(exist_ok=True)
        temporary.chmod(0o444)
        temporary.replace(target)

    def settle(self, addresses: Iterable[str]) -> None:
        """Make the names of new objects survive a power cut; once for a run."""
        folders = {self.path(address).parent for address in addresses if address}
        for folder in (*sorted(folders), self.objects):
            _sync_folder(folder)

    def put_file(self, path: Path) -> tuple[str, int]:
        """Store the content of a file; return its address and size."""

        def copy(handle: Any) -> str:
            with path.open("rb") as source:
                shutil.copyfileobj(source, handle, _CHUNK)
            return FILE_FORMAT

        address, _, size = self.put(copy)
        return address, size

    def put_text(self, text: str) -> str:
        """Store a text; return its address, "" for an empty text."""
        if not text:
            return ""
        content = text.encode("utf-8", "surrogatepass")
        address = digest_bytes(content)
        if not self.has(address):
            address, _, _ = self.put(lambda handle: (handle.write(content), TEXT_FORMAT)[1])
        return address

    def get_text(self, address: str) -> str:
        """Return a stored text; "" when it is gone."""
        if not self.sound(address):
            return ""
        return self.path(address).read_bytes().decode("utf-8", "surrogatepass")

    def put_values(self, values: Mapping[str, object]) -> tuple[str, str, int]:
        """Store values that belong together as one object; return address, format, bytes."""
        from thruway.kit.values import storage

        return self.put(lambda handle: storage.write(values, handle))

    def put_list(self, parts: Sequence[ArtifactRef]) -> ArtifactRef:
        """Store a list of stored values; what they hold is not written again."""
        rows = [[part.hash, part.member, part.format, part.bytes] for part in parts]
        content = json.dumps(rows).encode()
        address, form, _ = self.put(lambda handle: (handle.write(content), LIST_FORMAT)[1])
        size = sum(part.bytes for part in parts)
        preview = f"[{', '.join(part.preview for part in parts)}]"
        return ArtifactRef(address, WHOLE, form, size, "list", preview)

    def parts(self, reference: ArtifactRef) -> tuple[ArtifactRef, ...]:
        """Return what a stored list consists of; () for everything else.

        Raises:
            StorageError: the object is gone or damaged.
        """
        if reference.format != LIST_FORMAT:
            return ()
        if not self.sound(reference.hash):
            raise missing(reference.hash)
        rows = json.loads(self.path(reference.hash).read_bytes())
        return tuple(ArtifactRef(*row) for row in rows)

    def is_whole(self, reference: ArtifactRef) -> bool:
        """Say whether all that an artifact consists of is there; drop what is damaged."""
        try:
            parts = self.parts(reference)
        except StorageError:
            return False
        return self.sound(reference.hash) and all(self.sound(part.hash) for part in parts)

    def load_object(self, address: str, form: str, *, trusted: bool = False) -> dict[str, Any]:
        """Return every value of an object, still sharing what they shared.

        Args:
            address: where.
            form: the name of its format.
            trusted: it was checked, or written, in this run.

        Raises:
            StorageError: the object is gone or damaged.
        """
        from thruway.kit.values import storage

        if not (self.has(address) if trusted else self.sound(address)):
            raise missing(address)
        if form == LIST_FORMAT:
            rows = json.loads(self.path(address).read_bytes())
            parts = (ArtifactRef(*row) for row in rows)
            return {WHOLE: [self._part(part, trusted=trusted) for part in parts]}
        with self._classes():
            return dict(storage.read(form, self.path(address)))

    def _part(self, part: ArtifactRef, *, trusted: bool) -> Any:
        return self.load_object(part.hash, part.format, trusted=trusted)[part.member]

    def _classes(self) -> contextlib.AbstractContextManager[None]:
        """Make classes of the project importable, if this is a project's own store."""
        from thruway.run.modules import is_importing, project_imports

        roots = [
            root
            for root in (self.root.parent, self.root.parent / "src", self.root.parent / "local")
            if root.is_dir()
        ]
        return contextlib.nullcontext() if is_importing() else project_imports(roots)

    def load(self, reference: ArtifactRef) -> Any:
        """Return the value of an artifact; for a file, the path of its content.

        A folder is one object; `restore` makes it a folder again.

        Raises:
            StorageError: it was never stored, is gone, or is damaged.
        """
        if reference.unstored:
            what = f"`{reference.member}` was not stored: {reference.unstored}"
            raise StorageError(what, fix="run the step again in the same process")
        if reference.format in (*PATH_FORMATS, TEXT_FORMAT):
            if not self.sound(reference.hash):
                raise missing(reference.hash)
            return self.path(reference.hash)
        return self.load_object(reference.hash, reference.format)[reference.member]

    def restore(self, reference: ArtifactRef, target: Path) -> None:
        """Write a file or folder to a path; a file whole or not at all.

        Raises:
            StorageError: the object is gone or damaged.
        """
        if not self.sound(reference.hash):
            raise missing(reference.hash)
        if reference.format == ABSENT_FORMAT:
            remove(target)
        elif reference.format == FOLDER_FORMAT:
            folders.restore(self.path(reference.hash), target)
        else:
            copy_atomically(self.path(reference.hash), target)


def missing(address: str) -> StorageError:
    """Return the error for an object that cannot be used."""
    return StorageError(
        f"object {address[:12]} is not in the store, or is damaged",
        where=".thruway/objects",
        fix="run the pipeline again: the step that made it is computed anew",
    )


def remove(target: Path) -> None:
    """Remove a file, a link or a folder, if it is there."""
    if target.is_dir() and not target.is_symlink():
        shutil.rmtree(target)
    else:
        target.unlink(missing_ok=True)


def copy_atomically(source: Path, target: Path) -> None:
    """Copy a file so that `target` is either what it was or all of the new content."""
    target.parent.mkdir(parents=True, exist_ok=True)
    number, name = tempfile.mkstemp(prefix=".new-", dir=target.parent)
    os.close(number)
    temporary = Path(name)
    try:
        shutil.copyfile(source, temporary)
        temporary.chmod(0o644)
        temporary.replace(target)
    finally:
        temporary.unlink(missing_ok=True)


def write_atomically(target: Path, content: bytes, *, mode: int = 0o644) -> None:
    """Write a small file whole or not at all."""
    target.parent.mkdir(parents=True, exist_ok=True)
    number, name = tempfile.mkstemp(prefix=".new-", dir=target.parent)
    temporary = Path(name)
    try:
        with os.fdopen(number, "wb") as handle:
            handle.write(content)
        temporary.chmod(mode)
        temporary.replace(target)
    finally:
        temporary.unlink(missing_ok=True)


def _sync_folder(folder: Path) -> None:
    """Make a rename survive a power cut, where the system can open folders."""
    with contextlib.suppress(OSError):
        number = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(number)
        finally:
            os.close(number)
