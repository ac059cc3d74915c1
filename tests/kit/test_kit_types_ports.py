"""Types at two ports → the exact message of what does not fit; and what must fit."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Sequence
from typing import (
    Annotated,
    Any,
    Generic,
    Literal,
    NamedTuple,
    NewType,
    NotRequired,
    TypedDict,
    TypeVar,
)

import numpy as np
import numpy.typing as npt
import pytest

from thruway.kit.ports.check import mismatches
from thruway.kit.ports.fit import fits, part_of
from thruway.kit.ports.fit_values import value_misfit
from thruway.kit.ports.types import Misfit
from thruway.kit.reading.read import read_function

T = TypeVar("T")

USUAL = (
    "change the annotation of `x` in `TWO` or of ONE.value, "
    "or convert the value in a step between them"
)
CHANGE = "or change the annotation of `x` in `TWO` or of ONE.value"
HEAD = """
from __future__ import annotations
import datetime as dt
import enum, os
from collections import Counter, OrderedDict, defaultdict
from collections.abc import Callable, Collection, Generator, ItemsView, Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import (
    Annotated, Any, Generic, Literal, NamedTuple, Never, NewType, NotRequired, Optional, Protocol,
    SupportsFloat, TypedDict, TypeVar, Union, runtime_checkable,
)
import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
from sklearn.cluster import KMeans
from sklearn.ensemble import RandomForestClassifier
from sklearn.model_selection import GridSearchCV
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.pipeline import Pipeline as Chain
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC
from thruway import pipeline, step

class Animal: ...
class Dog(Animal): ...
class Cat(Animal): ...
class Colour(enum.Enum):
    RED = 1
    BLUE = 2
T = TypeVar("T")
A = TypeVar("A", bound=Animal)
N = TypeVar("N", int, float)
Metres = NewType("Metres", float)
class Box(Generic[T]):
    item: T
class IntBox(Box[int]): ...
class Names(list[str]): ...
class Table(dict[str, list[int]]): ...
class Point(NamedTuple):
    x: int
    y: str
@dataclass
class Scores:
    accuracy: float
@dataclass
class MoreScores(Scores):
    loss: float
@dataclass
class OtherScores:
    accuracy: float
class Row(TypedDict):
    name: str
    age: int
class Named(TypedDict):
    name: str
class Wide(Row):
    fare: float
class Textual(TypedDict):
    name: str
    age: str
class Maybe(TypedDict, total=False):
    name: str
    age: int
class Partly(TypedDict):
    name: str
    age: NotRequired[int]
class Estimator(Protocol):
    def fit(self, X, y): ...
    def predict(self, X): ...
class Probable(Estimator, Protocol):
    def predict_proba(self, X): ...
class WithClasses(Protocol):
    classes_: Any
    def predict(self, X): ...
@runtime_checkable
class Speaks(Protocol):
    def speak(self, loud: bool = False) -> str: ...
class Loud:
    def speak(self, loud: bool = False) -> str: ...
class Quiet:
    def speak(self) -> str: ...
class Numeric:
    def speak(self, loud: bool = False) -> int: ...
class OnlyFits:
    def fit(self, X, y): ...
class Bare: ...
class Dynamic:
    def __getattr__(self, name): ...
class Called:
    def __call__(self, x: int) -> str: ...
class Caller(Protocol):
    def __call__(self, x: int) -> str: ...
class Linked(Protocol):
    def next(self) -> Linked: ...
class Node:
    def next(self) -> Node: ...
"""
FRAMES = """
import pandera.pandas as pa
import pandera.typing as pt
class Raw(pa.DataFrameModel):
    age: int
    fare: float = pa.Field(nullable=True)
class Clean(pa.DataFrameModel):
    age: int
    fare: float
class Ages(pa.DataFrameModel):
    age: int
class FloatAges(pa.DataFrameModel):
    age: float
class CoercedAges(pa.DataFrameModel):
    age: float
    class Config:
        coerce = True
class StrictAges(pa.DataFrameModel):
    age: int
    class Config:
        strict = True
class OptAge(pa.DataFrameModel):
    age: Optional[int]
class Texts(pa.DataFrameModel):
    name: str
class Objects(pa.DataFrameModel):
    name: object
class Regex(pa.DataFrameModel):
    a: int = pa.Field(alias=r"a.*", regex=True)
class Times(pa.DataFrameModel):
    at: pd.DatetimeTZDtype = pa.Field(dtype_kwargs={"unit": "ns", "tz": "UTC"})
class Naive(pa.DataFrameModel):
    at: np.datetime64
Plain = pa.DataFrameSchema({"age": pa.Column("int64"), "city": pa.Column("category")}, name="Plain")
Cities = pa.DataFrameSchema({"city": pa.Column("category", required=False)})
Wide64 = pa.DataFrameSchema(dtype="float64")
"""
OTHERS = """
import polars as pl, pyarrow as pyar
import pandera.polars as pap
import pandera.typing.polars as ptp
class PRaw(pap.DataFrameModel):
    age: int
class PClean(pap.DataFrameModel):
    age: float
    city: str
