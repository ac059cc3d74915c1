"""Spans: data that comes in pieces, one a day or one a delivery, each perhaps in versions.

A pattern holds `{SPAN}`, or `{YYYY}`, `{MM}` and `{DD}`; and perhaps `{VERSION}`. A width may be
given: `{SPAN:3}` is three digits. A date counts as the span of its days since 1970.

Source: https://www.tensorflow.org/tfx/guide/examplegen#span_version_and_split
"""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from thruway.components.places import bare
from thruway.errors import DataError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

__all__ = ["Span", "SpanChoice", "is_pattern", "matching"]

SpanChoice = int | str | dt.date | tuple[int | str | dt.date, int | str | dt.date] | None
_TOKEN = re.compile(r"\{(SPAN|VERSION|YYYY|MM|DD)(?::(\d+))?\}")
_WIDTHS = {"YYYY": 4, "MM": 2, "DD": 2}
_EPOCH = dt.date(1970, 1, 1)


@dataclass(frozen=True)
class Span:
    """One span of a pattern.

    Attributes:
        span: its number; of a date, the days since 1970.
        version: the version that was chosen; None when the pattern has none.
        files: what belongs to it.
        date: `2024-01-31` where the pattern is made of dates, "" else.
    """

    span: int
    version: int | None
    files: tuple[str, ...]
    date: str = ""


def is_pattern(source: str) -> bool:
    """Return whether a source says where spans differ.

    >>> is_pattern("data/{SPAN}/*.csv"), is_pattern("data/*.csv")
    (True, False)
    """
    return bool(_TOKEN.search(source))


def matching(
    pattern: str,
    span: SpanChoice,
    version: int | None,
    last: int,
    listed: Callable[[str], Iterable[str]],
) -> tuple[tuple[Span, ...], tuple[str, ...]]:
    """Return the spans that are asked for, and their files, oldest first.

    Args:
        pattern: with tokens.
        span: a span, a first and a last one, or None for the newest.
        version: of the spans; None for the newest of each.
        last: so many spans, up to the one that `span` says.
        listed: gives the paths that are like a glob.

    Raises:
        DataError: there is no such span.
        UsageError: the pattern or the choice makes no sense.
    """
    tokens = {one[0] for one in _TOKEN.findall(pattern)}
    by_date = _checked(pattern, tokens, version, last)
    every = _grouped(pattern, by_date, listed)
    if not every:
        raise DataError(
            f"no span is there: nothing is like `{bare(pattern)}`", fix="check the pattern"
        )
    numbers = sorted(every)
    wanted = _wanted(span, last, numbers, by_date)
    chosen = [_of_version(number, every[number], version, by_date) for number in wanted]
    if not chosen:
        first, final = _shown(numbers[0], by_date), _shown(numbers[-1], by_date)
        raise DataError(
            f"`{bare(pattern)}` has no span {_said(span)}",
            where=f"there are {len(numbers)}, from {first} to {final}",
            fix="ask for one of these, or leave `span` out for the newest",
        )
    return tuple(chosen), tuple(file for one in chosen for file in one.files)


def _checked(pattern: str, tokens: set[str], version: int | None, last: int) -> bool:
    dates = tokens & set(_WIDTHS)
    if dates and (dates != set(_WIDTHS) or "SPAN" in tokens):
        raise UsageError(
            f"`{bare(pattern)}` says spans in two ways, or half",
            fix="use {SPAN}, or all of {YYYY}, {MM} and {DD}",
        )
    if not dates and "SPAN" not in tokens:
        raise UsageError(f"`{bare(pattern)}` has versions but no spans", fix="add {SPAN}")
    if version is not None and "VERSION" not in tokens:
        raise UsageError(f"`{bare(pattern)}` has no versions", fix="leave `version` out")
    if last < 1:
        raise UsageError(f"the last {last} spans are none", fix="give `last` 1 or more")
    return bool(dates)


