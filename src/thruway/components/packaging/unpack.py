"""A packed model read back."""

from __future__ import annotations

import hashlib
import pickle
import sys
from typing import TYPE_CHECKING, Any

from thruway.components.packaging.pack import BY_VALUE
from thruway.components.packaging.types import Manifest
from thruway.errors import DataError, StorageError
from thruway.kit.values import storage

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["manifest_of", "unpack"]


def manifest_of(folder: Path) -> Manifest:
    """Return what the `model.json` of a folder says.

    Raises:
        DataError: there is none, or it is not what `pack` writes.
    """
    try:
        text = (folder / "model.json").read_bytes()
    except OSError as error:
        raise DataError(
            "there is no model: `model.json` cannot be read", str(folder), "push one"
        ) from error
    return Manifest.from_json(text, str(folder))


def unpack(folder: Path) -> Any:
    """Return the model of a folder.

    Reading it can run code of whoever wrote it, so read your own.

    Raises:
        DataError: a file is missing or was changed, or the packages here are not those it needs.
    """
    manifest = manifest_of(folder)
    for path, digest in manifest.files.items():
        try:
            found = hashlib.sha256((folder / path).read_bytes()).hexdigest()
        except OSError as error:
            raise DataError(
                f"`{path}` of the model is gone", str(folder), "push it again"
            ) from error
        if found != digest:
            raise DataError(
                f"`{path}` of the model is not what was written",
                str(folder),
                "push it again, or go back to another version: roll_back(…)",
            )
    code = folder / "code"
    if code.is_dir() and str(code) not in sys.path:
        sys.path.append(str(code))  # behind what is installed, and also for what it imports later
    file = folder / "model.bin"
    try:
        if manifest.format == BY_VALUE:
            return pickle.loads(file.read_bytes())["model"]
        return storage.read(manifest.format, file)["model"]
    except (StorageError, ImportError, AttributeError) as error:
        said = error.what if isinstance(error, StorageError) else str(error)
        raise DataError(
            f"the model cannot be loaded here: {said}",
            str(folder),
            f"install what it needs: pip install -r {folder / 'requirements.txt'}",
        ) from error
