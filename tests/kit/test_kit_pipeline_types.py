"""What two ends of a port may be: every kind of mismatch with its message, and what fits.

Each row is a pipeline of two steps, `give` and `take`; the message names both ends, what was
expected, what was got, and what to do.
"""

from __future__ import annotations

import pytest

from thruway.errors import TypeMismatch
from thruway.kit.check import check_types
from thruway.kit.read import read_function
from thruway.run.modules import project_imports

NAMES = """\
import dataclasses, datetime, decimal, enum, pathlib, typing
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Annotated, Any, Literal, NamedTuple, NewType, NotRequired, Optional, Protocol, TypedDict, TypeVar, Union

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.cluster import KMeans
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler
from thruway import File, NumpyRandom, pipeline, step

{more}

class Point(NamedTuple):
    x: int
    y: int

class Point3(NamedTuple):
    x: int
    y: int
    z: int

@dataclasses.dataclass
class Config:
    depth: int

@dataclasses.dataclass
class DeepConfig(Config):
    more: int = 0

class Colour(enum.Enum):
    RED = 1

class Row(TypedDict):
    name: str
    age: int

class LongRow(Row):
    city: str

class LooseRow(TypedDict):
    name: str
    age: NotRequired[int]

class TextRow(TypedDict):
    name: str
    age: str

class Estimator(Protocol):
    def fit(self, X, y=None): ...

class Predictor(Estimator, Protocol):
    def predict(self, X): ...

class Prober(Protocol):
    def predict_proba(self, X): ...

class Sized(Protocol):
    def __len__(self) -> int: ...

UserId = NewType("UserId", int)
Frame = TypeVar("Frame", bound=pd.DataFrame)
Number = TypeVar("Number", int, float)
"""

BOTH = """
@step
def give() -> {given}: ...

@step
def take(x: {wanted}) -> int: ...

@pipeline
def flow():
    return take(give())
"""


def check(tmp_path, given, wanted, more=""):
    file = tmp_path / "typed.py"
    file.write_text(NAMES.format(more=more) + BOTH.format(given=given, wanted=wanted))
    with project_imports([tmp_path], anew=True):
        check_types(read_function(file, "flow", [tmp_path]))


DEFAULT = "change the annotation of `x` in `take`"
NUMBER = "return float(…) from `give`, or let `x` of `take` be `int | float`"

