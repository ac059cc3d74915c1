"""A model goes where it is served from only when it is blessed, and comes back as it was."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import textwrap
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

pd = pytest.importorskip("pandas")
pytest.importorskip("narwhals")
pytest.importorskip("sklearn")

import numpy as np  # noqa: E402
from sklearn.compose import make_column_transformer  # noqa: E402
from sklearn.linear_model import LogisticRegression  # noqa: E402
from sklearn.pipeline import make_pipeline  # noqa: E402
from sklearn.preprocessing import OneHotEncoder, StandardScaler  # noqa: E402

from thruway.components import importer, load_pushed, push, resolve, roll_back  # noqa: E402
from thruway.errors import DataError, GateFailed, UsageError  # noqa: E402
from thruway.kit.gate import Gate  # noqa: E402
from thruway.kit.values.fingerprint import fingerprint  # noqa: E402


def names(folder):
    return [path.name for path in Path(folder).iterdir()]


GOOD, BAD = Gate("pass"), Gate("fail", ("accuracy 0.4 is below 0.7", "worse than before"))
WARNS = Gate("warn", ("few rows",))


@pytest.fixture(scope="module")
def examples():
    random = np.random.RandomState(0)
    return pd.DataFrame({"x": random.rand(60), "kind": random.choice(["a", "b"], 60)})


@pytest.fixture(scope="module")
def model(examples):
    columns = make_column_transformer((StandardScaler(), ["x"]), (OneHotEncoder(), ["kind"]))
    labels = np.where(examples["x"] > 0.5, "yes", "no")
    return make_pipeline(columns, LogisticRegression()).fit(examples, labels)


@pytest.fixture(params=["folder", "memory"])
def place(request, tmp_path):
    if request.param == "folder":
        return str(tmp_path / "models")
    pytest.importorskip("fsspec")
    return f"memory://{tmp_path.name}/models"


def test_what_is_pushed_comes_back_as_it_was(place, model, examples):
    pushed = push(
        model,
        GOOD,
        destination=place,
        name="churn",
        examples=examples,
        provenance={"commit": "abc"},
    )
    assert (pushed.version, pushed.aliases, pushed.blessed) == (1, ("latest",), True)
    again = load_pushed(place, name="churn")
    assert fingerprint(again) == fingerprint(model)
    assert (again.predict_proba(examples) == model.predict_proba(examples)).all()
    assert fingerprint(load_pushed(pushed)) == fingerprint(model)
    found = resolve(place, name="churn")
    assert found.digest == pushed.digest
    assert found.provenance == {"commit": "abc"}
    assert (found.predict(examples) == model.predict(examples)).all()
    assert "churn" in pushed._repr_html_() + found._repr_html_()
    assert pushed.to_dict()["version"] == found.to_dict()["version"] == 1


def test_what_is_written(tmp_path, model, examples):
    push(model, WARNS, destination=tmp_path, examples=examples)
    said = json.loads((tmp_path / "1" / "model.json").read_text())
    assert said["type"] == "sklearn.pipeline.Pipeline"
    assert (said["blessed"], said["verdict"], said["reasons"]) == (True, "warn", ["few rows"])
    assert said["signature"]["features"] == ["x", "kind"]
    assert said["signature"]["classes"] == ["no", "yes"]
    assert [one["datatype"] for one in said["signature"]["columns"]] == ["FP64", "BYTES"]
    needed = (tmp_path / "1" / "requirements.txt").read_text().splitlines()
    listed = [line.partition("==")[0] for line in needed]
    assert {"scikit-learn", "numpy", "pandas", "scipy", "joblib"} <= set(listed)
    assert listed == sorted(listed)
    import sklearn

    assert f"scikit-learn=={sklearn.__version__}" in needed
    assert sorted(names(tmp_path / "1")) == ["model.bin", "model.json", "requirements.txt"]
    assert sorted(names(tmp_path)) == [".lock", "1", "latest.json"]


REFUSED = [
    ((), "not blessed: nothing that judges it"),
    (BAD, "not blessed: accuracy 0.4 is below 0.7, and 1 more"),
    ([GOOD, BAD], "not blessed: accuracy"),
    ((GOOD, WARNS, BAD), "not blessed: accuracy"),
]


@pytest.mark.parametrize(("blessings", "said"), REFUSED, ids=[row[1] for row in REFUSED])
def test_what_is_not_blessed_is_refused(tmp_path, model, blessings, said):
    with pytest.raises(GateFailed, match=said):
        push(model, blessings, destination=tmp_path / "models")
    assert not (tmp_path / "models").exists()
    pushed = push(model, blessings, destination=tmp_path / "models", unblessed=True)
    assert pushed.blessed is False
    assert resolve(tmp_path / "models", missing_ok=True) is None
    with pytest.raises(DataError, match="no blessed model"):
        resolve(tmp_path / "models")
    assert resolve(tmp_path / "models", blessed=False).version == 1


def test_anything_with_a_gate_blesses(tmp_path, model):
    class Blessing:
        def __init__(self, gate):
            self.gate = gate

    assert push(model, [Blessing(GOOD), Blessing(WARNS)], destination=tmp_path).reasons == (
        "few rows",
    )
    with pytest.raises(DataError, match="a str is no blessing"):
        push(model, "blessed", destination=tmp_path)


def test_versions_aliases_and_going_back(place, model):
    for number in range(1, 5):
        push(model, GOOD, destination=place, aliases=["champion"] if number == 2 else [])
    assert [resolve(place).version, resolve(place, alias="champion").version] == [4, 2]
    back = roll_back(place)
    assert (back.version, back.aliases) == (3, ("latest",))
    assert [roll_back(place).version, roll_back(place).version] == [2, 1]
    with pytest.raises(DataError, match="no version before 1"):
        roll_back(place)
    assert resolve(place).version == 1
    assert roll_back(place, version=3).version == 3
    assert roll_back(place, version=4, alias="champion").version == 4
    assert resolve(place, alias="champion").version == 4
    assert push(model, GOOD, destination=place).version == 5
    assert resolve(place).version == 5
    assert roll_back(place).version == 3  # where it was before that
    with pytest.raises(DataError, match="no version 9"):
        roll_back(place, version=9)
    with pytest.raises(DataError, match="no `challenger`"):
        resolve(place, alias="challenger")
    with pytest.raises(DataError, match="no version 9"):
        load_pushed(place, version=9)


def test_latest_passes_over_what_is_not_blessed(place, model):
    push(model, GOOD, destination=place)
    push(model, BAD, destination=place, unblessed=True)
    push(model, (), destination=place, unblessed=True)
    found = resolve(place)
    assert (found.version, found.skipped) == (1, (3, 2))
    assert resolve(place, blessed=False).version == 3
    with pytest.raises(DataError, match="no blessed model"):
        resolve(place, version=3)


def test_old_versions_are_removed(place, model):
    push(model, GOOD, destination=place, aliases=["champion"])
    for _ in range(3):
        push(model, GOOD, destination=place)
    assert push(model, GOOD, destination=place, keep=2).removed == (2, 3)
    for number in (1, 4, 5):
        assert resolve(place, version=number).version == number
    for _ in range(3):  # the newest that is blessed stays, however old it is
        push(model, (), destination=place, keep=1, unblessed=True)
    assert resolve(place).version == 5
    with pytest.raises(UsageError):
        push(model, GOOD, destination=place, keep=0)


def test_nothing_there_yet(place):
    assert resolve(place, missing_ok=True) is None
    assert resolve(place, alias="champion", missing_ok=True) is None
    assert load_pushed(None) is None
    with pytest.raises(DataError, match="no `latest`"):
        resolve(place)
    with pytest.raises(DataError, match="no `latest`"):
        load_pushed(place)
    with pytest.raises(DataError):  # a number that was asked for is no first run
        resolve(place, version=3, missing_ok=True)


@pytest.mark.parametrize("name", ["../up", "3", "", "a b", "/x"])
def test_names_that_would_lie_elsewhere(tmp_path, model, name):
    if name:
        with pytest.raises(UsageError):
            push(model, GOOD, destination=tmp_path, name=name)
    with pytest.raises(UsageError):
        push(model, GOOD, destination=tmp_path, aliases=[name])


def test_many_at_once_get_a_version_each(place, model):
    with ThreadPoolExecutor(8) as pool:
        pushed = list(pool.map(lambda _: push(model, GOOD, destination=place), range(16)))
    assert sorted(one.version for one in pushed) == list(range(1, 17))
    if not place.startswith("memory"):
        assert resolve(place).version == 16


CROWD = """
    import sys
    from thruway.components import push
    from thruway.kit.gate import Gate

    from served_models import Twice

    for _ in range(4):
        print(push(Twice(), Gate("pass"), destination=sys.argv[1]).version)
