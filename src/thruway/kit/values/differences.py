"""One level of two values side by side: what differs here, and which pairs lie below."""

from __future__ import annotations

import math
import sys
import types
from dataclasses import dataclass
from typing import Any

from thruway.kit.values import arrays, atoms, objects, origin
from thruway.kit.values.fingerprint import fingerprint
from thruway.kit.values.preview import preview

RTOL = 1e-9
ULPS = 8
_SHORT = 80


@dataclass(frozen=True)
class Difference:
    """One difference.

    Attributes:
        path: how to reach the element from the value (`['age'][17]`).
        expected, actual: the two elements as short text.
        close: True for two floats within the tolerance.
        reason: what kind of difference it is when the elements do not say it.
        unknown: why this could not be compared; "" when it was.
    """

    path: str
    expected: str
    actual: str
    close: bool = False
    reason: str = ""
    unknown: str = ""


Pair = tuple[Any, Any, str]
Step = tuple[list[Difference], list[Pair]]


def short(value: object) -> str:
    """Return an element as short text."""
    text = preview(value)
    return text if len(text) <= _SHORT else text[: _SHORT - 1] + "…"


def _plain(path: str, one: object, other: object, reason: str = "") -> Step:
    return [Difference(path, short(one), short(other), reason=reason)], []


def _words(path: str, one: str, other: str, reason: str) -> Step:
    return [Difference(path, one, other, reason=reason)], []


def close(one: float, other: float) -> bool:
    """Return whether two floats are equal within the tolerance."""
    if one == other:
        return math.copysign(1, one) == math.copysign(1, other) or one == 0
    if not (math.isfinite(one) and math.isfinite(other)):
        return False
    gap = abs(one - other)
    larger = max(abs(one), abs(other))
    return gap <= RTOL * larger or gap <= ULPS * math.ulp(larger)


def expand(one: Any, other: Any, path: str) -> Step:
    """Compare two values at one level."""
    kind = type(one)
    if origin.token(kind) != origin.token(type(other)):
        return _words(path, kind.__name__, type(other).__name__, "type")
    if kind is float or _is_numpy(one, "floating"):
        return _floats(float(one), float(other), one, other, path)
    if atoms.leaf(kind) is not None:
        return ([], []) if _alike(one, other) else _plain(path, one, other)
    for library, look in _LIBRARIES:
        if library in sys.modules:
            step = look(one, other, path)
            if step is not None:
                return step
    return _python(one, other, path)


def _alike(one: Any, other: Any) -> bool:
    first, second = fingerprint(one), fingerprint(other)
    return first.hex == second.hex


def _floats(a: float, b: float, one: Any, other: Any, path: str) -> Step:
    if _alike(one, other):
        return [], []
    return [Difference(path, repr(a), repr(b), close(a, b))], []


def _is_numpy(value: Any, name: str) -> bool:
    np = sys.modules.get("numpy")
    return np is not None and isinstance(value, getattr(np, name))


def _python(one: Any, other: Any, path: str) -> Step:
    if isinstance(one, dict):
        step = _keys(list(one), list(other), path, "key")
        pairs = [(one[k], other[k], f"{path}[{k!r}]") for k in one if k in other]
        return step[0], [*step[1], *pairs, *_state(one, other, path)]
    if isinstance(one, list | tuple) or type(one).__name__ == "deque":
        return _sequences(list(one), list(other), path)
    if isinstance(one, set | frozenset):
        return _sets(one, other, path)
    if isinstance(one, types.FunctionType):
        return _functions(one, other, path)
    if _alike(one, other):
        return [], []
    if objects.is_opaque(type(one)):
        name = origin.public_name(type(one))
        return [Difference(path, "", "", unknown=f"{name} hides its state")], []
    pairs = _state(one, other, path)
    return ([], pairs) if pairs else _plain(path, one, other)


def _sequences(one: list[Any], other: list[Any], path: str) -> Step:
    if len(one) != len(other):
        return _words(path, f"{len(one)} elements", f"{len(other)} elements", "length")
    pairs = [
        (a, b, f"{path}[{i}]") for i, (a, b) in enumerate(zip(one, other, strict=True))
        if a is not b
    ]  # fmt: skip
    return [], pairs


