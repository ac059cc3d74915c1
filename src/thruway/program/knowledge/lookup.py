"""Answers from all tables: by dotted name, or by method and type of the receiver."""

from __future__ import annotations

from functools import cache

from thruway.program.knowledge import (
    lightgbm,
    matplotlib,
    methods,
    numpy,
    others,
    pandas,
    seaborn,
    sklearn,
    statsmodels,
    stdlib,
    xgboost,
)
from thruway.program.knowledge.keywords import KEYWORDS
from thruway.program.knowledge.table import Api, Table, records, role_of_module

# Add the table of a new library here.
TABLES: tuple[Table, ...] = (
    pandas.TABLE,
    numpy.TABLE,
    sklearn.TABLE,
    matplotlib.TABLE,
    seaborn.TABLE,
    statsmodels.TABLE,
    xgboost.TABLE,
    lightgbm.TABLE,
    stdlib.TABLE,
    *others.TABLES,
)


@cache
def lookup(target: str) -> Api | None:
    """Return what is known of a function or class.

    Args:
        target: dotted name, imports resolved; private modules (`sklearn.svm._classes.SVC`) and
            modules that moved between versions are found too.

    Examples:
        >>> lookup("pandas.read_csv").role
        'ingest'
    """
    if api := _by_name().get(target):
        return api
    public = _public(target)
    if api := _by_name().get(public):
        return api
    table = _by_library().get(public.split(".")[0])
    if table is None or "." not in public:
        return _by_name().get(f"builtins.{target}")
    if role := role_of_module(table, public):
        return Api(public, role, (), (), KEYWORDS if role in table.tunable else {})
    return _by_last_name().get((public.split(".")[0], public.rsplit(".", 1)[1]))


@cache
def lookup_method(method: str, receiver_type: str | None) -> Api | None:
    """Return what is known of a method.

    Args:
        method: its name.
        receiver_type: dotted name of the receiver's class as observed, None when not known;
            a table entry for the class (`DataFrame.plot`) goes before one for all classes.

    Examples:
        >>> lookup_method("fit", None).role
        'train'
    """
    if receiver_type is not None:
        last = receiver_type.rsplit(".", 1)[-1]
        if api := _methods().get(f"{last}.{method}"):
            return api
        if receiver_type.startswith(methods.FOREIGN):
            return None
    return _methods().get(method)


def changes_receiver(method: str, receiver_type: str | None = None) -> bool:
    """Tell whether a method is known to change the object that it is called on."""
    api = lookup_method(method, receiver_type)
    return api is not None and "receiver" in api.effects


@cache
def _by_name() -> dict[str, Api]:
    return {name: api for table in TABLES for name, api in records(table, KEYWORDS).items()}


@cache
def _methods() -> dict[str, Api]:
    return records(methods.TABLE, KEYWORDS)


@cache
def _by_library() -> dict[str, Table]:
    roots = {name.split(".")[0]: table for table in TABLES for name in records(table, KEYWORDS)}
    return {root: table for root, table in roots.items() if root != "builtins"}


@cache
def _by_last_name() -> dict[tuple[str, str], Api]:
    """Return records by library and last name, where that is unique."""
    found: dict[tuple[str, str], Api | None] = {}
    for name, api in _by_name().items():
        key = (name.split(".")[0], name.rsplit(".", 1)[-1])
        found[key] = api if key not in found else None
    return {key: api for key, api in found.items() if api is not None}


def _public(target: str) -> str:
    """Return a name without private modules: `sklearn.svm._classes.SVC` → `sklearn.svm.SVC`."""
    *modules, last = target.split(".")
    return ".".join([*(m for m in modules if not m.startswith("_")), last])
