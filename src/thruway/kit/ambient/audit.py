"""The one audit hook of the process: events of Python turned into touches of resources.

An audit hook cannot be removed, so it is installed once and does nothing while nobody listens.
Guards (see `protection`) run before an access, listeners are told of it.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import sys
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from thruway.kit.ambient.ignored import is_installed, is_probe

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Listener = Callable[["Touch"], None]

Kind = Literal["file", "dir", "entered", "temporary", "network", "process", "stdin"]
Mode = Literal["read", "write", "update"]

# Python looks through folders itself when it imports or asks for installed packages.
_SEARCHERS = (
    "<frozen importlib",
    "<frozen zipimport",
    f"importlib{os.sep}metadata{os.sep}",
    f"importlib_metadata{os.sep}",
    f"importlib{os.sep}resources{os.sep}",
    f"pkg_resources{os.sep}",
    "pkgutil.py",
    "linecache.py",
    "font_manager.py",
)


@dataclass(frozen=True)
class Touch:
    """One access.

    Attributes:
        kind: what was touched; `entered` is a folder made the working folder, `temporary` a name
            that `tempfile` just chose.
        mode: how.
        path: as the program gave it, "" for the outside.
        creates: a file opened so that its old content does not count.
        follows: the operation acts on what a link points to, not on the link.
    """

    kind: Kind
    mode: Mode
    path: str = ""
    creates: bool = False
    follows: bool = True


_listeners: list[Listener] = []
_guards: list[Listener] = []
_installed: list[bool] = []
_here = threading.local()


def subscribe(listener: Listener) -> None:
    """Tell `listener` of every access from now on."""
    _listeners.append(listener)
    _install()


def unsubscribe(listener: Listener) -> None:
    """Stop telling it."""
    with contextlib.suppress(ValueError):
        _listeners.remove(listener)


def guard(check: Listener) -> None:
    """Call `check` before every access that may change something."""
    _guards.append(check)
    _install()


def unguard(check: Listener) -> None:
    """Stop calling it."""
    with contextlib.suppress(ValueError):
        _guards.remove(check)


@contextlib.contextmanager
def paused() -> Iterator[None]:
    """Neither record nor guard what this thread does in the block: it is ours, not the user's."""
    before = getattr(_here, "busy", False)
    _here.busy = True
    try:
        yield
    finally:
        _here.busy = before


def is_paused() -> bool:
    """Whether this thread does something of ours."""
    return bool(getattr(_here, "busy", False))


def _install() -> None:
    if not _installed:
        _installed.append(True)
        sys.addaudithook(_hook)


def _hook(event: str, args: tuple[Any, ...]) -> None:
    if event not in _EVENTS:  # most events, `id(x)` among them: out at once
        return
    read = _EVENTS[event]
    if not (_listeners or _guards) or getattr(_here, "busy", False):
        return
    _here.busy = True
    try:
        touches: tuple[Touch, ...] = ()
        with contextlib.suppress(Exception):  # the user's call must not fail for being watched
            touches = tuple(read(args))
            for touch, listener in itertools.product(touches, tuple(_listeners)):
                listener(touch)
        # A guard that fails must stop the call: what it guards would be written.
        for touch, check in itertools.product(touches, tuple(_guards)):
            if touch.mode != "read":
                check(touch)
    finally:
        _here.busy = False


def _text(path: Any) -> str:
    """Return a path as text, "" for descriptors and anything else that is not a path."""
    if isinstance(path, int) or path is None:
        return ""
    try:
        return os.fsdecode(path)
    except TypeError:
        return ""


def _open(args: tuple[Any, ...]) -> Iterator[Touch]:
    path, mode, flags = _text(args[0]), args[1], args[2]
    # `flags` is 0 only for `io.open_code`: Python reading a module.
    if not path or not isinstance(flags, int) or (mode == "rb" and flags == 0):
        return
    if flags & getattr(os, "O_DIRECTORY", 0):
        return
    access = flags & (os.O_RDONLY | os.O_WRONLY | os.O_RDWR)
    if access == os.O_RDONLY and not flags & os.O_TRUNC:
        # `os.open` also opens folders, and files by a name relative to a descriptor.
        if not _searching() and (mode is not None or os.path.isfile(path)):  # noqa: PTH113 - as text, in an audit hook
            yield Touch("file", "read", path)
        return
    if os.path.isdir(path):  # noqa: PTH112 - as text, in an audit hook
        return  # `tempfile` gives the folder, and an opener that chooses the name in it
    fresh = bool(flags & (os.O_TRUNC | os.O_EXCL))
    creates = bool(flags & os.O_CREAT) and fresh
    # With O_EXCL an existing file makes the call fail: nothing is to be copied for it.
    yield Touch("file", "write" if fresh else "update", path, creates, not flags & os.O_EXCL)


def _listed(args: tuple[Any, ...]) -> Iterator[Touch]:
    path = "." if args[0] is None else _text(args[0])
    if path and not _searching():
        yield Touch("dir", "read", path)


def _globbed(args: tuple[Any, ...]) -> Iterator[Touch]:
    pattern = _text(args[0])
    parts = pattern.replace(os.sep, "/").split("/")
    fixed = []
    for part in parts[:-1]:
        if any(sign in part for sign in "*?["):
            break
        fixed.append(part)
    yield Touch("dir", "read", "/".join(fixed) or ("/" if pattern.startswith("/") else "."))


