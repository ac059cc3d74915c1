"""All commands of `thruway`, in the order in which `--help` lists them."""

from __future__ import annotations

from thruway.ui import (
    component_commands,
    migrate_commands,
    run_commands,
    store_commands,
    task_commands,
)
from thruway.ui.app import app

__all__ = [
    "app",
    "component_commands",
    "migrate_commands",
    "run_commands",
    "store_commands",
    "task_commands",
]
