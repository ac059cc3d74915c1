"""Metrics of all rows and of every slice, for the model and the baseline, with intervals."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from thruway.components.evaluate import classification, forecasting, ranking, regression
from thruway.components.evaluate.bootstrap import Resampling, draws_of, interval
from thruway.components.evaluate.custom import Custom, measure_custom, redraw_custom
from thruway.components.evaluate.metric import Measured
from thruway.components.evaluate.types import Comparison, Estimate, Gap, SliceResult

if TYPE_CHECKING:
    from collections.abc import Sequence

    from thruway.components.evaluate.case import Case, Side
    from thruway.components.evaluate.metric import Table
    from thruway.components.evaluate.slicing import Cut

TABLES: dict[str, Table] = {
    "classification": classification.TABLE,
    "regression": regression.TABLE,
    "forecasting": forecasting.TABLE,
    "ranking": ranking.TABLE,
}


@dataclass
class Part:
    """Some of the rows, and what was found on them: first of the model, then of the baseline."""

    name: str
    by: str
    rows: Any
    small: str = ""
    measured: list[Measured] = field(default_factory=list)
    drawn: list[dict[str, list[Any]]] = field(default_factory=list)

    def estimate(self, side: int, metric: str, confidence: float) -> Estimate:
        """Return a value with its interval."""
        value = self.measured[side].values[metric]
        draws = self.draws(side, metric)
        return Estimate(value, *((None, None) if draws is None else interval(draws, confidence)))

    def draws(self, side: int, metric: str) -> Any:
        """Return a metric of each draw; None without."""
        import numpy as np

        chunks = self.drawn[side].get(metric) if side < len(self.drawn) else None
        return np.concatenate(chunks) if chunks else None


class Judge:
    """Judges a case by the metrics of its task and those of the user."""

    def __init__(
        self,
        case: Case,
        wanted: tuple[str, ...] | None,
        own: Sequence[Custom],
        how: Resampling,
        confidence: float,
    ) -> None:
        self.case = case
        self.table = TABLES[case.task]
        self.own = own
        self.how = how
        self.confidence = confidence
        every = [*self.table.directions, *(one.name for one in own)]
        self.names = [name for name in every if wanted is None or name in wanted]
        self.sides = [side for side in (case.model, case.baseline) if side is not None]

    def judged(self, cuts: Sequence[Cut], least: int) -> list[Part]:
        """Return all rows, then every slice."""
        import numpy as np

        parts = [Part("", "", np.arange(len(self.case.frame)))]
        for cut in cuts:
            for name, mask in cut.parts:
                rows = np.flatnonzero(mask)
                small = f"it has {len(rows):,} rows, and {least:,} are asked for"
                parts.append(Part(name, cut.by, rows, small if len(rows) < least else ""))
        # Squares of huge numbers overflow; what comes of it is said not to be defined.
        with np.errstate(over="ignore", invalid="ignore"):
            for part in parts:
                self._measure(part)
            if self.how.n_draws:
                self._draw(parts)
        return parts

    def _measure(self, part: Part) -> None:
        for side in self.sides:
            if part.small:
                part.measured.append(Measured({}, dict.fromkeys(self.names, part.small)))
                continue
            answers = side.answers.at(part.rows)
            found = self.table.measure(answers, side.context)
            measure_custom(found, self.own, answers, side.context, strict=not part.name)
            values = {name: found.values[name] for name in self.names if name in found.values}
            reasons = {name: found.reasons[name] for name in self.names if name in found.reasons}
            part.measured.append(Measured(values, reasons))

    def _draw(self, parts: list[Part]) -> None:
        for part in parts:
            part.drawn = [{} for _ in self.sides]
        for draws in draws_of(len(self.case.frame), self.how):
            for part in parts:
                if not part.small:
                    self._redraw(part, draws if not part.name else draws[:, part.rows])

    def _redraw(self, part: Part, draws: Any) -> None:
        for number, side in enumerate(self.sides):
            answers = side.answers.at(part.rows)
            weighted = draws if answers.weights is None else draws * answers.weights
            found = self._redrawn(side, answers, weighted)
            found |= redraw_custom(self.own, answers, side.context, draws, part.measured[number])
            for name, values in found.items():
                if name in part.measured[number].values:
                    part.drawn[number].setdefault(name, []).append(values)

    def _redrawn(self, side: Side, answers: Any, weighted: Any) -> dict[str, Any]:
        if set(self.names) <= {one.name for one in self.own}:
            return {}
        return self.table.redraw(answers, side.context, weighted)

    def directions(self) -> dict[str, bool | None]:
        """Return for each metric which way is better."""
        every = {**self.table.directions, **{one.name: one.higher_is_better for one in self.own}}
        return {name: every[name] for name in self.names}

    def estimates(self, part: Part, side: int) -> dict[str, Estimate]:
        """Return the metrics of some rows."""
        values = part.measured[side].values
        return {name: part.estimate(side, name, self.confidence) for name in values}

    def slices(self, parts: Sequence[Part]) -> tuple[SliceResult, ...]:
        """Return the slices of the model."""
        return tuple(
            SliceResult(
                part.name,
                part.by,
                len(part.rows),
                self.estimates(part, 0),
                part.measured[0].reasons,
            )
            for part in parts
            if part.name
        )

    def comparisons(self, parts: Sequence[Part]) -> tuple[Comparison, ...]:
        """Return model against baseline, for all rows and every slice."""
        if len(self.sides) < 2:
            return ()
        ways = self.directions()
        return tuple(
            self._comparison(part, name, ways[name])
            for part in parts
            for name in self.names
            if all(name in measured.values for measured in part.measured)
        )

    def _comparison(self, part: Part, name: str, higher: bool | None) -> Comparison:
        ours, theirs = (measured.values[name] for measured in part.measured)
        draws = [part.draws(side, name) for side in (0, 1)]
        ends = (None, None) if draws[0] is None else interval(draws[0] - draws[1], self.confidence)
        difference = Estimate(ours - theirs, *ends)
        return Comparison(name, part.name, ours, theirs, difference, _verdict(difference, higher))

    def gaps(self, parts: Sequence[Part]) -> tuple[Gap, ...]:
        """Return how far apart the slices of each kind are, in each metric."""
        kinds = dict.fromkeys(part.by for part in parts if part.name)
        return tuple(
            self._gap(by, name, alike)
            for by in kinds
            for name in self.names
            if len(alike := [p for p in parts if p.by == by and name in p.measured[0].values]) > 1
        )

    def _gap(self, by: str, name: str, parts: list[Part]) -> Gap:
        import numpy as np

        ordered = sorted(parts, key=lambda part: part.measured[0].values[name])
        low, high = (one.measured[0].values[name] for one in (ordered[0], ordered[-1]))
        ends: tuple[float | None, float | None] = (None, None)
        draws = [one for part in parts if (one := part.draws(0, name)) is not None]
        if len(draws) == len(parts) and draws:
            every = np.stack(draws)
            ends = interval(every.max(axis=0) - every.min(axis=0), self.confidence)
        share = low / high if high > 0 and low >= 0 else None
        return Gap(name, by, high - low, share, ordered[0].name, ordered[-1].name, *ends)


def _verdict(difference: Estimate, higher: bool | None) -> Any:
    if higher is None or difference.lower is None or difference.upper is None:
        return "unclear"
    if difference.lower > 0:
        return "better" if higher else "worse"
    if difference.upper < 0:
        return "worse" if higher else "better"
    return "unclear"
