"""A model written as a folder."""

from __future__ import annotations

import hashlib
import platform
import sys
from typing import TYPE_CHECKING, Any

from thruway.components import models
from thruway.components.packaging import wire
from thruway.components.packaging.code import imported_by, sources_of
from thruway.components.packaging.pinned import pinned
from thruway.components.packaging.types import Manifest, Signature
from thruway.errors import DataError, StorageError
from thruway.kit.gate import Gate, gate_of, worst
from thruway.kit.values import origin, storage

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

__all__ = ["gate_of_all", "pack"]

BY_VALUE = "cloudpickle/1"
"""The format of models whose classes are nowhere but in a notebook."""


def pack(
    model: Any,
    folder: Path,
    *,
    name: str = "model",
    examples: Any = None,
    requirements: Sequence[str] | None = None,
    gate: Gate | None = None,
    provenance: Mapping[str, Any] | None = None,
) -> Manifest:
    """Write a model and what it needs to a folder; return what `model.json` says.

    Args:
        model: whatever `predict` can ask.
        folder: is made; must be empty.
        name: of the model.
        examples: a frame as the model is asked with, for the signature; a few rows do.
        requirements: lines instead of the versions that are installed here.
        gate: what the blessings say together.
        provenance: plain data to go with it.

    Raises:
        DataError: the model cannot be stored.
    """
    folder.mkdir(parents=True, exist_ok=True)
    format_, named = _write(model, folder / "model.bin")
    modules = {one.partition(":")[0] for one in named}
    sources = sources_of(modules) if format_ != BY_VALUE else {}
    for path, text in sources.items():
        place = folder / "code" / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(text)
    signature = signature_of(model, examples)
    tops = {*modules, *imported_by(sources.values()), signature.library}
    needed = tuple(requirements) if requirements is not None else pinned(filter(None, tops))
    (folder / "requirements.txt").write_text("".join(f"{one}\n" for one in needed))
    files = {
        file.relative_to(folder).as_posix(): hashlib.sha256(file.read_bytes()).hexdigest()
        for file in sorted(folder.rglob("*"))
        if file.is_file()
    }
    manifest = Manifest(
        name=name,
        version=0,
        created="",
        type=origin.public_name(model if isinstance(model, type) else type(model)),
        format=format_,
        digest=_digest(files),
        size=(folder / "model.bin").stat().st_size,
        signature=signature,
        blessed=gate is not None and gate.verdict != "fail",
        verdict=gate.verdict if gate is not None else "",
        reasons=gate.reasons if gate is not None else (),
        requirements=needed,
        python=platform.python_version(),
        files=files,
        provenance=dict(provenance or {}),
    )
    (folder / "model.json").write_text(manifest.to_json(), encoding="utf-8")
    return manifest


def gate_of_all(blessings: Any) -> Gate | None:
    """Return one gate for what was shown; None when nothing was.

    Raises:
        DataError: something that was shown decides nothing.
    """
    every = list(blessings) if isinstance(blessings, list | tuple) else [blessings]
    gates = []
    for one in every:
        found = gate_of(one)
        if found is None:
            raise DataError(
                f"a {type(one).__name__} is no blessing: it has no gate",
                fix="give what `bless` or `infra_validate` returned, or a Gate",
            )
        gates.append(found)
    order = ("fail", "warn", "pass")  # what stops it is said first
    return worst(sorted(gates, key=lambda one: order.index(one.verdict))) if gates else None


def _digest(files: Mapping[str, str]) -> str:
    whole = hashlib.sha256()
    for path, digest in sorted(files.items()):
        if path == "model.bin" or path.startswith("code/"):
            whole.update(f"{path}:{digest};".encode())
    return whole.hexdigest()


def _write(model: Any, file: Path) -> tuple[str, set[str]]:
    """Write the model; return the format, and what it is made of (`module:name`, packages)."""
    named: set[str] = set()
    why = ""
    try:
        with file.open("wb") as handle:
            format_ = storage.write({"model": model}, handle, named)
    except StorageError as error:
        why = error.what
    else:
        if not _of_notebook(named):
            return format_, named
    by_value = _cloudpickle()
    if by_value is None:
        raise DataError(
            why or "the model is made of classes of a notebook, which are found nowhere else",
            fix="move them to a module, or install cloudpickle",
        )
    for one in named:
        module = one.partition(":")[0]
        if module != "__main__" and module in sys.modules and origin.first_party(module):
            by_value.register_pickle_by_value(sys.modules[module])
    try:
        content = by_value.dumps({"model": model})
    except Exception as error:  # any class may refuse in its own way
        raise DataError(
            why or f"the model cannot be stored: {type(error).__name__}: {error}",
            fix="give it a `__reduce__`, or leave out what belongs to this process",
        ) from error
    finally:
        for one in named:
            module = one.partition(":")[0]
            if module in by_value.list_registry_pickle_by_value():
                by_value.unregister_pickle_by_value(sys.modules[module])
    file.write_bytes(content)
    tops = {type(model).__module__.partition(".")[0], *_modules_of(content)}
    return BY_VALUE, {*(one for one in named if ":" not in one), *tops, by_value.__name__}


def _of_notebook(named: Iterable[str]) -> bool:
    return any(one.startswith("__main__:") for one in named)


def _modules_of(content: bytes) -> set[str]:
    """Return the top-level modules that a stream of pickle names."""
    import pickletools

    texts: list[str] = []
    found: set[str] = set()
    for opcode, argument, _ in pickletools.genops(content):
        if opcode.name == "STACK_GLOBAL" and len(texts) > 1:
            found.add(texts[-2].partition(".")[0])
        elif isinstance(argument, str):
            texts.append(argument)
    return {one for one in found if one in sys.modules}


def _cloudpickle() -> Any:
    import importlib

    for module in ("cloudpickle", "joblib.externals.cloudpickle"):
        try:
            return importlib.import_module(module)
        except ImportError:
            continue
    return None


def signature_of(model: Any, examples: Any) -> Signature:
    """Return what a model takes and gives, as far as it and the examples say."""
    features = models.features_of(model)
    classes = models.classes_of(model)
    library, columns = wire.columns_of(examples) if examples is not None else ("", ())
    if features and set(map(str, features)) <= {one.name for one in columns}:
        known = set(map(str, features))  # a label beside them is not asked for
        columns = tuple(one for one in columns if one.name in known)
    outputs = ["predict"]
    if classes is not None and (hasattr(model, "predict_proba") or _gives_shares(model, examples)):
        outputs.append("predict_proba")
    return Signature(
        library=library,
        columns=columns,
        features=None if features is None else tuple(map(str, features)),
        classes=None if classes is None else tuple(map(str, classes)),
        outputs=tuple(outputs),
    )


def _gives_shares(model: Any, examples: Any) -> bool:
    if examples is None:
        return False
    return models.predict_proba(model, wire.head(examples, 1)) is not None
