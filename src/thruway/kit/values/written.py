"""Digest of a file that a program wrote: by what it holds, where bytes may vary without meaning.

Two pickles of equal objects can differ in their bytes (what was shared inside, which strings were
interned), so pickles that the program itself has just written are read back and digested as
values. Every other file is digested byte for byte.
"""

from __future__ import annotations

import pickle
import sys
from typing import TYPE_CHECKING, Any

from thruway.kit.values.fingerprint import fingerprint, fingerprint_file

if TYPE_CHECKING:
    from pathlib import Path

_PICKLES = frozenset({".pkl", ".pickle", ".p", ".joblib", ".sav", ".bin", ".model", ".pk", ".dat"})
_PROTOCOLS = (b"\x02", b"\x03", b"\x04", b"\x05")
_LARGEST = 512 * 2**20


def fingerprint_written(path: Path) -> str:
    """Return a digest of a file which this process, or a program run in it, wrote."""
    if path.is_file() and _is_pickle(path) and path.stat().st_size <= _LARGEST:
        digest = _digest_of_pickle(path)
        if digest:
            return digest
    return fingerprint_file(path)


def _is_pickle(path: Path) -> bool:
    """Whether a file is called or begins like a pickle of protocol 2 or newer."""
    if path.suffix.lower() in _PICKLES:
        return True
    with path.open("rb") as file:
        begin = file.read(2)
    return begin[:1] == b"\x80" and begin[1:] in _PROTOCOLS


def _digest_of_pickle(path: Path) -> str:
    """Return the digest of the value in a pickle, "" if it is none or cannot be looked into."""
    try:
        digest = fingerprint(_load(path))
    except Exception:  # not a pickle, or classes that cannot be found: bytes will do
        return ""
    return "" if digest.opaque else f"value-{digest.hex}"


def _load(path: Path) -> Any:
    joblib = sys.modules.get("joblib")
    if joblib is not None:
        return joblib.load(path)
    with path.open("rb") as file:
        return pickle.load(file)  # the program's own file, in the program's own process
