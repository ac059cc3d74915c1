"""transform: fitted on train, applied to all, and the same object for one row."""

from __future__ import annotations

import copy
import pickle
import warnings
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.compose import ColumnTransformer
from sklearn.decomposition import PCA
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import (
    FunctionTransformer,
    KBinsDiscretizer,
    MinMaxScaler,
    OneHotEncoder,
    OrdinalEncoder,
    PolynomialFeatures,
    PowerTransformer,
    QuantileTransformer,
    RobustScaler,
    StandardScaler,
)

from thruway.components import TransformGraph, transform
from thruway.errors import DataError, UsageError
from thruway.kit.gate import Gate

RNG = np.random.default_rng(0)
N = 60
FRAME = pd.DataFrame(
    {
        "id": [f"k{number}" for number in range(N)],
        "age": np.where(RNG.random(N) < 0.1, np.nan, RNG.normal(40, 10, N)),
        "fare": RNG.exponential(30, N),
        "city": RNG.choice(["Köln", "Bern", "São Paulo"], N),
        "y": RNG.integers(0, 2, N),
    },
    index=[f"row {number}" for number in range(N)],
)
PARTS = {"train": FRAME[:40], "eval": FRAME[40:50], "test": FRAME[50:]}
NUMBERS = FRAME[["fare"]].assign(other=RNG.normal(size=N))


def mixed():
    return ColumnTransformer(
        [
            ("n", make_pipeline(SimpleImputer(), StandardScaler()), ["age", "fare"]),
            ("c", OneHotEncoder(handle_unknown="ignore"), ["city"]),
        ]
    )


class Split(NamedTuple):
    train: Any
    eval: Any
    test: Any


def in_library(name, frame):
    return {"pandas": frame, "polars": pl.from_pandas(frame), "arrow": pl.from_pandas(frame).to_arrow()}[name]  # fmt: skip


def in_pandas(frame):
    if isinstance(frame, pd.DataFrame):
        return frame.reset_index(drop=True)
    return frame.to_pandas()


@pytest.mark.parametrize("library", ["pandas", "polars", "arrow"])
def test_it_learns_from_train_only_and_keeps_library_names_and_label(library):
    parts = {name: in_library(library, part) for name, part in PARTS.items()}
    graph, transformed = transform(parts, mixed(), label="y", keep=["id"])
    by_hand = mixed().fit(PARTS["train"])
    for name, part in PARTS.items():
        found = transformed[name]
        assert type(found) is type(parts[name])
        found = in_pandas(found)
        wanted = by_hand.transform(part)
        assert list(found.columns) == [*by_hand.get_feature_names_out(), "y", "id"]
        assert np.array_equal(found.iloc[:, :-2].to_numpy(), wanted)
        assert found["y"].tolist() == part["y"].tolist()
        assert found["id"].tolist() == part["id"].tolist()
    assert graph.fit_on == ("train",)
    assert graph.n_rows == 40
    assert graph.features == ("age", "fare", "city")
    assert graph.gate.verdict == "pass"


def test_the_form_of_the_examples_comes_back():
    graph, one = transform(FRAME, mixed(), label="y", keep=["id"])
    assert isinstance(one, pd.DataFrame)
    assert one.index.equals(FRAME.index)
    split = Split(PARTS["train"], None, PARTS["test"])
    _, several = transform(split, mixed(), label="y", keep=["id"])
    assert isinstance(several, Split)
    assert several.eval is None
    assert several.test.index.equals(PARTS["test"].index)
    assert isinstance(graph, TransformGraph)


@pytest.mark.parametrize(
    "transformer",
    [
        StandardScaler(),
        MinMaxScaler(),
        RobustScaler(),
        PowerTransformer(),
        QuantileTransformer(n_quantiles=10),
        KBinsDiscretizer(3, encode="ordinal", strategy="uniform"),
        PolynomialFeatures(2),
        FunctionTransformer(np.log1p),
    ],
    ids=lambda one: type(one).__name__,
)
def test_a_row_alone_is_bit_for_bit_a_row_of_the_batch(transformer):
    frame = NUMBERS.abs()
    graph, whole = transform(frame, transformer)
    alone = pd.concat([graph.transform(frame[place : place + 1]) for place in range(N)])
    pd.testing.assert_frame_equal(alone, whole, check_exact=True)
    assert graph.alone == "identical"