def _removed(args: tuple[Any, ...]) -> Iterator[Touch]:
    path = _text(args[0])
    if path and _no_descriptor(args[1:]):
        yield Touch("file", "update", path, follows=False)


def _renamed(args: tuple[Any, ...]) -> Iterator[Touch]:
    source, target = _text(args[0]), _text(args[1])
    if not source or not target or not _no_descriptor(args[2:]):
        return
    if os.path.isdir(source):  # noqa: PTH112 - as text, in an audit hook
        yield Touch("dir", "update", source, follows=False)
        yield Touch("dir", "write", target, creates=True, follows=False)
        for path in _files_below(source):
            yield Touch("file", "update", path, follows=False)
            yield Touch("file", "write", target + path[len(source) :], creates=True, follows=False)
        return
    yield Touch("file", "update", source, follows=False)
    yield Touch("file", "write", target, creates=True, follows=False)


def _linked(args: tuple[Any, ...]) -> Iterator[Touch]:
    yield Touch("file", "write", _text(args[1]), creates=True, follows=False)


def _folder_made(args: tuple[Any, ...]) -> Iterator[Touch]:
    path = _text(args[0])
    if path and _no_descriptor(args[-1:]):
        yield Touch("dir", "write", path, follows=False)


def _folder_removed(args: tuple[Any, ...]) -> Iterator[Touch]:
    path = _text(args[0])
    if path and _no_descriptor(args[-1:]):
        yield Touch("dir", "update", path, follows=False)


def _tree_removed(args: tuple[Any, ...]) -> Iterator[Touch]:
    path = _text(args[0])
    if not path or not _no_descriptor(args[1:]):
        return
    yield Touch("dir", "update", path)
    # Its files are then removed by descriptor and bare name.
    for name in _files_below(path):
        yield Touch("file", "update", name, follows=False)


def _changed(args: tuple[Any, ...]) -> Iterator[Touch]:
    if path := _text(args[0]):
        kind: Kind = "dir" if os.path.isdir(path) else "file"  # noqa: PTH112 - as text, in an audit hook
        yield Touch(kind, "update", path)


def _entered(args: tuple[Any, ...]) -> Iterator[Touch]:
    # For the guard: relative paths written from inside a linked folder would leave the mirror.
    if path := _text(args[0]):
        yield Touch("entered", "update", path)


def _temporary(args: tuple[Any, ...]) -> Iterator[Touch]:
    yield Touch("temporary", "read", _text(args[0]))


def _sqlite(args: tuple[Any, ...]) -> Iterator[Touch]:
    name = _text(args[0])
    uri = name.startswith("file:")
    path, _, query = name.removeprefix("file:").partition("?") if uri else (name, "", "")
    if path in {"", ":memory:"} or "mode=memory" in query:
        return
    read_only = "mode=ro" in query or "immutable=1" in query
    yield Touch("file", "read" if read_only else "update", path)


def _connected(args: tuple[Any, ...]) -> Iterator[Touch]:
    # A text address is a socket in the file system: processes of one machine.
    if isinstance(args[1], tuple):
        yield Touch("network", "update")


def _requested(args: tuple[Any, ...]) -> Iterator[Touch]:
    address = str(args[0])
    if not address.startswith("file:"):
        yield Touch("network", "update")


def _started(args: tuple[Any, ...]) -> Iterator[Touch]:
    executable = args[0]
    command = args[1] if len(args) > 1 else None
    if not executable and isinstance(command, list | tuple) and command:
        executable = command[0]
    if not is_probe(executable):
        yield Touch("process", "update")


def _asked(_: tuple[Any, ...]) -> Iterator[Touch]:
    yield Touch("stdin", "update")


_EVENTS: dict[str, Callable[[tuple[Any, ...]], Iterator[Touch]]] = {
    "open": _open,
    "os.listdir": _listed,
    "os.scandir": _listed,
    "glob.glob": _globbed,
    "os.remove": _removed,
    "os.rename": _renamed,
    "os.link": _linked,
    "os.symlink": _linked,
    "os.mkdir": _folder_made,
    "os.rmdir": _folder_removed,
    "os.truncate": _changed,
    "os.chmod": _changed,
    "os.chown": _changed,
    "os.utime": _changed,
    "os.setxattr": _changed,
    "os.chdir": _entered,
    "shutil.rmtree": _tree_removed,
    "tempfile.mkstemp": _temporary,
    "tempfile.mkdtemp": _temporary,
    "sqlite3.connect": _sqlite,
    "socket.connect": _connected,
    "urllib.Request": _requested,
    "subprocess.Popen": _started,
    "os.system": _started,
    "os.posix_spawn": _started,
    "os.exec": _started,
    "builtins.input": _asked,
}


def _files_below(folder: str) -> Iterator[str]:
    for inner, _, names in os.walk(folder):
        for name in names:
            yield os.path.join(inner, name)  # noqa: PTH118 - as text, in an audit hook


def _no_descriptor(descriptors: tuple[Any, ...]) -> bool:
    return all(not isinstance(number, int) or number == -1 for number in descriptors)


def _searching() -> bool:
    """Return whether Python itself is looking for modules, packages or fonts."""
    frame: Any = sys._getframe(3)  # 1 the reader, 2 the hook, 3 who raised the event
    for _ in range(4):
        if frame is None:
            return False
        name = frame.f_code.co_filename
        if any(part in name for part in _SEARCHERS):
            return True
        if frame.f_code.co_name == "<module>" and not is_installed(name):
            return False  # the program's own module, whose body Python runs to import it
        frame = frame.f_back
    return False
