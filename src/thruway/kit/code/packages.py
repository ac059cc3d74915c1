"""Versions of installed packages by the name that code imports them under, quickly.

The folders in `site-packages` say it all in their names; reading metadata is kept for names
that neither the table below nor the folders answer. A version says what a release holds; of what
was installed from a folder or a repository, whose version nobody may have raised, the digests of
the installed files count too.
"""

from __future__ import annotations

import hashlib
import os
import re
import sys
from functools import lru_cache
from pathlib import Path

_DISTRIBUTIONS = {
    "attr": "attrs",
    "bs4": "beautifulsoup4",
    "cv2": "opencv-python",
    "dateutil": "python-dateutil",
    "dotenv": "python-dotenv",
    "fitz": "pymupdf",
    "git": "gitpython",
    "Levenshtein": "levenshtein",
    "lxml": "lxml",
    "mpl_toolkits": "matplotlib",
    "OpenSSL": "pyopenssl",
    "PIL": "pillow",
    "psycopg2": "psycopg2-binary",
    "pylab": "matplotlib",
    "serial": "pyserial",
    "skimage": "scikit-image",
    "sklearn": "scikit-learn",
    "umap": "umap-learn",
    "yaml": "pyyaml",
}
_loaded: dict[str, tuple[tuple[str, str], ...]] = {}
_FOLDER = re.compile(r"^(?P<name>.+?)-(?P<version>[^-]+?)(-py[\d.]+)?\.(dist|egg)-info$")


def versions(top: str) -> tuple[tuple[str, str], ...]:
    """Return (distribution, version) for the name of an imported top-level package.

    Several for a namespace package; the version is `missing` when it is not installed.
    """
    found = _versions(top, *searched())
    if top not in sys.modules:
        _loaded.pop(top, None)
        return found
    # What is loaded stays what it is when another version is installed meanwhile.
    return _loaded.setdefault(top, found)


def installed() -> dict[str, str]:
    """Return distribution → version of all that can be imported."""
    return _installed(*searched())


def searched() -> tuple[tuple[str, ...], tuple[int, ...]]:
    """Return where Python looks for modules, and when each folder last changed (0: not there).

    What was found in the same folders at the same times need not be looked for again.
    """
    path = tuple(sys.path)
    return path, tuple(map(_changed, path))


def _changed(folder: str) -> int:
    try:
        return os.stat(folder or ".").st_mtime_ns  # noqa: PTH116 - as text: asked very often
    except OSError:
        return 0


@lru_cache(maxsize=1024)
def _versions(
    top: str, path: tuple[str, ...], changed: tuple[int, ...]
) -> tuple[tuple[str, str], ...]:
    known = _installed(path, changed)
    for name in (_DISTRIBUTIONS.get(top, top), top):
        version = known.get(_normal(name))
        if version:
            return ((_normal(name), version),)
    providers = _providers(path, changed).get(top, ()) if is_found(top) else ()
    found = sorted({_normal(name) for name in providers})
    return tuple((name, known.get(name, "unknown")) for name in found) or ((top, "missing"),)


@lru_cache(maxsize=8)
def _installed(path: tuple[str, ...], _changed: tuple[int, ...]) -> dict[str, str]:
    found: dict[str, str] = {}
    for folder in path:
        try:
            # Names alone, of a folder with thousands: no need to make paths of them.
            names = os.listdir(folder or ".")  # noqa: PTH208
        except OSError:
            continue
        for name in names:
            match = _FOLDER.match(name)
            # The first on the path is the one that is imported.
            if match and _normal(match["name"]) not in found:
                text = match["version"] + _content(Path(folder, name))
                found[_normal(match["name"])] = text
    return found


def _content(folder: Path) -> str:
    """Return what tells one content of a version from another; "" for a release."""
    try:
        (folder / "direct_url.json").stat()
        record = (folder / "RECORD").read_bytes()
    except OSError:
        return ""
    # Compiled files have no digest there.
    lines = sorted(line for line in record.splitlines() if b"=" in line)
    return f" ({hashlib.blake2b(b''.join(lines), digest_size=4).hexdigest()})"


def is_found(top: str) -> bool:
    """Whether any finder knows a module of this name, loaded or not.

    Compiled modules name some that are nowhere: `_cython_3_0_11`.
    """
    for finder in sys.meta_path:
        try:
            if finder.find_spec(top, None) is not None:
                return True
        except Exception:  # whatever a finder of others raises: it may be there
            return True
    return False


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


@lru_cache(maxsize=8)
def _providers(_path: tuple[str, ...], _changed: tuple[int, ...]) -> dict[str, list[str]]:
    # Imported here, and read once: it opens a file of every installed package.
    from importlib.metadata import packages_distributions

    return dict(packages_distributions())
