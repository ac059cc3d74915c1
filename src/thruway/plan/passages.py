"""Passages that the author wrote several times, with other names and constants.

Found before the cut, so that each of their occurrences becomes steps of its own; `repeat` then
writes those steps once. Only what is worth a step counts: it trains, it evaluates, or it prepares
data in several ways.
"""

from __future__ import annotations

from collections import defaultdict
from itertools import accumulate, pairwise
from typing import TYPE_CHECKING

from thruway.graph.reach import Reach
from thruway.plan.cut import family
from thruway.plan.shape import Pairing, Part, names_of, parts_of, shape_of
from thruway.plan.shown import is_shown

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from thruway.graph.types import Graph, Node
    from thruway.plan.borders import Passage
    from thruway.plan.types import Role

_WEIGHT = {
    "train": 3.0,
    "evaluate": 1.6,
    "split": 1.5,
    "transform": 1.0,
    "prepare": 0.7,
    "ingest": 0.5,
    "export": 0.5,
    "explore": 0.2,
}
_WHOLE_CELL = 0.6
_CALL = 2.5  # what one more call costs: a few long passages read better than many short ones
_FEW_PREPARE = 3
# What keeps the search linear in long programs that repeat themselves all the time.
_LONGEST = 60  # statements in a passage
_NEAR = 64  # later places that a place is compared with


def find_passages(
    graph: Graph, body: tuple[int, ...], roles: dict[int, Role]
) -> tuple[Passage, ...]:
    """Return the repeated passages of a program that are worth a step, the weightiest first.

    Args:
        graph: the dependence graph.
        body: the statements that are grouped into steps, in order.
        roles: of every statement.
    """
    return tuple(_Search(graph, body, roles).passages())


def is_worth_a_step(roles: Sequence[Role], shapes: Iterable[object]) -> bool:
    """Whether repeated statements of these roles and shapes are worth one step of their own."""
    families = [family(role) for role in roles]
    if "train" in families:
        return True
    if "evaluate" in families and len(families) > 1:
        return True
    makes = sum(each in {"transform", "prepare", "split"} for each in families)
    return makes >= _FEW_PREPARE and len(set(shapes)) >= _FEW_PREPARE


