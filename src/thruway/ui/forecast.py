"""`plan` and `why` as text."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from thruway.run.engine.forecasting import Forecast, StepForecast

_SIGNS = {"cached": "cached", "run": "RUN", "depends": "maybe", "skip": "–"}


def plan_text(found: Forecast) -> str:
    """Return a line per step, and how much there is to do."""
    width = max((len(step.name) for step in found.steps), default=0)
    lines = [_line(step, width) for step in found.steps]
    counts = f"{found.count('run')} to run, {found.count('cached')} cached"
    if found.count("depends"):
        counts += f", {found.count('depends')} that run unless they are given the same as before"
    seconds = sum(step.seconds or 0.0 for step in found.steps if step.verdict in ("run", "depends"))
    if seconds:
        counts += f"; these took {seconds:.1f} s the last time"
    return "\n".join([*lines, counts])


def _line(step: StepForecast, width: int) -> str:
    time = f"{step.seconds:7.2f} s" if step.seconds is not None else "        –"
    pickled = f"  (pickle: {', '.join(step.pickled)})" if step.pickled else ""
    why = f"  {step.reason}" if step.reason else ""
    return f"  {step.name:<{width}}  {_SIGNS[step.verdict]:<6} {time}{why}{pickled}".rstrip()


def why_text(found: Forecast, name: str) -> str:
    """Return why a step would run, or whose result would be used."""
    step = found.step(name)
    if step.verdict == "cached":
        return f"`{name}` is cached: nothing differs from run {step.run}"
    if step.verdict == "run":
        lines = [f"`{name}` runs: {step.reason}"]
        lines += [f"  {change}" for change in step.changes if change != step.reason]
        return "\n".join(lines)
    if step.verdict == "skip":
        return f"`{name}` is not asked for"
    lines = [f"`{name}` may run: {step.reason}"]
    lines += [
        f"  `{other.name}` runs: {other.reason}"
        for other in found.steps
        if other.verdict == "run" and other.name != name
    ]
    return "\n".join(lines)
