"""What a matplotlib figure shows, as data: a digest, a line of words, a small picture.

Not pixels: fonts and rasterisers differ between machines where the drawn data do not. The
description is read from the figure without drawing it.
"""

from __future__ import annotations

import base64
import functools
import io
import warnings
from collections import Counter
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

THUMBNAIL_LIMIT = 60_000
"""Most characters of a thumbnail in base64."""

_THUMBNAIL_WIDTH = 480


def digest(figure: Any) -> str:
    """Return a digest of all that the figure shows, the same in every process."""
    from thruway.kit.values.fingerprint import fingerprint

    return fingerprint(describe(figure)).hex


def summary(figure: Any) -> str:
    """Return one line: `2 axes: 3 lines, 20 bars, title 'ROC'`."""
    counts: Counter[str] = Counter()
    for axes in figure.axes:
        counts["lines"] += len(axes.lines)
        bars = [patch for patch in axes.patches if type(patch).__name__ == "Rectangle"]
        counts["bars"] += len(bars)
        counts["patches"] += len(axes.patches) - len(bars)
        for collection in axes.collections:
            scatter = type(collection).__name__ == "PathCollection"
            counts["points" if scatter else "collections"] += (
                len(collection.get_offsets()) if scatter else 1
            )
        counts["images"] += len(axes.images)
    parts = [_counted(number, noun) for noun, number in counts.items() if number]
    title = _title(figure)
    if title:
        parts.append(f"title {title!r}")
    return f"{len(figure.axes)} axes" + (f": {', '.join(parts)}" if parts else "")


def thumbnail(figure: Any, limit: int = THUMBNAIL_LIMIT) -> str:
    """Return a small PNG in base64 of at most `limit` characters, "" when there is none."""
    width = max(float(figure.get_size_inches()[0]), 0.1)
    dpi = min(_THUMBNAIL_WIDTH / width, 100.0)
    for _ in range(4):
        picture = _picture(figure, dpi)
        if len(picture) <= limit:
            return picture
        dpi /= 2
    return ""


def describe(figure: Any) -> dict[str, Any]:
    """Return the figure as plain containers, numbers, text and arrays."""
    return {
        "size": tuple(float(side) for side in figure.get_size_inches()),
        "color": _guarded(lambda: _color(figure.get_facecolor())),
        "titles": tuple(
            getattr(figure, name).get_text()
            for name in ("_suptitle", "_supxlabel", "_supylabel")
            if getattr(figure, name, None) is not None
        ),
        "axes": tuple(_axes(axes) for axes in figure.axes),
        "texts": _each(figure.texts, _text),
        "legends": _each(figure.legends, _legend),
        "images": _each(figure.images, _image),
        "lines": _each(figure.lines, _line),
        "patches": _each(figure.patches, _patch),
    }


def _axes(axes: Any) -> dict[str, Any]:
    record = {
        "type": type(axes).__name__,
        "place": _guarded(lambda: _place(axes)),
        "visible": bool(axes.get_visible()),
        "frame": bool(axes.axison),
        "aspect": str(axes.get_aspect()),
        "color": _guarded(lambda: _color(axes.get_facecolor())),
        "titles": tuple(axes.get_title(loc=side) for side in ("left", "center", "right")),
        "lines": _each(axes.lines, _line),
        "patches": _each(axes.patches, _patch),
        "collections": _each(axes.collections, _collection),
        "images": _each(axes.images, _image),
        "texts": _each(axes.texts, _text),
        "tables": _each(axes.tables, _table),
        "others": tuple(type(artist).__name__ for artist in axes.artists),
        "legend": None if axes.get_legend() is None else _guarded(lambda: _legend(axes.legend_)),
        "insets": tuple(_axes(child) for child in axes.child_axes),
    }
    for name in "xyz":
        if hasattr(axes, f"{name}axis"):
            record[name] = _guarded(functools.partial(_axis, axes, name))
    return record


