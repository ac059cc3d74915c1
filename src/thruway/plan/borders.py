"""Cuts that repeated passages ask for: around every occurrence, and at the same places inside."""

from __future__ import annotations

from itertools import accumulate, pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

Block = tuple[int, ...]
Passage = tuple[Block, ...]
"""The occurrences of a passage: as many statements in each."""


def with_passages(
    blocks: list[Block],
    passages: Sequence[Passage],
    pins: Collection[int],
    steps_of: Callable[[list[Block]], list[Block]],
) -> tuple[list[Block], frozenset[int]]:
    """Return blocks in which each part of a passage is one, and statements that begin a step.

    Args:
        blocks: groups of statements that stay together, in order.
        passages: the repeated passages.
        pins: statements that begin a step as the user asked: no passage goes over them.
        steps_of: groups the blocks of one occurrence into steps.
    """
    parts: dict[int, Block] = {}
    ends: set[int] = set()
    for passage in passages:
        free = [each for each in passage if not set(each[1:]) & set(pins)]
        for occurrence, bounds in _parts(blocks, free, steps_of):
            parts |= {occurrence[a]: occurrence[a:b] for a, b in pairwise(bounds)}
            ends.add(occurrence[-1])
    inside = frozenset(number for part in parts.values() for number in part)
    joined: list[Block] = []
    borders = set(parts)
    for block in blocks:
        if joined and joined[-1][-1] in ends:
            borders.add(block[0])
        if block[0] in parts or block[0] not in inside:
            joined.append(parts.get(block[0], block))
    return joined, frozenset(borders)


def _parts(
    blocks: list[Block], passage: Sequence[Block], steps_of: Callable[[list[Block]], list[Block]]
) -> list[tuple[Block, list[int]]]:
    """Return each occurrence with the offsets of its parts, the same in all of them.

    An occurrence that statements outside of it hold on to is left alone.
    """
    whole = [(each, offsets) for each in passage if (offsets := _offsets(blocks, each))]
    if len(whole) < 2:
        return []
    common = sorted(set.intersection(*(offsets for _, offsets in whole)))
    first = whole[0][0]
    steps = steps_of([first[a:b] for a, b in pairwise(common)])
    bounds = [0, *accumulate(len(step) for step in steps)]
    return [(each, bounds) for each, _ in whole]


def _offsets(blocks: list[Block], occurrence: Block) -> set[int]:
    """Return where an occurrence may be cut, its ends included; empty if it may not begin or end.

    The offsets count its statements.
    """
    inside = [block for block in blocks if block[0] in occurrence]
    if tuple(number for block in inside for number in block) != occurrence:
        return set()
    return {0, *accumulate(len(block) for block in inside)}
