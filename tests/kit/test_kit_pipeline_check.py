"""Ports that fit and ports that do not; parameters read from text."""

from __future__ import annotations

import sys
from pathlib import Path
from textwrap import dedent

import pytest

from thruway.errors import PipelineError, TypeMismatch, UsageError
from thruway.kit.ports.check import check_parameters, check_types, mismatches, parse_parameter
from thruway.kit.ports.fit import fits
from thruway.kit.ports.fit_values import value_fits
from thruway.kit.reading.read import read_function

HEAD = """
    from __future__ import annotations
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from typing import (
        TYPE_CHECKING, Annotated, Any, Literal, NamedTuple, NewType, Optional, Protocol, TypeVar,
        Union, runtime_checkable,
    )
    import numpy as np
    import pandas as pd
    from thruway import NumpyRandom, PythonRandom, map_over, pipeline, step

    if TYPE_CHECKING:
        import os.path as lazily
        from decimal import Decimal
        from not_installed import Frame, Schema
        from pandas import Index

    class Animal: ...
    class Dog(Animal): ...
    class Cat(Animal): ...
    T = TypeVar("T")
    Metres = NewType("Metres", float)

    @runtime_checkable
    class Speaks(Protocol):
        def speak(self) -> str: ...

    class Loud:
        def speak(self) -> str: ...

    class Fits(Protocol):
        def fit(self) -> None: ...

    class Parts(NamedTuple):
        train: pd.DataFrame
        test: pd.Series
"""
FIT = [
    ("int", "int"), ("bool", "int"), ("Dog", "Animal"), ("int", "Any"), ("Any", "int"),
    ("int", "object"), ("int", "int | None"), ("None", "Optional[int]"), ("int", "Union[int, str]"),
    ("int | str", "str | int | None"), ("Literal['a']", "str"), ("Literal['a']", "Literal['a', 'b']"),
    ("list[int]", "list[int]"), ("list[bool]", "list[int]"), ("list[int]", "list"), ("list", "list[int]"),
    ("list[int]", "Sequence[int]"), ("dict[str, int]", "Mapping[str, int]"), ("str", "Iterable"),
    ("tuple[int, int]", "tuple[int, ...]"), ("tuple[int, str]", "tuple[int, str]"),
    ("tuple[int, int]", "Sequence[int]"), ("pd.DataFrame", "pd.DataFrame"), ("np.float64", "float"),
    ("np.ndarray", "np.ndarray"), ("pd.DataFrame", "Annotated[pd.DataFrame, Schema]"),
    ("Annotated[pd.DataFrame, Schema]", "Annotated[pd.DataFrame, 'x']"), ("Frame", "int"),
    ("int", "Frame | None"), ("list[Frame]", "list[int]"), ("Loud", "Speaks"),
    ("T", "int"), ("int", "T"), ("Metres", "float"), ("Metres", "Metres"), ("Decimal", "Decimal"),
    ("pd.Index", "Index"), ("type[Dog]", "type[Animal]"), ("Callable[[int], str]", "Callable"),
]  # fmt: skip
MISFIT = [
    ("int", "float"), ("float", "int"), ("str", "int"), ("Animal", "Dog"), ("Cat", "Dog"),
    ("None", "int"), ("int | None", "int"), ("int | str", "int"), ("str", "Literal['a', 'b']"),
    ("Literal['a']", "int"), ("Literal['c']", "Literal['a', 'b']"), ("list[int]", "list[str]"),
    ("list[int]", "list[float]"), ("list[int]", "dict[str, int]"), ("list[int]", "Sequence[str]"),
    ("dict[str, int]", "dict[int, int]"), ("dict[str, int]", "Mapping[str, str]"),
    ("tuple[int, int]", "tuple[int, int, int]"), ("tuple[int, ...]", "tuple[int, int]"),
    ("tuple[int, str]", "tuple[int, ...]"), ("pd.Series", "pd.DataFrame"),
    ("np.ndarray", "pd.DataFrame"), ("np.int64", "int"),
    ("Annotated[pd.Series, Schema]", "Annotated[pd.DataFrame, Schema]"), ("Dog", "Speaks"),
    ("float", "Metres"), ("Decimal", "float"), ("Index", "pd.Series"), ("object", "int"), ("int", "Fits"),
    ("type[Animal]", "type[Dog]"), ("Union[int, str]", "Optional[int]"), ("int", "Callable"),
]  # fmt: skip


