"""The shared module: definitions that several steps use, and the settings of the original."""

from __future__ import annotations

from typing import TYPE_CHECKING

from thruway.project.code_text import docstring, indent
from thruway.project.header import Header
from thruway.project.names import future_features

if TYPE_CHECKING:
    from thruway.plan.types import Plan, Settings
    from thruway.project.layout import Layout


def shared_text(plan: Plan, layout: Layout) -> str:
    """Return the text of `<package>/shared.py`, "" when nothing is shared."""
    shared = plan.shared
    if not shared.statements and not shared.settings:
        return ""
    # Annotations stay as the author meant them: some libraries read those of classes.
    header = Header("What several steps use", annotations=_are_deferred(plan))
    header.need(*shared.imports)
    for settings in shared.settings:
        header.need(*settings.imports)
    definitions = layout.text(shared.statements)
    functions = [_settings(settings, layout) for settings in shared.settings]
    parts = [header.text(), definitions, *functions]
    return "\n\n\n".join(part for part in parts if part) + "\n"


def _are_deferred(plan: Plan) -> bool:
    """Whether the author asked that annotations are not evaluated."""
    lines = [s.code for s in plan.graph.program.statements if s.kind == "import"]
    return "annotations" in future_features(lines)


def _settings(settings: Settings, layout: Layout) -> str:
    lines = [docstring("Set the options that the original sets"), layout.text(settings.statements)]
    return f"def {settings.name}() -> None:\n{indent(chr(10).join(lines))}"
