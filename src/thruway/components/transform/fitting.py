"""What may transform: a scikit-learn transformer, a pair of functions, one function.

Each becomes an object with `apply`, which holds what was fitted. What the user gave is cloned.
"""

from __future__ import annotations

import copy
import re
import warnings
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from thruway.components import seeds
from thruway.components.models import tables
from thruway.components.models.adapters import estimators
from thruway.errors import DataError, UsageError

Function = Callable[..., Any]
_MOST_SAID = 200
"""Characters of a library's warning."""


@dataclass(frozen=True, eq=False)
class ByTransformer:
    """A fitted transformer of scikit-learn, skrub, or made after them."""

    fitted: Any
    heard: tuple[str, ...] = ()

    def apply(self, table: Any) -> Any:
        """Return what it makes of a frame (narwhals).

        What it warned of while it was fitted, it need not warn of for each row.

        Raises:
            DataError: it cannot take what is in the frame.
        """
        data = estimators.as_fitted(self.fitted, table)
        try:
            if not self.heard:
                return self.fitted.transform(data)
            with warnings.catch_warnings():
                for text in self.heard:
                    warnings.filterwarnings("ignore", message=re.escape(text))
                return self.fitted.transform(data)
        except Exception as error:  # each library refuses in its own way
            raise refusal(self.fitted, "transform", table, error) from error

    def names(self) -> list[str] | None:
        """Return what it calls the columns it makes; None when it does not say."""
        try:
            return [str(name) for name in self.fitted.get_feature_names_out()]
        except Exception:  # one step of a pipeline that cannot say is enough
            return None


@dataclass(frozen=True, eq=False)
class ByFunctions:
    """A user's pair of functions, and what the first one learnt."""

    function: Function
    state: Any

    def apply(self, table: Any) -> Any:
        """Return what the second function makes of a frame and the state."""
        return self.function(table.to_native(), self.state)

    def names(self) -> list[str] | None:
        """Return None: the frame that it makes has them."""
        return None


@dataclass(frozen=True, eq=False)
class ByFunction:
    """A user's function that learns nothing."""

    function: Function

    def apply(self, table: Any) -> Any:
        """Return what it makes of a frame."""
        return self.function(table.to_native())

    def names(self) -> list[str] | None:
        """Return None: the frame that it makes has them."""
        return None


Fitted = ByTransformer | ByFunctions | ByFunction


def fit(transformer: Any, table: Any, labels: Any, seed: int = 0) -> tuple[Fitted, Any, list[str]]:
    """Return the fitted object, what fitting made of its rows (or None), and what was warned of.

    Args:
        transformer: what the user gave; it stays as it is.
        table: the rows to learn from (narwhals).
        labels: (n_rows,); None when it must not see them. With them, a transformer makes the rows
            it learns from by `fit_transform`, which cross-fits where it can: a row's own label
            is not in its features.
        seed: for the random states that are open.

    Raises:
        UsageError: the transformer is nothing of these.
        DataError: it cannot be fitted on these rows.
    """
    if isinstance(transformer, tuple) and len(transformer) == 2 and all(map(callable, transformer)):
        learn, function = transformer
        given = (table.to_native(),) if labels is None else (table.to_native(), labels)
        return ByFunctions(function, learn(*given)), None, []
    if hasattr(transformer, "transform") and not isinstance(transformer, type):
        return _fit_transformer(transformer, table, labels, seed)
    if callable(transformer) and not isinstance(transformer, type):
        return ByFunction(transformer), None, []
    raise UsageError(
        f"`transformer` is {_article(transformer)}, which transforms nothing",
        fix="give it a transformer with `fit` and `transform`, a pair of functions (fit, apply), "
        "or one function from frame to frame",
    )


def as_it_is(transformer: Any) -> Fitted:
    """Return a transformer that was fitted elsewhere, copied."""
    if hasattr(transformer, "transform"):
        return ByTransformer(copy.deepcopy(transformer))
    if callable(transformer):
        return ByFunction(transformer)
    raise UsageError(
        "`fit_on` is None, and the transformer has no `transform`",
        fix="give it a fitted transformer, or a function from frame to frame",
    )


def cloned(estimator: Any) -> Any:
    """Return an unfitted copy: scikit-learn's clone where the object can be cloned."""
    if hasattr(estimator, "get_params"):
        from sklearn.base import clone

        try:
            return clone(estimator)
        except (TypeError, RuntimeError):  # its constructor changes what it is given
            return copy.deepcopy(estimator)
    return copy.deepcopy(estimator)


def _fit_transformer(
    transformer: Any, table: Any, labels: Any, seed: int
) -> tuple[Fitted, Any, list[str]]:
    made = cloned(transformer)
    seeds.seed(made, seed)
    data = estimators.as_fitted(made, table)
    with warnings.catch_warnings(record=True) as heard:
        warnings.simplefilter("always")
        try:
            rows = None if labels is None else made.fit_transform(data, labels)
            if labels is None:
                made.fit(data)
        except Exception as error:  # each library refuses in its own way
            raise refusal(made, "fit", table, error) from error
    return ByTransformer(made), rows, said(heard)


def muted(fitted: Fitted, heard: list[warnings.WarningMessage]) -> Fitted:
    """Return what was fitted, quiet about what was heard."""
    texts = tuple(dict.fromkeys(str(one.message) for one in heard))
    return replace(fitted, heard=texts) if isinstance(fitted, ByTransformer) else fitted


def said(heard: list[warnings.WarningMessage]) -> list[str]:
    """Return warnings as sentences, each once; those about the future of a library are left out."""
    passing = (DeprecationWarning, FutureWarning, PendingDeprecationWarning)
    texts = [
        f"{one.category.__name__}: {_short(' '.join(str(one.message).split()))}"
        for one in heard
        if not issubclass(one.category, passing)
    ]
    return list(dict.fromkeys(texts))


def _short(text: str) -> str:
    return text if len(text) <= _MOST_SAID else f"{text[:_MOST_SAID]}…"


def refusal(model: Any, verb: str, table: Any, error: Exception) -> DataError:
    """Return the error of a library in our three lines."""
    first = (str(error).strip() or type(error).__name__).splitlines()[0]
    odd = tables.not_numeric(table)
    where = f"columns that are no numbers: {tables.quoted(odd)}" if odd else ""
    return DataError(
        f"{type(model).__name__} cannot {verb} these rows: {first}",
        where=where,
        fix="change the rows before it, or tell it what to do with such values",
    )


def _article(value: Any) -> str:
    if isinstance(value, type):
        return f"the class {value.__qualname__}"
    return f"a {type(value).__qualname__}"