class _Search:
    """Looks for repeated runs of statements; positions are those in the body."""

    def __init__(self, graph: Graph, body: tuple[int, ...], roles: dict[int, Role]) -> None:
        self.graph = graph
        self.body = body
        self.roles = roles
        self.nodes = [graph.node(number) for number in body]
        self.reach = Reach(graph.nodes)
        fixed = frozenset(
            name
            for node in graph.nodes
            if node.statement.kind in {"import", "function", "class"}
            for name in (*node.statement.stores, *node.fact.binds)
        )
        stored = frozenset(
            name for node in graph.nodes for name in (*node.statement.stores, *node.fact.binds)
        )
        variables = stored - fixed
        self.parts = [parts_of(n.statement.code, variables.__contains__) for n in self.nodes]
        self.names = [names_of(parts) for parts in self.parts]
        known: dict[tuple[object, ...], int] = {}
        self.shapes = [
            known.setdefault(self._shape(node, parts), len(known))
            for node, parts in zip(self.nodes, self.parts, strict=True)
        ]
        weights = (_WEIGHT[family(roles[number])] for number in body)
        self.weights = list(accumulate(weights, initial=0.0))
        self.cells = [node.statement.place.cell for node in self.nodes]

    def _shape(self, node: Node, parts: tuple[Part, ...]) -> tuple[object, ...]:
        if node.statement.fan is not None:  # a step of its own already
            return ("fan", node.statement.id)
        if node.statement.dynamic is not None:
            return ("dynamic", node.statement.id)
        return (shape_of(parts), is_shown(node), bool(node.fact.flushed))

    def passages(self) -> Iterable[Passage]:
        """Yield passages, each statement in one of them at most."""
        used = [False] * len(self.body)
        pairs = self._pairs()
        while True:
            starts, length = self._best(pairs, used)
            if not starts:
                return
            for start in starts:
                used[start : start + length] = [True] * length
            yield tuple(tuple(self.body[start : start + length]) for start in starts)

    def _pairs(self) -> dict[int, list[tuple[int, int]]]:
        """Return position → later positions that read the same, and for how many statements."""
        places: dict[int, list[int]] = defaultdict(list)
        for at, shape in enumerate(self.shapes):
            places[shape].append(at)
        found = {}
        for ats in places.values():
            steps = [self._length(one, other) for one, other in pairwise(ats)]
            for index, one in enumerate(ats):
                found[one] = self._pairs_of(one, ats[index + 1 :], steps[index:])
        return {one: pairs for one, pairs in found.items() if pairs}

    def _pairs_of(
        self, one: int, others: Sequence[int], steps: Sequence[int]
    ) -> list[tuple[int, int]]:
        """Return the later places that read the same as one, the nearest ones.

        To read the same for so many statements is an equivalence. So what a place has in common
        with the next, and that with the one after it, mostly says what the first and third have.

        Args:
            one: the place.
            others: all later ones whose first statement reads the same.
            steps: what each of these has in common with the place before it.
        """
        found: list[tuple[int, int]] = []
        length = _LONGEST
        for before, (other, step) in enumerate(zip(others, steps, strict=True)):
            if before and length == step < _LONGEST:
                length = self._length(one, other)
            else:
                length = min(length, step)
            apart = min(length, other - one)
            if apart > 1 or is_worth_a_step([self.roles[self.body[one]]], ()):
                found.append((other, apart))
                if len(found) == _NEAR:
                    break
        return found

    def _length(self, one: int, other: int) -> int:
        """Return for how many statements two places read the same, overlapping or not."""
        pairing = Pairing()
        length = 0
        most = min(len(self.body) - other, _LONGEST)
        while length < most:
            if self.shapes[one + length] != self.shapes[other + length]:
                break
            if not pairing.add_names(self.names[one + length], self.names[other + length]):
                break
            length += 1
        return length

    def _best(
        self, pairs: dict[int, list[tuple[int, int]]], used: list[bool]
    ) -> tuple[list[int], int]:
        """Return where the weightiest passage stands, and its length."""
        best: tuple[float, list[int], int] = (0.0, [], 0)
        free = _free_runs(used)
        for one, known in pairs.items():
            others = [(at, min(most, free[one], free[at])) for at, most in known]
            for length in sorted({most for _, most in others if most}):
                starts = self._starts(one, length, others)
                most_saved = self._sum(one, length) + 2 * _WHOLE_CELL - _CALL
                if len(starts) < 2 or (len(starts) - 1) * most_saved <= best[0]:
                    continue
                skip = self._made_elsewhere(starts, length)
                if not self._worth(range(one + skip, one + length)):
                    continue
                saved = self._weight(one + skip, length - skip) - _CALL
                score = (len(starts) - 1) * saved
                if score > best[0]:
                    best = (score, [start + skip for start in starts], length - skip)
        return best[1], best[2]

    def _starts(self, one: int, length: int, others: list[tuple[int, int]]) -> list[int]:
        """Return where a passage stands without overlap."""
        found = [one]
        for at, most in others:
            if most >= length and at >= found[-1] + length:
                found.append(at)
        return found

    def _weight(self, start: int, length: int) -> float:
        weight = self._sum(start, length)
        cells = self.cells
        weight += _WHOLE_CELL * (start == 0 or cells[start - 1] != cells[start])
        end = start + length
        weight += _WHOLE_CELL * (end == len(cells) or cells[end - 1] != cells[end])
        return weight

    def _sum(self, start: int, length: int) -> float:
        return self.weights[start + length] - self.weights[start]

    def _worth(self, places: range) -> bool:
        roles = [self.roles[self.body[at]] for at in places]
        return is_worth_a_step(roles, [self.shapes[at] for at in places])

    def _made_elsewhere(self, starts: list[int], length: int) -> int:
        """Return how many statements in front only train what was made just before them.

        The models are of different classes there, or the passage would begin where they are
        made; so each is made and trained by a step of its own.
        """
        skip = 0
        while skip < length and any(self._trains_the_one_before(s, s + skip) for s in starts):
            skip += 1
        return skip

    def _trains_the_one_before(self, start: int, at: int) -> bool:
        node = self.nodes[at]
        if family(self.roles[node.statement.id]) != "train" or start == 0:
            return False
        for name in node.reads | node.updates:
            value = self.graph.value_at(name, node.statement.id - 1)
            maker = self.reach.before(name, node.statement.id)
            if value is not None and value.kind == "estimator" and maker == self.body[start - 1]:
                return True
        return False


def _free_runs(used: list[bool]) -> list[int]:
    """Return for each position how many statements from there on are in no passage yet."""
    found = [0] * (len(used) + 1)
    for at in range(len(used) - 1, -1, -1):
        found[at] = 0 if used[at] else found[at + 1] + 1
    return found
