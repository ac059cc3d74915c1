"""Figures of pyplot: a matplotlib backend without windows, and the log of figures.

With `MPLBACKEND=module://thruway.kit.ambient.figures`, `plt.show()` hands every open figure to
the active `FigureLog` and closes it, as a notebook does. What a figure shows is digested as data
in `drawing`. Importing this module does not load matplotlib: the classes that a backend must
have are made when matplotlib asks for them.
"""

from __future__ import annotations

import functools
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

from thruway.kit.ambient import drawing
from thruway.kit.ambient.imports import ImportWatch

if TYPE_CHECKING:
    from collections.abc import Callable

BACKEND = "module://thruway.kit.ambient.figures"
_HELPERS = "matplotlib._pylab_helpers"
_BACKEND_NAMES = ("FigureCanvas", "FigureManager")
_WINDOWLESS = frozenset({"agg", "cairo", "pdf", "pgf", "ps", "svg", "template"})

_active: FigureLog | None = None


@dataclass(frozen=True)
class _Listener:
    """Stands in for a figure's stale callback and calls the earlier one too."""

    touch: Callable[[], None]
    earlier: Callable[[Any, Any], None] | None

    def __call__(self, artist: Any, value: Any) -> None:
        self.touch()
        if self.earlier is not None:
            self.earlier(artist, value)


@dataclass(frozen=True)
class FigureRecord:
    """A figure whose life ended.

    Attributes:
        number: from 1 in the order of creation over the program.
        digest: of what is drawn, see `drawing.digest`.
        shown: it was shown before it was closed.
        summary: `2 axes: 3 lines, 20 bars, title 'ROC'`.
        png: a small picture in base64, "" unless asked for.
    """

    number: int
    digest: str
    shown: bool
    summary: str = ""
    png: str = ""


class FigureLog:
    """Numbers the figures of pyplot, notes which were drawn on, records them when they end.

    Works with any backend, because it listens where pyplot keeps its figures. One log is active
    in a process: between `start()` and `stop()`.
    """

    def __init__(self, *, thumbnails: bool = False) -> None:
        self._thumbnails = thumbnails
        self._count = 0
        self._numbers: dict[Any, int] = {}  # managers of open figures, in order of creation
        self._shown: set[int] = set()
        self._touched: set[int] = set()
        self._axes: dict[int, int] = {}
        self._current = 0
        self._finished: list[FigureRecord] = []
        self._muted = False
        self._originals: dict[str, Any] = {}
        self._watch: ImportWatch | None = None
        self._backends: _Backends | None = None

    def start(self) -> Self:
        """Make this the active log; figures open already are numbered first."""
        global _active  # noqa: PLW0603 - pyplot calls a backend without arguments
        if _active is not None:
            _active.stop()
        _active = self
        self._backends = _Backends()
        self._watch = ImportWatch({_HELPERS: lambda module: self._attach(module.Gcf)})
        if _HELPERS in sys.modules:
            self._attach(_gcf())
        return self

    def stop(self) -> None:
        """Stop listening; figures still open stay open."""
        global _active  # noqa: PLW0603 - pyplot calls a backend without arguments
        if _active is self:
            _active = None
        if self._watch is not None:
            self._watch.remove()
        if self._backends is not None:
            self._backends.restore()
        for name, original in self._originals.items():
            setattr(_gcf(), name, original)
        self._originals.clear()

    def take(self) -> list[FigureRecord]:
        """Return the figures that ended since the last call."""
        finished, self._finished = self._finished, []
        return finished

    def flush(self, *, shown: bool) -> bool:
        """Record and close every open figure; return whether there was one."""
        managers = [manager for manager in self._numbers if self._is_open(manager)]
        for manager in managers:
            self._finish(manager, shown=shown)
        if managers:
            _gcf().destroy_all()
        return bool(managers)

    def mark_shown(self, manager: Any) -> None:
        """Note that one figure was shown and stays open."""
        number = self._numbers.get(manager)
        if number is not None:
            self._shown.add(number)

    def current(self) -> int:
        """Return the number of pyplot's current figure, 0 when there is none."""
        gcf = _gcf()
        manager = gcf.get_active() if gcf else None
        return self._numbers.get(manager, 0) if manager is not None else 0

    def open_figures(self) -> tuple[int, ...]:
        """Return the numbers of the figures that are open."""
        return tuple(self._numbers.values())

    def touched(self) -> tuple[int, ...]:
        """Return the figures made, drawn on, selected, saved or closed since the last call."""
        touched, self._touched = self._touched, set()
        if not self._numbers and not touched:
            self._current = 0
            return ()
        for manager, number in self._numbers.items():
            figure = manager.canvas.figure
            # Here and not when it is made: pyplot sets its own callback after that.
            self._listen(figure, number)
            axes = _current_axes(figure)
            if self._axes.get(number, 0) != axes:
                self._axes[number] = axes
                touched.add(number)
        current = self.current()
        if current not in (0, self._current):
            touched.add(current)
        self._current = current
        return tuple(sorted(touched))

    def _attach(self, gcf: Any) -> None:
        for name in ("_set_new_active_manager", "destroy", "destroy_all"):
            self._originals[name] = vars(gcf)[name]
        make, close, close_all = (getattr(gcf, name) for name in self._originals)
        for manager in sorted(gcf.figs.values(), key=lambda item: str(item.num)):
            self._adopt(manager)

        def adopt(_: Any, manager: Any) -> Any:
            self._adopt(manager)
            return make(manager)

        def destroy(_: Any, num: Any) -> Any:
            manager = num if hasattr(num, "destroy") else gcf.figs.get(num)
            self._finish(manager, shown=False)
            return close(num)

        def destroy_all(_: Any) -> Any:
            for manager in list(self._numbers):
                self._finish(manager, shown=False)
            return close_all()

        gcf._set_new_active_manager = classmethod(adopt)
        gcf.destroy = classmethod(destroy)
        gcf.destroy_all = classmethod(destroy_all)

    def _adopt(self, manager: Any) -> None:
        if manager in self._numbers:
            return
        self._count += 1
        number = self._numbers[manager] = self._count
        self._touched.add(number)

    def _listen(self, figure: Any, number: int) -> None:
        earlier = figure.stale_callback
        if isinstance(earlier, _Listener):
            return

        def touch() -> None:
            if not self._muted:
                self._touched.add(number)

        figure.stale_callback = _Listener(touch, earlier)

    def _is_open(self, manager: Any) -> bool:
        return any(manager is other for other in _gcf().figs.values())

    def _finish(self, manager: Any, *, shown: bool) -> None:
        number = self._numbers.pop(manager, 0)
        if not number:
            return
        self._touched.add(number)
        self._axes.pop(number, None)
        figure = manager.canvas.figure
        self._muted = True
        try:
            digest, summary = drawing.digest(figure), drawing.summary(figure)
            png = drawing.thumbnail(figure) if self._thumbnails else ""
        finally:
            self._muted = False
        shown = shown or number in self._shown
        self._finished.append(FigureRecord(number, digest, shown, summary, png))


