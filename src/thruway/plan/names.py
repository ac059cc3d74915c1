"""Names of steps: from what they do, what they work on, and the author's headings."""

from __future__ import annotations

import builtins
import keyword
import re
import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from thruway.program.knowledge import lookup

if TYPE_CHECKING:
    from thruway.graph.types import Node
    from thruway.plan.types import CutMode, Role
    from thruway.program.types import Call

_VERBS: dict[Role, str] = {
    "ingest": "load",
    "explore": "explore",
    "validate": "validate",
    "prepare": "prepare",
    "split": "split",
    "transform": "transform",
    "tune": "tune",
    "train": "train",
    "evaluate": "evaluate",
    "predict": "predict",
    "export": "save",
    "report": "report",
}
_SENTENCES: dict[Role, str] = {
    "ingest": "Load the data",
    "explore": "Look at the data",
    "validate": "Validate the data",
    "prepare": "Prepare the data",
    "split": "Split the data",
    "transform": "Transform the data",
    "tune": "Search for hyper-parameters",
    "train": "Train",
    "evaluate": "Evaluate",
    "predict": "Predict",
    "export": "Save the results",
    "report": "Report the results",
}
_HEADING_FIRST = frozenset({"prepare", "explore", "transform", "validate", "report"})
_EMPTY_WORDS = frozenset(
    {"the", "a", "an", "of", "and", "to", "for", "with", "in", "on", "our", "is", "using"}
)
_LETTERS = {"X": "features", "x": "features", "y": "target", "Y": "target", "df": "data"}
_MOST_WORDS = 5


@dataclass(frozen=True)
class Subject:
    """What a step is about: facts from which its name is made."""

    role: Role
    nodes: tuple[Node, ...]
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    heading: str


def step_names(
    subjects: tuple[Subject, ...],
    taken: frozenset[str],
    mode: CutMode,
    wanted: tuple[tuple[str, ...], ...] = (),
) -> tuple[str, ...]:
    """Return a name for each step, unique and free of clashes with names of the program.

    Args:
        subjects: what the steps are about.
        taken: names that mean something already.
        mode: how the program was cut.
        wanted: lists of a name for each step, "" for none; the first list is served first.
    """
    used = set(taken)
    given = _serve(wanted, used)
    names = []
    headings = Counter(subject.heading for subject in subjects)
    for index, subject in enumerate(subjects):
        if index in given:
            names.append(given[index])
            continue
        own = headings[subject.heading] == 1 or mode != "auto"
        candidates = [c for c in _candidates(subject, mode, own_heading=own) if c]
        name = next((c for c in candidates if _usable(c, used)), "")
        if not name:
            name = _numbered(candidates[0], used)
        used.add(name)
        names.append(name)
    return tuple(names)


def _serve(wanted: tuple[tuple[str, ...], ...], used: set[str]) -> dict[int, str]:
    """Give out the names that were asked for, as far as they can be."""
    given: dict[int, str] = {}
    for names in wanted:
        for index, name in enumerate(names):
            if name and index not in given and _usable(name, used):
                given[index] = name
                used.add(name)
    return given


def why_unusable(name: str, taken: frozenset[str]) -> str:
    """Return why a step cannot have this name, "" if it can."""
    if not name.isidentifier():
        return "it is not an identifier"
    if keyword.iskeyword(name) or keyword.issoftkeyword(name) or hasattr(builtins, name):
        return "it is a word of Python"
    if name in taken or camel(name) in taken:
        return "it is a name of the program"
    return ""


def title(subject: Subject, *, own_heading: bool) -> str:
    """One line for the docstring of a step."""
    heading = _clean(subject.heading)
    if heading and own_heading:
        return f"{heading[0].upper()}{heading[1:]}."
    sentence = _SENTENCES[subject.role]
    estimators = _estimators(subject)
    if subject.role in {"train", "tune"} and estimators:
        return f"{sentence}: {', '.join(estimators)}."
    return f"{sentence}."


def slug(text: str, most: int = _MOST_WORDS) -> str:
    """Return a snake_case identifier of at most `most` meaningful words, or ""."""
    words = [w for w in re.findall(r"[a-z0-9]+", _clean(text).lower()) if w not in _EMPTY_WORDS]
    while words and words[0].isdigit():
        words.pop(0)
    name = "_".join(words[:most])
    return name if name and not name[0].isdigit() else ""


