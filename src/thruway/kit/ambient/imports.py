"""Act around the first import of a library, whoever imports it."""

from __future__ import annotations

import contextlib
import sys
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from contextlib import AbstractContextManager
    from importlib.machinery import ModuleSpec
    from types import ModuleType, TracebackType

    Action = Callable[[ModuleType], object]


class ImportWatch:
    """Calls `action(module)` right after each named module was first executed.

    Sits first in `sys.meta_path` until every module was seen or `remove()` is called; also a
    context manager. Modules that are already loaded are left alone.
    """

    def __init__(self, actions: Mapping[str, Action]) -> None:
        self._waiting = {name: act for name, act in actions.items() if name not in sys.modules}
        if self._waiting:
            # The list is documented to hold anything with `find_spec`.
            sys.meta_path.insert(0, self)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.remove()

    def remove(self) -> None:
        """Stop watching."""
        self._waiting.clear()
        with contextlib.suppress(ValueError):
            sys.meta_path.remove(self)

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Return the spec that the other finders give, with its loader wrapped if awaited."""
        if name not in self._waiting:
            return None
        spec = _ask_others(self, name, path, target)
        if spec is not None and spec.loader is not None:
            self._wrap(name, spec.loader)
        return spec

    def _wrap(self, name: str, loader: Any) -> None:
        execute = loader.exec_module

        def exec_module(module: ModuleType) -> None:
            # A loader belongs to one module; without our attribute it is what it was.
            with contextlib.suppress(AttributeError):
                del loader.exec_module
            execute(module)
            # A loader that serves several modules may have been asked for ours and not used.
            if module.__name__ == name:
                self._act(name, module)

        # A loader written in C may refuse the attribute: then this library goes unwatched.
        with contextlib.suppress(AttributeError, TypeError):
            loader.exec_module = exec_module

    def _act(self, name: str, module: ModuleType) -> None:
        action = self._waiting.pop(name, None)
        if not self._waiting:
            self.remove()
        if action is not None:
            # The user's import must not fail because of what we do after it.
            with contextlib.suppress(Exception):
                action(module)


class ImportGuard:
    """Runs every outermost first import inside a context manager of the caller's.

    Only installed libraries count. Imports that an import causes are inside the same context, so
    that a library of a thousand modules costs one. Sits first in `sys.meta_path` until `remove()`;
    also a context manager.
    """

    def __init__(self, around: Callable[[str], AbstractContextManager[object]]) -> None:
        self._around = around
        self._inside = False
        self._asking = False
        # The list is documented to hold anything with `find_spec`.
        sys.meta_path.insert(0, self)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.remove()

    def remove(self) -> None:
        """Stop guarding."""
        with contextlib.suppress(ValueError):
            sys.meta_path.remove(self)

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Return the spec that the other finders give, its loader wrapped if it is outermost."""
        if self._inside or self._asking:
            return None
        # Another finder that asks the others too would ask this one again.
        self._asking = True
        try:
            spec = _ask_others(self, name, path, target)
        finally:
            self._asking = False
        if spec is not None and spec.loader is not None and _is_installed(spec.origin):
            self._wrap(name, spec.loader)
        return spec

    def _wrap(self, name: str, loader: Any) -> None:
        execute = getattr(loader, "exec_module", None)
        if execute is None:
            return

        def exec_module(module: ModuleType) -> None:
            # A loader belongs to one module; without our attribute it is what it was.
            with contextlib.suppress(AttributeError):
                del loader.exec_module
            if self._inside:
                execute(module)
                return
            self._inside = True
            try:
                with self._around(name):
                    execute(module)
            finally:
                self._inside = False

        # A loader written in C may refuse the attribute: then this import goes unguarded.
        with contextlib.suppress(AttributeError, TypeError):
            loader.exec_module = exec_module


def _ask_others(
    asking: object, name: str, path: Sequence[str] | None, target: ModuleType | None
) -> ModuleSpec | None:
    for finder in list(sys.meta_path):
        find = getattr(finder, "find_spec", None)
        if finder is asking or find is None:
            continue
        spec: ModuleSpec | None = find(name, path, target)
        if spec is not None:
            return spec
    return None


def _is_installed(origin: str | None) -> bool:
    """Whether a module belongs to an installed package or to Python itself."""
    if origin is None:
        return False
    prefixes = (sys.prefix, sys.base_prefix, sys.exec_prefix)
    return "site-packages" in origin or "dist-packages" in origin or origin.startswith(prefixes)
