"""`-p name=value` as the pipeline's own types; file names as the caller means them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from thruway.errors import UsageError
from thruway.kit.check import parse_parameter
from thruway.kit.read import read_pipeline

if TYPE_CHECKING:
    from thruway.kit.project import ProjectConfig


def parse_parameters(config: ProjectConfig, words: list[str]) -> dict[str, Any]:
    """Return parameter → value.

    A text that names a file from where the caller stands becomes absolute, because steps run
    in a folder of their own.

    Raises:
        UsageError: no `=`, or a parameter that the pipeline does not have.
    """
    if not words:
        return {}
    known = {parameter.name: parameter for parameter in read_pipeline(config).parameters}
    values: dict[str, Any] = {}
    for word in words:
        name, equals, text = word.partition("=")
        if not equals or name not in known:
            names = ", ".join(known) or "none"
            raise UsageError(
                f"`-p {word}` names no parameter of this pipeline",
                fix=f"write -p name=value; the parameters are: {names}",
            )
        value = parse_parameter(text, known[name].annotation)
        if isinstance(value, str) and Path(value).is_file():
            value = str(Path(value).resolve())
        values[name] = value
    return values
