"""Names of steps: from what they do, what they work on, and the author's headings."""

from __future__ import annotations

import re
import sys
from collections import Counter
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from thruway.plan.naming.actions import action_of
from thruway.plan.naming.models import Models, only_makes, plural
from thruway.plan.naming.suggest import JUDGING, TRAINING, VERBS, suggestions
from thruway.plan.naming.words import clean, numbered, slug, snake, spaced, usable

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from thruway.graph.types import Node
    from thruway.kit.values.types import Value
    from thruway.plan.types import CutMode, Role

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
_VERBS = re.compile(
    r"add|aggregate|analy[sz]e|apply|balance|bin|build|calculate|change|check|clean|combine|compare"
    r"|compute|convert|correct|count|create|deal|define|delete|derive|describe|detect|discover"
    r"|display|drop|encode|engineer|examine|explore|extract|fill|filter|find|fix|flag|generate|group"
    r"|handle|identify|impute|inspect|investigate|join|label|look|make|map|merge|normali[sz]e|parse"
    r"|pivot|plot|prepare|preprocess|process|reduce|remove|rename|replace|resample|reshape|save|scale"
    r"|select|separate|set|show|split|standardi[sz]e|summari[sz]e|tokenize|transform|understand"
    r"|validate|view|visuali[sz]e"
)
_OF_MODELS = re.compile(
    r".*_?(accuracy|classifier|evaluat\w+|fit|fitting|modell?(s|ing)?|performance|predict\w*"
    r"|regression|scor\w+|tests?|testing|train|training|tuning)(_.*)?"
)
# Headings that say what a passage is, not what it does.
_EMPTY_HEADING = re.compile(
    r"(notes?|setup|todo|task|exercise|solution|answer|output|code|question|part|step|let_s.*)"
    r"(_\w{1,2})?"
)
_SETTING_UP = re.compile(r"set_?up|initiali[sz]ation")
_ANY_PROGRAM = re.compile(
    r"untitled.*|main|train|training|run|app|notebooks?|src|code|program|tests?|examples?"
    r"|python|home|root|tmp|work|projects?|lib"
)
_LONGEST_PACKAGE = 32  # characters
_SENTENCE = 6  # words: longer headings are sentences


@dataclass(frozen=True)
class Subject:
    """What a step is about: facts from which its name is made.

    Attributes:
        role: of the step.
        nodes: its statements.
        inputs, outputs: names of the program that enter and leave it.
        heading: the author's, above most of it.
        values: what enters, as it is then.
        own: functions that the program defines → classes of the models that they make.
        each: it is called for one model after the other.
    """

    role: Role
    nodes: tuple[Node, ...]
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    heading: str
    values: Mapping[str, Value] = field(default_factory=dict)
    own: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    each: bool = False


def step_names(
    subjects: tuple[Subject, ...],
    taken: frozenset[str],
    mode: CutMode,
    wanted: tuple[tuple[str, ...], ...] = (),
    models: Sequence[Sequence[str]] = (),
) -> tuple[str, ...]:
    """Return a name for each step, unique and free of clashes with names of the program.

    Args:
        subjects: what the steps are about.
        taken: names that mean something already.
        mode: how the program was cut.
        wanted: lists of a name for each step, "" for none; the first list is served first.
        models: classes of the models of each step, if they are known already.
    """
    used = set(taken)
    given = _serve(wanted, used)
    names = []
    headings = Counter(subject.heading for subject in subjects)
    models = models or models_of(subjects)
    for index, subject in enumerate(subjects):
        if index in given:
            names.append(given[index])
            continue
        own = headings[subject.heading] == 1 or mode != "auto"
        heading = _slug_of_heading(subject.heading) if own else ""
        specific = suggestions(subject, models[index])
        candidates = [c for c in _candidates(subject, mode, heading, specific) if c]
        name = next((c for c in candidates if usable(c, used)), "")
        if not name:
            name = numbered(candidates[0], used)
        used.add(name)
        names.append(name)
    return tuple(names)


def models_of(subjects: tuple[Subject, ...]) -> tuple[tuple[str, ...], ...]:
    """Return the classes of the models that each step trains or judges, by their bare names."""
    models = Models(subjects[0].own if subjects else {})
    found = []
    for subject in subjects:
        models.learn(subject.nodes)
        classes: list[str] = []
        if subject.role in TRAINING:
            classes = models.trained(subject.nodes)
        elif subject.role in JUDGING:
            classes = models.judged(subject.nodes)
        found.append(tuple(classes))
    return tuple(found)


