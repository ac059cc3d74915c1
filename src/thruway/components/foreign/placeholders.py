"""Placeholders in the command line of a component of Kubeflow Pipelines, both kinds.

SDK 1 writes them as mappings (`{inputPath: Data}`), SDK 2 as texts (`{{$.inputs.parameters['n']}}`,
and JSON for conditions and concatenation).
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from thruway.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_TEXT = re.compile(
    r"\{\{\$\.(inputs|outputs)\.(parameters|artifacts)\['([^']+)'\](?:\.(\w+))?\}\}"
    r"|\{\{\$\.(inputs|outputs)\.(parameters|artifacts)\[\"([^\"]+)\"\](?:\.(\w+))?\}\}"
)


@dataclass(frozen=True)
class Places:
    """What placeholders stand for.

    Attributes:
        values: input → value; those that are not there were not given.
        inputs: input → path of its file.
        outputs: output → path of the file it is to be written to.
    """

    values: Mapping[str, Any]
    inputs: Mapping[str, str]
    outputs: Mapping[str, str]


def resolved(command: Sequence[Any], places: Places) -> list[str]:
    """Return the words of a command line.

    >>> given = Places({"n": 3}, {"Data": "in/data"}, {"Model": "out/model"})
    >>> resolved(["--n", {"inputValue": "n"}, {"inputPath": "Data"}], given)
    ['--n', '3', 'in/data']
    >>> resolved([{"if": {"cond": {"isPresent": "k"}, "then": ["--k"]}}], given)
    []
    >>> resolved(["{{$.inputs.parameters['n']}} to {{$.outputs.artifacts['Model'].path}}"], given)
    ['3 to out/model']
    """
    words: list[str] = []
    for word in command:
        words += _of_text(word, places) if isinstance(word, str) else _of_mapping(word, places)
    return words


def _of_mapping(word: Any, places: Places) -> list[str]:
    if not isinstance(word, dict) or len(word) != 1:
        raise _unknown(word)
    ((key, value),) = word.items()
    if key == "inputValue":
        return [written(places.values[value])] if value in places.values else []
    if key == "inputPath":
        return [places.inputs[value]] if value in places.inputs else []
    if key == "outputPath":
        return [places.outputs[value]]
    if key in ("concat", "Concat"):
        return ["".join(resolved(value, places))]
    if key == "if":
        branch = value["then"] if _holds(value["cond"], places) else value.get("else", [])
        return resolved(branch, places)
    if key == "IfPresent":
        there = value["InputName"] in places.values
        branch = value["Then"] if there else value.get("Else", [])
        return resolved(branch if isinstance(branch, list) else [branch], places)
    raise _unknown(word)


def _holds(condition: Any, places: Places) -> bool:
    if isinstance(condition, dict) and "isPresent" in condition:
        return condition["isPresent"] in places.values
    text = "".join(resolved([condition], places)) if isinstance(condition, dict) else condition
    return str(text).lower() == "true"


def _of_text(word: str, places: Places) -> list[str]:
    if word.startswith(('{"IfPresent"', '{"Concat"')):
        return _of_mapping(json.loads(word), places)

    def stands_for(match: re.Match[str]) -> str:
        side, kind, name, part = match.groups()[:4] if match[1] else match.groups()[4:]
        if side == "outputs":
            return places.outputs[name]
        if kind == "artifacts" and part in ("path", "uri"):
            return places.inputs[name]
        if name not in places.values:
            raise UsageError(f"the input `{name}` is used, and was not given")
        return written(places.values[name])

    text = _TEXT.sub(stands_for, word)
    if "{{$" in text:
        raise _unknown(text)
    return [text]


def written(value: Any) -> str:
    """Return a value as Kubeflow Pipelines writes it on a command line.

    >>> written(True), written(0.5), written([1, "a"])
    ('True', '0.5', '[1, "a"]')
    """
    return json.dumps(value) if isinstance(value, list | dict) else str(value)


def _unknown(word: Any) -> UsageError:
    return UsageError(
        f"`{word}` in the command of the component means something only in Kubeflow Pipelines",
        fix="run the pipeline compiled to kubeflow",
    )