def _grouped(
    pattern: str, by_date: bool, listed: Callable[[str], Iterable[str]]
) -> dict[int, dict[int | None, list[str]]]:
    """Return span → version → files."""
    shape = re.compile(_as_regex(pattern))
    every: dict[int, dict[int | None, list[str]]] = {}
    for path in listed(_as_glob(pattern)):
        match = shape.fullmatch(path)
        if match is None:
            continue
        said = match.groupdict()
        number = _number(said, by_date)
        if number is None:
            continue
        which = int(said["VERSION"]) if said.get("VERSION") else None
        every.setdefault(number, {}).setdefault(which, []).append(path)
    return every


def _number(said: dict[str, str], by_date: bool) -> int | None:
    if not by_date:
        return int(said["SPAN"])
    try:
        day = dt.date(int(said["YYYY"]), int(said["MM"]), int(said["DD"]))
    except ValueError:  # a folder of digits that is no date
        return None
    return (day - _EPOCH).days


def _as_glob(pattern: str) -> str:
    def star(token: re.Match[str]) -> str:
        width = int(token[2] or _WIDTHS.get(token[1], 0))
        return "[0-9]" * width if width else "*"

    return _TOKEN.sub(star, pattern)


def _as_regex(pattern: str) -> str:
    """Return what matches a path; a token that is there twice must say the same twice."""
    seen: set[str] = set()
    parts = []
    place = 0
    for token in _TOKEN.finditer(pattern):
        parts.append(_literal(pattern[place : token.start()]))
        place = token.end()
        name = token[1]
        width = int(token[2] or _WIDTHS.get(name, 0))
        digits = rf"\d{{{width}}}" if width else r"\d+"
        parts.append(f"(?P={name})" if name in seen else f"(?P<{name}>{digits})")
        seen.add(name)
    parts.append(_literal(pattern[place:]))
    return "".join(parts)


def _literal(text: str) -> str:
    escaped = re.escape(text.replace("\\", "/"))
    for sign, meaning in (
        (r"\*\*/", "(?:.*/)?"),
        (r"\*\*", ".*"),
        (r"\*", "[^/]*"),
        (r"\?", "[^/]"),
    ):
        escaped = escaped.replace(sign, meaning)
    return escaped


def _wanted(span: SpanChoice, last: int, numbers: list[int], by_date: bool) -> list[int]:
    if isinstance(span, tuple):
        if last != 1:
            raise UsageError("`last` and a range of spans say the same twice", fix="give one")
        low, high = (_as_number(one, by_date) for one in span)
        if low > high:
            raise UsageError(f"the range {_said(span)} ends before it begins")
        return [number for number in numbers if low <= number <= high]
    if span is None:
        return numbers[-last:]
    end = _as_number(span, by_date)
    return [number for number in numbers if number <= end][-last:] if end in numbers else []


def _as_number(span: int | str | dt.date, by_date: bool) -> int:
    if isinstance(span, dt.datetime):
        span = span.date()
    if isinstance(span, str) and not span.isdecimal():
        try:
            span = dt.date.fromisoformat(span)
        except ValueError as error:
            raise UsageError(
                f"`{span}` is no span", fix="give a number, or a date as 2024-01-31"
            ) from error
    if isinstance(span, dt.date):
        if not by_date:
            raise UsageError("the pattern has numbers of spans, not dates", fix="give a number")
        return (span - _EPOCH).days
    return int(span)


def _of_version(
    number: int, versions: dict[int | None, list[str]], version: int | None, by_date: bool
) -> Span:
    newest = max(versions, key=lambda one: -1 if one is None else one)
    which = newest if version is None else version
    if which not in versions:
        raise DataError(
            f"span {_shown(number, by_date)} has no version {version}",
            where=f"it has {', '.join(map(str, sorted(v for v in versions if v is not None)))}",
        )
    date = _shown(number, by_date) if by_date else ""
    return Span(number, which, tuple(sorted(versions[which])), date)


def _shown(number: int, by_date: bool) -> str:
    return str(_EPOCH + dt.timedelta(days=number)) if by_date else str(number)


def _said(span: SpanChoice) -> str:
    return f"{span[0]} to {span[1]}" if isinstance(span, tuple) else str(span)
