"""A digest of any value's content: the same in every process for equal content.

It sees one ulp, -0.0 against 0.0, dtypes, labels, the order of a dict, NaN against None. It
does not see addresses, memory layout, how a frame is cut in blocks, caches, or the module that
first-party code is in. What hides its state (a generator, a connection) counts by its class
only, and the digest says so.
"""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from thruway.kit.values import arrays, frames, models, objects, origin
from thruway.kit.values.digesting import Walk
from thruway.kit.values.types import Digest

if TYPE_CHECKING:
    import os

    from thruway.kit.values.digesting import Handler

_CLAIMS = {**arrays.CLAIMS, **frames.CLAIMS, **models.CLAIMS}


def fingerprint(value: object) -> Digest:
    """Return the digest of a value; never raises and never changes the value.

    Example:
        >>> fingerprint({"a": [1.0, 2.0]}) == fingerprint({"a": [1.0, 2.0]})
        True
        >>> fingerprint(0.0) == fingerprint(-0.0)
        False
    """
    walk = Walk(_handler)
    walk.run(value)
    return Digest(walk.hex(), walk.opaque)


def fingerprint_file(path: str | os.PathLike[str]) -> str:
    """Return the digest of a file's bytes, or of the names and bytes below a folder.

    Raises:
        OSError: when it cannot be read.
    """
    place = Path(path)
    if not place.is_dir():
        with place.open("rb") as handle:
            return hashlib.file_digest(handle, "sha256").hexdigest()[:32]
    whole = hashlib.sha256()
    for file in sorted(p for p in place.rglob("*") if p.is_file()):
        name = file.relative_to(place).as_posix().encode("utf-8", "surrogatepass")
        whole.update(b"%d:%s%s" % (len(name), name, fingerprint_file(file).encode()))
    return whole.hexdigest()[:32]


def _handler(kind: type) -> Handler:
    """Return how values of a class are digested: by its library if one claims it."""
    if kind not in objects.EXACT and not issubclass(kind, type):
        for base in kind.__mro__:
            package = origin.root(origin.module_of(base))
            claim = _CLAIMS.get(package)
            claimed = claim(kind) if claim and package in sys.modules else None
            if claimed is not None:
                return claimed
    return objects.handler(kind)
