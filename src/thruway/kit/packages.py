"""Versions of installed packages by the name that code imports them under, quickly.

The folders in `site-packages` say it all in their names; reading metadata is kept for names
that neither the table below nor the folders answer.
"""

from __future__ import annotations

import os
import re
import sys
from functools import lru_cache

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
_FOLDER = re.compile(r"^(?P<name>.+?)-(?P<version>[^-]+?)(-py[\d.]+)?\.(dist|egg)-info$")


def versions(top: str) -> tuple[tuple[str, str], ...]:
    """Return (distribution, version) for the name of an imported top-level package.

    Several for a namespace package; the version is `missing` when it is not installed.
    """
    return _versions(top, tuple(sys.path))


@lru_cache(maxsize=1024)
def _versions(top: str, path: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    installed = _installed(path)
    for name in (_DISTRIBUTIONS.get(top, top), top):
        version = installed.get(_normal(name))
        if version:
            return ((_normal(name), version),)
    found = sorted({_normal(name) for name in _providers().get(top, ())})
    return tuple((name, installed.get(name, "unknown")) for name in found) or ((top, "missing"),)


@lru_cache(maxsize=8)
def _installed(path: tuple[str, ...]) -> dict[str, str]:
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
            if match:
                found.setdefault(_normal(match["name"]), match["version"])
    return found


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


@lru_cache(maxsize=1)
def _providers() -> dict[str, list[str]]:
    # Imported here, and read once: it opens a file of every installed package.
    from importlib.metadata import packages_distributions

    return dict(packages_distributions())