MISMATCHES = [
    # given, wanted, expected, got, what to do
    ("int", "float", "float", "int", NUMBER),
    ("int", "float | None", "float | None", "int", NUMBER),
    ("bool", "float", "float", "bool", DEFAULT),
    ("float", "int", "int", "float", DEFAULT),
    ("str", "int", "int", "str", DEFAULT),
    ("int", "str", "str", "int", DEFAULT),
    ("int", "bool", "bool", "int", DEFAULT),
    ("bytes", "str", "str", "bytes", DEFAULT),
    ("None", "int", "int", "None", DEFAULT),
    ("int | None", "int", "int", "int | None", DEFAULT),
    ("Optional[str]", "str", "str", "str | None", DEFAULT),
    ("Union[int, str]", "int", "int", "int | str", DEFAULT),
    ("int | str | None", "int | str", "int | str", "int | str | None", DEFAULT),
    ("Literal['a', 'b']", "Literal['a']", "Literal['a']", "Literal['a', 'b']", DEFAULT),
    ("str", "Literal['a', 'b']", "Literal['a', 'b']", "str", DEFAULT),
    ("Literal[1]", "str", "str", "Literal[1]", DEFAULT),
    ("Literal[1]", "Literal[True]", "Literal[True]", "Literal[1]", DEFAULT),
    ("list[int]", "list[str]", "list[str]", "list[int]", DEFAULT),
    ("list[int]", "list[float]", "list[float]", "list[int]", DEFAULT),
    ("list[int]", "tuple[int, ...]", "tuple[int, ...]", "list[int]", DEFAULT),
    ("list", "dict", "dict", "list", DEFAULT),
    ("dict[str, int]", "dict[str, str]", "dict[str, str]", "dict[str, int]", DEFAULT),
    ("dict[int, str]", "Mapping[str, str]", "collections.abc.Mapping[str, str]", "dict[int, str]", DEFAULT),
    ("Sequence[int]", "list[int]", "list[int]", "collections.abc.Sequence[int]", DEFAULT),
    ("Iterable[int]", "Sequence[int]", "collections.abc.Sequence[int]", "collections.abc.Iterable[int]", DEFAULT),
    ("tuple[int, str]", "tuple[int, int]", "tuple[int, int]", "tuple[int, str]", DEFAULT),
    ("tuple[int, int]", "tuple[int, int, int]", "tuple[int, int, int]", "tuple[int, int]", DEFAULT),
    ("tuple[int, ...]", "tuple[int, int]", "tuple[int, int]", "tuple[int, ...]", DEFAULT),
    ("set[int]", "frozenset[int]", "frozenset[int]", "set[int]", DEFAULT),
    ("list[dict[str, int]]", "list[dict[str, str]]", "list[dict[str, str]]", "list[dict[str, int]]", DEFAULT),
    ("Config", "DeepConfig", "typed.DeepConfig", "typed.Config", DEFAULT),
    ("Colour", "int", "int", "typed.Colour", DEFAULT),
    ("int", "UserId", "typed.UserId", "int", None),
    ("datetime.date", "datetime.datetime", "datetime.datetime", "datetime.date", DEFAULT),
    ("str", "pathlib.Path", "pathlib.Path", "str", DEFAULT),
    ("decimal.Decimal", "float", "float", "decimal.Decimal", DEFAULT),
    ("Row", "LongRow", "typed.LongRow", "typed.Row (no key `city`)", DEFAULT),
    ("Row", "TextRow", "typed.TextRow", "typed.Row (key `age` of int instead of str)", DEFAULT),
    ("LooseRow", "Row", "typed.Row", "typed.LooseRow (key `age` only sometimes)", DEFAULT),
    ("list[int]", "Row", "typed.Row", "list[int] (no dict)", DEFAULT),
    ("dict[str, float]", "Row", "typed.Row", "dict[str, float] (key `name` of float instead of str)", DEFAULT),
    ("Row", "dict[str, int]", "dict[str, int]", "typed.Row", DEFAULT),
    ("type[Ridge]", "type[LogisticRegression]", "type[sklearn.linear_model._logistic.LogisticRegression]",
     "type[sklearn.linear_model._ridge.Ridge]", DEFAULT),
    ("int", "Callable[[int], int]", "collections.abc.Callable[[int], int]", "int", DEFAULT),
    ("np.ndarray", "pd.DataFrame", "pandas.DataFrame", "numpy.ndarray", DEFAULT),
    ("pd.DataFrame", "np.ndarray", "numpy.ndarray", "pandas.DataFrame", DEFAULT),
    ("pd.Series", "pd.DataFrame", "pandas.DataFrame", "pandas.Series", DEFAULT),
    ("pd.Index", "pd.MultiIndex", "pandas.MultiIndex", "pandas.Index", DEFAULT),
    ("npt.NDArray[np.int64]", "npt.NDArray[np.float64]", "numpy.NDArray[float64]", "numpy.NDArray[int64]", DEFAULT),
    ("npt.NDArray[np.float32]", "npt.NDArray[np.float64]", "numpy.NDArray[float64]", "numpy.NDArray[float32]", DEFAULT),
    ("npt.NDArray[np.str_]", "npt.NDArray[np.number]", "numpy.NDArray[number]", "numpy.NDArray[str_]", DEFAULT),
    ("np.int64", "int", "int", "numpy.int64", DEFAULT),
    ("LogisticRegression", "Ridge", "sklearn.Ridge", "sklearn.LogisticRegression", DEFAULT),
    ("BaseEstimator", "LogisticRegression", "sklearn.LogisticRegression", "sklearn.BaseEstimator", DEFAULT),
    ("StandardScaler", "ClassifierMixin", "sklearn.ClassifierMixin", "sklearn.StandardScaler", DEFAULT),
    ("StandardScaler", "Predictor", "typed.Predictor", "sklearn.StandardScaler (no `predict`)", DEFAULT),
    ("Ridge", "Prober", "typed.Prober", "sklearn.Ridge (no `predict_proba`)", DEFAULT),
    ("int", "Estimator", "typed.Estimator", "int (no `fit`)", DEFAULT),
    ("int", "Sized", "typed.Sized", "int (no `__len__`)", DEFAULT),
    ("pd.Series", "Frame", "~Frame", "pandas.Series", DEFAULT),
    ("str", "Number", "~Number", "str", DEFAULT),
    ("Number", "str", "str", "~Number", DEFAULT),
    ("NumpyRandom", "File", "thruway.File", "thruway.NumpyRandom", DEFAULT),
    ("str", "File", "thruway.File", "str", DEFAULT),
    ("Annotated[int, 'years']", "Annotated[str, 'name']", "str", "int", DEFAULT),
    ("list[Config]", "list[DeepConfig]", "list[typed.DeepConfig]", "list[typed.Config]", DEFAULT),
]  # fmt: skip


