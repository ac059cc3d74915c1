"""What TensorFlow Data Validation says of the same tables, recorded.

Copied by hand from what `python benchmarks/components/tfdv.py --json FILE` writes (TFDV 1.16.1).
Where ours is another, the difference is written out here, with its reason.
"""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pandas as pd
import pytest

from thruway.components import infer_schema, statistics, validate

TABLES = Path(__file__).parents[2] / "benchmarks" / "components" / "tables.py"


@pytest.fixture(scope="module")
def tables(tmp_path_factory):
    """The tables as both read them: from CSV."""
    spec = importlib.util.spec_from_file_location("tables_of_benchmarks", TABLES)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    folder, found = tmp_path_factory.mktemp("tables"), {}
    for name in ("titanic", "adult", "spoiled_titanic", "spoiled_adult"):
        getattr(module, name)().to_csv(folder / f"{name}.csv", index=False)
        found[name] = pd.read_csv(folder / f"{name}.csv")
    return found


# count, missing, mean, std, zeros, min, median, max
NUMBERS = {
    "titanic": {
        "PassengerId": (891, 0, 446.0, 257.20938292890224, 0, 1.0, 446.0, 891.0),
        "Survived": (891, 0, 0.36924803591470257, 0.4826012058499616, 562, 0.0, 0.0, 1.0),
        "Pclass": (891, 0, 2.3052749719416386, 0.8468368606161256, 0, 1.0, 3.0, 3.0),
        "Age": (699, 192, 29.877968526466383, 15.085439109496754, 0, 3.2, 27.5, 92.9),
        "SibSp": (891, 0, 0.489337822671156, 0.7064308650765886, 549, 0.0, 0.0, 4.0),
        "Fare": (891, 0, 28.62004197530864, 32.807591561582456, 0, 1.2777, 15.8394, 259.3754),
    },
    "adult": {
        "age": (32561, 0, 53.330456681305854, 21.414101678255964, 0, 17.0, 53.0, 90.0),
        "fnlwgt": (32561, 0, 184443.68219649274, 98411.83043358444, 0, 22549.0, 162709.0, 1305121.0),
        "capital-gain": (32561, 0, 3879.6106077823165, 15519.729426588645, 29974, 0.0, 0.0, 99991.0),
        "hours-per-week": (32561, 0, 39.96983814993397, 11.956049994783019, 0, 1.0, 40.0, 88.1),
    },
}  # fmt: skip

# count, missing, distinct, mean length (a short float), most frequent
TEXTS = {
    "titanic": {
        "Name": (891, 0, 891, 17.876543045043945, None),  # all once
        "Sex": (891, 0, 2, 4.729517459869385, ("male", 566)),
        "Cabin": (196, 695, 88, 2.923469305038452, ("C77", 6)),
        "Embarked": (889, 2, 3, 1.0, ("S", 308)),
    },
    "adult": {
        "workclass": (32561, 0, 6, 7.0611772537231445, ("Private", 22738)),
        "education": (32561, 0, 16, 7.374343395233154, ("level 4", 2078)),
        "native-country": (32561, 0, 42, 9.760940551757812, None),  # two have 838
        "income": (32561, 0, 2, 4.762814521789551, ("<=50K", 24838)),
    },
}


@pytest.mark.parametrize("name", NUMBERS)
def test_statistics(tables, name):
    found = statistics(tables[name])
    assert {*NUMBERS[name], *TEXTS[name]} == set(found.columns)
    for column, (count, missing, mean, std, zeros, low, median, high) in NUMBERS[name].items():
        one, numbers = found[column], found[column].numbers
        assert (one.count, one.missing, numbers.zeros) == (count, missing, zeros)
        assert (numbers.min, numbers.max) == (low, high)
        assert numbers.mean == pytest.approx(mean)
        # TFDV divides by n, we by n - 1 as pandas does.
        assert numbers.std == pytest.approx(std * (count / (count - 1)) ** 0.5)
        assert numbers.median == pytest.approx(median)
    for column, (count, missing, distinct, length, top) in TEXTS[name].items():
        one = found[column]
        assert (one.count, one.missing, one.distinct) == (count, missing, distinct)
        assert one.text.mean_length == pytest.approx(length, rel=1e-6)
        assert top in {None, one.values[0]}