"""


def test_many_processes_at_once_get_a_version_each(tmp_path):
    env = {**os.environ, "PYTHONPATH": ":".join(sys.path)}
    program = textwrap.dedent(CROWD)
    crowd = [
        subprocess.Popen(
            [sys.executable, "-c", program, str(tmp_path)],
            stdout=subprocess.PIPE,
            text=True,
            env=env,
        )
        for _ in range(3)
    ]
    found = [int(line) for one in crowd for line in one.communicate()[0].split()]
    assert sorted(found) == list(range(1, 13))
    assert json.loads((tmp_path / "latest.json").read_text())["version"] == 12
    assert not [name for name in names(tmp_path) if name.startswith(".incoming")]


KILLED = """
    import os, sys
    from served_models import Twice
    from thruway.components import push
    from thruway.kit.gate import Gate

    calls = [0]
    def dying(*args, _real=os.{what}, **more):
        calls[0] += 1
        if calls[0] == int(sys.argv[2]):
            os._exit(9)
        return _real(*args, **more)
    os.{what} = dying
    push(Twice(), Gate("pass"), destination=sys.argv[1])
"""


@pytest.mark.parametrize(
    ("what", "call"), [("fsync", 1), ("fsync", 3), ("rename", 1), ("replace", 1)]
)
def test_who_is_killed_leaves_nothing_half(tmp_path, model, what, call):
    push(model, GOOD, destination=tmp_path)
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(KILLED.format(what=what)), str(tmp_path), str(call)],
        env={**os.environ, "PYTHONPATH": ":".join(sys.path)}, check=False,
    )  # fmt: skip
    assert done.returncode == 9
    assert resolve(tmp_path).version == 1
    assert fingerprint(load_pushed(tmp_path)) == fingerprint(model)
    following = push(model, GOOD, destination=tmp_path).version
    assert following == (3 if what == "replace" else 2)
    assert resolve(tmp_path).version == following


def test_what_was_changed_since_is_not_loaded(tmp_path, model):
    push(model, GOOD, destination=tmp_path)
    file = tmp_path / "1" / "model.bin"
    file.write_bytes(file.read_bytes()[:-1] + b"x")
    with pytest.raises(DataError, match="is not what was written"):
        load_pushed(tmp_path)
    file.unlink()
    with pytest.raises(DataError, match="is gone"):
        load_pushed(tmp_path)
    (tmp_path / "1" / "model.json").write_text("{}")
    with pytest.raises(DataError, match=r"`model.json` is not what `push` writes"):
        load_pushed(tmp_path)
    (tmp_path / "latest.json").write_text("?")
    with pytest.raises(DataError, match="`latest` cannot be read"):
        load_pushed(tmp_path)


LOADS = """
    import sys
    from thruway.components import load_pushed
    import pandas as pd
    print(load_pushed(sys.argv[1]).predict(pd.DataFrame({"x": [1.5, 2.0]})).tolist())
