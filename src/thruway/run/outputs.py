"""Outputs of a step into the store: what is shared stays shared, and files travel as bytes."""

from __future__ import annotations

import contextlib
import os
from typing import TYPE_CHECKING, Any

from thruway.errors import StorageError
from thruway.kit.ambient.files import File
from thruway.kit.values import sharing, storage
from thruway.kit.values.describe import describe
from thruway.run.scratch import unfold_links
from thruway.run.store import FILE_FORMAT, Store, copy_atomically, missing
from thruway.run.types import ArtifactRef

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path


def store_outputs(
    store: Store, step: str, values: Mapping[str, Any], cwd: Path, *, strict: bool
) -> dict[str, ArtifactRef]:
    """Return where each output port is stored now.

    Args:
        store: where to.
        step: name of the step, for messages.
        values: port → value.
        cwd: the working folder, which paths of files refer to.
        strict: refuse what cannot be stored; else it is marked as only in memory.

    Raises:
        StorageError: naming step, port and type.
    """
    files = {port: value for port, value in values.items() if isinstance(value, File)}
    plain = {port: value for port, value in values.items() if port not in files}
    references = {port: _store_file(store, step, port, files[port], cwd) for port in files}
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
        address, form, size = store.put_values(values)
    except StorageError:
        raise
    except OSError as error:
        raise _disk(step, error) from error
    return {port: _described(port, value, address, form, size) for port, value in values.items()}


def _described(port: str, value: Any, address: str, form: str, size: int) -> ArtifactRef:
    kind, preview = _type_and_preview(value)
    return ArtifactRef(address, port, form, size, kind, preview)


def _in_memory(port: str, value: Any, reason: str) -> ArtifactRef:
    kind, preview = _type_and_preview(value)
    return ArtifactRef("", port, "", 0, kind, preview, unstored=reason)


def _type_and_preview(value: Any) -> tuple[str, str]:
    # A description is for people; a value whose `repr` fails is stored all the same.
    with contextlib.suppress(Exception):
        described = describe(value)
        return described.type, described.preview
    return f"{type(value).__module__}.{type(value).__qualname__}", ""


def _store_file(store: Store, step: str, port: str, value: File, cwd: Path) -> ArtifactRef:
    relative = os.fspath(value)
    path = cwd / relative
    if not path.is_file():
        raise StorageError(
            f"step `{step}` gives the file `{relative}` at `{port}`, and there is no such file",
            where=f"step {step}, output {port}",
            fix="write the file before the step returns, or correct its path",
        )
    address, size = store.put_file(path)
    return ArtifactRef(address, port, FILE_FORMAT, size, "thruway.File", relative, path=relative)


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
    store: Store, references: Mapping[str, ArtifactRef], nodes: Mapping[str, str], cwd: Path
) -> dict[str, Any]:
    """Return the values of input ports; ports of one object keep sharing what they shared.

    Args:
        store: where from.
        references: argument → artifact.
        nodes: argument → node that gave it; equal content of two nodes stays two values.
        cwd: the working folder, into which files are put.

    Raises:
        StorageError: an object is gone or damaged.
    """
    objects: dict[tuple[str, str], dict[str, Any]] = {}
    values: dict[str, Any] = {}
    for name, reference in references.items():
        if reference.format == FILE_FORMAT:
            values[name] = place_file(store, reference, cwd)
            continue
        at = nodes[name], reference.hash
        if at not in objects:
            objects[at] = store.load_object(reference.hash, reference.format)
        values[name] = objects[at][reference.member]
    return values


def place_file(store: Store, reference: ArtifactRef, cwd: Path) -> File:
    """Write a file artifact to its place in the working folder and return its path."""
    target = cwd / reference.path
    if not store.sound(reference.hash):
        raise missing(reference.hash)
    unfold_links(target, cwd)
    copy_atomically(store.path(reference.hash), target)
    return File(reference.path)


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
