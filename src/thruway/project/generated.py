"""The text of a project as it was generated: what `thruway sync` merges against.

It is kept in the project itself, in `source/generated.zip`, because a clone of the project must
be able to merge: neither a hash nor a store that git ignores could give the text back. The bytes
of the archive depend on nothing but the text: no times, no compression, names in order.
"""

from __future__ import annotations

import io
import zipfile
from typing import TYPE_CHECKING

from thruway.errors import ProjectError
from thruway.project.load import edited_files
from thruway.project.places import GENERATED, MANIFEST, REPORT

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_EPOCH = (1980, 1, 1, 0, 0, 0)
_NOT_MERGED = frozenset({MANIFEST, REPORT, GENERATED})


def mergeable(path: str) -> bool:
    """Whether a generated file is the user's to edit: not the record, report and original."""
    return path not in _NOT_MERGED and not path.startswith("source/")


def pack(files: Mapping[str, str | bytes]) -> bytes:
    """Return the archive of the generated files that a user may edit."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for path in sorted(filter(mergeable, files)):
            entry = zipfile.ZipInfo(path, _EPOCH)
            entry.create_system = 3
            archive.writestr(entry, encoded(files[path]))
    return buffer.getvalue()


def unpack(folder: Path) -> dict[str, bytes]:
    """Return path → generated content of a project.

    Raises:
        ProjectError: the archive is missing or damaged, and files were edited.
    """
    place = folder / GENERATED
    try:
        with zipfile.ZipFile(place) as archive:
            return {path: archive.read(path) for path in archive.namelist()}
    except (OSError, zipfile.BadZipFile, ValueError) as error:
        raise ProjectError(
            f"there is no record of the text that was generated: {error}",
            str(place),
            "restore it from version control; or `thruway migrate --force`, which writes over "
            f"your edits ({', '.join(edited_files(folder)) or 'none'})",
        ) from error


def encoded(content: str | bytes) -> bytes:
    """Return the bytes that are written for `content`."""
    return content.encode() if isinstance(content, str) else content
