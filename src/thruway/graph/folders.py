"""Folders and the files in them: what using one implies about the other.

Writing `models/best.pkl` needs the folder that an earlier statement made; listing `parts/` needs
every file that earlier statements wrote there.
"""

from __future__ import annotations

_FILE, _FOLDER = "file:", "dir:"


class Folders:
    """The folders and files that the program has made so far."""

    def __init__(self) -> None:
        """Begin with none."""
        self._made: set[str] = set()
        self._written: set[str] = set()

    def implied(self, read: frozenset[str], written: frozenset[str]) -> frozenset[str]:
        """Return tokens that a statement needs besides those it touched; remember what it made."""
        needed: set[str] = set()
        for token in read | written:
            if token.startswith((_FILE, _FOLDER)):
                path = token.partition(":")[2]
                needed |= {_FOLDER + folder for folder in self._made if _inside(path, folder)}
        for token in read:
            if token.startswith(_FOLDER):
                folder = token.removeprefix(_FOLDER)
                needed |= {_FILE + file for file in self._written if _inside(file, folder)}
        if "outside:process" in read | written:  # another program may use whatever is there
            needed |= {_FOLDER + folder for folder in self._made}
            needed |= {_FILE + file for file in self._written}
        self._made |= {t.removeprefix(_FOLDER) for t in written if t.startswith(_FOLDER)}
        self._written |= {t.removeprefix(_FILE) for t in written if t.startswith(_FILE)}
        return frozenset(needed)


def _inside(path: str, folder: str) -> bool:
    return folder in ("", ".") or path.startswith(folder.rstrip("/") + "/")
