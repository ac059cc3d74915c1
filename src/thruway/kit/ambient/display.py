"""`display(*values)`: what a notebook shows below a cell, anywhere.

In a live notebook IPython's own `display` does it. Elsewhere the value's text goes to the active
`DisplayLog`, or is printed when there is none. IPython's `display`, which only prints where there
is no notebook, gives what it would print to the log as well.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

from thruway.kit.ambient.imports import ImportWatch

if TYPE_CHECKING:
    from types import ModuleType

HTML_LIMIT = 100_000
"""Most characters of HTML kept of one value."""

_active: DisplayLog | None = None
# Where IPython 8 and newer, and IPython 7, define `display`.
_IPYTHON = ("IPython.core.display_functions", "IPython.core.display")


@dataclass(frozen=True)
class Displayed:
    """A value that was displayed.

    Attributes:
        text: its `repr`, as the environment makes it.
        html: its HTML, "" when it has none or too much.
    """

    text: str
    html: str = ""


class DisplayLog:
    """Collects what is displayed between `start()` and `stop()`.

    Args:
        echo: also print the text.
    """

    def __init__(self, *, echo: bool = False) -> None:
        self.echo = echo
        self._items: list[Displayed] = []
        self._outer: DisplayLog | None = None
        self._watch: ImportWatch | None = None

    def start(self) -> Self:
        """Make this the active log."""
        global _active
        self._outer, _active = _active, self
        self._watch = ImportWatch(dict.fromkeys(_IPYTHON, _route))
        for name in _IPYTHON:
            if name in sys.modules:
                _route(sys.modules[name])
        return self

    def stop(self) -> None:
        """Give the place back to the log that was active before."""
        global _active  # noqa: PLW0603 - user code calls `display` without a log at hand
        if _active is self:
            _active = self._outer
        if self._watch is not None:
            self._watch.remove()

    def take(self) -> list[Displayed]:
        """Return what was displayed since the last call."""
        items, self._items = self._items, []
        return items

    def add(self, item: Displayed) -> None:
        """Record one displayed value."""
        self._items.append(item)


def display(*values: object) -> None:
    """Show values as a notebook does.

    Example:
        >>> display({"a": 1})
        {'a': 1}
    """
    if _active is None and _in_notebook():
        from IPython.display import display as notebook_display

        notebook_display(*values)
        return
    for value in values:
        if _active is not None:
            _active.add(Displayed(text(value), html(value)))
        if _active is None or _active.echo:
            sys.stdout.write(text(value) + "\n")


def _route(module: ModuleType) -> None:
    """Let what IPython would print go to the log, however its `display` was imported."""
    if hasattr(module, "display"):
        vars(module)["print"] = _print


def _print(*values: object, **how: Any) -> None:
    if _active is not None and not how:
        display(*values)
    else:  # nobody listens; or no value is shown, but the terminal is told to clear a line
        print(*values, **how)  # noqa: T201 - this is what IPython's own module does


def text(value: object) -> str:
    """Return the text of a value: its `repr`; for figures and axes the name of the type."""
    if _is_figure(value):
        return type(value).__name__
    return repr(value)


def html(value: object) -> str:
    """Return the HTML of a value, "" when it has none, too much, or fails to make it."""
    make = getattr(type(value), "_repr_html_", None)
    if make is None or isinstance(value, type):
        return ""
    try:
        markup = make(value)
    except Exception:  # a broken picture of a value must not end the user's program
        return ""
    return markup if isinstance(markup, str) and len(markup) <= HTML_LIMIT else ""


def _in_notebook() -> bool:
    ipython: Any = sys.modules.get("IPython")
    shell = ipython.get_ipython() if hasattr(ipython, "get_ipython") else None
    return getattr(shell, "kernel", None) is not None


def _is_figure(value: object) -> bool:
    figure: Any = sys.modules.get("matplotlib.figure")
    axes: Any = sys.modules.get("matplotlib.axes")
    kinds = [getattr(figure, "FigureBase", None), getattr(axes, "Axes", None)]
    return isinstance(value, tuple(kind for kind in kinds if isinstance(kind, type)))
