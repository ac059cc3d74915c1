"""Read a component of Kubeflow Pipelines from its YAML: that of SDK 1, or that of SDK 2."""

from __future__ import annotations

import ast
import json
import re
from typing import TYPE_CHECKING, Any

from thruway.api.importing.types import NOTHING, Foreign, Input, Output
from thruway.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

# Types of SDK 1 whose text is a value; all others are files.
_VALUES_1 = {
    "integer": "int",
    "float": "float",
    "double": "float",
    "string": "str",
    "bool": "bool",
    "boolean": "bool",
    "jsonobject": "dict",
    "dict": "dict",
    "jsonarray": "list",
    "list": "list",
}
_VALUES_2 = {
    "NUMBER_INTEGER": "int",
    "NUMBER_DOUBLE": "float",
    "STRING": "str",
    "BOOLEAN": "bool",
    "LIST": "list",
    "STRUCT": "dict",
}
_PYTHON = re.compile(r"(.*/)?python[\d.]*")
_METRICS = ("system.Metrics", "system.ClassificationMetrics")
_REQUIREMENT = re.compile(r"""['"]([A-Za-z][\w.\-]*(?:\[[\w,]+\])?(?:[=<>!~]=?[^'"]*)?)['"]""")


def of_yaml(file: Path) -> Foreign:
    """Return what a YAML file says of a component.

    Raises:
        UsageError: there is no such file, or it describes no single component.
    """
    text, data = _read(file)
    if "implementation" in data:
        return _of_sdk_1(file, text, data)
    if "deploymentSpec" in data and "components" in data:
        return _of_sdk_2(file, text, data)
    raise UsageError(
        f"{file.name} describes no component of Kubeflow Pipelines",
        where=str(file),
        fix="give a component.yaml, or what `kfp.compiler` made of a component",
    )


def _read(file: Path) -> tuple[str, dict[str, Any]]:
    try:
        import yaml
    except ImportError as error:
        raise UsageError(
            f"{file} is YAML, and the package PyYAML is not installed", fix="pip install pyyaml"
        ) from error
    try:
        text = file.read_text(encoding="utf-8")
        data = next(iter(yaml.safe_load_all(text)), None)
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise UsageError(f"{file} cannot be read: {error}", where=str(file)) from error
    return text, data if isinstance(data, dict) else {}


# SDK 1 ----------------------------------------------------------------------------------------


def _of_sdk_1(file: Path, text: str, data: Mapping[str, Any]) -> Foreign:
    container = data["implementation"].get("container")
    if container is None:
        raise UsageError(
            f"{file.name} is a graph of components, and not one",
            where=str(file),
            fix="import each of its components",
        )
    command = [*(container.get("command") or []), *(container.get("args") or [])]
    paths = set(_names_of(command, "inputPath"))
    inputs = [_input_1(one, one["name"] in paths) for one in data.get("inputs") or []]
    outputs = [_output_1(one) for one in data.get("outputs") or []]
    named = container.get("fileOutputs") or {}
    if named:
        raise UsageError(
            f"{file.name} names files inside its image as outputs (`fileOutputs`)",
            where=str(file),
            fix="let it take the paths of its outputs as arguments: {outputPath: …}",
        )
    name = str(data.get("name") or file.stem)
    program = _program(command)
    return _foreign(file, text, name, data, inputs, outputs, container, command, program, "")


def _input_1(said: Mapping[str, Any], is_path: bool) -> Input:
    kind = "file" if is_path else _value_1(said.get("type"))
    default: Any = NOTHING
    if said.get("default") is not None:
        default = said["default"] if is_path else _value_of(str(said["default"]), kind)
    elif said.get("optional"):
        default = None
    python = "File | str" if is_path else kind
    return Input(said["name"], _optional(python, default), kind, default, _line(said))


def _output_1(said: Mapping[str, Any]) -> Output:
    kind = _value_1(said.get("type"), other="file")
    return Output(said["name"], "File" if kind == "file" else kind, kind, _line(said))


def _value_1(said: Any, other: str = "str") -> str:
    name = next(iter(said), "") if isinstance(said, dict) else said or ""
    return _VALUES_1.get(str(name).lower(), other)


def _value_of(text: str, kind: str) -> Any:
    """Return the value of a default, which SDK 1 writes as text."""
    try:
        if kind == "bool":
            return {"true": True, "1": True, "false": False, "0": False}[text.lower()]
        readers: dict[str, Any] = {"int": int, "float": float, "str": str}
        return readers.get(kind, json.loads)(text)
    except (ValueError, KeyError):
        return ast.literal_eval(text) if kind in ("dict", "list") else text


def _names_of(word: Any, key: str) -> Iterator[str]:
    if isinstance(word, dict):
        for name, value in word.items():
            yield from [value] if name == key else _names_of(value, key)
    elif isinstance(word, list):
        for each in word:
            yield from _names_of(each, key)


# SDK 2 ----------------------------------------------------------------------------------------


