"""Program text → calls with targets and literals; what the tables know of them."""

from __future__ import annotations

import importlib
import importlib.util
import warnings
from typing import TYPE_CHECKING

import pytest

from thruway.program import Call, read_program
from thruway.program.knowledge import Table, lookup, lookup_method
from thruway.program.knowledge.lookup import TABLES
from thruway.program.knowledge.table import names_in, records
from thruway.source import read_source

if TYPE_CHECKING:
    from pathlib import Path


def calls(folder: Path, text: str) -> tuple[Call, ...]:
    path = folder / "prog.py"
    path.write_text(text, encoding="utf-8")
    return read_program(read_source(path)).statements[-1].calls


def shown(call: Call) -> str:
    mark = "" if call.resolved else "~"
    later = " later" if call.in_definition else ""
    literals = " ".join(f"{x.name or x.position}={x.value}" for x in call.literals)
    parts = [f"{mark}{call.target}", call.receiver, ",".join(call.arguments), literals]
    return "|".join(parts).rstrip("|") + later


CALLS = {
    "import pandas as pd\ndf = pd.read_csv('a.csv', sep=';')": [
        "pandas.read_csv|||filepath_or_buffer='a.csv' sep=';'"
    ],
    "from sklearn.ensemble import RandomForestClassifier as RF\nm = RF(100, max_depth=3)": [
        "sklearn.ensemble.RandomForestClassifier|||n_estimators=100 max_depth=3"
    ],
    "import numpy\nnumpy.random.seed(0)": ["numpy.random.seed|||seed=0"],
    "model.fit(X[cols], y)": ["~model.fit|model|X,cols,y"],
    "df['a'].fillna(0)": ["~?.fillna|df||value=0"],
    "df.loc[m].head(3)": ["~?.head|df||n=3"],
    "df.groupby('a').agg({'b': 'sum'})": ["~df.groupby|df||0='a'", "~?.agg|df||0={'b': 'sum'}"],
    "f(g(x), *a, 1, **k)": ["~f||g,x,a,k|2=1", "~g||x"],
    "x = split(-1, 1 / 4, None, True, 'é', [1, 2], (y,))": [
        "~split||y|0=-1 1=0.25 2=None 3=True 4='é' 5=[1, 2]"
    ],
    "f = lambda v: g(v)": ["~g||v later"],
    "class A:\n    x = f(1)\n    def m(self):\n        g(2)": ["~f|||0=1", "~g|||0=2 later"],
    "open('a.txt', 'w')": ["open|||file='a.txt' mode='w'"],
    "open = f\nopen('a.txt')": ["~open|||0='a.txt'"],
    "import pandas as pd\npd = 1\npd.read_csv('a')": ["~pd.read_csv|pd||0='a'"],
    "from sklearn.metrics import *\nf1_score(y, p)": ["sklearn.metrics.f1_score||y,p"],
    "import sklearn\ntts = sklearn.model_selection.train_test_split\ntts(X)": [
        "sklearn.model_selection.train_test_split||X"
    ],
    "import numpy as np\nnp.array([1]).sum()": ["numpy.array|||0=[1]", "~?.sum"],
    "from . import helper\nhelper.f()": [".helper.f"],
    "(lambda: 1)()": ["~?"],
}


@pytest.mark.parametrize("text", CALLS)
def test_calls(text: str, tmp_path: Path) -> None:
    found = [shown(call) for call in calls(tmp_path, text)]
    assert found == CALLS[text]


def test_spans_of_literals_are_in_characters(tmp_path: Path) -> None:
    text = "é = f('ü', [1,\n   2], k=0.5)"
    (call,) = calls(tmp_path, text)
    spans = [(x.line, x.column, x.end_line, x.end_column) for x in call.literals]
    assert spans == [(1, 6, 1, 9), (1, 11, 2, 5), (2, 9, 2, 12)]


def test_literals_in_bodies_are_nested(tmp_path: Path) -> None:
    found = calls(tmp_path, "r = [f(1) for x in g(2)] + h(3)")
    assert {(x.value, x.nested) for call in found for x in call.literals} == {
        ("1", True),
        ("2", True),
        ("3", False),
    }


ROLES = {
    "pandas.read_csv": "ingest",
    "seaborn.load_dataset": "ingest",
    "sklearn.datasets.load_iris": "ingest",
    "joblib.load": "ingest",
    "pandas.concat": "prepare",
    "pandas.get_dummies": "prepare",
    "matplotlib.pyplot.plot": "explore",
    "matplotlib.pyplot.some_new_plot": "explore",
    "seaborn.heatmap": "explore",
    "sklearn.model_selection.train_test_split": "split",
    "sklearn.cross_validation.train_test_split": "split",
    "sklearn.model_selection._split.KFold": "split",
    "sklearn.preprocessing.StandardScaler": "transform",
    "sklearn.preprocessing._data.StandardScaler": "transform",
    "sklearn.feature_extraction.text.TfidfVectorizer": "transform",
    "sklearn.pipeline.make_pipeline": "transform",
    "sklearn.model_selection.GridSearchCV": "tune",
    "sklearn.linear_model.LogisticRegression": "train",
    "sklearn.ensemble._forest.RandomForestClassifier": "train",
    "sklearn.cluster.KMeans": "train",
    "xgboost.XGBClassifier": "train",
    "xgboost.sklearn.XGBClassifier": "train",
    "lightgbm.train": "train",
    "statsmodels.api.OLS": "train",
    "statsmodels.formula.api.ols": "train",
    "sklearn.metrics.accuracy_score": "evaluate",
    "sklearn.model_selection.cross_val_score": "evaluate",
    "joblib.dump": "export",
    "pickle.dump": "export",
    "matplotlib.pyplot.savefig": "export",
    "json": None,
    "mylib.train": None,
    "df.read_csv": None,
}