"""

# What one step gives, what the next takes, what the message says of it, what can be written.
MISFITS = [
    (
        "Partly",
        "Row",
        "expected typed.Row, got typed.Partly; the key `age` may be missing from `Partly`.",
        "make `age` required in `Partly`, or NotRequired in `Row`",
    ),
    (
        "pd.Series[int] | None",
        "pd.DataFrame | None",
        "expected pandas.DataFrame | None, got pandas.Series | None; it may be pandas.Series.",
        USUAL,
    ),
    (
        "int",
        "float",
        "expected float, got int.",
        "write `float(value)` in a step; " + CHANGE,
    ),
    (
        "float",
        "int",
        "expected int, got float.",
        "write `round(value)` in a step; " + CHANGE,
    ),
    (
        "str",
        "int",
        "expected int, got str.",
        "write `int(value)` in a step; " + CHANGE,
    ),
    (
        "int",
        "bool",
        "expected bool, got int.",
        "write `bool(value)` in a step; " + CHANGE,
    ),
    (
        "str",
        "Path",
        "expected pathlib.Path, got str.",
        "write `Path(value)` in a step; " + CHANGE,
    ),
    (
        "Path",
        "str",
        "expected str, got pathlib.Path.",
        "write `str(value)` in a step; " + CHANGE,
    ),
    (
        "list[int]",
        "tuple[int, ...]",
        "expected tuple[int, ...], got list[int].",
        "write `tuple(value)` in a step; " + CHANGE,
    ),
    (
        "Animal",
        "Dog",
        "expected typed.Dog, got typed.Animal.",
        USUAL,
    ),
    (
        "Cat",
        "Dog",
        "expected typed.Dog, got typed.Cat.",
        USUAL,
    ),
    (
        "object",
        "int",
        "expected int, got object.",
        USUAL,
    ),
    (
        "None",
        "int",
        "expected int, got None.",
        USUAL,
    ),
    (
        "int | None",
        "int",
        "expected int, got int | None; it may be None.",
        "return no None, or write `int | None` for `x` in `TWO`",
    ),
    (
        "Optional[Dog]",
        "Dog",
        "expected typed.Dog, got typed.Dog | None; it may be None.",
        "return no None, or write `typed.Dog | None` for `x` in `TWO`",
    ),
    (
        "int | str",
        "int",
        "expected int, got int | str; it may be str.",
        USUAL,
    ),
    (
        "int | str",
        "float",
        "expected float, got int | str.",
        USUAL,
    ),
    (
        "str",
        "Literal['a', 'b']",
        "expected Literal['a', 'b'], got str; it may be any str.",
        "annotate what gives it as Literal['a', 'b'], or `x` in `TWO` as str",
    ),
    (
        "Literal['a', 'c']",
        "Literal['a', 'b']",
        "expected Literal['a', 'b'], got Literal['a', 'c']; it may be 'c'.",
        "add 'c' to the Literal of `x` in `TWO`",
    ),
    (
        "Literal[1]",
        "str",
        "expected str, got Literal[1].",
        USUAL,
    ),
    (
        "bool",
        "Literal[True]",
        "expected Literal[True], got bool; it may be any bool.",
        "annotate what gives it as Literal[True], or `x` in `TWO` as bool",
    ),
    (
        "list[int]",
        "list[float]",
        "expected list[float], got list[int].",
        USUAL,
    ),
    (
        "list[str]",
        "list[int]",
        "expected list[int], got list[str].",
        USUAL,
    ),
    (
        "list[Cat]",
        "list[Dog]",
        "expected list[typed.Dog], got list[typed.Cat].",
        USUAL,
    ),
    (
        "dict[str, int]",
        "dict[str, str]",
        "expected dict[str, str], got dict[str, int].",
        USUAL,
    ),
    (
        "dict[str, int]",
        "Iterable[int]",
        "expected Iterable[int], got dict[str, int].",
        USUAL,
    ),
    (
        "str",
        "Sequence[int]",
        "expected Sequence[int], got str.",
        USUAL,
    ),
    (
        "Names",
        "list[int]",
        "expected list[int], got typed.Names.",
        USUAL,
    ),
    (
        "Table",
        "dict[str, list[str]]",
        "expected dict[str, list[str]], got typed.Table.",
        USUAL,
    ),
    (
        "Counter[str]",
        "Mapping[str, str]",
        "expected Mapping[str, str], got collections.Counter[str].",
        USUAL,
    ),
    (
        "tuple[int, int]",
        "tuple[int, int, int]",
        "expected tuple[int, int, int], got tuple[int, int]; it has 2 items, and 3 are asked for.",
        USUAL,
    ),
    (
        "tuple[int, ...]",
        "tuple[int, int]",
        "expected tuple[int, int], got tuple[int, ...]; it may have any number of items.",
        USUAL,
    ),
    (
        "tuple[int, str]",
        "tuple[int, ...]",
        "expected tuple[int, ...], got tuple[int, str].",
        USUAL,
    ),
    (
        "Point",
        "tuple[int, int]",
        "expected tuple[int, int], got typed.Point.",
        USUAL,
    ),
    (
        "tuple[int, str]",
        "Point",
        "expected typed.Point, got tuple[int, str].",
        USUAL,
    ),
    (
        "Scores",
        "MoreScores",
        "expected typed.MoreScores, got typed.Scores.",
        USUAL,
    ),
    (
        "OtherScores",
        "Scores",
        "expected typed.Scores, got typed.OtherScores.",
        USUAL,
    ),
    (
        "Box[int]",
        "Box[str]",
        "expected typed.Box[str], got typed.Box[int].",
        USUAL,
    ),
    (
        "IntBox",
        "Box[str]",
        "expected typed.Box[str], got typed.IntBox.",
        USUAL,
    ),
    (
        "Named",
        "Row",
        "expected typed.Row, got typed.Named; `Named` has no key `age`, which `Row` asks for.",
        "add `age: int` to `Named`, or make it NotRequired in `Row`",
    ),
    (
        "Textual",
        "Row",
        "expected typed.Row, got typed.Textual; the key `age` is str in `Textual`, and int in `Row`.",
        "write the same type for `age` in both, or convert it in a step",
    ),
    (
        "Maybe",
        "Row",
        "expected typed.Row, got typed.Maybe; the key `name` may be missing from `Maybe`.",
        "make `name` required in `Maybe`, or NotRequired in `Row`",
    ),
    (
        "dict[str, str]",
        "Row",
        "expected typed.Row, got dict[str, str]; its values are str, and the key `age` of `Row` is int.",
        USUAL,
    ),
    (
        "dict[int, int]",
        "Row",
        "expected typed.Row, got dict[int, int]; its keys are int, and those of `Row` are str.",
        USUAL,
    ),
    (
        "list[int]",
        "Row",
        "expected typed.Row, got list[int].",
        USUAL,
    ),
    (
        "Row",
        "dict[str, str]",
        "expected dict[str, str], got typed.Row; it may be int.",
        USUAL,
    ),
    (
        "Row",
        "list[str]",
        "expected list[str], got typed.Row.",
        USUAL,
    ),
    (
        "pd.Series",
        "pd.DataFrame",
        "expected pandas.DataFrame, got pandas.Series.",
        "write `value.to_frame()` in a step; " + CHANGE,
    ),
    (
        "pd.DataFrame",
        "pd.Series",
        "expected pandas.Series, got pandas.DataFrame.",
        'write `value["column"]` in a step; ' + CHANGE,
    ),
    (
        "np.ndarray",
        "pd.DataFrame",
        "expected pandas.DataFrame, got numpy.ndarray.",
        "write `pd.DataFrame(value)` in a step; " + CHANGE,
    ),
    (
        "pd.DataFrame",
        "np.ndarray",
        "expected numpy.ndarray, got pandas.DataFrame.",
        "write `value.to_numpy()` in a step; " + CHANGE,
    ),
    (
        "list[float]",
        "np.ndarray",
        "expected numpy.ndarray, got list[float].",
        "write `np.asarray(value)` in a step; " + CHANGE,
    ),
    (
        "npt.NDArray[np.int64]",
        "npt.NDArray[np.float64]",
        "expected NDArray[numpy.float64], got NDArray[numpy.int64].",
        "write `value.astype(np.float64)` in a step; " + CHANGE,
    ),
    (
        "npt.NDArray[np.float32]",
        "npt.NDArray[np.integer]",
        "expected NDArray[numpy.integer], got NDArray[numpy.float32].",
        USUAL,
    ),
    (
        "np.ndarray",
        "list[float]",
        "expected list[float], got numpy.ndarray.",
        "write `value.tolist()` in a step; " + CHANGE,
    ),
    (
        "np.int64",
        "int",
        "expected int, got numpy.int64.",
        "write `int(value)` in a step; " + CHANGE,
    ),
    (
        "np.float32",
        "float",
        "expected float, got numpy.float32.",
        "write `float(value)` in a step; " + CHANGE,
    ),
    (
        "np.bool_",
        "bool",
        "expected bool, got numpy.bool.",
        "write `bool(value)` in a step; " + CHANGE,
    ),
    (
        "OnlyFits",
        "Estimator",
        "expected typed.Estimator, got typed.OnlyFits; `OnlyFits` has no method `predict`.",
        "give something that has the method `predict`, or ask for less than `Estimator` for `x` in `TWO`",
    ),
    (
        "Bare",
        "Estimator",
        "expected typed.Estimator, got typed.Bare; `Bare` has no methods `fit`, `predict`.",
        "give something that has the methods `fit`, `predict`, or ask for less than `Estimator` for `x` in `TWO`",
    ),
    (
        "StandardScaler",
        "Estimator",
        "expected typed.Estimator, got sklearn.StandardScaler; `StandardScaler` has no method `predict`.",
        "give something that has the method `predict`, or ask for less than `Estimator` for `x` in `TWO`",
    ),
    (
        "LinearRegression",
        "Probable",
        "expected typed.Probable, got sklearn.LinearRegression; `LinearRegression` has no method `predict_proba`.",
        "give something that has the method `predict_proba`, or ask for less than `Probable` for `x` in `TWO`",
    ),
    (
        "LinearRegression",
        "ClassifierMixin",
        "expected sklearn.ClassifierMixin, got sklearn.LinearRegression.",
        USUAL,
    ),
    (
        "Quiet",
        "Speaks",
        "expected typed.Speaks, got typed.Quiet; `Quiet.speak` takes (), and is called with (loud=False) in `Speaks`.",
        "give `Quiet.speak` these parameters, or change `Speaks`",
    ),
    (
        "Numeric",
        "Speaks",
        "expected typed.Speaks, got typed.Numeric; `Numeric.speak` returns int, and str in `Speaks`.",
        "correct what one of the two methods `speak` is said to return",
    ),
    (
        "int",
        "Speaks",
        "expected typed.Speaks, got int; `int` has no method `speak`.",
        "give something that has the method `speak`, or ask for less than `Speaks` for `x` in `TWO`",
    ),
    (
        "Bare",
        "Iterable",
        "expected Iterable, got typed.Bare; `Bare` has no method `__iter__`.",
        USUAL,
    ),
    (
        "Bare",
        "SupportsFloat",
        "expected SupportsFloat, got typed.Bare; `Bare` has no method `__float__`.",
        "give something that has the method `__float__`, or ask for less than `SupportsFloat` for `x` in `TWO`",
    ),
    (
        "int",
        "Callable",
        "expected Callable, got int; int cannot be called.",
        USUAL,
    ),
    (
        "Callable[[int, int], str]",
        "Callable[[int], str]",
        "expected Callable[[int], str], got Callable[[int, int], str]; it takes 2 arguments, and is called with 1.",
        USUAL,
    ),
    (
        "Callable[[int], str]",
        "Callable[[int], int]",
        "expected Callable[[int], int], got Callable[[int], str]; it returns str, and int is asked for.",
        USUAL,
    ),
    (
        "Callable[[int], str]",
        "Callable[[str], str]",
        "expected Callable[[str], str], got Callable[[int], str]; it takes int, and is called with str.",
        USUAL,
    ),
    (
        "Called",
        "Callable[[int], int]",
        "expected Callable[[int], int], got typed.Called; it returns str, and int is asked for.",
        USUAL,
    ),
    (
        "type[Dog]",
        "Callable[[], Cat]",
        "expected Callable[[], typed.Cat], got type[typed.Dog]; it returns typed.Dog, and typed.Cat is asked for.",
        USUAL,
    ),
    (
        "type[Animal]",
        "type[Dog]",
        "expected type[typed.Dog], got type[typed.Animal].",
        USUAL,
    ),
    (
        "float",
        "Metres",
        "expected typed.Metres, got float; Metres is a type of its own.",
        "write Metres(…) where it is made, and say so",
    ),
    (
        "str",
        "Metres",
        "expected typed.Metres, got str.",
        USUAL,
    ),
    (
        "Metres",
        "str",
        "expected str, got typed.Metres.",
        USUAL,
    ),
    (
        "Animal",
        "N",
        "expected typed.N, got typed.Animal.",
        USUAL,
    ),
    (
        "str",
        "A",
        "expected typed.A, got str.",
        USUAL,
    ),
    (
        "A",
        "str",
        "expected str, got typed.A.",
        USUAL,
    ),
    (
        "N",
        "str",
        "expected str, got typed.N.",
        USUAL,
    ),
    (
        "Decimal",
        "float",
        "expected float, got decimal.Decimal.",
        USUAL,
    ),
    (
        "dt.date",
        "dt.datetime",
        "expected datetime.datetime, got datetime.date.",
        USUAL,
    ),
    (
        "Colour",
        "Literal[Colour.RED]",
        "expected Literal[Colour.RED], got typed.Colour; it may be any typed.Colour.",
        "annotate what gives it as Literal[Colour.RED], or `x` in `TWO` as typed.Colour",
    ),
    (
        "Estimator",
        "Probable",
        "expected typed.Probable, got typed.Estimator; `Estimator` has no method `predict_proba`.",
        "give something that has the method `predict_proba`, or ask for less than `Probable` for `x` in `TWO`",
    ),
    (
        "Estimator",
        "LinearRegression",
        "expected sklearn.LinearRegression, got typed.Estimator.",
        USUAL,
    ),
    (
        "LogisticRegression | None",
        "Estimator",
        "expected typed.Estimator, got sklearn.LogisticRegression | None; it may be None.",
        "return no None, or write `typed.Estimator | None` for `x` in `TWO`",
    ),
    (
        "list[OnlyFits]",
        "list[Estimator]",
        "expected list[typed.Estimator], got list[typed.OnlyFits]; `OnlyFits` has no method `predict`.",
        "give something that has the method `predict`, or ask for less than `Estimator` for `x` in `TWO`",
    ),
    (
        "dict[str, OnlyFits]",
        "Mapping[str, Estimator]",
        "expected Mapping[str, typed.Estimator], got dict[str, typed.OnlyFits]; `OnlyFits` has no method `predict`.",
        "give something that has the method `predict`, or ask for less than `Estimator` for `x` in `TWO`",
    ),
    (
        "Iterable[int]",
        "list[int]",
        "expected list[int], got Iterable[int].",
        USUAL,
    ),
    (
        "Generator[int, None, None]",
        "Iterator[str]",
        "expected Iterator[str], got Generator[int, None, None].",
        USUAL,
    ),
]
FITS = [
    ("GridSearchCV", "Estimator"),
    ("KMeans", "Estimator"),
    ("RandomForestClassifier", "Probable"),
    ("bool", "int"),
    ("Dog", "Animal"),
    ("int", "int | None"),
    ("None", "Optional[int]"),
    ("int | str", "Union[str, int, None]"),
    ("Literal['a', 1]", "str | int"),
    ("Literal['a']", "Literal['b', 'a']"),
    ("bool", "Literal[True, False]"),
    ("Any", "int"),
    ("int", "Any"),
    ("int", "object"),
    ("Never", "int"),
    ("list[bool]", "list[int]"),
    ("list", "list[int]"),
    ("list[int]", "Sequence[int]"),
    ("dict[str, int]", "Mapping[str, int]"),
    ("dict[str, int]", "Iterable[str]"),
    ("str", "Iterable[str]"),
    ("str", "Sequence[str]"),
    ("range", "Sequence[int]"),
    ("Names", "Sequence[str]"),
    ("Table", "Mapping[str, list[int]]"),
    ("Counter[str]", "Mapping[str, int]"),
    ("defaultdict[str, int]", "dict[str, int]"),
    ("OrderedDict[str, int]", "dict[str, int]"),
    ("Generator[int, None, None]", "Iterable[int]"),
    ("ItemsView[str, int]", "Iterable[tuple[str, int]]"),
    ("tuple[int, int]", "tuple[int, ...]"),
    ("tuple[int, int]", "Sequence[int]"),
    ("Point", "tuple[int, str]"),
    ("Point", "Sequence[int | str]"),
    ("tuple[Any, ...]", "tuple[int, int]"),
    ("MoreScores", "Scores"),
    ("IntBox", "Box[int]"),
    ("Box", "Box[int]"),
    ("Wide", "Row"),
    ("Row", "Named"),
    ("Row", "Maybe"),
    ("Row", "dict[str, Any]"),
    ("Row", "Mapping[str, object]"),
    ("dict[str, Any]", "Row"),
    ("dict", "Row"),
    ("Row", "Partly"),
    ("Row", "dict"),
    ("npt.NDArray[np.float64]", "npt.NDArray[np.float64]"),
    ("npt.NDArray[np.float64]", "np.ndarray"),
    ("np.ndarray", "npt.NDArray[np.float64]"),
    ("npt.NDArray[np.float64]", "npt.NDArray[np.floating]"),
    ("npt.NDArray[np.int64]", "npt.NDArray[Any]"),
    ("list[float]", "npt.ArrayLike"),
    ("pd.Series", "npt.ArrayLike"),
    ("np.ndarray", "npt.ArrayLike"),
    ("np.float64", "float"),
    ("SVC", "Probable"),
    ("LogisticRegression", "Probable"),
    ("LinearRegression", "Estimator"),
    ("Chain", "Estimator"),
    ("LogisticRegression", "WithClasses"),
    ("LogisticRegression", "ClassifierMixin"),
    ("BaseEstimator", "BaseEstimator"),
    ("Dynamic", "Estimator"),
    ("Loud", "Speaks"),
    ("Called", "Caller"),
    ("Node", "Linked"),
    ("Probable", "Estimator"),
    ("Called", "Callable[[int], str]"),
    ("type[Dog]", "Callable[[], Animal]"),
    ("Callable[..., str]", "Callable[[int], str]"),
    ("Callable[[Animal], Dog]", "Callable[[Dog], Animal]"),
    ("type[Dog]", "type[Animal]"),
    ("type", "type[Dog]"),
    ("type[Any]", "type[Dog]"),
    ("Metres", "float"),
    ("Metres", "Metres"),
    ("int", "N"),
    ("Dog", "A"),
    ("A", "Dog"),
    ("A", "Animal"),
    ("T", "int"),
    ("int", "T"),
    ("pd.DataFrame", "Annotated[pd.DataFrame, 'rows']"),
    ("Missing", "int"),
    ("list[Missing]", "list[int]"),
    ("int", "Missing | None"),
    ("int", "SupportsFloat"),
    ("dt.datetime", "dt.date"),
    ("pd.Timestamp", "dt.datetime"),
    ("Path", "os.PathLike"),
    ("Path", "os.PathLike[str]"),
    ("pd.Series[int]", "pd.Series"),
    ("pd.Series[float] | None", "Optional[pd.Series]"),
    ("frozenset[int]", "Set[int]"),
]
FRAME_MISFITS = [
    (
        "Annotated[pd.DataFrame, Raw]",
        "Annotated[pd.DataFrame, Clean]",
        "expected pandas.DataFrame[Clean], got pandas.DataFrame[Raw]; column `fare` may have missing values in `Raw`, and none in `Clean`.",
        "write `nullable=True` for `fare` in `Clean`, or drop or fill them in a step and say so in `Raw`",
    ),
    (
        "Annotated[pd.DataFrame, Ages]",
        "Annotated[pd.DataFrame, Clean]",
        "expected pandas.DataFrame[Clean], got pandas.DataFrame[Ages]; `Ages` has no column `fare` (float64), which `Clean` asks for.",
        "add `fare` to `Ages`, or take it out of `Clean`",
    ),
    (
        "Annotated[pd.DataFrame, Ages]",
        "Annotated[pd.DataFrame, FloatAges]",
        "expected pandas.DataFrame[FloatAges], got pandas.DataFrame[Ages]; column `age` is int64 in `Ages`, and float64 in `FloatAges`.",
        "write the same dtype for `age` in both schemas, or convert the column in a step",
    ),
    (
        "Annotated[pd.DataFrame, Clean]",
        "Annotated[pd.DataFrame, StrictAges]",
        "expected pandas.DataFrame[StrictAges], got pandas.DataFrame[Clean]; `StrictAges` is strict, and `Clean` has the column `fare` too.",
        "add `fare` to `StrictAges`, or drop the column in a step",
    ),
    (
        "Annotated[pd.DataFrame, OptAge]",
        "Annotated[pd.DataFrame, Ages]",
        "expected pandas.DataFrame[Ages], got pandas.DataFrame[OptAge]; column `age` may be missing from `OptAge`.",
        "make `age` required in `OptAge`, or optional in `Ages`",
    ),
    (
        "Annotated[pd.DataFrame, Texts]",
        "Annotated[pd.DataFrame, Regex]",
        "expected pandas.DataFrame[Regex], got pandas.DataFrame[Texts]; `Texts` has no column `a.*` (int64), which `Regex` asks for.",
        "add `a.*` to `Texts`, or take it out of `Regex`",
    ),
    (
        "Annotated[pd.DataFrame, Times]",
        "Annotated[pd.DataFrame, Naive]",
        "expected pandas.DataFrame[Naive], got pandas.DataFrame[Times]; column `at` is datetime64[ns, UTC] in `Times`, and datetime64[ns] in `Naive`.",
        "write the same dtype for `at` in both schemas, or convert the column in a step",
    ),
    (
        "Annotated[pd.DataFrame, Ages]",
        "Annotated[pd.DataFrame, Plain]",
        "expected pandas.DataFrame[Plain], got pandas.DataFrame[Ages]; `Ages` has no column `city` (category), which `Plain` asks for.",
        "add `city` to `Ages`, or take it out of `Plain`",
    ),
    (
        "pt.DataFrame[Ages]",
        "pt.DataFrame[FloatAges]",
        "expected pandas.DataFrame[FloatAges], got pandas.DataFrame[Ages]; column `age` is int64 in `Ages`, and float64 in `FloatAges`.",
        "write the same dtype for `age` in both schemas, or convert the column in a step",
    ),
    (
        "pt.DataFrame[Ages]",
        "Annotated[pd.DataFrame, FloatAges]",
        "expected pandas.DataFrame[FloatAges], got pandas.DataFrame[Ages]; column `age` is int64 in `Ages`, and float64 in `FloatAges`.",
        "write the same dtype for `age` in both schemas, or convert the column in a step",
    ),
    (
        "pt.DataFrame[Ages]",
        "pd.Series",
        "expected pandas.Series, got pandas.DataFrame[Ages].",
        'write `value["column"]` in a step; ' + CHANGE,
    ),
    (
        "Annotated[pd.DataFrame, Ages] | None",
        "Annotated[pd.DataFrame, FloatAges] | None",
        "expected pandas.DataFrame[FloatAges] | None, got pandas.DataFrame[Ages] | None; column `age` is int64 in `Ages`, and float64 in `FloatAges`.",
        "write the same dtype for `age` in both schemas, or convert the column in a step",
    ),
    (
        "list[Annotated[pd.DataFrame, Ages]]",
        "list[Annotated[pd.DataFrame, FloatAges]]",
        "expected list[pandas.DataFrame[FloatAges]], got list[pandas.DataFrame[Ages]]; column `age` is int64 in `Ages`, and float64 in `FloatAges`.",
        "write the same dtype for `age` in both schemas, or convert the column in a step",
    ),
]
FRAME_FITS = [
    ("Annotated[pd.DataFrame, Ages]", "Annotated[pd.DataFrame, CoercedAges]"),
    ("Annotated[pd.DataFrame, StrictAges]", "Annotated[pd.DataFrame, Ages]"),
    ("Annotated[pd.DataFrame, Clean]", "Annotated[pd.DataFrame, Ages]"),
    ("Annotated[pd.DataFrame, Ages]", "Annotated[pd.DataFrame, OptAge]"),
    ("Annotated[pd.DataFrame, Texts]", "Annotated[pd.DataFrame, Objects]"),
    ("Annotated[pd.DataFrame, Objects]", "Annotated[pd.DataFrame, Texts]"),
    ("Annotated[pd.DataFrame, Ages]", "Annotated[pd.DataFrame, Regex]"),
    ("Annotated[pd.DataFrame, Regex]", "Annotated[pd.DataFrame, Ages]"),
    ("Annotated[pd.DataFrame, Plain]", "Annotated[pd.DataFrame, Ages]"),
    ("Annotated[pd.DataFrame, Plain]", "Annotated[pd.DataFrame, Cities]"),
    ("pt.DataFrame[Ages]", "pd.DataFrame"),
    ("pd.DataFrame", "pt.DataFrame[Ages]"),
    ("pt.Series[int]", "pd.Series"),
    ("pt.DataFrame[Ages]", "Annotated[pd.DataFrame, Ages]"),
    ("Annotated[pd.DataFrame, Ages]", "pd.DataFrame"),
    ("pd.DataFrame", "Annotated[pd.DataFrame, Ages]"),
    ("Annotated[pd.DataFrame, Wide64]", "Annotated[pd.DataFrame, Ages]"),
]
OTHER_MISFITS = [
    (
        "ptp.DataFrame[PRaw]",
        "ptp.DataFrame[PClean]",
        "expected polars.DataFrame[PClean], got polars.DataFrame[PRaw]; column `age` is Int64 in `PRaw`, and Float64 in `PClean`; `PRaw` has no column `city` (String), which `PClean` asks for.",
        "write the same dtype for `age` in both schemas, or convert the column in a step",
    ),
    (
        "ptp.LazyFrame[PRaw]",
        "ptp.DataFrame[PRaw]",
        "expected polars.DataFrame[PRaw], got polars.LazyFrame[PRaw].",
        "write `value.collect()` in a step; " + CHANGE,
    ),
    (
        "Annotated[pl.DataFrame, PRaw]",
        "Annotated[pl.DataFrame, PClean]",
        "expected polars.DataFrame[PClean], got polars.DataFrame[PRaw]; column `age` is Int64 in `PRaw`, and Float64 in `PClean`; `PRaw` has no column `city` (String), which `PClean` asks for.",
        "write the same dtype for `age` in both schemas, or convert the column in a step",
    ),
    (
        "pl.DataFrame",
        "pd.DataFrame",
        "expected pandas.DataFrame, got polars.DataFrame.",
        "write `value.to_pandas()` in a step; " + CHANGE,
    ),
    (
        "pd.DataFrame",
        "pl.DataFrame",
        "expected polars.DataFrame, got pandas.DataFrame.",
        "write `pl.from_pandas(value)` in a step; " + CHANGE,
    ),
    (
        "pl.LazyFrame",
        "pl.DataFrame",
        "expected polars.DataFrame, got polars.LazyFrame.",
        "write `value.collect()` in a step; " + CHANGE,
    ),
    (
        "pl.DataFrame",
        "pl.LazyFrame",
        "expected polars.LazyFrame, got polars.DataFrame.",
        "write `value.lazy()` in a step; " + CHANGE,
    ),
    (
        "pyar.Table",
        "pd.DataFrame",
        "expected pandas.DataFrame, got pyarrow.Table.",
        "write `value.to_pandas()` in a step; " + CHANGE,
    ),
    (
        "pl.DataFrame",
        "pyar.Table",
        "expected pyarrow.Table, got polars.DataFrame.",
        "write `value.to_arrow()` in a step; " + CHANGE,
    ),
    (
        "pyar.Table",
        "pl.DataFrame",
        "expected polars.DataFrame, got pyarrow.Table.",
        "write `pl.from_arrow(value)` in a step; " + CHANGE,
    ),
    (
        "pl.Series",
        "pl.DataFrame",
        "expected polars.DataFrame, got polars.Series.",
        "write `value.to_frame()` in a step; " + CHANGE,
    ),
    (
        "pl.DataFrame",
        "pd.Series",
        "expected pandas.Series, got polars.DataFrame.",
        USUAL,
    ),
    (
        "pyar.Table",
        "pyar.RecordBatch",
        "expected pyarrow.RecordBatch, got pyarrow.Table.",
        USUAL,
    ),
]
OTHER_FITS = [
    ("ptp.DataFrame[PRaw]", "pl.DataFrame"),
    ("pl.DataFrame", "ptp.DataFrame[PRaw]"),
    ("pl.DataFrame", "pl.DataFrame"),
    ("pyar.Table", "pyar.Table"),
]


class Pairs:
    """A module with a pipeline of all pairs, checked once."""

    def __init__(self, folder, head, pairs):
        name = f"typed_{folder.name.replace('-', '_')}"
        steps = [
            f"@step\ndef one{n}() -> {given}: ...\n@step\ndef two{n}(x: {wanted}): ...\n"
            for n, (given, wanted) in enumerate(pairs)
        ]
        calls = [f"    value = one{n}()\n    two{n}(value)\n" for n in range(len(pairs))]
        text = "\n".join([head, *steps, "@pipeline\ndef p():\n"]) + "".join(calls)
        (folder / f"{name}.py").write_text(text)
        sys.path.insert(0, str(folder))
        try:
            found = mismatches(read_function(folder / f"{name}.py", "p", [folder]))
        finally:
            sys.path.remove(str(folder))
            sys.modules.pop(name, None)
        self.name = name
        self.found = {int(error.what.partition(".")[0][3:]): error for error in found}
        self.pairs = pairs

    def of(self, given, wanted):
        number = self.pairs.index((given, wanted))
        error = self.found.get(number)
        if error is None:
            return None
        ends = f"one{number}.value does not fit two{number}.x: "
        assert error.what.startswith(ends)
        what = error.what.removeprefix(ends).replace(f"{self.name}.", "typed.")
        fix = error.fix.replace(f"one{number}", "ONE").replace(f"two{number}", "TWO")
        # Its name before NumPy 2.
        return what.replace("numpy.bool_", "numpy.bool"), fix.replace(f"{self.name}.", "typed.")


def pairs_of(*tables):
    return [(row[0], row[1]) for table in tables for row in table]


def each_with_itself(*tables):
    kinds = dict.fromkeys(kind for pair in pairs_of(*tables) for kind in pair)
    return [(kind, kind) for kind in kinds]


@pytest.fixture(scope="module")
def types(tmp_path_factory):
    pairs = pairs_of(MISFITS, FITS) + each_with_itself(MISFITS, FITS)
    return Pairs(tmp_path_factory.mktemp("plain"), HEAD, pairs)


@pytest.fixture(scope="module")
def frames(tmp_path_factory):
    pytest.importorskip("pandera.pandas")
    pairs = pairs_of(FRAME_MISFITS, FRAME_FITS) + each_with_itself(FRAME_MISFITS, FRAME_FITS)
    return Pairs(tmp_path_factory.mktemp("frames"), HEAD + FRAMES, pairs)


@pytest.fixture(scope="module")
def others(tmp_path_factory):
    for name in ("pandera.pandas", "polars", "pyarrow"):
        pytest.importorskip(name)
    pairs = pairs_of(OTHER_MISFITS, OTHER_FITS) + each_with_itself(OTHER_MISFITS, OTHER_FITS)
    return Pairs(tmp_path_factory.mktemp("others"), HEAD + FRAMES + OTHERS, pairs)


@pytest.mark.parametrize(("given", "wanted", "what", "fix"), MISFITS)
def test_what_does_not_fit(types, given, wanted, what, fix):
    assert types.of(given, wanted) == (what, fix)


@pytest.mark.parametrize(("given", "wanted"), FITS)
def test_what_fits(types, given, wanted):
    assert types.of(given, wanted) is None


@pytest.mark.parametrize(("given", "wanted", "what", "fix"), FRAME_MISFITS)
def test_schemas_that_do_not_fit(frames, given, wanted, what, fix):
    assert frames.of(given, wanted) == (what, fix)


@pytest.mark.parametrize(("given", "wanted"), FRAME_FITS)
def test_schemas_that_fit(frames, given, wanted):
    assert frames.of(given, wanted) is None


@pytest.mark.parametrize(("given", "wanted", "what", "fix"), OTHER_MISFITS)
def test_frames_of_other_libraries_that_do_not_fit(others, given, wanted, what, fix):
    assert others.of(given, wanted) == (what, fix)


@pytest.mark.parametrize(("given", "wanted"), OTHER_FITS)
def test_frames_of_other_libraries_that_fit(others, given, wanted):
    assert others.of(given, wanted) is None


class Row(TypedDict):
    name: str
    age: NotRequired[int]


class Point(NamedTuple):
    x: int
    y: str


class Box(Generic[T]):
    item: T
    items: list[T]


@pytest.mark.parametrize(
    ("value", "wanted", "expected"),
    [
        ({"name": "a"}, Row, None),
        ({"name": "a", "age": 1}, Row, None),
        ({"age": 1}, Row, Misfit("it has no key `name`", "write a value for `name`")),
        ({"name": 1}, Row, Misfit("its key `name` is 1, and str is asked for")),
        (
            {"name": "a", "size": 1},
            Row,
            Misfit("`Row` has no key `size`", "leave `size` out, or add it to `Row`"),
        ),
        ([], Row, Misfit()),
        ("c", Literal["a", "b"], Misfit("", "write one of 'a', 'b'")),
        (1, NewType("Metres", float), Misfit()),
        (1.0, NewType("Metres", float), None),
        ([1, "a"], list[int], Misfit("it has 'a' in it")),
        ({"a": 1.5}, dict[str, int], Misfit("it has 'a': 1.5")),
        ((1,), tuple[int, int], Misfit("it has 1 items, and 2 are asked for")),
        ([1, 2], Sequence[int], None),
        (len, Callable[[list[int]], int], None),
        (3, Callable[..., int], Misfit("int cannot be called")),
        (bool, type[int], None),
        (str, type[int], Misfit()),
        (np.zeros(2), npt.NDArray[np.float64], None),
        (np.zeros(2, int), npt.NDArray[np.float64], Misfit()),
        (True, T, None),
        (True, Any, None),
    ],
)
def test_values(value, wanted, expected):
    assert value_misfit(value, wanted) == expected


@pytest.mark.parametrize(
    ("returned", "part", "expected"),
    [
        (Point, "x", int),
        (Point, "1", str),
        (tuple[int, str], "1", str),
        (tuple[int, ...], "7", int),
        (Box[int], "item", int),
        (Box[int], "items", list[int]),
        (Annotated[Point, "note"], "y", str),
    ],
)
def test_parts_of_a_result(returned, part, expected):
    assert part_of(returned, part) == expected


@pytest.mark.parametrize(
    ("returned", "part"), [(tuple, "0"), (Box, "lost"), (int, "0"), (tuple[int], "1"), (Any, "x")]
)
def test_parts_that_are_not_known_fit(returned, part):
    assert fits(part_of(returned, part), int)
    assert fits(part_of(returned, part), str)


def test_pandera_is_not_imported_to_read_a_schema():
    program = (
        "import sys; from typing import Annotated; from thruway.kit.ports.fit import fits; "
        "assert fits(Annotated[int, 3], Annotated[int, 4]); "
        "assert not {'pandera', 'numpy', 'pandas'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


@pytest.mark.parametrize("name", ["types", "frames", "others"])
def test_every_type_fits_itself(request, name):
    made = request.getfixturevalue(name)
    same = [pair for pair in made.pairs if pair[0] == pair[1]]
    assert len(same) > 10
    assert [pair for pair in same if made.of(*pair) is not None] == []


def test_the_tables_are_long_enough():
    assert len(MISFITS) + len(FRAME_MISFITS) >= 50
    assert len(FITS) + len(FRAME_FITS) >= 40
    for table in (MISFITS, FITS, FRAME_MISFITS, FRAME_FITS, OTHER_MISFITS, OTHER_FITS):
        assert len(set(pairs_of(table))) == len(table)
