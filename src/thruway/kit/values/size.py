"""How much memory a value takes, estimated from samples: asked after every statement."""

from __future__ import annotations

import sys
import types
from typing import Any

from thruway.kit.values import atoms, objects, origin
from thruway.kit.values.reach import composite, inner

_SAMPLE = 1000
_FEW = 200
_PARTS = 10_000


def size(value: object) -> int:
    """Return the bytes that a value takes in memory, estimated from a sample of its parts.

    Example:
        >>> size([0] * 1000) > 8000
        True
    """
    stack, seen, held, total = [(value, 1.0)], set[int](), list[object](), 0.0
    while stack and len(held) < _PARTS:
        part, weight = stack.pop()
        if id(part) in seen:
            continue
        seen.add(id(part))
        held.append(part)
        own, parts = _own_size(part)
        total += own * weight
        if len(parts) > _FEW:
            parts, more = _some(parts)
            weight *= more
        stack += [(part, weight) for part in parts]
    return int(total)


def _own_size(part: Any) -> tuple[int, list[Any]]:
    """Return the bytes of one part without its parts, and these."""
    kind = type(part)
    if isinstance(part, type | types.ModuleType | types.FunctionType):
        return 0, []
    if isinstance(part, list | tuple | set | frozenset):
        return _with_atoms(list(part), sys.getsizeof(part))
    if isinstance(part, dict):
        own, parts = _with_atoms(list(dict.values(part)), sys.getsizeof(part))
        keys, more = _with_atoms(list(dict.keys(part)), 0)
        return own + keys, parts + more
    if objects.is_drawn(kind):
        return 0, []  # a part of a figure leads to all of it
    data = _data_size(part)
    if data is not None:
        return data, []
    attributes = getattr(part, "__dict__", None)
    return sys.getsizeof(part), [attributes] if type(attributes) is dict else []


def _some(parts: list[Any]) -> tuple[list[Any], float]:
    """Return a sample of many parts, and how many each stands for; shared ones for none else."""
    sample = parts[:: len(parts) // _FEW]
    distinct = len(set(map(id, sample))) == len(sample)
    return sample, len(parts) / len(sample) if distinct else 1.0


def _with_atoms(parts: list[Any], own: int) -> tuple[int, list[Any]]:
    """Count the atoms by a sample; return what is not an atom, to be looked into."""
    atoms_only = [part for part in parts[:_SAMPLE] if type(part) in atoms.CODES]
    if atoms_only:
        mean = sum(map(sys.getsizeof, atoms_only)) / min(len(parts), _SAMPLE)
        own += int(mean * len(parts))
    return own, composite(parts)


def _data_size(part: Any) -> int | None:
    """Return the bytes of a frame, series, index or array; None for anything else."""
    pd = sys.modules.get("pandas")
    if pd is not None and isinstance(part, pd.DataFrame | pd.Series):
        blocks = getattr(part._mgr, "blocks", None)
        if blocks is not None:
            columns = sum(_array_size(block.values) for block in blocks)
            return columns + _array_size(part.index)
    if pd is not None and isinstance(part, pd.Index):
        return _array_size(part)
    measure = origin.attribute(part, "memory_usage")
    if callable(measure):
        usage = measure()
        return int(usage if isinstance(usage, int) else usage.sum())
    for name in ("nbytes", "estimated_size"):
        number = origin.attribute(part, name)
        number = number() if name == "estimated_size" and callable(number) else number
        if isinstance(number, int):
            return number
    return None


def _array_size(array: Any) -> int:
    """Return the bytes of an array or index, those of the objects in it by a sample."""
    categories, codes = getattr(array, "categories", None), getattr(array, "codes", None)
    if categories is not None and codes is not None:
        total = int(codes.nbytes) + _array_size(categories)
    else:
        total = int(array.nbytes)
    for one in inner(getattr(array, "_values", array)):
        if one.dtype.kind == "O" and one.size:
            sample = one.reshape(-1)[:: max(1, one.size // _SAMPLE)]
            total += sum(map(sys.getsizeof, sample.tolist())) * one.size // len(sample)
    return total
