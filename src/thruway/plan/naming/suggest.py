"""The names that the role of a step, its calls and its artifacts suggest, best first."""

from __future__ import annotations

from collections import Counter
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from thruway.plan.naming.actions import action_of, both, second_action
from thruway.plan.naming.models import CROSS, only_makes, plural
from thruway.plan.naming.words import MOST_WORDS, slug, snake, spaced

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from thruway.plan.naming.steps import Subject
    from thruway.plan.types import Role

VERBS: dict[Role, str] = {
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
TRAINING = frozenset({"train", "tune"})
JUDGING = frozenset({"evaluate", "predict", "report"})
_TABLES = frozenset({"frame", "series", "array"})
_ANY_TABLE = frozenset({"data", "features", "target"})
_ASKING = frozenset({"fit", "predict", "predict_proba", "score", "transform", "fit_predict"})
_MEASURES = {
    "accuracy_score": "measure_accuracy",
    "auc": "measure_auc",
    "classification_report": "report_classes",
    "confusion_matrix": "count_confusions",
    "f1_score": "measure_f1",
    "mean_absolute_error": "measure_errors",
    "mean_squared_error": "measure_errors",
    "mutual_info_score": "measure_mutual_information",
    "precision_recall_curve": "measure_precision_and_recall",
    "precision_score": "measure_precision_and_recall",
    "r2_score": "measure_r2",
    "recall_score": "measure_precision_and_recall",
    "roc_auc_score": "measure_auc",
    "roc_curve": "measure_auc",
    "root_mean_squared_error": "measure_errors",
    "silhouette_score": "measure_silhouette",
}
_PAIR = 2
_LONGEST = 40  # characters of a name that joins two things


def suggestions(subject: Subject, models: Sequence[str]) -> list[str]:
    """Return names for a step, the best first; those that fit nothing are "".

    Args:
        subject: the step.
        models: classes of the models that it trains or judges.
    """
    verb = VERBS[subject.role]
    if subject.role == "ingest":
        stem = _stem(subject, written=False)
        loader = _loader(subject)
        again = f"{verb}_{loader.partition('_')[2]}" if loader.endswith("_data") else ""
        loaders = [loader, again or f"{loader}_data"] if loader else []
        return [f"{verb}_{stem}"] if stem else [*loaders, *_several(verb, subject)]
    if subject.role == "export":
        return [f"{verb}_{_stem(subject, written=True) or _saved(subject)}"]
    if subject.role == "split":
        way = _way_to_split(subject)
        return [way, *_on(way, subject), _own(subject)]
    if subject.role in TRAINING:
        return _trained(verb, subject, models)
    if subject.role in JUDGING:
        return _judged(verb, subject, models)
    return _acting(subject)


def _acting(subject: Subject) -> list[str]:
    """Names of preparation, transformation and exploration: what most of their lines do."""
    action = action_of(subject.role, subject.nodes)
    thing = _thing(subject)
    if action.endswith("_data"):
        return [action, f"{action.removesuffix('data')}{thing}"]
    own = _own(subject)
    loose = action_of(subject.role, subject.nodes, loose=True)
    if action:
        second = second_action(subject.role, subject.nodes)
        joined = both(action, second) if second else ""
        return [action, joined if len(joined) <= _LONGEST else "", f"{action}_of_{thing}"]
    return [own, loose, *(f"{each}_of_{thing}" for each in (own, loose) if each)]


def _trained(verb: str, subject: Subject, models: Sequence[str]) -> list[str]:
    names = [snake(each) for each in models]
    if only_makes(subject.nodes, subject.own):
        verb = "make"
    if not names:
        return [_own(subject)]
    if len(names) == 1:
        found = f"{verb}_{names[0]}"
        return [found, *_on(found, subject)]
    two = len(names) == _PAIR and not subject.each
    pair = f"{verb}_{names[0]}_and_{names[1]}" if two else ""
    several = f"{verb}_{_several_models(subject, models)}"
    return [pair if len(pair) <= _LONGEST else "", several, *_on(several, subject)]


def _several_models(subject: Subject, models: Sequence[str]) -> str:
    return plural(models)[:-1] if subject.each else plural(models)


def _judged(verb: str, subject: Subject, models: Sequence[str]) -> list[str]:
    calls = {call.method for node in subject.nodes for call in node.statement.calls}
    if subject.role == "evaluate" and calls & CROSS and not calls & (_ASKING | _MEASURES.keys()):
        verb = "cross_validate"
    found = ""
    if len(models) == 1:
        found = f"{verb}_{snake(models[0])}"
    elif models:
        found = f"{verb}_{_several_models(subject, models)}"
    measured = _measured(subject) if subject.role == "evaluate" else ""
    others = [measured, _own(subject)]
    asks = any(value.kind == "estimator" for value in subject.values.values())
    first = [found, *_on(found, subject)] if asks or calls & CROSS else [*others, found]
    return [*first, *others, *_on(measured, subject), *_on(found, subject)]


def _measured(subject: Subject) -> str:
    """What is measured, by the metric that is called most."""
    votes = Counter(
        _MEASURES[call.method]
        for node in subject.nodes
        for call in node.statement.calls
        if call.method in _MEASURES and not call.in_definition
    )
    return votes.most_common(1)[0][0] if votes else ""


def _on(name: str, subject: Subject) -> list[str]:
    """The name with the tables that the step works on: those that a model is given come first."""
    if not name:
        return []
    given = [
        argument
        for node in subject.nodes
        for call in node.statement.calls
        if call.method in _ASKING
        for argument in call.arguments
    ]
    inputs = [*(each for each in given if each in subject.inputs), *subject.inputs]
    tables = [n for n in inputs if (v := subject.values.get(n)) and v.kind in _TABLES]
    things = [thing for each in tables if (thing := snake(each)) not in _ANY_TABLE]
    return [f"{name}_on_{thing}" for thing in dict.fromkeys(things)]


def _own(subject: Subject) -> str:
    """The function of the program that most lines of the step call, as a name: `apply_clean`."""
    votes = Counter(
        name
        for node in subject.nodes
        for name in dict.fromkeys(
            call.target
            for call in node.statement.calls
            if call.target in subject.own and not call.in_definition
        )
    )
    if not votes:
        return ""
    name, count = votes.most_common(1)[0]
    enough = _PAIR * count >= len(subject.nodes)
    return f"run_{snake(name).strip('_')}" if enough else ""


def _thing(subject: Subject) -> str:
    return snake((subject.outputs or subject.inputs or ("data",))[0])


def _loader(subject: Subject) -> str:
    """The function of a library that gives the data: `load_iris`, `make_moons`."""
    calls = [call for node in subject.nodes for call in node.statement.calls]
    found = [
        call.method
        for call in calls
        if call.resolved and call.method.startswith(("load_", "fetch_", "make_"))
    ]
    return _joined(dict.fromkeys(found))


def _joined(names: Iterable[str]) -> str:
    """Return one name for two of one verb: `make_moons_and_blobs`."""
    found = list(names)
    if len(found) == 1:
        return found[0]
    verbs = {name.partition("_")[0] for name in found}
    if len(found) != _PAIR or len(verbs) != 1:
        return ""
    joined = f"{found[0]}_and_{found[1].partition('_')[2]}"
    return joined if len(joined) <= _LONGEST else ""


def _several(verb: str, subject: Subject) -> list[str]:
    """What is read from several files, by their folder or the names that the author gave."""
    names = list(dict.fromkeys(snake(name) for name in subject.outputs))
    joined = f"{verb}_{'_and_'.join(names[:2])}"
    if len(names) == _PAIR and len(joined) <= _LONGEST:
        return [joined]
    folders = {str(PurePosixPath(path).parent.name) for path in _paths(subject, written=False)}
    folder = _words(folders.pop()) if len(folders) == 1 else ""
    return [f"{verb}_{folder}" if folder else "", f"{verb}_data"]


def _saved(subject: Subject) -> str:
    """What an export of several files is of: its models, its tables, its figures."""
    suffixes = {PurePosixPath(path).suffix for path in _paths(subject, written=True)}
    kinds = {
        "models": {".pkl", ".pickle", ".joblib", ".model", ".pt", ".pth", ".h5", ".keras"},
        "tables": {".csv", ".tsv", ".parquet", ".feather", ".xlsx"},
        "figures": {".png", ".svg", ".pdf", ".jpg", ".jpeg"},
    }
    fitting = [word for word, known in kinds.items() if suffixes and suffixes <= known]
    return fitting[0] if fitting else "results"


def _way_to_split(subject: Subject) -> str:
    calls = {call.method for node in subject.nodes for call in node.statement.calls}
    if "train_test_split" in calls:
        return "split_train_test"
    folds = any(name.endswith(("Fold", "Split", "Folds")) for name in calls)
    return "split_folds" if folds else "split_data"


def _paths(subject: Subject, *, written: bool) -> Sequence[str]:
    facts = [node.fact for node in subject.nodes]
    found = (path for f in facts for path in (f.files_written if written else f.files_read))
    return list(dict.fromkeys(found))


def _stem(subject: Subject, *, written: bool) -> str:
    """The file that a step reads or writes, as words; its last words say most."""
    paths = _paths(subject, written=written)
    if len(paths) != 1:
        return ""
    words = _words(PurePosixPath(paths[0]).stem, most=MOST_WORDS * 2).split("_")
    return "_".join(words[-3:]) if words[-1:] != [""] and not words[-3:][0].isdigit() else ""


def _words(file: str, most: int = MOST_WORDS) -> str:
    return slug(spaced(file), most)
