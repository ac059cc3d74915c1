"""Values and files of a step into the store, and back: what is shared stays shared."""

from __future__ import annotations

import contextlib
import os
import sys
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from thruway.errors import StorageError
from thruway.kit.ambient.files import File
from thruway.kit.gate import gate_of
from thruway.kit.values import sharing, storage
from thruway.kit.values.origin import public_name
from thruway.kit.values.preview import preview
from thruway.run.step.scratch import unfold_links
from thruway.run.store.folders import FOLDER_FORMAT, Packing, index_of
from thruway.run.store.hashing import digest_file
from thruway.run.store.store import ABSENT_FORMAT, FILE_FORMAT, PATH_FORMATS, Store
from thruway.run.types import ArtifactRef

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

    from thruway.run.step.job import Place


_EVERYWHERE = frozenset({*sys.stdlib_module_names, "thruway"})


def store_outputs(
    store: Store,
    step: str,
    values: Mapping[str, Any],
    place: Place,
    written: Mapping[str, ArtifactRef],
    removed: Collection[str] = (),
    *,
    strict: bool,
) -> dict[str, ArtifactRef]:
    """Return where each output port is stored now.

    Args:
        store: where to.
        step: name of the step, for messages.
        values: port → value.
        place: its working folder is what paths of files refer to.
        written: files that the step wrote, stored already.
        removed: files and folders that it removed.
        strict: refuse what cannot be stored; else it is marked as only in memory.

    Raises:
        StorageError: naming step, port and type.
    """
    files = {port: value for port, value in values.items() if isinstance(value, File)}
    plain = {port: value for port, value in values.items() if port not in files}
    references = {
        port: _store_file(store, step, port, value, place, written, removed)
        for port, value in files.items()
    }
    unstored = {port: reason for port in plain if (reason := storage.unstorable(plain[port]))}
    for group in _bundles(plain):
        reasons = {port: unstored[port] for port in group if port in unstored}
        if reasons and strict:
            port, reason = next(iter(reasons.items()))
            raise refused(step, port, plain[port], reason)
        references |= _store_group(store, step, {port: plain[port] for port in group}, reasons)
    return {port: references[port] for port in values}


def _bundles(values: Mapping[str, Any]) -> list[tuple[str, ...]]:
    """Return the ports by object, in the order of the ports."""
    groups: Iterable[frozenset[str]] = sharing.groups(values) if len(values) > 1 else ()
    together = {port: group for group in groups for port in group}
    seen: dict[frozenset[str], tuple[str, ...]] = {}
    for port in values:
        group = together.get(port, frozenset((port,)))
        seen.setdefault(group, tuple(name for name in values if name in group))
    return list(seen.values())


def _store_group(
    store: Store, step: str, values: Mapping[str, Any], unstored: Mapping[str, str]
) -> dict[str, ArtifactRef]:
    if unstored:
        reason = next(iter(unstored.values()))
        return {port: _in_memory(port, values[port], reason) for port in values}
    try:
        named: set[str] = set()
        address, form, size = store.put_values(values, named)
    except StorageError:
        raise
    except OSError as error:
        raise _disk(step, error) from error
    return {
        port: described(port, value, address, form, size, named) for port, value in values.items()
    }


def described(
    port: str, value: Any, address: str, form: str, size: int, named: set[str]
) -> ArtifactRef:
    """Return the reference to a stored value; `named` is what it is made of."""
    kind, preview = _type_and_preview(value)
    where = ArtifactRef(
        address, port, form, size, kind, preview, named=tuple(sorted(named - _EVERYWHERE))
    )
    return _gated(where, value)


def _in_memory(port: str, value: Any, reason: str) -> ArtifactRef:
    kind, preview = _type_and_preview(value)
    return _gated(ArtifactRef("", port, "", 0, kind, preview, unstored=reason), value)


def _gated(reference: ArtifactRef, value: Any) -> ArtifactRef:
    gate = gate_of(value)
    return replace(reference, gate=gate.verdict, reasons=gate.reasons) if gate else reference


def _type_and_preview(value: Any) -> tuple[str, str]:
    # A description is for people; a value whose `repr` fails is stored all the same.
    with contextlib.suppress(Exception):
        return public_name(type(value)), preview(value)
    return f"{type(value).__module__}.{type(value).__qualname__}", ""


