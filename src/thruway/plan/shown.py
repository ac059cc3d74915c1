"""What a cell showed on purpose."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from thruway.graph.types import Node

_PARTS_OF_FIGURES = re.compile(r"matplotlib|<Axes|Text\(|<Figure|seaborn|^\w*(Axes|Figure)\w*$")


def is_shown(node: Node) -> bool:
    """Whether a cell showed a value on purpose, not as the by-product of drawing or fitting."""
    if not node.statement.displays or node.fact.silent or node.updates:
        return False
    if not node.fact.displays:
        return False
    draws = any(r.startswith("figure:") for r in node.resources_read | node.resources_written)
    return not (draws and _PARTS_OF_FIGURES.search(node.fact.displays[-1].text))
