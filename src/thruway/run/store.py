"""Content-addressed objects on disk: whole or not at all, and checked before they are read.

`<store>/objects/ab/cdef…` holds an object under the digest of its bytes. It is written to a
temporary file in the same folder, flushed to disk and renamed, so that a reader never sees half
of one and two writers of the same content do not disturb each other. Lineage is next door, in
`lineage.py`.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from thruway.errors import StorageError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from thruway.run.types import ArtifactRef

DIGEST_DIGITS = 40
_CHUNK = 1 << 20
FILE_FORMAT = "file"
TEXT_FORMAT = "text"


def digest_file(path: Path) -> str:
    """Return the digest of a file's content; addresses in the store are such digests.

    SHA-256, because processors have it in hardware: twice as fast as BLAKE2 on large objects.
    """
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()[:DIGEST_DIGITS]


def digest_bytes(content: bytes) -> str:
    """Return the digest that a file with this content would have."""
    return hashlib.sha256(content).hexdigest()[:DIGEST_DIGITS]


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

    def put(self, write: Callable[[BinaryIO], str]) -> tuple[str, str, int]:
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
            with os.fdopen(number, "w+b") as handle:
                form = write(handle)
                handle.flush()
                os.fsync(handle.fileno())
            address = digest_file(temporary)
            size = temporary.stat().st_size
            self._place(temporary, address)
        finally:
            temporary.unlink(missing_ok=True)
        return address, form, size

    def _place(self, temporary: Path, address: str) -> None:
        # Replacing an object by the same content is harmless, and heals a damaged one.
        target = self.path(address)
        target.parent.mkdir(exist_ok=True)
        temporary.chmod(0o444)
        temporary.replace(target)
        _sync_folder(target.parent)

    def put_file(self, path: Path) -> tuple[str, int]:
        """Store the content of a file; return its address and size."""
        address = digest_file(path)
        if self.sound(address):
            return address, self.path(address).stat().st_size

        def copy(handle: BinaryIO) -> str:
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

    def load_object(self, address: str, form: str) -> dict[str, Any]:
        """Return every value of an object, still sharing what they shared.

        Raises:
            StorageError: the object is gone or damaged.
        """
        from thruway.kit.values import storage

        if not self.sound(address):
            raise missing(address)
        with self._classes():
            return dict(storage.read(form, self.path(address)))

    def _classes(self) -> contextlib.AbstractContextManager[None]:
        """Make classes of the project importable, if this is a project's own store."""
        from thruway.run.modules import is_importing, project_imports

        roots = [root for root in (self.root.parent, self.root.parent / "src") if root.is_dir()]
        return contextlib.nullcontext() if is_importing() else project_imports(roots)

    def load(self, reference: ArtifactRef) -> Any:
        """Return the value of an artifact; for a file, the path of its content.

        Raises:
            StorageError: it was never stored, is gone, or is damaged.
        """
        if reference.unstored:
            what = f"`{reference.member}` was not stored: {reference.unstored}"
            raise StorageError(what, fix="run the step again in the same process")
        if reference.format in (FILE_FORMAT, TEXT_FORMAT):
            if not self.sound(reference.hash):
                raise missing(reference.hash)
            return self.path(reference.hash)
        return self.load_object(reference.hash, reference.format)[reference.member]

    def restore(self, address: str, target: Path) -> None:
        """Write the content of an object to a path, whole or not at all.

        Raises:
            StorageError: the object is gone or damaged.
        """
        if not self.sound(address):
            raise missing(address)
        copy_atomically(self.path(address), target)


def missing(address: str) -> StorageError:
    """Return the error for an object that cannot be used."""
    return StorageError(
        f"object {address[:12]} is not in the store, or is damaged",
        where=".thruway/objects",
        fix="run the pipeline again: the step that made it is computed anew",
    )


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


def write_atomically(target: Path, content: bytes) -> None:
    """Write a small file whole or not at all."""
    target.parent.mkdir(parents=True, exist_ok=True)
    number, name = tempfile.mkstemp(prefix=".new-", dir=target.parent)
    temporary = Path(name)
    try:
        with os.fdopen(number, "wb") as handle:
            handle.write(content)
        temporary.chmod(0o644)
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