def _axis(axes: Any, name: str) -> dict[str, Any]:
    axis = getattr(axes, f"{name}axis")
    return {
        "label": getattr(axes, f"get_{name}label")(),
        "limits": _numbers(getattr(axes, f"get_{name}lim")()),
        "scale": getattr(axes, f"get_{name}scale")(),
        "visible": bool(axis.get_visible()),
        "grid": bool(getattr(axis, "_major_tick_kw", {}).get("gridOn", False)),
        "locator": _locator(axis.get_major_locator()),
        "formatter": _formatter(axis.get_major_formatter()),
    }


def _locator(locator: Any) -> tuple[Any, ...]:
    fixed = getattr(locator, "locs", None) if type(locator).__name__ == "FixedLocator" else None
    return (_ticks(locator), None if fixed is None else _numbers(fixed))


def _ticks(chooser: Any) -> str:
    """Return what chooses or writes ticks; for dates, whoever of matplotlib and pandas it is.

    Pandas puts its own in place of matplotlib's once it has drawn anything in this process.
    """
    name = type(chooser).__name__
    return name.removeprefix("Pandas") if name.startswith("PandasAutoDate") else name


def _formatter(formatter: Any) -> tuple[Any, ...]:
    parts: list[Any] = [_ticks(formatter)]
    parts += [str(getattr(formatter, name, "")) for name in ("fmt", "xmax", "decimals")]
    if hasattr(formatter, "seq"):
        parts.append(tuple(str(label) for label in formatter.seq))
    function = getattr(formatter, "func", None)
    # How `set_ticklabels` keeps labels for fixed ticks: a table bound to a function.
    if isinstance(function, functools.partial) and function.args:
        labels = function.args[0]
        if isinstance(labels, dict):
            parts.append(tuple((float(tick), str(label)) for tick, label in labels.items()))
    units = getattr(formatter, "_units", None)  # names of a categorical axis
    if isinstance(units, dict):
        parts.append(tuple((str(name), float(place)) for name, place in units.items()))
    return tuple(parts)


def _place(axes: Any) -> tuple[Any, ...]:
    bounds = tuple(round(float(number), 6) for number in axes.get_position(original=True).bounds)
    spec = getattr(axes, "get_subplotspec", lambda: None)()
    grid = () if spec is None else tuple(int(number) for number in spec.get_geometry())
    return (*bounds, *grid)


def _line(line: Any) -> dict[str, Any]:
    marker = line.get_marker()
    return {
        "type": type(line).__name__,
        "x": _numbers(line.get_xdata(orig=False)),
        "y": _numbers(line.get_ydata(orig=False)),
        "3d": tuple(_numbers(part) for part in getattr(line, "_verts3d", ())),
        "color": _color(line.get_color()),
        "style": (str(line.get_linestyle()), line.get_drawstyle(), float(line.get_linewidth())),
        "marker": (
            marker if isinstance(marker, str | int | tuple) else type(marker).__name__,
            float(line.get_markersize()),
            _color(line.get_markerfacecolor()),
        ),
        **_shared(line),
    }


def _patch(patch: Any) -> dict[str, Any]:
    vertices = patch.get_patch_transform().transform(patch.get_path().vertices)
    return {
        "type": type(patch).__name__,
        "vertices": _numbers(vertices),
        "colors": (_color(patch.get_facecolor()), _color(patch.get_edgecolor())),
        "style": (str(patch.get_linestyle()), float(patch.get_linewidth()), patch.get_hatch()),
        **_shared(patch),
    }


def _collection(collection: Any) -> dict[str, Any]:
    record = {
        "type": type(collection).__name__,
        "paths": _paths(collection),
        "offsets": _numbers(collection.get_offsets()),
        "sizes": _guarded(lambda: _numbers(collection.get_sizes())),
        "widths": _numbers(collection.get_linewidths()),
        **_mapped(collection),
        **_shared(collection),
    }
    if collection.get_array() is None:  # else colours follow from the array when drawn
        record["colors"] = (
            _numbers(collection.get_facecolor()),
            _numbers(collection.get_edgecolor()),
        )
    for name in ("_offsets3d", "_vec", "_segments3d"):
        if (data := getattr(collection, name, None)) is not None:
            record[name] = tuple(_numbers(part) for part in data)
    return record


