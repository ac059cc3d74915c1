"""Room on this machine: what steps declare that they need, and what is left of it.

A step declares `cpus`, `memory` and `gpu` in `@step(...)`. Steps that run at the same time share
what there is; one that needs more than there is runs alone.
"""

from __future__ import annotations

import math
import os
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from thruway.kit.options import memory_bytes
from thruway.run.step.declared import step_option

if TYPE_CHECKING:
    from thruway.kit.dag import Node

_VISIBLE = "CUDA_VISIBLE_DEVICES"


@dataclass(frozen=True)
class Need:
    """What a step needs while it runs: processors, bytes, graphics processors."""

    cpus: float = 1.0
    memory: int = 0
    gpu: float = 0.0


def need_of(node: Node) -> Need:
    """Return what the step of a node declares."""

    def number(name: str, default: float) -> float:
        found: Any = step_option(node, name, default)
        return float(found) if isinstance(found, int | float) else default

    memory = memory_bytes(step_option(node, "memory", None)) or 0
    return Need(number("cpus", 1.0), memory, number("gpu", 0.0))


@dataclass
class Room:
    """What is there, and what is taken.

    Attributes:
        total: what may be taken at the same time.
        taken: ticket → what it took.
        devices: graphics processors of this machine, as `CUDA_VISIBLE_DEVICES` names them.
    """

    total: Need
    taken: dict[int, Need] = field(default_factory=dict)
    devices: tuple[str, ...] = ()
    _held: dict[int, tuple[str, ...]] = field(default_factory=dict)

    def fits(self, need: Need) -> bool:
        """Say whether a step can begin now; a step is never refused an empty machine."""
        if not self.taken:
            return True
        return (
            sum(one.cpus for one in self.taken.values()) + need.cpus <= self.total.cpus
            and (sum(one.memory for one in self.taken.values()) + need.memory <= self.total.memory)
            and sum(one.gpu for one in self.taken.values()) + need.gpu <= self.total.gpu
        )

    @property
    def is_full(self) -> bool:
        """Whether no step could begin, however little it needs."""
        return sum(one.cpus for one in self.taken.values()) >= self.total.cpus

    def visible(self, need: Need) -> dict[str, str | None]:
        """Return the variables by which a step sees the graphics processors that it may use.

        Those that the fewest steps use come first; a step that declares none sees what it would.
        """
        if not need.gpu or not self.devices:
            return {}
        used = [device for held in self._held.values() for device in held]
        free = sorted(self.devices, key=used.count)
        return {_VISIBLE: ",".join(free[: math.ceil(need.gpu)])}

    def take(self, ticket: int, need: Need, visible: str = "") -> None:
        """Note that a step began, and which graphics processors it sees."""
        self.taken[ticket] = need
        self._held[ticket] = tuple(visible.split(",")) if visible else ()

    def leave(self, ticket: int) -> None:
        """Note that it ended."""
        self.taken.pop(ticket, None)
        self._held.pop(ticket, None)


def this_machine(jobs: int) -> Room:
    """Return the room of this machine for that many jobs of one processor each."""
    devices = _devices()
    return Room(Need(float(jobs), _memory(), float(len(devices))), devices=devices)


def processors() -> int:
    """Return how many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0)) or 1
    return os.cpu_count() or 1


def _memory() -> int:
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, OSError, ValueError):
        return 1 << 62  # not known here (Windows): no limit


def _devices() -> tuple[str, ...]:
    visible = os.environ.get(_VISIBLE)
    if visible is not None:
        return tuple(one.strip() for one in visible.split(",") if one.strip() not in ("", "-1"))
    try:
        names = os.listdir("/dev")  # noqa: PTH208 - names alone
    except OSError:
        return ()
    numbers = [match[1] for name in names if (match := re.fullmatch(r"nvidia(\d+)", name))]
    return tuple(sorted(numbers, key=int))