def package_name(stem: str, heading: str, folder: str, taken: frozenset[str]) -> str:
    """Return the name of the package: from the file's name, its first heading, its folder."""
    for candidate in (stem, heading, folder, "program"):
        words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|_", " ", candidate)
        name = slug(words, most=4)
        if not name or name.startswith("untitled"):
            continue
        if name in taken or name in sys.stdlib_module_names or not _usable(name, set()):
            name = f"{name}_pipeline"
        return name
    return "program_pipeline"


def _candidates(subject: Subject, mode: CutMode, *, own_heading: bool) -> list[str]:
    """Names in the order of liking; a heading that several steps share comes last."""
    verb = _VERBS[subject.role]
    heading = slug(subject.heading) if own_heading else ""
    specific = _specific(subject)
    thing = subject.outputs[0] if subject.outputs else (subject.inputs or ("data",))[0]
    about = f"{verb}_{_snake(thing)}"
    if mode != "auto" or subject.role in _HEADING_FIRST:
        return [heading, specific, about, f"{heading}_{_snake(thing)}" if heading else ""]
    return [specific, heading, about]


def _specific(subject: Subject) -> str:
    """The name that the role and the artifacts suggest."""
    verb = _VERBS[subject.role]
    estimators = _estimators(subject)
    if subject.role == "ingest":
        files = sorted({path for node in subject.nodes for path in node.fact.files_read})
        stem = slug(PurePosixPath(files[0]).stem, most=3) if len(files) == 1 else ""
        return f"{verb}_{stem or 'data'}"
    if subject.role == "split":
        return "split_data"
    if subject.role in {"train", "tune"}:
        return f"{verb}_{_snake(estimators[0])}" if len(estimators) == 1 else f"{verb}_models"
    if subject.role == "evaluate":
        return "evaluate_model" if len(estimators) <= 1 else "evaluate_models"
    if subject.role == "export":
        files = sorted({path for node in subject.nodes for path in node.fact.files_written})
        stem = slug(PurePosixPath(files[0]).stem, most=3) if len(files) == 1 else ""
        return f"{verb}_{stem or 'results'}"
    if subject.role == "transform":
        return "transform_features"
    thing = (subject.outputs or subject.inputs or ("data",))[0]
    return f"{verb}_{_snake(thing)}"


def _estimators(subject: Subject) -> list[str]:
    """Classes of the models that the step makes or changes, in order."""
    found: list[str] = []
    for node in subject.nodes:
        made = [call.method for call in node.statement.calls if _makes_model(call)]
        values = [node.fact.values.get(n) for n in sorted(node.fact.changes | node.fact.binds)]
        held = [
            v.type.rsplit(".", 1)[-1] for v in values if v is not None and v.kind == "estimator"
        ]
        for short in (*made, *held):
            if short not in found:
                found.append(short)
    return found


def _makes_model(call: Call) -> bool:
    api = lookup(call.target) if call.resolved else None
    return api is not None and api.role == "train" and call.method[:1].isupper()


def _usable(name: str, used: set[str]) -> bool:
    return (
        name.isidentifier()
        and not keyword.iskeyword(name)
        and not keyword.issoftkeyword(name)
        and not hasattr(builtins, name)
        and name not in used
        and camel(name) not in used
    )


def camel(name: str) -> str:
    """Return the CamelCase form: the name of a step's output class."""
    return "".join(part[:1].upper() + part[1:] for part in name.split("_"))


def _numbered(name: str, used: set[str]) -> str:
    number = 2
    while not _usable(f"{name}_{number}", used):
        number += 1
    return f"{name}_{number}"


def _snake(name: str) -> str:
    """Return a variable's name as words; the usual single letters as what they stand for."""
    if name in _LETTERS:
        return _LETTERS[name]
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name)
    return re.sub(r"\W+", "_", spaced.lower(), flags=re.ASCII).strip("_") or "data"


def _clean(heading: str) -> str:
    """A heading without numbering, markup and closing punctuation."""
    text = re.sub(r"<[^>]+>|[*_`#]|!?\[([^\]]*)\]\([^)]*\)", r"\1", heading or "")
    text = re.sub(r"^\s*(step\s*)?[\dIVX]*[\d.)\]:-]+\s*", "", text, flags=re.IGNORECASE)
    return re.sub(r"\s+", " ", text).strip(" .:;-–—")[:80]