@pytest.mark.parametrize("target", ROLES)
def test_role_of_a_function(target: str) -> None:
    api = lookup(target)
    assert (api.role if api else None) == ROLES[target]


METHODS = {
    ("dropna", None): "prepare",
    ("head", None): "explore",
    ("fit", None): "train",
    ("fit_transform", None): "transform",
    ("predict_proba", None): "predict",
    ("score", None): "evaluate",
    ("to_csv", None): "export",
    ("replace", "builtins.str"): None,
    ("replace", "pandas.DataFrame"): "prepare",
    ("no_such_method", None): None,
}


@pytest.mark.parametrize("method", METHODS)
def test_role_of_a_method(method: tuple[str, str | None]) -> None:
    api = lookup_method(*method)
    assert (api.role if api else None) == METHODS[method]


LIFTED = {
    ("pandas.read_csv", "filepath_or_buffer"): "path",
    ("pandas.read_csv", "sep"): None,
    ("sklearn.linear_model.LogisticRegression", "C"): "hyperparameter",
    ("sklearn.linear_model.LogisticRegression", "random_state"): "seed",
    ("sklearn.linear_model.LogisticRegression", "n_jobs"): None,
    ("sklearn.model_selection.train_test_split", "test_size"): "hyperparameter",
    ("sklearn.feature_selection.VarianceThreshold", "threshold"): "threshold",
    ("xgboost.XGBClassifier", "verbosity"): None,
    ("numpy.random.seed", "seed"): "seed",
    ("joblib.dump", "filename"): "path",
    ("open", "file"): "path",
}


@pytest.mark.parametrize("place", LIFTED)
def test_what_a_literal_can_become(place: tuple[str, str]) -> None:
    target, keyword = place
    api = lookup(target)
    assert api is not None
    assert api.lift.get(keyword) == LIFTED[place]


EFFECTS = {
    "numpy.random.seed": ("random:numpy",),
    "random.seed": ("random:python",),
    "torch.manual_seed": ("random:torch",),
    "tensorflow.random.set_seed": ("random:tensorflow",),
    "pandas.set_option": ("options:pandas",),
    "numpy.set_printoptions": ("options:numpy",),
    "warnings.filterwarnings": ("options:warnings",),
    "matplotlib.pyplot.style.use": ("options:matplotlib",),
    "seaborn.set_theme": ("options:matplotlib",),
    "logging.basicConfig": ("options:logging",),
    "os.chdir": ("options:cwd",),
}


@pytest.mark.parametrize("target", EFFECTS)
def test_effects(target: str) -> None:
    api = lookup(target)
    assert api is not None
    assert api.effects == EFFECTS[target]


def _exists(name: str) -> bool:
    parts = name.split(".")
    for cut in range(len(parts), 0, -1):
        try:
            owner = importlib.import_module(".".join(parts[:cut]))
        except ImportError:
            continue
        try:
            for part in parts[cut:]:
                owner = getattr(owner, part)
        except (AttributeError, ImportError):
            return False
        return True
    return False


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.library)
def test_names_of_the_tables_exist(table: Table) -> None:
    if importlib.util.find_spec(table.library) is None:
        pytest.skip(f"{table.library} is not installed")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        missing = {name for name in records(table, {}) if not _exists(name)}
    assert missing <= set(names_in(table.gone))


def test_every_estimator_of_scikit_learn_has_a_role() -> None:
    testing = pytest.importorskip("sklearn.utils.discovery")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = {name: lookup(f"{cls.__module__}.{name}") for name, cls in testing.all_estimators()}
    without = {name for name, api in found.items() if api is None or not api.role}
    assert without == set()


def test_keywords_are_those_of_estimators() -> None:
    """Most keywords that can be lifted are parameters of some installed estimator."""
    testing = pytest.importorskip("sklearn.utils.discovery")
    import inspect

    from thruway.program.knowledge.keywords import KEYWORDS

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        known = {
            p for _, cls in testing.all_estimators() for p in inspect.signature(cls).parameters
        }
    kept_out = {
        "n_jobs",
        "verbose",
        "verbosity",
        "axis",
        "copy",
        "copy_X",
        "inplace",
        "columns",
        "warm_start",
    }
    assert not kept_out & set(KEYWORDS)
    assert len(set(KEYWORDS) & known) > 0.6 * len(KEYWORDS)