"""


def clean(program, *args):
    root = str(Path(sys.modules["thruway"].__file__).parents[1])
    start = f"import sys; sys.path.insert(0, {root!r})\n"
    return subprocess.run(
        [sys.executable, "-I", "-c", start + textwrap.dedent(program), *args],
        capture_output=True,
        text=True,
        check=False,
    )


def test_classes_of_the_project_go_with_the_model(tmp_path):
    import served_models

    push(served_models.Twice(), GOOD, destination=tmp_path)
    assert sorted(path.name for path in (tmp_path / "1" / "code").iterdir()) == [
        "served_models.py",
        "served_parts.py",
    ]
    done = clean(LOADS, str(tmp_path))
    assert done.stdout.strip() == "[3.0, 4.0]", done.stderr


NOTEBOOK = """
    import sys
    from thruway.components import push
    from thruway.kit.gate import Gate

    FACTOR = 3
    class Model:
        def predict(self, examples):
            return examples["x"] * FACTOR

    push(Model(), Gate("pass"), destination=sys.argv[1])
    push(lambda examples: examples["x"] * FACTOR, Gate("pass"), destination=sys.argv[1] + "/function")
"""


def test_classes_and_functions_of_a_notebook_go_with_the_model(tmp_path):
    pytest.importorskip("joblib")
    done = clean(NOTEBOOK, str(tmp_path))
    assert done.returncode == 0, done.stderr
    assert clean(LOADS, str(tmp_path)).stdout.strip() == "[4.5, 6.0]"
    assert load_pushed(tmp_path / "function")(pd.DataFrame({"x": [1]})).tolist() == [3]


def test_what_cannot_be_stored_says_so(tmp_path):
    class Open:
        def __init__(self):
            self.lock = threading.Lock()

        def predict(self, examples):
            return examples

    model = Open()
    with pytest.raises(DataError, match="cannot be stored"):
        push(model, GOOD, destination=tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_importer(tmp_path, monkeypatch):
    import hashlib

    monkeypatch.chdir(tmp_path)
    (tmp_path / "words.txt").write_bytes(b"a b\n")
    digest = hashlib.sha256(b"a b\n").hexdigest()
    file, record = importer("words.txt", licence="CC0", properties={"by": "us"}, sha256=digest)
    assert (str(file), record.sha256, record.size, record.licence) == (
        "words.txt",
        digest,
        4,
        "CC0",
    )
    assert record.media_type == "text/plain"
    assert "CC0" in record._repr_html_()
    assert record.to_dict()["properties"] == {"by": "us"}
    with pytest.raises(DataError, match="another"):
        importer("words.txt", sha256="0" * 64)
    with pytest.raises(UsageError):
        importer("words.txt", sha256="short")
    with pytest.raises(DataError, match="there is no file"):
        importer("word.txt")
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "b").write_bytes(b"b")
    assert importer("folder").provenance.files == 1


def test_importer_from_elsewhere(tmp_path, monkeypatch):
    fsspec = pytest.importorskip("fsspec")
    monkeypatch.chdir(tmp_path)
    fs = fsspec.filesystem("memory")
    fs.pipe_file("/outside/words.txt", b"one")
    first = importer("memory://outside/words.txt", into="got", licence="MIT")
    assert (str(first.file), Path(first.file).read_bytes()) == ("got/words.txt", b"one")
    fs.pipe_file("/outside/words.txt", b"two")
    assert (
        importer("memory://outside/words.txt", into="got").provenance.sha256
        == first.provenance.sha256
    )
    again = importer("memory://outside/words.txt", into="got", reimport=True)
    assert Path(again.file).read_bytes() == b"two"
    assert again.provenance.replaces == first.provenance.sha256
    Path(again.file).write_bytes(b"edited")  # what is not what was fetched is fetched again
    assert Path(importer("memory://outside/words.txt", into="got").file).read_bytes() == b"two"
    with pytest.raises(DataError, match="another"):
        importer("memory://outside/words.txt", into="got", sha256="0" * 64)
    assert Path(again.file).read_bytes() == b"two"
    fs.pipe_file("/other/words.txt", b"three")
    with pytest.raises(DataError, match="imported from elsewhere"):
        importer("memory://other/words.txt", into="got")
    assert sorted(names("got")) == ["words.txt", "words.txt.import.json"]


FLOW = """
    from thruway.components import load_pushed, push, resolve
    from thruway.kit.gate import Gate

    class Constant:
        def __init__(self, label: int) -> None:
            self.label = label

        def predict(self, rows: Any) -> list:
            return [self.label] * len(rows)

    @step
    def train(label: int) -> Any:
        return Constant(label)

    @step
    def judge(model: Any, baseline: Any, good: bool) -> Gate:
        return Gate("pass" if good else "fail", () if good else ("worse",))

    @step
    def said(baseline: Any) -> Any:
        return None if baseline is None else int(baseline.predict([[0]])[0])

    @pipeline
    def flow(where: str = "", label: int = 0, good: bool = True):
        found = resolve(where, missing_ok=True)
        baseline = load_pushed(found)
        before = said(baseline)
        model = train(label)
        blessing = judge(model, baseline, good)
        pushed = push(model, blessing, destination=where)
        return before, pushed
"""


@pytest.mark.parametrize("isolate", [False, True], ids=["here", "apart"])
def test_in_a_pipeline_the_baseline_is_what_was_pushed_before(small, tmp_path, isolate):
    small.write(FLOW)
    where = (tmp_path / "models").as_posix()
    expected = None
    for label in (0, 1):
        result = small.run(isolate=isolate, params={"where": where, "label": label})
        assert result.load("before") == expected
        assert result.load("pushed").version == label + 1
        expected = label
    if isolate:
        return
    with pytest.raises(GateFailed, match="worse"):
        small.run(params={"where": where, "label": 0, "good": False})
    assert resolve(where).version == 2
