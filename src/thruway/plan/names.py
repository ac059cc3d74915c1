"""Names of steps: from what they do, what they work on, and the author's headings."""

from __future__ import annotations

import builtins
import keyword
import re
import sys
from collections import Counter
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from thruway.plan.actions import action_of, prepares
from thruway.program.knowledge import lookup

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

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
_TRAINING = frozenset({"train", "tune"})
_JUDGING = frozenset({"evaluate", "predict", "report"})
_HOLDERS = frozenset({"Pipeline", "GridSearchCV", "RandomizedSearchCV", "OneVsRestClassifier"})
# Headings that say what a passage is, not what it does.
_EMPTY_HEADING = re.compile(
    r"(notes?|setup|todo|task|exercise|solution|answer|output|code|question|part|step|let_s.*)"
    r"(_\w{1,2})?"
)
_MOST_WORDS = 5
_SENTENCE = 6  # words: longer headings are sentences
_PAIR = 2
_LONGEST = 40  # characters of a name that joins two models


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
    roles = Counter(subject.role for subject in subjects)
    model = ""
    for index, subject in enumerate(subjects):
        model = ([*_estimators(subject), model] if subject.role in _TRAINING else [model])[0]
        if index in given:
            names.append(given[index])
            continue
        own = headings[subject.heading] == 1 or mode != "auto"
        heading = _slug_of_heading(subject.heading) if own else ""
        specific = _specific(subject, model, alone=roles[subject.role] == 1)
        candidates = [c for c in _candidates(subject, mode, heading, specific) if c]
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


def repeated_names(
    groups: Sequence[Iterable[int]],
    subjects: tuple[Subject, ...],
    taken: frozenset[str],
    mode: CutMode,
    wanted: tuple[tuple[str, ...], ...] = (),
) -> tuple[tuple[tuple[str, str], ...], dict[int, str]]:
    """Return (name, function) of steps of which some share one, and titles for those.

    A further call gets the name that a pipeline gives it: that of the function, with a number.

    Args:
        groups: indices of the steps that share a function, the first one first.
        subjects: of every step.
        taken: names that mean something in the program.
        mode: where the program was cut.
        wanted: lists of a name for each step, "" for none; the first list is served first.
    """
    first = {index: min(group) for group in groups for index in group}
    general = {i: replace(subjects[i], heading="") for i in sorted(set(first.values()))}
    asked = tuple(tuple(names[i] for i in general) for names in wanted if names)
    shared = dict(zip(general, step_names((*general.values(),), taken, mode, asked), strict=True))
    # They choose first, and the names of their calls are not for other steps.
    calls = [""] * len(subjects)
    for index in sorted(first):
        name = shared[first[index]]
        calls[index] = _numbered(name, set(calls)) if name in calls else name
    names = step_names(subjects, taken, mode, (tuple(calls), *wanted))
    found: dict[str, str] = {}
    for index, own in enumerate(names):
        name = shared[first[index]] if index in first else own
        found[_numbered(name, set(found)) if name in found else name] = name
    titles = {index: title(general[at], own_heading=False) for index, at in first.items()}
    return tuple(found.items()), titles


def title(subject: Subject, *, own_heading: bool) -> str:
    """One line for the docstring of a step."""
    heading = _clean(subject.heading)
    if heading and own_heading:
        return f"{heading[0].upper()}{heading[1:]}."
    action = action_of(subject.role, subject.nodes)
    sentence = action.replace("_", " ").capitalize() or _SENTENCES[subject.role]
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


def _candidates(subject: Subject, mode: CutMode, heading: str, specific: list[str]) -> list[str]:
    """Names in the order of liking."""
    verb = _VERBS[subject.role]
    things = [snake(thing) for thing in (*subject.outputs, *subject.inputs)]
    about = [f"{verb}_{thing}" for thing in things]
    shared = _slug_of_heading(subject.heading)
    last = [f"{verb}_{shared}" if shared else "", f"{verb}_data"]
    if mode != "auto" or subject.role in _HEADING_FIRST:
        return [heading, *specific, *about, *last]
    return [*specific, heading, *about, *last]


