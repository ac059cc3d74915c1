"""All commands of `thruway`, in the order in which `--help` lists them."""

from __future__ import annotations

from thruway.ui import (
    migrate_commands,
    premade_commands,
    run_commands,
    step_commands,
    store_commands,
    target_commands,
    task_commands,
)
from thruway.ui.app import app

__all__ = [
    "app",
    "migrate_commands",
    "premade_commands",
    "run_commands",
    "step_commands",
    "store_commands",
    "target_commands",
    "task_commands",
]
