"""Schemas: what is inferred, the file that people review, and what other tools have."""

from __future__ import annotations

import datetime as dt
import json
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from thruway.components import import_schema, infer_schema, statistics, validate
from thruway.components.schema import Difference, Feature, Schema
from thruway.errors import DataError, UsageError

pl = pytest.importorskip("polars")

PEOPLE = pd.DataFrame(
    {
        "id": range(100, 200),
        "age": [20.0, 30.5, None, 60.0] * 25,
        "children": [0, 1, None, 2] * 25,
        "share": [0.0, 0.2, 0.7, 1.0] * 25,
        "debt": [-5.0, -100.0, -7.0, -1.0] * 25,
        "sex": ["m", "f", "f", "m"] * 25,
        "class": [1, 2, 3, 1] * 25,
        "note": [f"note {n} about a person" for n in range(100)],
        "joined": pd.date_range("2024-01-01", periods=100),
        "alive": [True, False] * 50,
        "label": [0, 1] * 50,
    }
)


def reviewed_like(**features):
    return Schema({name: Feature(**one) for name, one in features.items()})


# -- inference --------------------------------------------------------------------------------


def test_what_is_inferred():
    schema = infer_schema(PEOPLE, label="label", keys=["id"], categorical=["class"])
    expected = {
        "id": Feature("int", min_fraction=1.0, unique=True),
        # 20 to 60, and half of the range on both sides
        "age": Feature("float", min_fraction=0.65, min=0.0, max=80.0),
        # pandas has made floats of these: one is missing
        "children": Feature("int", min_fraction=0.65, min=0, max=3),
        "share": Feature("float", min_fraction=1.0, min=0.0, max=1.0),
        "debt": Feature("float", min_fraction=1.0, min=-150.0, max=0.0),
        "sex": Feature("string", min_fraction=1.0, domain=("f", "m")),
        "class": Feature("int", min_fraction=1.0, domain=(1, 2, 3), categorical=True),
        "note": Feature("string", min_fraction=1.0),
        "joined": Feature("datetime", min_fraction=1.0),
        "alive": Feature("bool", min_fraction=1.0),
        "label": Feature("int", min_fraction=1.0, min=0, max=1, not_in=("serving",)),
    }
    assert schema == Schema(expected, ("training", "serving"))


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([None, None], {"type": "other", "required": False}),
        (["a", 1], {"type": "string"}),
        ([1.0, np.inf], {"type": "float", "allow_inf": True, "min_fraction": 1.0}),
        ([1.5] * 3, {"type": "float", "min": 1.5, "max": 1.5}),
        ([b"x"], {"type": "bytes"}),
        ([[1, 2], [3, 4]], {"type": "int", "min_values": 2, "max_values": 2}),
        ([[1], [3, 4]], {"type": "int", "min_values": 1, "max_values": None}),
        (["a"] * 30, {"domain": ("a",)}),
        ([f"{n}" for n in range(101)] * 3, {"domain": None}),
        ([dt.timedelta(1)], {"type": "duration", "min": None}),
    ],
    ids=str,
)
def test_columns_of_all_kinds(values, expected):
    feature = infer_schema(pd.DataFrame({"x": values}))["x"]
    assert {name: getattr(feature, name) for name in expected} == expected


def test_what_the_reader_should_know_is_said():
    data = pd.DataFrame({"mixed": ["a", 1], "charge": ["1.5", "2"], "none": [None, None]})
    said = {name: one.description for name, one in infer_schema(data).features.items()}
    assert said == {
        "mixed": "holds values of several types: 1 int, 1 str",
        "charge": "100% of these strings read as numbers",
        "none": "had no value at all",
    }


def test_a_domain_of_rare_values_is_not_closed():
    often = ["a"] * 60 + ["b"] * 37
    assert infer_schema(pd.DataFrame({"x": often}))["x"].min_domain_mass == 1.0
    rare = pd.DataFrame({"x": [*often, "c", "d", "d"]})
    assert infer_schema(rare)["x"].min_domain_mass == 0.97
    assert infer_schema(rare, min_domain_mass=1.0)["x"].min_domain_mass == 1.0
    new = ["a"] * 98 + ["e", "f"]
    assert validate(pd.DataFrame({"x": new}), infer_schema(rare)).gate.verdict == "pass"
    assert (
        validate(pd.DataFrame({"x": new * 2 + ["e"] * 6}), infer_schema(rare)).gate.verdict
        == "fail"
    )
    with pytest.raises(UsageError, match="is no share"):
        infer_schema(rare, min_domain_mass=2)