class _Backends:
    """Keeps our backend when the program asks for one with windows; others are the program's."""

    def __init__(self) -> None:
        self._originals: list[tuple[Any, str, Any]] = []
        places = {"matplotlib": "use", "matplotlib.pyplot": "switch_backend"}
        self._watch = ImportWatch(
            {
                name: functools.partial(self._replace, name=function)
                for name, function in places.items()
            }
        )
        for name, function in places.items():
            if name in sys.modules:
                self._replace(sys.modules[name], function)

    def restore(self) -> None:
        self._watch.remove()
        for module, name, original in self._originals:
            setattr(module, name, original)

    def _replace(self, module: Any, name: str) -> None:
        original = getattr(module, name, None)
        if original is None:
            return

        def choose(backend: Any, *args: Any, **kwargs: Any) -> Any:
            return original(_windowless(backend), *args, **kwargs)

        choose.__doc__ = original.__doc__
        self._originals.append((module, name, original))
        setattr(module, name, choose)


def show(*_: object, block: bool | None = None, **__: object) -> None:
    """Record every open figure as shown and close it: what `plt.show()` calls.

    With `block=False` (also from `plt.pause`) a program goes on drawing: they stay open.
    """
    if block is False:
        for manager in _gcf().get_all_fig_managers():
            manager.show()
    elif _active is not None:
        _active.flush(shown=True)
    elif (gcf := _gcf()) is not None:
        gcf.destroy_all()


def __getattr__(name: str) -> Any:
    if name not in _BACKEND_NAMES:
        raise AttributeError(name)
    _make_backend()
    return globals()[name]


def _make_backend() -> None:
    from matplotlib.backend_bases import FigureManagerBase
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    class FigureManager(FigureManagerBase):
        """A manager without a window."""

        def show(self) -> None:
            """Note that the figure was shown; it stays open."""
            if _active is not None:
                _active.mark_shown(self)

    class FigureCanvas(FigureCanvasAgg):  # type: ignore[misc]  # untyped there
        """A canvas that draws in memory."""

        manager_class = FigureManager

    # Into the module itself: matplotlib up to 3.7 reads the backend's attributes with `vars`.
    globals().update(FigureManager=FigureManager, FigureCanvas=FigureCanvas)


def _windowless(backend: Any) -> Any:
    name = str(backend).lower()
    if name in _WINDOWLESS or name == BACKEND:
        return backend
    return BACKEND


def _gcf() -> Any:
    return getattr(sys.modules.get(_HELPERS), "Gcf", None)


def _current_axes(figure: Any) -> int:
    stack = getattr(figure, "_axstack", None)
    current = getattr(stack, "current", None)
    axes = current() if callable(current) else None
    return 0 if axes is None else id(axes)


# The usual case: matplotlib itself imports this module, and may want `vars` to be complete.
if "matplotlib.backend_bases" in sys.modules:
    _make_backend()