def _sets(one: Any, other: Any, path: str) -> Step:
    first = {fingerprint(part).hex: part for part in one}
    second = {fingerprint(part).hex: part for part in other}
    lost = [first[key] for key in first if key not in second]
    new = [second[key] for key in second if key not in first]
    if not lost and not new:
        return [], []
    return _plain(path, lost[0] if lost else "nothing", new[0] if new else "nothing", "element")


def _keys(one: list[Any], other: list[Any], path: str, word: str) -> Step:
    """Compare the keys of two dicts or the labels of two frames, with their order."""
    if len(one) != len(other):
        missing = [k for k in one if k not in other] + [k for k in other if k not in one]
        note = f"{word} {missing[0]!r}" if missing else word
        return _words(path, f"{len(one)} {word}s", f"{len(other)} {word}s", note)
    for a, b in zip(one, other, strict=True):
        if not _alike(a, b):
            return _plain(path, a, b, word)
    return [], []


def _functions(one: Any, other: Any, path: str) -> Step:
    if _alike(one, other):
        return [], []
    if one.__code__.co_freevars != other.__code__.co_freevars:
        return [Difference(path, "", "", unknown="a function that moved reads names elsewhere")], []
    pairs = [(one.__defaults__, other.__defaults__, f"{path}.__defaults__")]
    cells = zip(
        one.__code__.co_freevars, one.__closure__ or (), other.__closure__ or (), strict=True
    )
    pairs += [(a.cell_contents, b.cell_contents, f"{path}<{name}>") for name, a, b in cells]
    return [], pairs


def _state(one: Any, other: Any, path: str) -> list[Pair]:
    """Pair the attributes of two objects; a missing one is paired with a word for it."""
    first, second = objects.state(one), objects.state(other)
    if first is None or second is None:
        return []
    left, right = dict(first), dict(second)
    gone = _Absent()
    return [
        (left.get(name, gone), right.get(name, gone), f"{path}.{name}" if name else path)
        for name in sorted(left.keys() | right.keys())
    ]


class _Absent:
    """Stands for an attribute that is not there."""


def _numpy(one: Any, other: Any, path: str) -> Step | None:
    if not _is_numpy(one, "ndarray"):
        return None
    if one.shape != other.shape:
        return _words(path, f"shape {one.shape}", f"shape {other.shape}", "shape")
    first, second = arrays.dtype_name(one.dtype), arrays.dtype_name(other.dtype)
    if first != second:
        return [Difference(path, str(one.dtype), str(other.dtype), reason="dtype")], []
    np = sys.modules["numpy"]
    return _elements(one.view(np.ndarray), other.view(np.ndarray), path)


def _elements(one: Any, other: Any, path: str) -> Step:
    """Compare two arrays of one shape and dtype, all elements at once where possible."""
    np = sys.modules["numpy"]
    if one.dtype.names is not None:
        pairs = [(one[n], other[n], f"{path}[{n!r}]") for n in one.dtype.names]
        return [], pairs
    if one.dtype.hasobject:
        return [], [
            (one[at], other[at], path + _at(at)) for at in np.ndindex(*one.shape)
            if one[at] is not other[at]
        ]  # fmt: skip
    differing = _differing(one, other)
    if not differing.any():
        return [], []
    if one.dtype.kind in "fc":
        far = differing & ~_close(one, other)
        at = _first(far if far.any() else differing)
        words = (repr(one[at].item()), repr(other[at].item()))
        return [Difference(path + _at(at), *words, close=not far.any())], []
    at = _first(differing)
    return _plain(path + _at(at), one[at].tolist(), other[at].tolist())


def _differing(one: Any, other: Any) -> Any:
    """Return where two arrays differ; NaN is NaN, -0.0 is not 0.0."""
    np = sys.modules["numpy"]
    kind = one.dtype.kind
    if kind == "c":
        return _differing(one.real, other.real) | _differing(one.imag, other.imag)
    if kind == "f":
        both = np.isnan(one) & np.isnan(other)
        return ((one != other) & ~both) | ((np.signbit(one) != np.signbit(other)) & ~both)
    if kind in "mM":
        return one.view("i8") != other.view("i8")
    return np.asarray(one != other)


def _close(one: Any, other: Any) -> Any:
    """Return where two arrays of floats are within the tolerance."""
    np = sys.modules["numpy"]
    with np.errstate(all="ignore"):
        if one.dtype.kind == "c":
            return _close(one.real, other.real) & _close(one.imag, other.imag)
        gap = np.abs(one - other)
        larger = np.maximum(np.abs(one), np.abs(other))
        near = (gap <= RTOL * larger) | (gap <= ULPS * np.spacing(larger))
        same = (one == other) | (np.isnan(one) & np.isnan(other))
        return same | (near & np.isfinite(one) & np.isfinite(other))


