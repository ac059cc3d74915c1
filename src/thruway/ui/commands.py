"""All commands of `thruway`, in the order in which `--help` lists them."""

from __future__ import annotations

from thruway.ui import (
    compile_commands,
    component_commands,
    import_commands,
    migrate_commands,
    run_commands,
    store_commands,
    task_commands,
)
from thruway.ui.app import app

__all__ = [
    "app",
    "compile_commands",
    "component_commands",
    "import_commands",
    "migrate_commands",
    "run_commands",
    "store_commands",
    "task_commands",
]