@pytest.mark.parametrize(("given", "wanted", "expected", "got", "fix"), MISMATCHES)
def test_what_does_not_fit_and_what_is_said(tmp_path, given, wanted, expected, got, fix):
    with pytest.raises(TypeMismatch) as caught:
        check(tmp_path, given, wanted)
    assert caught.value.what == f"give.result does not fit take.x: expected {expected}, got {got}."
    assert (fix or "change the annotation") in caught.value.fix
    assert caught.value.where.startswith(f"{tmp_path / 'typed.py'}, line ")


def test_there_are_enough_of_them():
    assert len({(given, wanted) for given, wanted, *_ in MISMATCHES}) >= 50


FITS = [
    ("bool", "int"), ("int", "int | None"), ("None", "Optional[int]"), ("Literal['a']", "Literal['a', 'b']"),
    ("Literal['a']", "str"), ("list[int]", "Sequence[int]"), ("list[int]", "Iterable"), ("list", "list[int]"),
    ("dict[str, int]", "Mapping[str, int]"), ("tuple[int, int]", "tuple[int, ...]"), ("tuple[int, int]", "Sequence[int]"),
    ("DeepConfig", "Config"), ("UserId", "int"), ("datetime.datetime", "datetime.date"),
    ("pathlib.PosixPath", "pathlib.Path"), ("LongRow", "Row"), ("Row", "LooseRow"), ("Row", "dict"),
    ("Row", "Mapping[str, object]"), ("dict", "Row"), ("dict[str, Any]", "Row"), ("type[Ridge]", "type[BaseEstimator]"),
    ("type[Ridge]", "type"), ("Callable[[int], int]", "Callable"), ("npt.NDArray[np.float64]", "np.ndarray"),
    ("np.ndarray", "npt.NDArray[np.float64]"), ("npt.NDArray[np.float64]", "npt.NDArray[np.floating]"),
    ("npt.NDArray[np.float64]", "npt.NDArray[Any]"), ("np.float64", "float"), ("pd.MultiIndex", "pd.Index"),
    ("LogisticRegression", "BaseEstimator"), ("LogisticRegression", "ClassifierMixin"), ("LogisticRegression", "Predictor"),
    ("LogisticRegression", "Prober"), ("Pipeline", "Predictor"), ("KMeans", "Estimator"), ("list[int]", "Sized"),
    ("pd.DataFrame", "Frame"), ("int", "Number"), ("Number", "float | int"), ("Any", "int"), ("int", "Any"),
    ("int", "object"), ("Annotated[int, 'years']", "int"), ("int", "Annotated[int, 'years']"),
    ("Ridge | LogisticRegression", "Predictor"), ("Point", "tuple"),
]  # fmt: skip


@pytest.mark.parametrize(("given", "wanted"), FITS)
def test_what_fits(tmp_path, given, wanted):
    check(tmp_path, given, wanted)


SCHEMAS = """
import pandera.pandas as pa
from pandera.typing import DataFrame

class Raw(pa.DataFrameModel):
    age: float = pa.Field(nullable=True)
    name: str

class Clean(pa.DataFrameModel):
    age: float
    name: str

class Wide(Clean):
    city: str

class Whole(pa.DataFrameModel):
    age: int
    name: str

class Coerced(pa.DataFrameModel):
    age: int
    name: str
    class Config:
        coerce = True

class Exact(pa.DataFrameModel):
    age: float
    name: str
    class Config:
        strict = True

OBJECT = pa.DataFrameSchema({"age": pa.Column("float64"), "name": pa.Column(str)})
OPTIONAL = pa.DataFrameSchema({"age": pa.Column("float64", required=False), "name": pa.Column(str)})
ANY = pa.DataFrameSchema({"age": pa.Column(), "name": pa.Column()})
"""

