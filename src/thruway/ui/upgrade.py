"""What `upgrade-steps` prints."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from thruway.api.upgrading import Upgraded
    from thruway.project.upgrades import Upgrade

_VERDICTS = {
    "equal": "equal, bit for bit",
    "close": "close",
    "different": "different",
    "failed": "it failed",
}


def found_text(found: tuple[Upgrade, ...]) -> str:
    """Return what could be replaced, by step."""
    if not found:
        return "no step has a call that a component stands for"
    lines: list[str] = []
    step = ""
    for one in found:
        if one.step != step:
            step = one.step
            lines.append(step)
        lines.append(f"  line {one.line}: {_short(one.found)}")
        lines.append(f"    → {_short(one.written) or f'`{one.component}`: {one.by_hand}'}")
        lines.append(f"      brings {one.brings}")
    names = dict.fromkeys(one.step for one in found if one.written)
    if names:
        lines.append(f"next: thruway upgrade-steps . --replace {next(iter(names))}")
    return "\n".join(lines)


def upgraded_text(done: Upgraded) -> str:
    """Return what came of a step."""
    lines = [f"{done.step}: {_VERDICTS[done.verdict]}"]
    for one in done.upgrades:
        lines += [f"  - {_short(one.found)}", f"  + {_short(one.written)}"]
    for port in done.ports:
        how = f"  ({port.how})" if port.how else ""
        lines.append(f"  output {port.port}: {_VERDICTS[port.verdict]}{how}")
    if done.problem:
        lines += [f"  {line}" for line in done.problem.splitlines()]
    lines.append("written" if done.written else "nothing was written")
    return "\n".join(lines)


def _short(text: str, most: int = 100) -> str:
    line = " ".join(text.split())
    return line if len(line) <= most else line[: most - 1] + "…"