def _of_sdk_2(file: Path, text: str, data: Mapping[str, Any]) -> Foreign:
    found = {name: each for name, each in data["components"].items() if "executorLabel" in each}
    if len(found) != 1 or any("dag" in each for each in data["components"].values()):
        raise UsageError(
            f"{file.name} is a pipeline of {len(found)} components, and not one",
            where=str(file),
            fix="compile each component by itself, and import that",
        )
    ((label, component),) = found.items()
    executor = data["deploymentSpec"]["executors"][component["executorLabel"]]
    container = executor.get("container")
    if container is None:
        raise UsageError(
            f"{file.name} is an importer, which has nothing to run",
            where=str(file),
            fix="use thruway.components.importer",
        )
    command = [*container.get("command", ()), *container.get("args", ())]
    function = _function(command)
    name = function or label.removeprefix("comp-")
    _check_2(file, component)
    inputs = list(_inputs_2(component.get("inputDefinitions") or {}))
    outputs = list(_outputs_2(component.get("outputDefinitions") or {}, bool(function)))
    source = _source(command, function) if function else _program(command)
    root = (data.get("root") or {}).get("inputDefinitions") or {}
    said = {"description": _description(data, root)}
    return _foreign(file, text, name, said, inputs, outputs, container, command, source, function)


def _check_2(file: Path, component: Mapping[str, Any]) -> None:
    """Refuse what a step has no type for."""
    for side in ("inputDefinitions", "outputDefinitions"):
        said = component.get(side) or {}
        for name, each in (said.get("artifacts") or {}).items():
            if each.get("isArtifactList"):
                raise UsageError(
                    f"`{name}` of {file.name} is a list of artifacts, of a number not known before",
                    where=str(file),
                    fix="write a step that calls it for each, or compile the pipeline to kubeflow",
                )
        for name, each in (said.get("parameters") or {}).items():
            if each.get("parameterType", "STRING") not in _VALUES_2:
                raise UsageError(
                    f"`{name}` of {file.name} is {each['parameterType']}, which only a run of "
                    "Kubeflow Pipelines has",
                    where=str(file),
                    fix="import a component that takes plain values",
                )


def _inputs_2(said: Mapping[str, Any]) -> Iterator[Input]:
    for name, each in (said.get("artifacts") or {}).items():
        default: Any = None if each.get("isOptional") else NOTHING
        yield Input(name, _optional("File | str", default), "file", default, _line(each))
    for name, each in (said.get("parameters") or {}).items():
        kind = _VALUES_2.get(each.get("parameterType", ""), "str")
        default = each.get("defaultValue", None if each.get("isOptional") else NOTHING)
        if kind == "int" and isinstance(default, float):
            default = int(default)
        if kind == "float" and type(default) is int:
            default = float(default)
        yield Input(name, _optional(kind, default), kind, default, _line(each))


def _outputs_2(said: Mapping[str, Any], is_python: bool) -> Iterator[Output]:
    for name, each in (said.get("artifacts") or {}).items():
        title = (each.get("artifactType") or {}).get("schemaTitle", "")
        if is_python and title in _METRICS:
            yield Output(name, "dict", "metrics", _line(each))
        else:
            yield Output(name, "File", "file", _line(each))
    for name, each in (said.get("parameters") or {}).items():
        kind = _VALUES_2.get(each.get("parameterType", ""), "str")
        yield Output(name, kind, kind, _line(each))


def _function(command: Sequence[Any]) -> str:
    words = [word for word in command if isinstance(word, str)]
    if "--function_to_execute" not in words[:-1]:
        return ""
    return words[words.index("--function_to_execute") + 1]


def _source(command: Sequence[Any], function: str) -> str:
    """Return the Python that holds the function of a lightweight component."""
    pattern = re.compile(rf"^(?:async )?def {re.escape(function)}\(", re.MULTILINE)
    for word in command:
        if isinstance(word, str) and pattern.search(word):
            return word
    return ""


def _description(data: Mapping[str, Any], root: Mapping[str, Any]) -> str:
    del root
    return str((data.get("pipelineInfo") or {}).get("description") or "")


# Both -----------------------------------------------------------------------------------------


def _program(command: Sequence[Any]) -> str:
    """Return the Python that a command hands to an interpreter (`python -c`); "" if none."""
    for at, word in enumerate(command[:-1]):
        before = [each for each in command[:at] if each != "-u"]
        python = bool(before) and isinstance(before[-1], str) and _PYTHON.fullmatch(before[-1])
        if word == "-c" and python and isinstance(command[at + 1], str):
            return str(command[at + 1])
    return ""


def _packages(command: Sequence[Any], source: str) -> list[str]:
    texts = [word for word in command if isinstance(word, str) and word != source]
    found = [
        name
        for text in texts
        if "pip" in text and "install" in text
        for name in _REQUIREMENT.findall(text.partition("install")[2])
    ]
    return sorted({name for name in found if not name.startswith("kfp=") and name != "python3"})


def _foreign(
    file: Path,
    text: str,
    name: str,
    said: Mapping[str, Any],
    inputs: Sequence[Input],
    outputs: Sequence[Output],
    container: Mapping[str, Any],
    command: Sequence[Any],
    source: str,
    function: str,
) -> Foreign:
    packages = _packages(command, source)
    image = str(container.get("image", ""))
    notes = [f"it installs {', '.join(packages)}: add them to the project"] if packages else []
    if not source:
        notes.append(f"it runs in the image {image}: docker or podman is needed where it runs")
    facts: dict[str, Any] = {"image": image, "command": list(command)}
    if function and source:
        facts = {"image": image, "source": source, "function": function}
    elif source:
        facts["source"] = source
    facts |= {"packages": packages} if packages else {}
    doc = str(said.get("description") or "").strip()
    ordered = sorted(inputs, key=lambda one: one.default is not NOTHING)
    return Foreign(
        "kubeflow", file.name, name, doc, ordered, tuple(outputs), facts, text, tuple(notes)
    )


def _line(said: Mapping[str, Any]) -> str:
    return " ".join(str(said.get("description") or "").split())


def _optional(python: str, default: Any) -> str:
    return f"{python} | None" if default is None else python
