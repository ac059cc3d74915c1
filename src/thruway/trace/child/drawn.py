"""Parts of matplotlib figures among the values of a program.

Every artist leads to its whole figure, thousands of objects that change with every draw. What
names share is the figure, so the figure stands for all of it.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from thruway.kit.values.objects import is_drawn

if TYPE_CHECKING:
    from collections.abc import Iterator

_MANY = 1000


def split_drawn(value: Any) -> tuple[set[int], list[Any]] | None:
    """Return ids of the figures behind a value, and what else it holds; None without figures."""
    if "matplotlib" not in sys.modules:
        return None
    if is_drawn(type(value)):
        return {id(_figure(value))}, []
    if type(value).__module__.partition(".")[0] == "seaborn":
        figure = getattr(value, "figure", None) or getattr(value, "fig", None)
        return ({id(value), id(figure)}, [getattr(value, "data", None)]) if figure else None
    items = _items(value)
    figures = {id(_figure(item)) for item in items if is_drawn(type(item))}
    if not figures:
        return None
    rest = [item for item in items if not is_drawn(type(item))]
    return (figures if isinstance(value, tuple) else {*figures, id(value)}), rest


def _items(value: Any) -> list[Any]:
    """The elements of a container, and of containers in it (`plt.hist` gives such)."""
    return [inner for item in _elements(value) for inner in (_elements(item) or (item,))]


def _elements(value: Any) -> list[Any]:
    if isinstance(value, (list, tuple, set)) and len(value) <= _MANY:
        return list(value)
    if isinstance(value, dict) and len(value) <= _MANY:
        return list(dict.values(value))
    return list(_array_elements(value))


def _array_elements(value: Any) -> Iterator[Any]:
    numpy = sys.modules.get("numpy")
    if numpy is not None and type(value) is numpy.ndarray and value.dtype == object:
        yield from value.reshape(-1)[:_MANY].tolist()


def _figure(artist: Any) -> Any:
    """Return the outermost figure of an artist; an artist of no figure stands for itself."""
    figure = getattr(artist, "figure", None)
    while figure is not None and figure is not artist:
        artist, figure = figure, getattr(figure, "figure", None)
    return artist