def test_all_splits_together():
    splits = {"train": PEOPLE, "eval": PEOPLE.assign(sex="x", age=100.0)}
    schema = infer_schema(splits)
    assert schema["sex"].domain == ("f", "m", "x")
    assert schema["age"].max == 140.0


def test_data_fits_the_schema_inferred_from_it():
    for data in (PEOPLE, pl.from_pandas(PEOPLE)):
        assert validate(data, infer_schema(data)).anomalies == ()


COLUMNS = st.sampled_from(
    [
        st.lists(st.one_of(st.none(), st.integers(-(2**53), 2**53)), min_size=1, max_size=30),
        st.lists(st.one_of(st.none(), st.floats()), min_size=1, max_size=30),
        st.lists(st.one_of(st.none(), st.text(max_size=4)), min_size=1, max_size=30),
        st.lists(st.one_of(st.none(), st.booleans()), min_size=1, max_size=30),
        st.lists(st.one_of(st.none(), st.text("ab", max_size=1), st.integers(0, 3)), min_size=1, max_size=30),
        st.lists(st.one_of(st.none(), st.datetimes(dt.datetime(1700, 1, 1), dt.datetime(2200, 1, 1))), min_size=1, max_size=30),
    ]
).flatmap(lambda one: one)  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(COLUMNS)
def test_any_data_fits_the_schema_inferred_from_it(values):
    data = pd.DataFrame({"x": values})
    schema = infer_schema(data)
    found = validate(data, schema)
    # Values of several types in one column are what nobody should get used to.
    allowed = {"UNEXPECTED_DATA_TYPE"} if "several types" in schema["x"].description else set()
    assert {one.type for one in found.anomalies} <= allowed
    assert import_schema(schema.to_dict()) == schema


def test_names_that_are_not_there():
    for options in ({"label": "x"}, {"keys": ["x"]}, {"categorical": ["x"]}):
        with pytest.raises(UsageError, match="no column `x`"):
            infer_schema(PEOPLE, **options)


# -- review -----------------------------------------------------------------------------------


def test_a_reviewed_schema_is_kept_and_differences_are_said():
    reviewed = reviewed_like(
        age={"type": "float", "min": 0.0, "max": 50.0, "min_fraction": 0.9},
        sex={"type": "string", "domain": ("m",), "min_fraction": 1.0},
        share={"type": "int"},
        class_={"type": "int"},
        maybe={"type": "int", "required": False},
    )
    data = PEOPLE[["age", "sex", "share", "alive"]]
    schema = infer_schema(data, reviewed)
    assert {name: schema[name] for name in reviewed.features} == reviewed.features
    assert schema["alive"] == Feature("bool", min_fraction=1.0)
    assert schema.differences == (
        Difference("age", "min_fraction", 0.9, 0.75),
        Difference("age", "max", 50.0, 60.0),
        Difference("sex", "domain", ("m",), ("m", "f")),
        Difference("share", "type", "int", "float"),
        Difference("class_", "gone", {"type": "int"}),
        Difference("alive", "new", None, {"type": "bool", "min_fraction": 1.0}),
    )
    assert str(schema.differences[1]) == "`age`: max is 50.0, observed 60.0"
    assert "What the data says otherwise" in schema._repr_html_()


def test_what_is_merely_narrower_is_no_difference():
    schema = infer_schema(PEOPLE)
    assert infer_schema(PEOPLE.head(10), schema) == schema


def test_a_schema_is_edited():
    schema = infer_schema(PEOPLE).edited("age", max=120, drift={"ks": 0.1})
    assert (schema["age"].max, schema["age"].drift) == (120, {"ks": 0.1})
    with pytest.raises(UsageError, match="no column `x`"):
        schema.edited("x", max=1)
    with pytest.raises(UsageError, match="no field `maximum`"):
        schema.edited("age", maximum=1)


# -- the file ---------------------------------------------------------------------------------


def test_the_text_that_people_review():
    schema = Schema(
        {
            "age": Feature("int", min_fraction=0.9, min=0, max=120),
            "home town": Feature("string", domain=('"Köln"\n', "Bonn"), drift={"psi": 0.1}),
        },
        ("training", "serving"),
        min_rows=10,
    )
    body = schema.to_toml().split("\n", 2)[2]
    assert body == (
        'environments = ["training", "serving"]\n'
        "min_rows = 10\n"
        "\n"
        "[features.age]\n"
        'type = "int"\n'
        "min_fraction = 0.9\n"
        "min = 0\n"
        "max = 120\n"
        "\n"
        '[features."home town"]\n'
        'type = "string"\n'
        'domain = ["\\"Köln\\"\\n", "Bonn"]\n'
        "drift = { psi = 0.1 }\n"
    )