def _serve(wanted: tuple[tuple[str, ...], ...], used: set[str]) -> dict[int, str]:
    """Give out the names that were asked for, as far as they can be."""
    given: dict[int, str] = {}
    for names in wanted:
        for index, name in enumerate(names):
            if name and index not in given and usable(name, used):
                given[index] = name
                used.add(name)
    return given


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
    models = models_of(subjects)
    for at, subject in general.items():
        single = all(len(models[i]) == 1 for i in first if first[i] == at)
        general[at] = replace(subject, each=single)
    asked = tuple(tuple(names[i] for i in general) for names in wanted if names)
    together = {at: _together(models, (i for i in first if first[i] == at)) for at in general}
    ordered = (*general.values(),)
    given = step_names(ordered, taken, mode, asked, tuple(together.values()))
    shared = dict(zip(general, given, strict=True))
    # They choose first, and the names of their calls are not for other steps.
    calls = [""] * len(subjects)
    for index in sorted(first):
        name = shared[first[index]]
        calls[index] = numbered(name, set(calls)) if name in calls else name
    names = step_names(subjects, taken, mode, (tuple(calls), *wanted))
    found: dict[str, str] = {}
    for index, own in enumerate(names):
        name = shared[first[index]] if index in first else own
        found[numbered(name, set(found)) if name in found else name] = name
    titles = {
        index: title(general[at], together[at], own_heading=False) for index, at in first.items()
    }
    return tuple(found.items()), titles


def _together(models: Sequence[Sequence[str]], group: Iterable[int]) -> tuple[str, ...]:
    """The models of all calls of one step; nothing if they are not known for each."""
    group = tuple(group)
    if not all(models[index] for index in group):
        return ()
    return tuple(dict.fromkeys(each for index in group for each in models[index]))


def title(subject: Subject, models: Sequence[str], *, own_heading: bool) -> str:
    """One line for the docstring of a step."""
    heading = clean(subject.heading)
    if heading and own_heading and not _EMPTY_HEADING.fullmatch(slug(heading)):
        return f"{heading[0].upper()}{heading[1:]}."
    action = action_of(subject.role, subject.nodes, loose=True)
    if subject.role in TRAINING and only_makes(subject.nodes, subject.own):
        action = "make"
    sentence = action.replace("_", " ").capitalize() or _SENTENCES[subject.role]
    if subject.each and len(models) > 1:
        return f"{sentence} a {plural(models)[:-1]}: {', '.join(models)}."
    return f"{sentence}: {', '.join(models)}." if models else f"{sentence}."


def package_name(stem: str, heading: str, folders: Sequence[str], taken: frozenset[str]) -> str:
    """Return the name of the package: from the file's name, its first heading, its folders.

    Args:
        stem: the name of the file.
        heading: the first of the program.
        folders: that it lies in, the nearest first.
        taken: names that mean something already.
    """
    headings = [] if _EMPTY_HEADING.fullmatch(slug(heading)) else [heading]
    names = [_package(text) for text in (stem, *headings, *folders)]
    telling = (name for name in names if name and not _ANY_PROGRAM.fullmatch(name))
    name = next(telling, "" if names[0].startswith("untitled") else names[0]) or "program"
    if name in taken or name in sys.stdlib_module_names or not usable(name, set()):
        name = f"{name}_pipeline"
    return name if name != "program" else "program_pipeline"


def _package(text: str) -> str:
    """Return a text as the name of a package, of as many words as are quickly read."""
    name = slug(spaced(text), most=6)
    while len(name) > _LONGEST_PACKAGE and "_" in name:
        name = name.rpartition("_")[0]
    return name


def _candidates(subject: Subject, mode: CutMode, heading: str, specific: list[str]) -> list[str]:
    """Names in the order of liking."""
    verb = VERBS[subject.role]
    things = [snake(thing) for thing in (*subject.outputs, *subject.inputs)]
    about = [f"{verb}_{thing}" for thing in things]
    shared = _slug_of_heading(subject.heading)
    begins = "set_up" if _SETTING_UP.fullmatch(slug(subject.heading)) else ""
    last = [f"{verb}_{shared}" if shared else "", begins, f"{verb}_data"]
    if mode != "auto" or (subject.role in _HEADING_FIRST and _says_what(heading)):
        return [heading, *specific, *about, *last]
    return [*specific, heading, *about, *last]


def _says_what(heading: str) -> bool:
    """Whether a heading tells what is done, and nothing that steps of other roles do."""
    told = _VERBS.fullmatch(heading.partition("_")[0])
    return told is not None and not _OF_MODELS.fullmatch(heading)


def _slug_of_heading(heading: str) -> str:
    """A heading as a name; sentences and empty words are not names."""
    name = slug(heading) if len(clean(heading).split()) <= _SENTENCE else ""
    return "" if _EMPTY_HEADING.fullmatch(name) else name