def _store_file(
    store: Store,
    step: str,
    port: str,
    value: File,
    place: Place,
    written: Mapping[str, ArtifactRef],
    removed: Collection[str],
) -> ArtifactRef:
    relative = os.fspath(value)
    path = place.cwd / relative
    token = os.path.normpath(relative).replace(os.sep, "/")
    known = written.get(token)
    if known is not None:
        return replace(known, member=port, type="thruway.File", preview=relative, path=relative)
    if path.is_dir():
        data = Path(os.path.normpath(place.data / relative))
        packing = Packing(path, data, place.protect)
        address, form, size = store.put(packing.write)
        return ArtifactRef(address, port, form, size, "thruway.File", f"{relative}/", path=relative)
    if not path.exists() and token in removed:
        address, form, size = store.put(_nothing)
        return ArtifactRef(address, port, form, size, "thruway.File", relative, path=relative)
    if not path.is_file():
        raise StorageError(
            f"step `{step}` gives the file `{relative}` at `{port}`, and there is no such file",
            where=f"step {step}, output {port}",
            fix="write the file before the step returns, or correct its path",
        )
    address, size = store.put_file(path)
    return ArtifactRef(address, port, FILE_FORMAT, size, "thruway.File", relative, path=relative)


def _nothing(_handle: Any) -> str:
    return ABSENT_FORMAT


def folder_reads(store: Store, outputs: Mapping[str, ArtifactRef], place: Place) -> Iterator[str]:
    """Give the tokens of the user's folders that stored folders depend on by their names."""
    for reference in outputs.values():
        if reference.format == FOLDER_FORMAT:
            index = index_of(store.path(reference.hash))
            inner = [name for name, entry in index.items() if entry.kind == "folder"]
            for name in ("", *inner):
                token = (PurePosixPath(reference.path) / name).as_posix()
                if (place.data / token).is_dir():
                    yield f"dir:{token}"


def store_files(store: Store, paths: Iterable[str], cwd: Path) -> dict[str, ArtifactRef]:
    """Store files that a step wrote; paths that are gone by now are left out."""
    references: dict[str, ArtifactRef] = {}
    for token in paths:
        path = cwd / token
        if path.is_file():
            address, size = store.put_file(path)
            references[token] = ArtifactRef(
                address, token, FILE_FORMAT, size, "file", token, path=token
            )
    return references


def load_inputs(
    store: Store,
    references: Mapping[str, ArtifactRef],
    nodes: Mapping[str, str],
    cwd: Path,
    trusted: frozenset[str],
) -> dict[str, Any]:
    """Return the values of input ports; ports of one object keep sharing what they shared.

    Args:
        store: where from.
        references: argument → artifact.
        nodes: argument → node that gave it; equal content of two nodes stays two values.
        cwd: the working folder, into which files are put.
        trusted: objects that need no check.

    Raises:
        StorageError: an object is gone or damaged.
    """
    objects: dict[tuple[str, str], dict[str, Any]] = {}
    values: dict[str, Any] = dict(place_files(store, references, cwd))
    for name, reference in references.items():
        if name in values:
            continue
        at = nodes[name], reference.hash
        if at not in objects:
            objects[at] = store.load_object(
                reference.hash, reference.format, trusted=reference.hash in trusted
            )
        values[name] = objects[at][reference.member]
    return values


def place_files(store: Store, references: Mapping[str, ArtifactRef], cwd: Path) -> dict[str, File]:
    """Put files and folders where they belong in the working folder; return them as values.

    Outer folders first, so that a file which came later than its folder is in it.
    """
    paths = {name: ref for name, ref in references.items() if ref.format in PATH_FORMATS}
    for reference in sorted(paths.values(), key=lambda ref: PurePosixPath(ref.path).parts):
        target = cwd / reference.path
        if _is_there(reference, target):
            continue
        unfold_links(target, cwd)
        store.restore(reference, target)
    return {name: File(reference.path) for name, reference in paths.items()}


def _is_there(reference: ArtifactRef, target: Path) -> bool:
    if reference.format == ABSENT_FORMAT:
        return not os.path.lexists(target)
    if reference.format != FILE_FORMAT or target.is_symlink() or not target.is_file():
        return False
    return target.stat().st_size == reference.bytes and digest_file(target) == reference.hash


def refused(step: str, port: str, value: Any, reason: str) -> StorageError:
    """Return the error for an output that must be stored and cannot be."""
    kind = f"{type(value).__module__}.{type(value).__qualname__}".removeprefix("builtins.")
    return StorageError(
        f"output `{port}` of step `{step}` cannot be stored: {reason}",
        where=f"step {step}, output {port} ({kind})",
        fix="return what can be stored instead, or join this step with the one that uses it",
    )


def _disk(step: str, error: OSError) -> StorageError:
    return StorageError(
        f"the outputs of step `{step}` could not be written: {error.strerror or error}",
        where=".thruway/objects",
        fix="make room on the disk, or correct the rights of the folder, and run again",
    )