@pytest.mark.parametrize("suffix", [".toml", ".json"])
def test_a_file_says_the_schema(tmp_path, suffix):
    schema = infer_schema(PEOPLE, label="label")
    schema.save(tmp_path / f"schema{suffix}")
    assert import_schema(tmp_path / f"schema{suffix}") == schema
    assert import_schema(str(tmp_path / f"schema{suffix}")) == schema


WORDS = st.text(max_size=8).filter(lambda text: not any("\ud800" <= c <= "\udfff" for c in text))


@settings(max_examples=60, deadline=None)
@given(st.dictionaries(WORDS, st.tuples(st.lists(WORDS, max_size=3), WORDS), max_size=3))
def test_any_text_survives_the_file(tmp_path_factory, said):
    features = {
        name: Feature("string", domain=tuple(domain), description=about)
        for name, (domain, about) in said.items()
    }
    file = tmp_path_factory.mktemp("schema") / "schema.toml"
    Schema(features).save(file)
    assert import_schema(file) == Schema(features)


@pytest.mark.parametrize(
    ("data", "what"),
    [
        ({}, "no `features`"),
        ({"features": {"x": {}}}, "has no `type`"),
        ({"features": {"x": {"type": "integer"}}}, "`type` is 'integer'"),
        ({"features": {"x": {"type": "int", "maximum": 1}}}, "`maximum` is not known"),
        ({"features": {"x": {"type": "int", "min": 3, "max": 1}}}, "above `max`"),
        ({"features": {"x": {"type": "int", "min": "a"}}}, "does not fit int"),
        ({"features": {"x": {"type": "string", "min": 1}}}, "string has no range"),
        ({"features": {"x": {"type": "int", "min_fraction": 2}}}, "is no share"),
        ({"features": {"x": {"type": "int", "not_in": ["serving"]}}}, "environment `serving`"),
        ({"features": {}, "max": 1}, "`max` is not known"),
        ({"features": {"x": {"type": "datetime", "min": 1}}}, "does not fit datetime"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_is_no_schema(data, what):
    with pytest.raises(DataError, match=what):
        import_schema(data)


def test_files_that_cannot_be_read(tmp_path):
    with pytest.raises(DataError, match="cannot be read"):
        import_schema(tmp_path / "schema.toml")
    for name, text, what in [
        ("a.toml", "x = ", "no valid TOML"),
        ("a.json", "{", "no valid JSON"),
        ("b.toml", 'features = { x = { type = "integer" } }', "`type` is 'integer'"),
        ("a.pbtxt", "feature { name: ", "braces|protocol"),
        ("b.pbtxt", "", "no `feature`"),
    ]:
        (tmp_path / name).write_text(text)
        with pytest.raises(DataError, match=what) as caught:
            import_schema(tmp_path / name)
        assert name in caught.value.where
    with pytest.raises(UsageError, match="is no schema"):
        import_schema(3)


# -- pandera, JSON Schema, TFDV ---------------------------------------------------------------


@pytest.mark.parametrize("library", ["pandas", "polars"])
@pytest.mark.filterwarnings("ignore")
def test_pandera_refuses_what_validate_refuses(library):
    pandera = pytest.importorskip("pandera")
    schema = infer_schema(PEOPLE, keys=["id"], categorical=["class"])
    theirs = schema.to_pandera(library=library)
    spoiled = {
        "id": PEOPLE["id"].where(PEOPLE["id"] > 101, 102),
        "age": PEOPLE["age"] * 3,
        "children": PEOPLE["children"] + 0.5,
        "sex": PEOPLE["sex"].where(PEOPLE.index > 0, "x"),
        "class": PEOPLE["class"] + 1,
        "note": PEOPLE["note"].where(PEOPLE.index > 0, None),
        "debt": -PEOPLE["debt"],
    }
    made = pl.from_pandas if library == "polars" else (lambda data: data)
    theirs.validate(made(PEOPLE))
    for name, values in spoiled.items():
        data = PEOPLE.assign(**{name: values})
        assert {one.column for one in validate(data, schema).anomalies} == {name}
        with pytest.raises((pandera.errors.SchemaError, pandera.errors.SchemaErrors)):
            theirs.validate(made(data))
    with pytest.raises((pandera.errors.SchemaError, pandera.errors.SchemaErrors)):
        theirs.validate(made(PEOPLE.drop(columns="age")))


@pytest.mark.filterwarnings("ignore")
def test_a_schema_comes_back_from_pandera():
    pytest.importorskip("pandera")
    schema = infer_schema(PEOPLE, keys=["id"])
    back = import_schema(schema.to_pandera())
    for name, feature in schema.features.items():
        assert back[name] == feature


@pytest.mark.filterwarnings("ignore")
def test_schemas_and_models_of_pandera():
    pa = pytest.importorskip("pandera.pandas")

    class People(pa.DataFrameModel):
        age: float = pa.Field(ge=0, le=120, nullable=True)
        sex: str = pa.Field(isin=["f", "m"])
        joined: pd.Timestamp = pa.Field(ge=pd.Timestamp("2020-01-01"))
        id: int = pa.Field(unique=True)

    schema = import_schema(People)
    assert schema["age"] == Feature("float", min=0, max=120)
    assert schema["sex"] == Feature("string", min_fraction=1.0, domain=("f", "m"))
    assert schema["joined"] == Feature("datetime", min_fraction=1.0, min="2020-01-01T00:00:00")
    assert schema["id"].unique
    assert schema.allow_new


def test_what_pandera_says_beyond_is_warned_of():
    pa = pytest.importorskip("pandera.pandas")
    theirs = pa.DataFrameSchema(
        {"x": pa.Column(int, pa.Check(lambda one: one % 2 == 0, name="even"))}
    )
    with pytest.warns(UserWarning, match="not in the imported schema: x: even"):
        import_schema(theirs)


def test_json_schema_of_a_request():
    schema = infer_schema(PEOPLE[["age", "sex", "label"]], label="label")
    assert schema.to_json_schema("serving") == {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "type": "object",
        "properties": {
            "age": {"type": ["number", "null"], "minimum": 0.0, "maximum": 80.0},
            "sex": {"type": "string", "enum": ["f", "m"]},
        },
        "required": ["sex"],
        "additionalProperties": False,
    }


def test_json_schema_and_back():
    schema = infer_schema(PEOPLE[["sex", "share", "alive", "joined", "note"]])
    assert import_schema(json.loads(json.dumps(schema.to_json_schema()))) == schema
    jsonschema = pytest.importorskip("jsonschema")
    jsonschema.Draft202012Validator.check_schema(schema.to_json_schema())


PBTXT = r"""
# made by tfdv.write_schema_text
feature {
  name: "age"  type: FLOAT
  presence { min_fraction: 0.9 min_count: 1 }
  shape { dim { size: 1 } }
  float_domain { min: 0.0 max: 120.0 disallow_nan: true disallow_inf: true }
  drift_comparator { jensen_shannon_divergence { threshold: 0.01 } }
}
feature {
  name: "town"
  type: BYTES
  domain: "towns"
  presence { min_count: 1 }
  value_count { min: 1 max: 1 }
  distribution_constraints { min_domain_mass: 0.95 }
  skew_comparator { infinity_norm { threshold: 0.02 } }
}
feature { name: "tips" type: INT not_in_environment: "SERVING" bool_domain {} }
feature { name: "tags" type: BYTES value_count { min: 0 max: 3 } natural_language_domain {} }
string_domain { name: "towns" value: "K\303\266ln" value: "Bonn" value: "a\"b" }
default_environment: "TRAINING"
default_environment: "SERVING"
"""


def test_a_schema_of_tfdv(tmp_path):
    file = tmp_path / "schema.pbtxt"
    file.write_text(PBTXT)
    with pytest.warns(UserWarning, match="tags: natural_language_domain"):
        schema = import_schema(file)
    assert schema.environments == ("TRAINING", "SERVING")
    assert schema.features == {
        "age": Feature(
            "float", min_fraction=0.9, min_count=1, min=0.0, max=120.0,
            drift={"jensen_shannon": 0.01},
        ),
        "town": Feature(
            "string", min_count=1, domain=("Köln", "Bonn", 'a"b'), min_domain_mass=0.95,
            skew={"l_infinity": 0.02}, allow_nan=True, allow_inf=True,
        ),
        "tips": Feature("bool", required=False, not_in=("SERVING",), allow_nan=True, allow_inf=True),
        "tags": Feature(
            "string", required=False, min_values=0, max_values=3, allow_nan=True, allow_inf=True,
        ),
    }  # fmt: skip


def test_without_pandera_it_is_said_what_to_install():
    code = (
        "import sys; sys.modules['pandera'] = None; sys.modules['pandera.pandas'] = None\n"
        "from thruway.components.schema import Feature, Schema\n"
        "try:\n    Schema({'x': Feature('int')}).to_pandera()\n"
        "except Exception as error:\n    print(error)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert 'pip install "thruway[schemas]"' in done.stdout


def test_statistics_and_frames_say_the_same():
    assert infer_schema(statistics(PEOPLE)) == infer_schema(PEOPLE)
