"""A layered drawing of the steps, as positions: no library, no browser needed.

The layers are those of the longest path. Between two layers of steps lies a layer of labels, and
every edge has a label there, so that texts never overlap: places are found by fitting each layer
to its neighbours with the smallest squared moves that keep the order and the gaps (pool adjacent
violators). Source: Sugiyama, Tagawa and Toda, Methods for Visual Understanding of Hierarchical
System Structures (1981), for the phases.
"""

from __future__ import annotations

import itertools
from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

NARROWEST, STEP_HEIGHT = 140.0, 46.0
LONGEST_NAME = 32
LABEL_HEIGHT = 20.0
GAP_X, GAP_Y = 22.0, 20.0
_CHARACTER, _BOLD, _MARGINS = 6.4, 8.0, 36.0
_SWEEPS = 12
_SETTLING = 160
_STRAIGHT = 60.0


@dataclass
class Spot:
    """One box of the drawing: a step, a label, or a bend of a long edge.

    Attributes:
        key: name of the step, or a unique key.
        layer: even for steps, odd for labels and bends.
        width: in pixels.
        label: text, for labels.
        is_step: it is a step.
        x: centre.
    """

    key: str
    layer: int
    width: float
    label: str = ""
    is_step: bool = False
    x: float = 0.0
    above: list[Spot] = field(default_factory=list, repr=False)
    below: list[Spot] = field(default_factory=list, repr=False)


@dataclass(frozen=True)
class Wire:
    """One edge: from, to, names of the artifacts, and the boxes it runs through."""

    source: str
    target: str
    names: tuple[str, ...]
    spots: tuple[Spot, ...]


@dataclass(frozen=True)
class Drawing:
    """Where everything is.

    Attributes:
        steps: step → its box.
        wires: the edges.
        tops: for each layer, its upper edge.
        width, height: of the whole.
    """

    steps: Mapping[str, Spot]
    wires: tuple[Wire, ...]
    tops: Sequence[float]
    width: float
    height: float


def lay_out(steps: Sequence[str], edges: Mapping[tuple[str, str], tuple[str, ...]]) -> Drawing:
    """Return positions for steps (in order) and edges ((from, to) → artifact names)."""
    depth = _depths(steps, edges)
    spots = {name: Spot(name, 2 * depth[name], _width(name), is_step=True) for name in steps}
    wires = tuple(_wire(spots, pair, names) for pair, names in edges.items())
    layers = _layers(spots, wires)
    _order(layers)
    _place(layers)
    tops = _tops(len(layers))
    everything = [spot for layer in layers for spot in layer]
    left = min(spot.x - spot.width / 2 for spot in everything)
    for spot in everything:
        spot.x += GAP_X / 2 - left
    right = max(spot.x + spot.width / 2 for spot in everything)
    return Drawing(spots, wires, tops, right + GAP_X / 2, tops[-1] + STEP_HEIGHT)


def _width(name: str) -> float:
    return max(NARROWEST, _BOLD * min(len(name), LONGEST_NAME) + _MARGINS)


def short_label(names: Sequence[str]) -> str:
    """Return at most two names and how many more there are."""
    shown = ", ".join(name if len(name) <= 18 else f"{name[:17]}…" for name in names[:2])
    return shown + (f" +{len(names) - 2}" if names[2:] else "")


def _depths(
    steps: Sequence[str], edges: Mapping[tuple[str, str], tuple[str, ...]]
) -> dict[str, int]:
    depth: dict[str, int] = {}
    for name in steps:  # in order: whatever a step needs comes before it
        before = [depth[source] + 1 for source, target in edges if target == name]
        depth[name] = max(before, default=0)
    return depth


def _wire(spots: Mapping[str, Spot], pair: tuple[str, str], names: tuple[str, ...]) -> Wire:
    source, target = spots[pair[0]], spots[pair[1]]
    chain = [source]
    for layer in range(source.layer + 1, target.layer):
        first = layer == source.layer + 1
        label = short_label(names) if first else ""
        width = len(label) * _CHARACTER + 16 if label else 6.0
        chain.append(Spot(f"{pair[0]}>{pair[1]}#{layer}", layer, width, label))
    chain.append(target)
    for upper, lower in itertools.pairwise(chain):
        upper.below.append(lower)
        lower.above.append(upper)
    return Wire(*pair, names, tuple(chain))


def _layers(spots: Mapping[str, Spot], wires: Sequence[Wire]) -> list[list[Spot]]:
    found: dict[int, dict[str, Spot]] = defaultdict(dict)
    for spot in [*spots.values(), *(spot for wire in wires for spot in wire.spots)]:
        found[spot.layer][spot.key] = spot
    return [list(found[number].values()) for number in range(max(found, default=0) + 1)]


def _order(layers: list[list[Spot]]) -> None:
    """Sort each layer by the mean place of its neighbours, downwards and upwards in turn."""
    for sweep in range(_SWEEPS):
        downwards = sweep % 2 == 0
        place = {spot.key: i for layer in layers for i, spot in enumerate(layer)}
        for layer in layers if downwards else reversed(layers):
            means = {}
            for spot in layer:
                near = spot.above if downwards else spot.below
                places = [place[other.key] for other in near]
                means[spot.key] = sum(places) / len(places) if places else float(place[spot.key])
            layer.sort(key=lambda spot: means[spot.key])
            place |= {spot.key: i for i, spot in enumerate(layer)}


def _place(layers: list[list[Spot]]) -> None:
    for layer in layers:
        _fit(layer, [0.0] * len(layer))
    for sweep in range(_SETTLING):
        for layer in layers if sweep % 2 == 0 else reversed(layers):
            _fit(layer, [_wish(spot) for spot in layer])


def _wish(spot: Spot) -> float:
    """Return where a box wants to be: amid its neighbours, and long edges want to be straight."""
    total = place = 0.0
    for other in (*spot.above, *spot.below):
        weight = 1.0 if spot.is_step or other.is_step else _STRAIGHT
        total += weight
        place += weight * other.x
    return place / total if total else spot.x


def _fit(layer: Sequence[Spot], wanted: Sequence[float]) -> None:
    """Move the boxes of a layer next to where they want to be, in order and with gaps."""
    offsets = [0.0]
    for before, spot in itertools.pairwise(layer):
        offsets.append(offsets[-1] + (before.width + spot.width) / 2 + GAP_X)
    blocks: list[tuple[float, int]] = []  # mean of the wish, number of boxes
    for wish, offset in zip(wanted, offsets, strict=True):
        mean, count = wish - offset, 1
        while blocks and blocks[-1][0] > mean:
            earlier, members = blocks.pop()
            mean = (mean * count + earlier * members) / (count + members)
            count += members
        blocks.append((mean, count))
    fitted = [mean for mean, count in blocks for _ in range(count)]
    for spot, mean, offset in zip(layer, fitted, offsets, strict=True):
        spot.x = mean + offset


def _tops(count: int) -> list[float]:
    tops, y = [], 0.0
    for layer in range(count):
        tops.append(y)
        y += (STEP_HEIGHT if layer % 2 == 0 else LABEL_HEIGHT) + GAP_Y
    return tops