def test_matrix_products_round_and_it_says_so():
    frame = pd.DataFrame(RNG.normal(size=(500, 40)), columns=[f"c{n}" for n in range(40)])
    graph, whole = transform(frame, PCA(5, random_state=0))
    alone = pd.concat([graph.transform(frame[place : place + 1]) for place in range(0, 500, 50)])
    np.testing.assert_allclose(alone, whole[::50], rtol=1e-9, atol=1e-12)
    assert graph.alone in {"identical", "close"}  # as the BLAS of this machine has it
    assert graph.gate.verdict == "pass"


def learn(frame):
    return frame["fare"].mean()


def apply(frame, mean):
    return frame[["fare"]] - mean


def doubled(frame):
    return frame[["fare"]] * 2


def centred(frame):
    return frame[["fare"]] - frame["fare"].mean()


def batches_only(frame):
    if len(frame) < 2:
        raise ValueError("too few rows")
    return frame[["fare"]]


def test_functions_learn_from_train():
    graph, transformed = transform(PARTS, (learn, apply), label="y")
    assert transformed["test"]["fare"].tolist() == (PARTS["test"]["fare"] - PARTS["train"]["fare"].mean()).tolist()  # fmt: skip
    assert graph.gate.verdict == "pass"
    _, plain = transform(PARTS, doubled, label="y")
    assert plain["eval"]["fare"].tolist() == (PARTS["eval"]["fare"] * 2).tolist()


@pytest.mark.parametrize(
    ("function", "how", "reason"),
    [
        (centred, "different", "a row alone gets other values than among others in `fare`"),
        (batches_only, "fails", "a row alone cannot be transformed: ValueError: too few rows"),
    ],
    ids=["different", "fails"],
)
def test_what_will_be_wrong_in_production_is_said_now(function, how, reason):
    graph, _ = transform(PARTS, function, label="y")
    assert graph.alone == how
    assert graph.gate.verdict == "warn"
    assert graph.gate.reasons[0].startswith(reason)


def test_fitted_on_more_than_train_warns():
    graph, _ = transform(PARTS, StandardScaler(), label="y", keep=["id", "city"], fit_on=("train", "test"))  # fmt: skip
    assert graph.gate.reasons == (
        "fitted on `test` too: what is measured there will look better than it is",
    )
    assert graph.n_rows == 50
    graph, _ = transform(PARTS, StandardScaler(), label="y", keep=["id", "city"], fit_on="test")
    assert graph.gate.reasons == ("fitted on `test` instead of `train`",)
    own = {"north": PARTS["train"], "south": PARTS["test"]}
    graph, _ = transform(own, StandardScaler(), label="y", keep=["id", "city"], fit_on="north")
    assert graph.gate.verdict == "pass"


class Watching:
    """A transformer that remembers what it saw."""

    def fit(self, frame, labels=None):
        self.saw = list(frame.columns)
        self.labels = labels
        return self

    def transform(self, frame):
        return frame[["fare"]]

    def fit_transform(self, frame, labels=None):
        return self.fit(frame, labels).transform(frame)


def test_the_label_is_unseen_unless_asked():
    graph, _ = transform(PARTS, Watching(), label="y", keep=["id"])
    assert graph.fitted.fitted.saw == ["age", "fare", "city"]
    assert graph.fitted.fitted.labels is None
    graph, _ = transform(PARTS, Watching(), label="y", use_label=True)
    assert graph.fitted.fitted.labels.tolist() == PARTS["train"]["y"].tolist()
    with pytest.raises(UsageError, match="there is no `label`"):
        transform(PARTS, Watching(), use_label=True)


@pytest.mark.filterwarnings("ignore::FutureWarning")  # `random_state` of scikit-learn 1.9
def test_target_encoders_cross_fit_the_rows_they_learn_from():
    preprocessing = pytest.importorskip("sklearn.preprocessing")
    if not hasattr(preprocessing, "TargetEncoder"):
        pytest.skip("scikit-learn before 1.3")
    encoder = ColumnTransformer(
        [("c", preprocessing.TargetEncoder(target_type="continuous", random_state=0), ["city"])]
    )
    _, transformed = transform(PARTS, encoder, label="y", use_label=True)
    train = PARTS["train"]
    crossed = copy.deepcopy(encoder).fit_transform(train, train["y"])
    plain = copy.deepcopy(encoder).fit(train, train["y"]).transform(train)
    assert np.array_equal(transformed["train"][["c__city"]], crossed)
    assert not np.array_equal(crossed, plain)