def _paths(collection: Any) -> tuple[Any, ...]:
    """Return the outlines; of a mesh its corners, from which millions of outlines would be made."""
    corners = getattr(collection, "_coordinates", None)
    if corners is not None:
        return (_numbers(corners),)
    return tuple(_numbers(path.vertices) for path in collection.get_paths())


def _image(image: Any) -> dict[str, Any]:
    return {
        "type": type(image).__name__,
        "extent": _guarded(lambda: _numbers(image.get_extent())),
        "style": (str(image.get_interpolation()), str(getattr(image, "origin", ""))),
        **_mapped(image),
        **_shared(image),
    }


def _mapped(artist: Any) -> dict[str, Any]:
    values = artist.get_array()
    return {
        "array": None if values is None else _numbers(values),
        "limits": tuple(None if end is None else float(end) for end in artist.get_clim()),
        "map": artist.get_cmap().name,
        "norm": type(artist.norm).__name__,
    }


def _text(text: Any) -> dict[str, Any]:
    return {
        "text": text.get_text(),
        "position": _numbers(text.get_unitless_position()),
        "color": _color(text.get_color()),
        "style": (
            float(text.get_fontsize()),
            str(text.get_fontweight()),
            text.get_ha(),
            text.get_va(),
            float(text.get_rotation()),
        ),
        "visible": bool(text.get_visible()),
    }


def _legend(legend: Any) -> dict[str, Any]:
    return {
        "title": legend.get_title().get_text(),
        "texts": tuple(text.get_text() for text in legend.get_texts()),
        "place": str(getattr(legend, "_loc", "")),
        "visible": bool(legend.get_visible()),
    }


def _table(table: Any) -> tuple[Any, ...]:
    cells = sorted(table.get_celld().items())
    return tuple((place, cell.get_text().get_text()) for place, cell in cells)


def _shared(artist: Any) -> dict[str, Any]:
    alpha = artist.get_alpha()
    return {
        "label": str(artist.get_label()),
        "alpha": None if alpha is None else _numbers(alpha),
        "visible": bool(artist.get_visible()),
        "order": float(artist.get_zorder()),
    }


def _numbers(values: Any) -> Any:
    """Return an array of plain numbers; masked places become NaN, other things text."""
    import numpy as np

    if np.ma.isMaskedArray(values):
        if values.mask is np.ma.nomask or not values.mask.any():
            values = values.data
        else:
            values = np.ma.filled(values.astype(float), np.nan)
    array = np.ascontiguousarray(values)
    return array if array.dtype.kind in "biufc" else tuple(str(item) for item in array.ravel())


def _color(color: Any) -> tuple[float, ...] | str:
    from matplotlib.colors import to_rgba

    try:
        return tuple(round(float(part), 9) for part in to_rgba(color))
    except (TypeError, ValueError):  # 'auto', 'none' of a marker, a list of colours
        return str(color)


def _each(artists: Iterable[Any], function: Callable[[Any], Any]) -> tuple[Any, ...]:
    return tuple(_guarded(functools.partial(function, artist), artist) for artist in artists)


def _guarded(read: Callable[[], Any], artist: Any = None) -> Any:
    try:
        return read()
    except Exception as error:  # an artist of a third library: its type must do
        return f"{type(artist).__name__}: {type(error).__name__}"


def _picture(figure: Any, dpi: float) -> str:
    buffer = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            figure.savefig(buffer, format="png", dpi=dpi)
        except Exception:  # a picture is a courtesy: text that cannot be set must not end a run
            return ""
    return base64.b64encode(buffer.getvalue()).decode()


def _title(figure: Any) -> str:
    above = getattr(figure, "_suptitle", None)
    titles = [above.get_text() if above is not None else ""]
    titles += [axes.get_title() for axes in figure.axes]
    return next((title for title in titles if title), "")


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun[:-1] if number == 1 and noun != 'patches' else noun}"