def _specific(subject: Subject, model: str, *, alone: bool) -> list[str]:
    """The names that the role, the calls and the artifacts suggest.

    Args:
        subject: the step.
        model: class of the model that was trained last.
        alone: no other step has this role.
    """
    verb = _VERBS[subject.role]
    if subject.role == "ingest":
        stem = _stem(subject, written=False)
        return [f"{verb}_{stem}"] if stem else [_loader(subject), *_several(verb, subject)]
    if subject.role == "export":
        return [f"{verb}_{_stem(subject, written=True) or 'results'}"]
    if subject.role == "split":
        return [_way_to_split(subject)]
    if subject.role in _TRAINING:
        return _of_models(verb, _estimators(subject))
    if subject.role in _JUDGING:
        return [f"{verb}_{snake(model)}"] if model else [f"{verb}_model"] if alone else []
    action = action_of(subject.role, subject.nodes)
    thing = snake((subject.outputs or subject.inputs or ("data",))[0])
    if action.endswith("_data"):
        return [action, f"{action.removesuffix('data')}{thing}"]
    return [action, f"{action}_of_{thing}" if action else ""]


def _loader(subject: Subject) -> str:
    """The function of a library that gives the data: `load_iris`, `make_moons`."""
    calls = [call for node in subject.nodes for call in node.statement.calls]
    found = {
        call.method
        for call in calls
        if call.resolved and call.method.startswith(("load_", "fetch_", "make_"))
    }
    return found.pop() if len(found) == 1 else ""


def _several(verb: str, subject: Subject) -> list[str]:
    """What is read from several files, by the names that the author gave."""
    names = [snake(name) for name in subject.outputs]
    joined = f"{verb}_{'_and_'.join(names[:2])}"
    return [joined] if len(names) == _PAIR and len(joined) <= _LONGEST else [f"{verb}_data"]


def _way_to_split(subject: Subject) -> str:
    calls = {call.method for node in subject.nodes for call in node.statement.calls}
    if "train_test_split" in calls:
        return "split_train_test"
    folds = any(name.endswith(("Fold", "Split", "Folds")) for name in calls)
    return "split_folds" if folds else "split_data"


def _of_models(verb: str, estimators: list[str]) -> list[str]:
    names = [snake(each) for each in estimators]
    pair = [f"{verb}_{names[0]}_and_{names[1]}"] if len(names) == _PAIR else []
    if len(names) == 1:
        return [f"{verb}_{names[0]}"]
    return [*(each for each in pair if len(each) <= _LONGEST), f"{verb}_models"]


def _stem(subject: Subject, *, written: bool) -> str:
    """The file that a step reads or writes, as words; its last words say most."""
    paths = {
        path
        for node in subject.nodes
        for path in (node.fact.files_written if written else node.fact.files_read)
    }
    if len(paths) != 1:
        return ""
    words = slug(PurePosixPath(paths.pop()).stem, most=_MOST_WORDS * 2).split("_")
    return "_".join(words[-3:]) if words[-1:] != [""] and not words[-3:][0].isdigit() else ""


def _slug_of_heading(heading: str) -> str:
    """A heading as a name; sentences and empty words are not names."""
    name = slug(heading) if len(_clean(heading).split()) <= _SENTENCE else ""
    return "" if _EMPTY_HEADING.fullmatch(name) else name


def _estimators(subject: Subject) -> list[str]:
    """Classes of the models that the step makes or changes, in order.

    What prepares data for a model, or only holds one, counts when there is nothing else.
    """
    found: dict[str, None] = {}
    for node in subject.nodes:
        made = [call.method for call in node.statement.calls if _makes_model(call)]
        values = [node.fact.values.get(n) for n in sorted(node.fact.changes | node.fact.binds)]
        held = [
            v.type.rsplit(".", 1)[-1] for v in values if v is not None and v.kind == "estimator"
        ]
        found.update(dict.fromkeys((*made, *held)))
    models = [name for name in found if not prepares(name) and name not in _HOLDERS]
    return models or list(found)


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


def snake(name: str) -> str:
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
