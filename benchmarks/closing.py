"""A matplotlib backend without windows that closes what is shown, as a notebook's does."""

from __future__ import annotations

from matplotlib._pylab_helpers import Gcf
from matplotlib.backends.backend_agg import FigureCanvasAgg as FigureCanvas
from matplotlib.backends.backend_agg import FigureManagerBase as FigureManager

__all__ = ["FigureCanvas", "FigureManager", "show"]


def show(*_: object, block: bool | None = None, **__: object) -> None:
    if block is not False:
        Gcf.destroy_all()