def test_what_the_user_gave_stays_as_it_is():
    transformer = mixed().fit(FRAME)
    before = pickle.dumps(transformer)
    frame = FRAME.copy()
    transform(PARTS, transformer, label="y")
    assert pickle.dumps(transformer) == before
    pd.testing.assert_frame_equal(FRAME, frame)


def test_a_fitted_one_is_taken_as_it_is():
    fitted = StandardScaler().fit(pd.DataFrame({"fare": [0.0, 2.0]}))
    _, found = transform(FRAME[["fare"]], fitted, fit_on=None)
    assert np.array_equal(found.to_numpy(), fitted.transform(FRAME[["fare"]]))


def test_arrays_and_sparse_ones():
    graph, found = transform(PARTS, mixed(), label="y", output="array")
    assert isinstance(found["test"], np.ndarray)
    assert found["test"].shape == (10, 5)
    assert graph.transform(FRAME[:0]).shape == (0, 5)
    text = pd.DataFrame({"text": ["a b", "b c", "c d"] * 9})
    words = ColumnTransformer(
        [("t", TfidfVectorizer(token_pattern=r"\w"), "text")], sparse_threshold=1
    )
    _, sparse = transform(text, words, output="array")
    assert hasattr(sparse, "tocsr")
    graph, dense = transform(text, words)
    assert list(dense.columns) == ["t__a", "t__b", "t__c", "t__d"]
    assert np.array_equal(dense.to_numpy(), sparse.toarray())
    assert graph.alone == "identical"


def test_a_sparse_result_that_would_not_fit_is_refused():
    class Wide:
        def fit(self, frame, labels=None):  # noqa: ARG002 - scikit-learn's
            return self

        def transform(self, frame):
            from scipy.sparse import csr_matrix

            return csr_matrix((len(frame), 1 << 28))

    with pytest.raises(DataError, match="as a frame takes"):
        transform(FRAME[["fare"]], Wide())


def test_types_of_one_row_are_those_of_the_batch():
    frame = pd.DataFrame({"n": [1, 2, 3, 4], "m": [1.5, 2.0, np.nan, 4.0]})
    graph, whole = transform(frame, lambda f: f.assign(s=f["n"] + f["m"].fillna(0)))
    row = graph.transform(pd.DataFrame({"n": [1], "m": [2]}))
    assert row.dtypes.tolist() == whole.dtypes.tolist()
    assert graph.transform(frame[:0]).dtypes.tolist() == whole.dtypes.tolist()


def test_categories_of_one_row_are_those_of_the_batch():
    frame = pd.DataFrame({"c": pd.Categorical(["x", "y", "z"] * 3)})
    graph, whole = transform(frame, lambda f: pd.DataFrame({"code": f["c"].cat.codes}))
    assert whole["code"].tolist() == [0, 1, 2] * 3
    for row in (frame[2:3], pd.DataFrame({"c": ["z"]}), pd.DataFrame({"c": pd.Categorical(["z"])})):
        assert graph.transform(row)["code"].tolist() == [2]
    assert graph.transform(pd.DataFrame({"c": ["new"]}))["code"].tolist() == [-1]


def test_rows_in_another_order_are_put_back():
    _, found = transform(FRAME, lambda f: f[["fare"]].sort_values("fare"), label="y")
    assert found["fare"].tolist() == FRAME["fare"].tolist()