TYPES = {
    "titanic": {
        "PassengerId": "INT", "Survived": "INT", "Pclass": "INT", "Name": "BYTES", "Sex": "BYTES",
        "Age": "FLOAT", "SibSp": "INT", "Fare": "FLOAT", "Cabin": "BYTES", "Embarked": "BYTES",
    },
    "adult": {
        "age": "INT", "workclass": "BYTES", "fnlwgt": "INT", "education": "BYTES",
        "capital-gain": "INT", "hours-per-week": "FLOAT", "native-country": "BYTES",
        "income": "BYTES",
    },
}  # fmt: skip
OURS = {"int": "INT", "float": "FLOAT", "string": "BYTES"}
DOMAINS = {
    "titanic": {"Sex": 2, "Cabin": 88, "Embarked": 3},
    "adult": {"workclass": 6, "education": 16, "native-country": 42, "income": 2},
}
"""How many values; no other column has a domain."""
SOMETIMES_MISSING = {"titanic": {"Age", "Cabin", "Embarked"}, "adult": set()}


@pytest.mark.parametrize("name", TYPES)
def test_inferred_schema(tables, name):
    schema = infer_schema(tables[name])
    assert {column: OURS[one.type] for column, one in schema.features.items()} == TYPES[name]
    domains = {n: len(one.domain) for n, one in schema.features.items() if one.domain is not None}
    assert domains == DOMAINS[name]
    assert {n for n, one in schema.features.items() if one.min_fraction < 1} == SOMETIMES_MISSING[
        name
    ]


ANOMALIES = {
    "titanic": {
        "Cabin": ["ENUM_TYPE_UNEXPECTED_STRING_VALUES"],
        "Deck": ["SCHEMA_NEW_COLUMN"],
        "Embarked": ["SCHEMA_MISSING_COLUMN"],
        # TFDV says INVALID_FEATURE_SHAPE besides, which is the same fact said again.
        "Fare": ["FEATURE_TYPE_LOW_FRACTION_PRESENT"],
        # TFDV says UNEXPECTED_DATA_TYPE; we say that most of the strings are whole numbers.
        "Pclass": ["INT_TYPE_NOT_INT_STRING"],
        "Sex": ["ENUM_TYPE_UNEXPECTED_STRING_VALUES"],
    },
    "adult": {
        "capital-gain": ["UNEXPECTED_DATA_TYPE"],
        "workclass": ["ENUM_TYPE_UNEXPECTED_STRING_VALUES"],
    },
}


@pytest.mark.parametrize("name", ANOMALIES)
def test_anomalies(tables, name):
    def types(**options):
        report = validate(tables[f"spoiled_{name}"], infer_schema(tables[name], **options))
        return {
            column: [a.type for a in report.of(column)]
            for column in {a.column for a in report.anomalies}
        }

    # TFDV infers no ranges, and expects no new value even where many were seen but once.
    assert types(range_margin=None, min_domain_mass=1.0) == ANOMALIES[name]
    beyond = {"titanic": {"Age"}, "adult": {"age", "hours-per-week"}}[name]
    assert set(types()) == {*ANOMALIES[name], *beyond} - {"Cabin"}


DRIFT = {
    "titanic": {("Sex", "l_infinity"): 0.05642536475869808},
    "adult": {
        ("workclass", "l_infinity"): 0.059027671140321245,
        ("income", "l_infinity"): 0.31371440987684657,
        ("education", "jensen_shannon"): 0.00023737223008310677,
    },
}
# TFDV merges ten bars of each side; our bars are finer, and the same on both sides.
DRIFT_OF_NUMBERS = {
    "titanic": {"Age": 0.5397172155296289, "Fare": 0.040175225261222504},
    "adult": {"hours-per-week": 0.5586141779657584, "fnlwgt": 0.037472148552572006},
}


@pytest.mark.parametrize("name", DRIFT)
def test_drift(tables, name):
    report = validate(tables[f"spoiled_{name}"], None, tables[name])
    for (column, measure), value in DRIFT[name].items():
        assert report.measured(column, measure) == pytest.approx(value)
    for column, value in DRIFT_OF_NUMBERS[name].items():
        assert report.measured(column, "jensen_shannon") == pytest.approx(value, abs=0.04)


@pytest.mark.parametrize(("name", "label"), [("titanic", "Survived"), ("adult", "income")])
def test_environments(tables, name, label):
    schema = infer_schema(tables[name], label=label)
    served = tables[name].drop(columns=label)
    assert validate(served, schema, environment="serving").anomalies == ()
    found = validate(served, schema, environment="training").anomalies
    assert [(one.column, one.type) for one in found] == [(label, "SCHEMA_MISSING_COLUMN")]
