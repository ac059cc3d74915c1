"""Recognisers: library call → component. **Add a row to a table here**, and a case to its test.

A recogniser that can write the component's call does so only where it should mean the same; whether
it does is then found by running both.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from thruway.project.upgrades.types import Recognised

if TYPE_CHECKING:
    from thruway.project.upgrades.types import Called

Recogniser = "Callable[[Called], Recognised | None]"

_READERS = {
    "pandas.read_csv": "csv",
    "pandas.read_table": "csv",
    "pandas.read_parquet": "parquet",
    "pandas.read_feather": "arrow",
    "pandas.read_excel": "excel",
    "pandas.read_json": "jsonl",
}
_RENAMED = {"sep": "separator", "delimiter": "separator", "encoding": "encoding"}
"""Keywords of pandas' readers that `ingest` has under another name."""
_SOURCES = frozenset({"filepath_or_buffer", "path", "io", "path_or_buf"})

_INGEST = (
    "spans, globs, addresses and databases; a schema on read; errors that name the line; "
    "a fingerprint of what was read"
)
_SPLIT = "splits by group, time or the hash of a key; frames of any library; checks for leakage"

_BY_HAND: dict[str, tuple[str, str, str]] = {
    "sklearn.model_selection.GridSearchCV": (
        "tune",
        "pruning, resuming, a table of all trials",
        "give `tune` the estimator and the grid as `search_space`",
    ),
    "sklearn.model_selection.RandomizedSearchCV": (
        "tune",
        "pruning, resuming, a table of all trials",
        "give `tune` the estimator and the distributions as `search_space`",
    ),
    "joblib.dump": (
        "push",
        "versions, refusal of what is not blessed, roll-back",
        "return the model, and call `push` on it in the pipeline",
    ),
    "pickle.dump": (
        "push",
        "versions, refusal of what is not blessed, roll-back",
        "return the model, and call `push` on it in the pipeline",
    ),
}
_METRICS = (
    "evaluate",
    "intervals, slices, curves, a comparison with a baseline, a view",
    "call `evaluate(examples, model, label)` in the pipeline, and `bless` what it gives",
)
_METHODS: dict[str, tuple[str, str, str]] = {
    ".describe": (
        "statistics",
        "all types of columns, slices, histograms; what `infer_schema` and `validate` take",
        "call `statistics(examples)` in the pipeline",
    ),
    ".fit_transform": (
        "transform",
        "fits on the training part only; one object for training and serving",
        "call `transform(split, transformer)` in the pipeline",
    ),
}
_METRIC_MODULE = "sklearn.metrics."


def recognise(called: Called) -> Recognised | None:
    """Return what stands for a call; None for the many for which nothing does."""
    if called.name in _READERS:
        return _ingest(called, _READERS[called.name])
    if called.name == "sklearn.model_selection.train_test_split":
        return _split(called)
    if called.name.startswith(_METRIC_MODULE):
        return _by_hand(_METRICS)
    found = _BY_HAND.get(called.name) or _METHODS.get(called.name)
    return _by_hand(found) if found else None


def _by_hand(row: tuple[str, str, str]) -> Recognised:
    component, brings, what = row
    return Recognised(component, brings, by_hand=what)


def _ingest(called: Called, form: str) -> Recognised | None:
    arguments = list(called.node.args)
    named = {each.arg: each.value for each in called.node.keywords}
    source = arguments.pop(0) if arguments else None
    for keyword in _SOURCES & named.keys():
        source = named.pop(keyword)
    starred = isinstance(source, ast.Starred)
    if (
        source is None
        or starred
        or arguments
        or None in named
        or (form == "jsonl" and not _is_lines(named))
    ):
        return None
    named.pop("lines", None)
    words = [called.text(source)]
    if called.name == "pandas.read_table" and not {"sep", "delimiter"} & named.keys():
        words.append(r'separator="\t"')
    options = []
    for name, value in named.items():
        if name in _RENAMED:
            words.append(f"{_RENAMED[name]}={called.text(value)}")
        else:
            options.append(f'"{name}": {called.text(value)}')
    if options:
        words.append(f"options={{{', '.join(options)}}}")
    if not _says(source, form):
        words.insert(1, f'format="{form}"')
    written = f"components.ingest({', '.join(words)})"
    return Recognised("ingest", _INGEST, written, over=called.node)


def _is_lines(named: dict[str | None, ast.expr]) -> bool:
    lines = named.get("lines")
    return isinstance(lines, ast.Constant) and lines.value is True


def _says(source: ast.expr, form: str) -> bool:
    """Whether the name of the file says the format; a name that is not known does, for CSV."""
    endings = {"csv": (".csv", ".tsv", ".txt"), "excel": (".xlsx", ".xls"), "jsonl": (".jsonl",)}
    endings |= {"parquet": (".parquet",), "arrow": (".feather", ".arrow")}
    if isinstance(source, ast.Constant) and isinstance(source.value, str):
        return source.value.lower().endswith(endings[form])
    return False


def _split(called: Called) -> Recognised | None:
    statement, node = called.statement, called.node
    by_hand = Recognised(
        "split", _SPLIT, by_hand="split the frame that holds the label, and take it out afterwards"
    )
    named = {each.arg: each.value for each in node.keywords}
    two = isinstance(statement, ast.Assign) and statement.value is node and _two(statement)
    if len(node.args) != 1 or not two or not named.keys() <= {"test_size", "random_state"}:
        return by_hand
    assert isinstance(statement, ast.Assign)
    target = statement.targets[0]
    assert isinstance(target, ast.Tuple)
    train, test = map(called.text, target.elts)
    size = called.text(named["test_size"]) if "test_size" in named else "0.25"
    words = [called.text(node.args[0]), "eval=0", f"test={size}"]
    if "random_state" in named:
        words.append(f"seed={called.text(named['random_state'])}")
    written = f"{train}, _, {test} = components.split({', '.join(words)})"
    return Recognised("split", _SPLIT, written, over=statement)


def _two(statement: ast.Assign) -> bool:
    target = statement.targets[0]
    return len(statement.targets) == 1 and isinstance(target, ast.Tuple) and len(target.elts) == 2