DIFFER = [
    ("Annotated[pd.DataFrame, Clean]", "Annotated[pd.DataFrame, Wide]", "one with no column `city`"),
    ("Annotated[pd.DataFrame, Clean]", "Annotated[pd.DataFrame, Whole]", "one with column `age` of float64 instead of int64"),
    ("Annotated[pd.DataFrame, Raw]", "Annotated[pd.DataFrame, Clean]", "one with missing values in column `age`"),
    ("DataFrame[Clean]", "DataFrame[Whole]", "one with column `age` of float64 instead of int64"),
    ("DataFrame[Clean]", "Annotated[pd.DataFrame, Wide]", "one with no column `city`"),
    ("Annotated[pd.DataFrame, Wide]", "Annotated[pd.DataFrame, Exact]",
     "one with a column `city`, and other columns are not allowed"),
    ("Annotated[pd.DataFrame, OBJECT]", "Annotated[pd.DataFrame, Wide]", "one with no column `city`"),
    ("Annotated[pd.DataFrame, OPTIONAL]", "Annotated[pd.DataFrame, OBJECT]", "one with column `age` only sometimes"),
]  # fmt: skip


@pytest.mark.parametrize(("given", "wanted", "got"), DIFFER)
def test_schemas_that_differ(tmp_path, given, wanted, got):
    pytest.importorskip("pandera")
    with pytest.raises(TypeMismatch) as caught:
        check(tmp_path, given, wanted, SCHEMAS)
    assert caught.value.what == (
        f"give.result does not fit take.x: expected a frame as its schema says, got {got}."
    )
    assert caught.value.fix == "change what `give` gives, or the schema of `x`"


AGREE = [
    ("Annotated[pd.DataFrame, Wide]", "Annotated[pd.DataFrame, Clean]"),
    ("Annotated[pd.DataFrame, Clean]", "Annotated[pd.DataFrame, Raw]"),
    ("Annotated[pd.DataFrame, Clean]", "Annotated[pd.DataFrame, Coerced]"),
    ("Annotated[pd.DataFrame, Clean]", "DataFrame[Exact]"),
    ("Annotated[pd.DataFrame, Clean]", "Annotated[pd.DataFrame, ANY]"),
    ("Annotated[pd.DataFrame, ANY]", "Annotated[pd.DataFrame, Clean]"),
    ("pd.DataFrame", "Annotated[pd.DataFrame, Clean]"),
    ("Annotated[pd.DataFrame, Clean]", "pd.DataFrame"),
    ("Annotated[pd.DataFrame, 'customers']", "Annotated[pd.DataFrame, Clean]"),
]


@pytest.mark.parametrize(("given", "wanted"), AGREE)
def test_schemas_that_agree(tmp_path, given, wanted):
    pytest.importorskip("pandera")
    check(tmp_path, given, wanted, SCHEMAS)


LIBRARIES = [
    ("polars", "pl.DataFrame", "pd.DataFrame", "pandas.DataFrame", "polars.DataFrame"),
    ("polars", "pl.LazyFrame", "pl.DataFrame", "polars.DataFrame", "polars.LazyFrame"),
    ("polars", "pl.Series", "pd.Series", "pandas.Series", "polars.Series"),
    ("pyarrow", "pa.Table", "pd.DataFrame", "pandas.DataFrame", "pyarrow.Table"),
    ("pyarrow", "pa.RecordBatch", "pa.Table", "pyarrow.Table", "pyarrow.RecordBatch"),
]


@pytest.mark.parametrize(("library", "given", "wanted", "expected", "got"), LIBRARIES)
def test_frames_of_libraries(tmp_path, library, given, wanted, expected, got):
    pytest.importorskip(library)
    short = {"polars": "pl", "pyarrow": "pa"}[library]
    with pytest.raises(TypeMismatch) as caught:
        check(tmp_path, given, wanted, f"import {library} as {short}")
    assert caught.value.what == f"give.result does not fit take.x: expected {expected}, got {got}."