@pytest.fixture
def dag(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(str(tmp_path))

    def make(text):
        (tmp_path / "typed.py").write_text(dedent(HEAD) + dedent(text))
        monkeypatch.delitem(sys.modules, "typed", raising=False)
        return read_function(tmp_path / "typed.py", "p", [tmp_path])

    yield make
    sys.modules.pop("typed", None)


def joined(given, wanted):
    return f"""
        @step
        def one() -> {given}: ...
        @step
        def two(x: {wanted}): ...
        @pipeline
        def p():
            value = one()
            two(value)
    """


@pytest.mark.parametrize(("given", "wanted"), FIT)
def test_ports_that_fit(dag, given, wanted):
    check_types(dag(joined(given, wanted)))


@pytest.mark.parametrize(("given", "wanted"), MISFIT)
def test_ports_that_do_not_fit(dag, given, wanted):
    with pytest.raises(TypeMismatch, match=r"^one\.value does not fit two\.x: expected .*, got "):
        check_types(dag(joined(given, wanted)))


def test_the_message_names_both_ends_and_the_fix(dag):
    with pytest.raises(TypeMismatch) as caught:
        check_types(dag(joined("pd.Series", "pd.DataFrame | None")))
    error = caught.value
    assert error.what == (
        "one.value does not fit two.x: expected pandas.DataFrame | None, got pandas.Series."
    )
    assert "typed.py, line" in error.where
    assert error.fix == (
        "change the annotation of `x` in `two` or of one.value, "
        "or convert the value in a step between them"
    )


FIELDS = """
    @step
    def split() -> Parts: ...
    @step
    def pair() -> tuple[int, str]: ...
    @step
    def fit(x: pd.DataFrame, n: int = 1): ...
    @pipeline
    def p():
        train, test = split()
        a, b = pair()
        whole = split()
        fit({})
"""


@pytest.mark.parametrize(
    ("call", "expected"),
    [
        ("train", ""),
        ("whole.train, n=a", ""),
        ("test", "split.test does not fit fit.x: expected pandas.DataFrame, got pandas.Series."),
        ("whole", "split_2.whole does not fit fit.x: expected pandas.DataFrame, got typed.Parts."),
        ("train, n=b", "pair.1 does not fit fit.n: expected int, got str."),
        ("train, n='a'", "the literal does not fit fit.n: expected int, got str ('a')."),
    ],
)
def test_fields_and_literals(dag, call, expected):
    found = mismatches(dag(FIELDS.format(call)))
    assert [error.what for error in found] == [expected] * bool(expected)


def test_every_mismatch_is_told_at_once(dag):
    with pytest.raises(TypeMismatch) as caught:
        check_types(dag(FIELDS.format("test, n=1.5")))
    assert "fit.n: expected int, got float (1.5)" in caught.value.detail


MAPPED = """
    class Drawn(NamedTuple):
        x: float
        state: PythonRandom
    @step
    def items() -> {}: ...
    @step
    def fit(x: int, y: str = "") -> float: ...
    @step
    def listed(x: list[float]): ...
    @step
    def draw(x: int) -> Drawn: ...
    @step
    def restore(x: int, state: NumpyRandom | None = None) -> int: ...
    @pipeline
    def p(xs: list[int] = [1, 2], ys: list[str] = ["a"], n: int = 3, *, z=[1, "a"]):
        {}
"""
FITS = "fit.x: expected int, got"


@pytest.mark.parametrize(
    ("given", "call", "expected"),
    [
        ("list[int]", "map_over(fit, items())", ""),
        ("list", "map_over(fit, items())", ""),
        ("tuple[int, ...]", "map_over(fit, items())", ""),
        ("Sequence[bool] | None", "map_over(fit, items())", ""),
        ("Any", "map_over(fit, items())", ""),
        ("list[Frame]", "map_over(fit, items())", ""),
        ("list[int]", "listed(map_over(fit, items(), y='a'))", ""),
        ("list", "map_over(fit, xs)", ""),
        ("list", "map_over(fit, [1, 2])", ""),
        ("list[str]", "map_over(fit, items())", f"an item of items.result does not fit {FITS} str."),
        ("tuple[int, str]", "map_over(fit, items())", f"an item of items.result does not fit {FITS} str."),
        ("int", "map_over(fit, items())", "items.result does not fit fit.x: expected list, got int."),
        ("dict[int, int]", "map_over(fit, items())", "items.result does not fit fit.x: expected list, got dict[int, int]."),
        ("np.ndarray", "map_over(fit, items())", "items.result does not fit fit.x: expected list, got numpy.ndarray."),
        ("list", "map_over(fit, [1, 'b'])", f"item 1 of the literal does not fit {FITS} str ('b')."),
        ("list", "map_over(fit, z)", f"item 1 of p.z does not fit {FITS} str ('a')."),
        ("list", "map_over(fit, n)", "p.n does not fit fit.x: expected list, got int."),
        ("list[int]", "map_over(fit, items(), y=n)", "p.n does not fit fit.y: expected str, got int."),
        ("list[int]", "fit(map_over(fit, items()))", "fit.result does not fit fit_2.x: expected int, got list[float]."),
        ("list[int]", "map_over(fit, map_over(fit, items()))", f"an item of fit.result does not fit {FITS.replace('fit.', 'fit_2.')} float."),
    ],
)  # fmt: skip
def test_what_is_mapped_over(dag, given, call, expected):
    found = [error.what for error in mismatches(dag(MAPPED.format(given, call)))]
    assert found[:1] == [expected] * bool(expected)


@pytest.mark.parametrize("call", ["map_over(draw, xs)"])
def test_a_random_stream_cannot_be_mapped(dag, call):
    with pytest.raises(PipelineError, match="`state` is the random stream `PythonRandom`"):
        check_types(dag(MAPPED.format("list", call)))


def test_values_of_a_run_are_mapped_over(dag):
    pipeline = dag(MAPPED.format("list", "map_over(fit, xs)"))
    check_parameters(pipeline, {"xs": [3]})
    with pytest.raises(TypeMismatch, match=r"item 0 of p\.xs does not fit fit\.x"):
        check_parameters(pipeline, {"xs": ["a"]})
    with pytest.raises(TypeMismatch, match="expected list, got int"):
        check_parameters(pipeline, {"xs": 3})


PARAMETERS = """
    @step
    def fit(C: float, names: list[str] | None = None, mode: Literal["a", "b"] = "a"): ...
    @pipeline
    def p({}):
        fit(C{})
"""


@pytest.mark.parametrize(
    ("signature", "call", "expected"),
    [
        ("C: float = 1.0", "", ""),
        ("C = 1.0", "", ""),
        ("C: float", "", ""),
        ("C: float, mode: str = 'a'", ", mode=mode", ""),
        ("C: int = 1", "", "p.C does not fit fit.C: expected float, got int."),
        ("C: float = 1", "", "p.C does not fit fit.C: expected float, got int (1)."),
        ("C: str", "", "p.C does not fit fit.C: expected float, got str."),
        ("C: float = None", "", "p.C does not fit fit.C: expected float, got None (None)."),
        ("C: float, mode: str = 'c'", ", mode=mode", "p.mode does not fit fit.mode"),
        ("C: float, mode: str", ", mode=mode", "p.mode does not fit fit.mode"),
        ("C: float, n: list = [1]", ", names=n", "p.n does not fit fit.names"),
    ],
)
def test_parameters_of_the_pipeline(dag, signature, call, expected):
    found = mismatches(dag(PARAMETERS.format(signature, call)))
    assert [error.what.startswith(expected) for error in found] == [True] * bool(expected)


def test_an_int_for_a_float_says_how_to_write_it(dag):
    (error,) = mismatches(dag(PARAMETERS.format("C: float = 1", "")))
    assert error.fix == "write 1.0; numbers are not converted silently"


def test_values_given_for_a_run(dag):
    pipeline = dag(PARAMETERS.format("C: float, mode: str = 'a'", ", mode=mode"))
    check_parameters(pipeline, {"C": 2.0, "mode": "b"})
    with pytest.raises(TypeMismatch, match=r"p\.mode does not fit fit\.mode"):
        check_parameters(pipeline, {"C": 2.0, "mode": "z"})
    with pytest.raises(PipelineError, match="has no parameter `D`"):
        check_parameters(pipeline, {"C": 2.0, "D": 1})
    with pytest.raises(PipelineError, match="`C` has no default and is not given"):
        check_parameters(pipeline, {})


def test_a_step_whose_package_is_missing_is_left_out(dag):
    pipeline = dag(joined("int", "str"))

    def missing(step):
        raise ImportError(step.name)

    check_types(pipeline, missing)


def test_a_signature_that_only_importing_shows(dag):
    text = """
        import textwrap
        wrap = step(textwrap.shorten)
        @pipeline
        def p():
            {}
    """
    check_types(dag(text.format("wrap('a', 3)")))
    check_types(dag(text.format("wrap('a', width=3, placeholder='.')")))
    with pytest.raises(PipelineError, match="missing a required argument: 'width'"):
        check_types(dag(text.format("wrap('a')")))


@pytest.mark.parametrize(
    ("value", "wanted", "expected"),
    [
        ([1, 2], list[int], True),
        ([1, "a"], list[int], False),
        ({"a": 1}, dict[str, int], True),
        ({"a": 1.0}, dict[str, int], False),
        ((1, "a"), tuple[int, str], True),
        ((1, "a"), tuple[int, ...], False),
        ((1,), tuple[int, str], False),
        (1, float, False),
        (None, None, True),
    ],
)
def test_values(value, wanted, expected):
    assert value_fits(value, wanted) is expected


def test_pandera_frames_are_frames():
    typing = pytest.importorskip("pandera.typing")
    pd = pytest.importorskip("pandas")
    assert fits(pd.DataFrame, typing.DataFrame[pd.DataFrame])
    assert fits(typing.DataFrame[pd.DataFrame], pd.DataFrame)
    assert not fits(pd.Series, typing.DataFrame[pd.DataFrame])


@pytest.mark.parametrize(
    ("text", "annotation", "expected"),
    [
        ("3", "int", 3),
        ("1_000", "int", 1000),
        ("3", "float", 3.0),
        ("1e-3", "float", 0.001),
        ("true", "bool", True),
        ("0", "bool", False),
        ("3", "str", "3"),
        ("None", "str", "None"),
        ("none", "str | None", None),
        ("x", "str | None", "x"),
        ("null", "Optional[int]", None),
        ("3", "int | float", 3),
        ("3.5", "Union[int, float]", 3.5),
        ("3", "str | int", 3),
        ("b", "Literal['a', 'b']", "b"),
        ("2", "Literal[1, 2]", 2),
        ('["a", "b"]', "list[str]", ["a", "b"]),
        ("['a', 'b']", "list[str]", ["a", "b"]),
        ("[1, 2.5]", "list[float]", [1.0, 2.5]),
        ("(1, 'a')", "tuple[int, str]", (1, "a")),
        ("[1, 2]", "tuple[int, ...]", (1, 2)),
        ("{1, 2}", "set[int]", {1, 2}),
        ('{"a": [1]}', "dict[str, list[int]]", {"a": [1]}),
        ("[1, null]", "list[int | None]", [1, None]),
        ("a/b", "Path", Path("a/b")),
        ("a/b", "pathlib.Path", Path("a/b")),
        ("3", "Annotated[int, 'x']", 3),
        ("3", "", 3),
        ("x y", "", "x y"),
        ("true", "Any", True),
    ],
)
def test_text_of_parameters(text, annotation, expected):
    found = parse_parameter(text, annotation)
    assert found == expected
    assert type(found) is type(expected)


@pytest.mark.parametrize(
    ("text", "annotation"),
    [
        ("a", "int"),
        ("1.5", "int"),
        ("maybe", "bool"),
        ("x", "int | None"),
        ("c", "Literal['a', 'b']"),
        ("[1.5]", "list[int]"),
        ("[true]", "list[int]"),
        ("[1, 2]", "dict[str, int]"),
        ("(1, 2, 3)", "tuple[int, int]"),
        ("[", "list[int]"),
    ],
)
def test_text_that_is_no_such_value(text, annotation):
    with pytest.raises(UsageError, match="is not a value of type"):
        parse_parameter(text, annotation)