BAD = {
    "fewer rows": (PARTS, lambda f: f[:1], {"label": "y"}, DataError, "made 1 rows of"),
    "no table": (PARTS, lambda f: "text", {"label": "y"}, DataError, "which is no table"),  # noqa: ARG005
    "names twice": (PARTS, lambda f: pd.concat([f[["fare"]], f[["fare"]]], axis=1), {"label": "y"}, DataError, "several columns called `fare`"),
    "makes the label": (PARTS, lambda f: f.assign(y=1), {"label": "y"}, DataError, "a column `y`"),
    "text to a scaler": (PARTS, StandardScaler(), {"label": "y"}, DataError, "columns that are no numbers: `id`, `city`"),
    "infinite": (pd.DataFrame({"x": [1.0, np.inf]}), StandardScaler(), {}, DataError, "StandardScaler cannot fit these rows"),
    "unseen": ({"train": FRAME[:5].assign(city="Rom"), "test": FRAME}, OneHotEncoder(), {"label": "y", "keep": ["id", "age", "fare"]}, DataError, "Found unknown categories"),
    "no rows": (FRAME[:0], StandardScaler(), {}, DataError, "`examples` has no rows to fit on"),
    "nothing left": (FRAME[["y"]], StandardScaler(), {"label": "y"}, DataError, "no column to transform"),
    "no such label": (PARTS, mixed(), {"label": "ill"}, DataError, "has no column `ill`"),
    "missing in test": ({"train": FRAME, "test": FRAME[["fare"]]}, mixed(), {"label": "y"}, DataError, "lacks `id`, `age`, `city`"),
    "a class": (PARTS, StandardScaler, {}, UsageError, "the class StandardScaler"),
    "nothing": (PARTS, 3, {}, UsageError, "which transforms nothing"),
    "no such part": (PARTS, mixed(), {"fit_on": "training"}, UsageError, "no such part"),
    "no part": ({"train": None}, mixed(), {}, UsageError, "has no part"),
    "no such output": (PARTS, mixed(), {"output": "numpy"}, UsageError, "`output` is `numpy`"),
    "no frame": ([1, 2], mixed(), {}, DataError, "is no frame"),
    "schema": (PARTS, mixed(), {"schema": {"age": float, "weight": float}, "label": "y"}, DataError, "lacks `weight`"),
}  # fmt: skip


@pytest.mark.parametrize("case", BAD)
def test_what_cannot_be_is_said_in_our_words(case):
    examples, transformer, options, error, said = BAD[case]
    with pytest.raises(error) as caught:
        transform(examples, transformer, **options)
    assert said in str(caught.value)


def test_an_error_in_a_users_function_is_the_users():
    with pytest.raises(KeyError, match="nowhere"):
        transform(FRAME, lambda f: f["nowhere"])


def test_warnings_of_the_library_are_in_the_gate():
    class Loud(StandardScaler):
        def transform(self, frame):
            warnings.warn("some of it was (skipped)", UserWarning, stacklevel=2)
            return super().transform(frame)

    graph, _ = transform(FRAME[["fare"]], Loud())  # and a warning would be an error here
    assert graph.gate == Gate("warn", ("UserWarning: some of it was (skipped)",))
    graph.transform(FRAME[["fare"]])


def test_a_schema_chooses_the_columns():
    class Schema:
        columns = ("fare", "age", "y")

        def check(self, frame):
            assert "fare" in frame

    graph, _ = transform(PARTS, SimpleImputer(), label="y", schema=Schema())
    assert graph.features == ("fare", "age")


def test_many_columns():
    frame = pd.DataFrame(np.ones((3, 10_000)), columns=[f"c{n}" for n in range(10_000)])
    graph, found = transform(frame, StandardScaler())
    assert found.shape == (3, 10_000)
    assert len(graph.outputs) == 10_000
    assert len(graph._repr_html_()) < 100_000


def test_it_can_be_stored_and_shown():
    graph, _ = transform(PARTS, mixed(), label="y")
    again = pickle.loads(pickle.dumps(graph))
    pd.testing.assert_frame_equal(again.transform(FRAME), graph.transform(FRAME))
    assert repr(graph) == "TransformGraph(4 columns → 5, fitted on 40 rows)"
    assert "fitted on" in graph._repr_html_()


@settings(max_examples=20, deadline=None)
@given(
    values=st.lists(
        st.one_of(st.none(), st.floats(-1e6, 1e6, allow_nan=False)), min_size=3, max_size=8
    ),
    words=st.data(),
)
def test_any_row_alone_is_the_row_of_the_batch(values, words):
    frame = pd.DataFrame(
        {
            "n": np.array([np.nan if one is None else one for one in values]),
            "c": [words.draw(st.sampled_from(["a", "b", ""])) for _ in values],
        }
    )
    frame.loc[0, "n"] = 0.0  # one that is observed
    steps = ColumnTransformer(
        [
            ("n", make_pipeline(SimpleImputer(), MinMaxScaler()), ["n"]),
            ("o", OrdinalEncoder(), ["c"]),
        ]
    )
    graph, whole = transform(frame, steps)
    for place in range(len(frame)):
        row = graph.transform(frame[place : place + 1])
        pd.testing.assert_frame_equal(row, whole[place : place + 1], check_exact=True)
