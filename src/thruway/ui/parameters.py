"""`-p name=value` as the pipeline's own types; file names as the caller means them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from thruway.errors import UsageError
from thruway.kit.parameters import parse_parameter
from thruway.kit.reading.read import read_pipeline

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


def read_parameters(config: ProjectConfig, file: Path) -> dict[str, Any]:
    """Return the parameters in a JSON, TOML or YAML file.

    Raises:
        UsageError: the file is missing, is no mapping, or names a parameter that is not there.
    """
    try:
        values = _loaded(file)
    except (OSError, ValueError) as error:
        raise UsageError(f"{file} cannot be read: {error}", where=str(file)) from error
    if not isinstance(values, dict):
        raise UsageError(
            f"{file} holds {type(values).__name__}, and not parameter: value", where=str(file)
        )
    known = [parameter.name for parameter in read_pipeline(config).parameters]
    for name in values:
        if name not in known:
            raise UsageError(
                f"`{name}` in {file} is no parameter of this pipeline",
                where=str(file),
                fix=f"the parameters are: {', '.join(known) or 'none'}",
            )
    return values


def _loaded(file: Path) -> Any:
    if file.suffix == ".toml":
        import tomllib

        return tomllib.loads(file.read_text(encoding="utf-8"))
    if file.suffix in (".yaml", ".yml"):
        try:
            import yaml
        except ImportError as error:
            raise UsageError(
                f"{file} is YAML, and the package PyYAML is not installed",
                fix="pip install pyyaml, or write it as JSON or TOML",
            ) from error
        try:
            return yaml.safe_load(file.read_text(encoding="utf-8"))
        except yaml.YAMLError as error:
            raise ValueError(str(error)) from error
    import json

    return json.loads(file.read_text(encoding="utf-8"))


def parse_given(words: list[str]) -> dict[str, Path]:
    """Return `step` or `step.port` → file of `--with` options.

    Raises:
        UsageError: there is no `=`.
    """
    found: dict[str, Path] = {}
    for word in words:
        name, equals, path = word.partition("=")
        if not equals:
            raise UsageError(f"`--with {word}` names no file", fix="write --with step.port=FILE")
        found[name] = Path(path).absolute()
    return found


def parse_pairs(words: list[str], option: str) -> dict[str, str]:
    """Return name → text of words such as `name=text`.

    Raises:
        UsageError: one has no `=`.
    """
    pairs: dict[str, str] = {}
    for word in words:
        name, equals, text = word.partition("=")
        if not equals or not name:
            raise UsageError(f"`{option} {word}` has no value", fix=f"write {option} name=value")
        pairs[name] = text
    return pairs
