"""Content-addressed objects: put, got, and checked before they are read.

The store of a project is a folder on this machine (`objects`), or a place that machines share
(`objects_remote`) with the folder as a cache in front: what is read is copied there first and
checked against its digest, what is written is put there and shared once its step is done. So
processes that run steps only ever see the folder. Lineage is next door, in `lineage.py`.

Reading a pickle runs code. From a store that others can write to, none is read unless the user
says so: what comes from there lies apart (`foreign`), so that nobody takes it for our own.
"""

from __future__ import annotations

import contextlib
import errno
import json
import os
import shutil
import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from thruway.errors import StorageError
from thruway.kit.gate import Gate, worst
from thruway.kit.project import StoreConfig
from thruway.run.store import folders
from thruway.run.store.folders import FOLDER_FORMAT
from thruway.run.store.hashing import HashingWriter, digest_bytes, digest_file
from thruway.run.store.objects import TEMPORARY, Folder, is_ours
from thruway.run.types import ArtifactRef

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence

    from thruway.run.store.remote import RemoteObjects

_CHUNK = 1 << 20
_AT_ONCE = 8
_LINEAGES = "lineages"
_DISK = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EFBIG, errno.EIO})
"""What the disk says, and not the value that is written."""
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
    """The objects of one project.

    Args:
        at: folder of the store, or where its parts are kept.

    Attributes:
        root: folder of the store on this machine.
    """

    def __init__(self, at: Path | StoreConfig) -> None:
        self.config = at if isinstance(at, StoreConfig) else StoreConfig(at)
        self.root = self.config.folder
        self.folder = Folder(self.root / "objects")
        self.foreign = Folder(self.root / "foreign")
        self._damaged: set[str] = set()

    @cached_property
    def remote(self) -> RemoteObjects | None:
        """The place that machines share, if there is one."""
        if not self.config.objects:
            return None
        from thruway.run.store.remote import RemoteObjects

        return RemoteObjects(self.config.objects)

    @property
    def trusted(self) -> bool:
        """Whether pickles are read: nobody else can write to the store, or the user says so."""
        return self.config.trust or (not self.config.objects and self._is_ours)

    @cached_property
    def _is_ours(self) -> bool:
        return is_ours(self.root) and is_ours(self.folder.folder)

    def prepare(self) -> None:
        """Create the folders; the store hides itself from git.

        Raises:
            StorageError: it cannot be written to, or not be reached.
        """
        try:
            self.folder.folder.mkdir(parents=True, exist_ok=True)
            ignore = self.root / ".gitignore"
            if not ignore.exists():
                write_atomically(ignore, b"*\n")
        except OSError as error:
            raise self._unwritable(error) from error
        if self.remote is not None:
            self.remote.prepare()

    @property
    def place(self) -> str:
        """Where the objects are, for people."""
        return self.config.objects or str(self.root)

    def announce(self, lineage: str, place: str) -> None:
        """Say beside the objects which lineage refers to them; see `collect`.

        Args:
            lineage: its id.
            place: where it is, for people.
        """
        if self.remote is not None:
            self.remote.note(f"{_LINEAGES}/{lineage}", place)
            return
        note = self.root / _LINEAGES / lineage
        if not note.is_file():
            # Another that was at the same place on this machine is there no more.
            for name, other in self.lineages().items():
                if other == place:
                    (self.root / _LINEAGES / name).unlink(missing_ok=True)
            write_atomically(note, place.encode())

    def lineages(self) -> dict[str, str]:
        """Return which lineages refer to the objects: id → place."""
        if self.remote is not None:
            return self.remote.notes(_LINEAGES)
        notes = self.root / _LINEAGES
        found = notes.iterdir() if notes.is_dir() else ()
        # What another run is just writing is none yet.
        return {n.name: n.read_text() for n in found if not n.name.startswith(TEMPORARY)}

    # Where an object is ------------------------------------------------------------------------

    def path(self, address: str) -> Path:
        """Return where an object is on this machine, or would be."""
        if not self.folder.has(address) and self.foreign.has(address):
            return self.foreign.path(address)
        return self.folder.path(address)

    def is_here(self, address: str) -> bool:
        """Say whether an object is on this machine; its content is not looked at."""
        return self.folder.has(address) or self.foreign.has(address)

    def size(self, address: str) -> int | None:
        """Return the bytes of an object, here or where it is shared; None if it is gone."""
        here = self.folder.size(address)
        here = self.foreign.size(address) if here is None else here
        if here is None and address and self.remote is not None:
            return self.remote.size(address)
        return here

    def has(self, address: str) -> bool:
        """Say whether an object is there; its content is not looked at, nor fetched."""
        return bool(address) and (self.is_here(address) or self.size(address) is not None)

    def sound(self, address: str) -> bool:
        """Say whether an object is what its address says, and have it here; drop it if damaged."""
        if self.folder.sound(address) or self.foreign.sound(address):
            return True
        return bool(address) and not self.fetch([address])

    def local(self, address: str) -> Path:
        """Return an object as a file of this machine; what is here already is not checked again.

        Raises:
            StorageError: it is gone, or was damaged where it is shared.
        """
        if not self.is_here(address) and self.fetch([address]):
            raise missing(address)
        return self.path(address)

    # The place that is shared ------------------------------------------------------------------

    def fetch(self, addresses: Iterable[str]) -> frozenset[str]:
        """Copy objects here that are not; return those that are gone or damaged.

        Raises:
            StorageError: the place that is shared cannot be reached.
        """
        wanted = {address for address in addresses if address and not self.is_here(address)}
        if not wanted or self.remote is None:
            return frozenset(wanted)
        got = _at_once(self._fetch, wanted)
        return frozenset(address for address, found in got.items() if not found)

    def fetch_inputs(self, references: Iterable[ArtifactRef]) -> None:
        """Copy here what a step is given; what is gone or damaged, the step finds out."""
        every = list(references) if self.config.objects else []
        self.fetch(reference.hash for reference in every)
        for reference in every:
            with contextlib.suppress(StorageError):
                self.fetch(part.hash for part in self.parts(reference))

    def _fetch(self, address: str) -> bool:
        assert self.remote is not None
        into = self.folder if self.config.trust else self.foreign
        with self._temporary(into) as temporary:
            if not self.remote.get(address, temporary):
                return False
            if digest_file(temporary) != address:
                self._damaged.add(address)
                self.remote.drop(address)
                return False
            into.place_file(temporary, address)
        return True

    def share(self, addresses: Iterable[str]) -> None:
        """Copy objects of this machine to where they are shared, those that are not there.

        Raises:
            StorageError: the place that is shared cannot be reached.
        """
        if self.remote is None:
            return
        _at_once(self._share, {address for address in addresses if address})

    def _share(self, address: str) -> bool:
        assert self.remote is not None
        path = self.path(address)
        size = path.stat().st_size if path.is_file() else None
        if size is None or (address not in self._damaged and self.remote.size(address) == size):
            return False
        self.remote.put(address, path)
        self._damaged.discard(address)
        return True

    # Objects -----------------------------------------------------------------------------------

    def put(self, write: Callable[[Any], str]) -> tuple[str, str, int]:
        """Store what `write` puts into the handle it is given; on this machine, see `share`.

        Args:
            write: writes the content and returns the name of its format.

        Returns:
            Address, format and size in bytes.

        Raises:
            StorageError: the disk is full, or cannot be written to.
        """
        with self._temporary(self.folder) as temporary:
            try:
                # Not "wb": a file that is cut off when it is opened is flushed when it is closed.
                with temporary.open("r+b") as handle, HashingWriter(handle) as writer:
                    form = write(writer)
            except OSError as error:
                if error.errno in _DISK:
                    raise self._unwritable(error) from error
                raise
            try:
                self.folder.place_file(temporary, writer.digest())
            except OSError as error:
                raise self._unwritable(error) from error
        return writer.digest(), form, writer.size

    @contextlib.contextmanager
    def _temporary(self, into: Folder) -> Iterator[Path]:
        try:
            into.folder.mkdir(parents=True, exist_ok=True)
            number, name = tempfile.mkstemp(prefix=TEMPORARY, dir=into.folder)
        except OSError as error:
            raise self._unwritable(error) from error
        os.close(number)
        temporary = Path(name)
        try:
            yield temporary
        finally:
            temporary.unlink(missing_ok=True)

    def _unwritable(self, error: OSError) -> StorageError:
        return StorageError(
            f"the store cannot be written to: {error.strerror or error}",
            where=str(self.root),
            fix="make room on the disk, or correct the rights of the folder, and run again",
        )

    def settle(self, addresses: Iterable[str]) -> None:
        """Make the names of new objects survive a power cut; once for a run."""
        folders = {self.path(address).parent for address in addresses if address}
        for folder in (*sorted(folders), self.folder.folder):
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
        # As young as the run that refers to it: see `collect`.
        with contextlib.suppress(OSError):
            if self.folder.sound(address):
                os.utime(self.folder.path(address))
                return address
        return self.put(lambda handle: (handle.write(content), TEXT_FORMAT)[1])[0]

    def get_text(self, address: str) -> str:
        """Return a stored text; "" when it is gone."""
        if not self.sound(address):
            return ""
        return self.path(address).read_bytes().decode("utf-8", "surrogatepass")

    def put_values(
        self, values: Mapping[str, object], named: set[str] | None = None
    ) -> tuple[str, str, int]:
        """Store values that belong together as one object; return address, format, bytes.

        What they are made of is added to `named` (see `storage.write`).
        """
        from thruway.kit.values import storage

        return self.put(lambda handle: storage.write(values, handle, named))

    def put_list(self, parts: Sequence[ArtifactRef]) -> ArtifactRef:
        """Store a list of stored values; what they hold is not written again."""
        rows = [[part.hash, part.member, part.format, part.bytes] for part in parts]
        content = json.dumps(rows).encode()
        address, form, _ = self.put(lambda handle: (handle.write(content), LIST_FORMAT)[1])
        size = sum(part.bytes for part in parts)
        preview = f"[{', '.join(part.preview for part in parts)}]"
        named = sorted({name for part in parts for name in part.named})
        gate = worst(Gate(part.gate, part.reasons) for part in parts if part.gate)
        return ArtifactRef(
            address,
            WHOLE,
            form,
            size,
            "list",
            preview,
            named=tuple(named),
            gate=gate.verdict if any(part.gate for part in parts) else "",
            reasons=gate.reasons,
        )

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
        return tuple(replace(ArtifactRef(*row), named=reference.named) for row in rows)

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
            StorageError: the object is gone or damaged, or a pickle that others may have written.
        """
        from thruway.kit.values import storage

        if form.startswith("pickle"):
            self._refuse_foreign(address, form)
        if not (self.is_here(address) if trusted else self.sound(address)):
            raise missing(address)
        if form == LIST_FORMAT:
            rows = json.loads(self.path(address).read_bytes())
            parts = (ArtifactRef(*row) for row in rows)
            return {WHOLE: [self._part(part, trusted=trusted) for part in parts]}
        if form.startswith("pickle"):
            self._refuse_foreign(address, form)  # again: now it is known where it came from
        with self._classes():
            # What is not trusted is read by readers that can make known things only.
            found = storage.read(form, self.path(address), trusted=self.may_load(address))
            return dict(found)

    def may_load(self, address: str) -> bool:
        """Say whether what is at an address may run code: nobody else can have written it."""
        if self.config.trust or not self._is_ours:
            return self.config.trust
        # What lies in our own folder was made here, or fetched from who was trusted.
        foreign = self.foreign.has(address) or bool(self.config.objects)
        return self.folder.has(address) or not foreign

    def _refuse_foreign(self, address: str, form: str) -> None:
        """Refuse a pickle that others may have written, before a byte of it is interpreted."""
        if self.may_load(address):
            return
        shared = self.config.objects or (
            "the place that it was fetched from" if self.foreign.has(address) else str(self.root)
        )
        raise StorageError(
            f"object {address[:12]} is a pickle ({form}), and others can write to the store: "
            "reading it would run their code",
            where=shared,
            fix="if you trust everyone who can write there, set trust = true in [tool.thruway]"
            + ("" if self.config.objects else "; or take away their right to write"),
        )

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


def _at_once(do: Callable[[str], bool], addresses: Collection[str]) -> dict[str, bool]:
    """Do something for each object, several at a time: most of it is waiting for a server."""
    if len(addresses) < 2:
        return {address: do(address) for address in addresses}
    with ThreadPoolExecutor(_AT_ONCE) as threads:
        return dict(zip(addresses, threads.map(do, addresses), strict=True))


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