def _first(mask: Any) -> tuple[int, ...]:
    np = sys.modules["numpy"]
    return tuple(int(n) for n in np.unravel_index(int(np.argmax(mask)), mask.shape))


def _at(place: tuple[int, ...]) -> str:
    return f"[{', '.join(map(str, place))}]" if place else ""


def _pandas(one: Any, other: Any, path: str) -> Step | None:
    pd = sys.modules["pandas"]
    if isinstance(one, pd.DataFrame):
        return _frames(one, other, path)
    if isinstance(one, pd.Series):
        step = _labels(one.index, other.index, f"{path}.index")
        if step[0]:
            return step
        return _columns(one, other, path, [(one.name, other.name, f"{path}.name")])
    if isinstance(one, pd.Index):
        return _labels(one, other, path)
    return None


def _frames(one: Any, other: Any, path: str) -> Step:
    """Compare two frames: shape, columns, dtypes, index, then each column's elements."""
    if one.shape != other.shape:
        head = _keys(list(one.columns), list(other.columns), f"{path}.columns", "column")
        if head[0] and one.shape[1] != other.shape[1]:
            return head
        return _words(path, f"shape {one.shape}", f"shape {other.shape}", "shape")
    step = _labels(one.columns, other.columns, f"{path}.columns")
    step = step if step[0] else _labels(one.index, other.index, f"{path}.index")
    if step[0]:
        return step
    pairs: list[Pair] = []
    for i, label in enumerate(one.columns):
        a, b = one.iloc[:, i], other.iloc[:, i]
        if a.dtype != b.dtype:
            reason = "dtype"
            text = (str(a.dtype), str(b.dtype))
            return [Difference(f"{path}[{label!r}]", *text, reason=reason)], []
        if not _alike(a, b):
            pairs.append((a, b, f"{path}[{label!r}]"))
    return [], [*pairs, (one.attrs, other.attrs, f"{path}.attrs")]


def _labels(one: Any, other: Any, path: str) -> Step:
    if _alike(one, other):
        return [], []
    if len(one) != len(other):
        return _words(path, f"{len(one)} labels", f"{len(other)} labels", "length")
    for i, (a, b) in enumerate(zip(one, other, strict=True)):
        if not _alike(a, b):
            return _plain(f"{path}[{i}]", a, b, "label")
    for name in ("names", "dtype", "freqstr"):
        a, b = getattr(one, name, None), getattr(other, name, None)
        if str(a) != str(b):
            return [Difference(f"{path}.{name}", str(a), str(b), reason=name)], []
    kinds = (type(one).__name__, type(other).__name__)
    return [Difference(path, *kinds, reason="index")], []


def _columns(one: Any, other: Any, path: str, pairs: list[Pair]) -> Step:
    """Compare the elements of two columns of one length."""
    np = sys.modules["numpy"]
    if str(one.dtype) != str(other.dtype):
        return [Difference(path, str(one.dtype), str(other.dtype), reason="dtype")], []
    first, second = one.array, other.array
    if isinstance(one._values, np.ndarray) and not one._values.dtype.hasobject:
        found, more = _elements(one._values, other._values, path)
        return found, [*more, *pairs]
    if type(first).__name__ == "Categorical":
        pairs = [(first.categories, second.categories, f"{path}.categories"), *pairs]
    elements = [
        (a, b, f"{path}[{i}]") for i, (a, b) in enumerate(zip(first, second, strict=True))
        if a is not b
    ]  # fmt: skip
    return [], [*pairs, *elements]


def _sparse(one: Any, other: Any, path: str) -> Step | None:
    if not type(one).__module__.startswith("scipy.sparse") or not hasattr(one, "tocoo"):
        return None
    if one.shape != other.shape:
        return _words(path, f"shape {one.shape}", f"shape {other.shape}", "shape")
    names = [n for n in ("indptr", "indices", "row", "col", "offsets", "data") if hasattr(one, n)]
    return [], [(getattr(one, n), getattr(other, n), f"{path}.{n}") for n in names]


_LIBRARIES = (("numpy", _numpy), ("pandas", _pandas), ("scipy", _sparse))
