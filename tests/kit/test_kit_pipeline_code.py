"""What changes the key of a step's code, and what does not."""

from __future__ import annotations

from textwrap import dedent

import pytest

from thruway.errors import PipelineError
from thruway.kit.code.key import code_key

STEP = "churn/steps/train.py"
FILES = {
    "churn/__init__.py": "",
    "churn/steps/__init__.py": "",
    STEP: '''
        """Train."""
        from __future__ import annotations

        import os.path
        from typing import TYPE_CHECKING, Annotated, NamedTuple

        import numpy as np
        import pandas as pd
        from thruway import step

        import churn.features as features
        from churn import settings
        from churn.shared import Scaler, clean
        from churn.registry import MODELS

        if TYPE_CHECKING:
            from churn.schemas import Frame
            from churn.boxes import Box

        RATE = 0.1
        UNUSED = 1


        class Trained(NamedTuple):
            model: object
            score: float


        def seconds(x):
            return x + RATE


        def unrelated(x):
            return x


        @step(role="train")
        def train(df: Annotated[pd.DataFrame, Frame], box: Box, *, C: float = settings.C) -> Trained:
            """Train it."""
            # a comment
            frame = clean(df)
            from churn.local import late

            def inner(row):
                return seconds(row) + late(row)

            model = MODELS["a"](features.ratio(frame), Scaler())
            return Trained(model, inner(1))
    ''',
    "churn/shared.py": '''
        import re
        from churn.deep import polish as shine

        PATTERN = re.compile("a+")


        class Scaler:
            """Scales."""
            factor = 2

            def scale(self, x):
                return x * self.factor


        def clean(df):
            """Clean."""
            return shine(df, PATTERN)


        def other(df):
            return df
    ''',
    "churn/deep.py": """
        try:
            import quicklib as engine
        except ImportError:
            engine = None

        if engine is None:
            def polish(df, pattern):
                return df
        else:
            def polish(df, pattern):
                return engine.polish(df)

        def unreached():
            return 1
    """,
    "churn/features.py": """
        def ratio(frame):
            return frame

        def unreached(frame):
            return frame
    """,
    "churn/settings.py": """
        import warnings
        C = 1.0
        OTHER = 2
        LATER = {}
        LATER["a"] = 1
        if __name__ == "__main__":
            print("hello")
    """,
    "churn/registry.py": """
        MODELS = {}

        def register(name):
            def keep(function):
                MODELS[name] = function
                return function
            return keep

        @register("a")
        def first(x, scaler):
            return x
    """,
    "churn/local.py": """
        def late(x):
            return x

        def later(x):
            return x
    """,
    "churn/schemas.py": """
        class Frame:
            age: float
    """,
    "churn/boxes.py": """
        class Box:
            def area(self):
                return 1
    """,
    "churn/stranger.py": "X = 1\n",
}  # fmt: skip


@pytest.fixture
def project(tmp_path):
    for name, text in FILES.items():
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(dedent(text).lstrip())
    return tmp_path


def key(root, name="train", file=STEP):
    return code_key(root / file, name, [root])


def edit(root, file, old, new):
    text = (root / file).read_text()
    assert old in text, f"{old!r} is not in {file}"
    (root / file).write_text(text.replace(old, new))


CHANGES = [
    ("body of the step", STEP, "inner(1)", "inner(2)"),
    ("default of the step", STEP, "settings.C", "settings.C * 1"),
    ("annotation of the step", STEP, "C: float", "C: int"),
    ("helper in the file", STEP, "x + RATE", "x - RATE"),
    ("constant of a helper", STEP, "RATE = 0.1", "RATE = 0.2"),
    ("type of a constant", STEP, "RATE = 0.1", "RATE = '0.1'"),
    ("fields of the output", STEP, "score: float", "score: float\n    extra: int = 0"),
    ("helper in another module", "churn/shared.py", "shine(df, PATTERN)", "shine(df, None)"),
    ("constant in another module", "churn/shared.py", '"a+"', '"b+"'),
    ("method of a class", "churn/shared.py", "x * self.factor", "x / self.factor"),
    ("attribute of a class", "churn/shared.py", "factor = 2", "factor = 3"),
    ("renamed import two deep", "churn/deep.py", "return df\n", "return df.copy()\n"),
    ("the branch not taken", "churn/deep.py", "engine.polish(df)", "engine.polish(df, 1)"),
    ("the test of a branch", "churn/deep.py", "engine is None", "not engine"),
    ("import of a branch", "churn/deep.py", "import quicklib as", "import slowlib as"),
    ("function through a module", "churn/features.py", "return frame\n\ndef", "return -frame\n\ndef"),
    ("constant through a module", "churn/settings.py", "C = 1.0", "C = 2.0"),
    ("module-level effect", "churn/settings.py", '["a"] = 1', '["a"] = 2'),
    ("new effect on import", "churn/settings.py", "OTHER = 2", 'warnings.simplefilter("error")'),
    ("new effect in a package", "churn/__init__.py", "", "print(1)\n"),
    ("registered function", "churn/registry.py", "return x\n", "return -x\n"),
    ("import inside a function", "churn/local.py", "return x\n\ndef", "return -x\n\ndef"),
    ("class of an input", "churn/boxes.py", "return 1", "return 2"),
    ("another package", STEP, "import pandas as pd", "import polars as pd"),
    ("swapped names", STEP, "import Scaler, clean", "import Scaler, other as clean"),
    ("decorator", STEP, "def seconds", "@np.vectorize\ndef seconds"),
    ("numbers of another type", STEP, "inner(1)", "inner(True)"),
]  # fmt: skip

SAME = [
    ("comment", STEP, "# a comment", "# other words"),
    ("docstring of the step", STEP, '"""Train it."""', '"""Other."""'),
    ("docstring of the module", STEP, '"""Train."""', '"""Other."""'),
    ("docstring of a class", "churn/shared.py", '"""Scales."""', '"""Other."""'),
    ("docstring removed", "churn/shared.py", '    """Clean."""\n', ""),
    ("blank lines", STEP, "RATE = 0.1\n", "RATE   =   0.1\n\n\n\n"),
    ("quotes", "churn/shared.py", '"a+"', "'a+'"),
    ("parentheses", STEP, "return x + RATE", "return (\n        x +\n        RATE\n    )"),
    ("unrelated function", STEP, "def unrelated(x):\n    return x", "def unrelated(x):\n    return 9"),
    ("unused constant", STEP, "UNUSED = 1", "UNUSED = 2"),
    ("new function", STEP, "UNUSED = 1", "def brandnew():\n    return 1"),
    ("unrelated function elsewhere", "churn/shared.py", "return df\n", "return -df\n"),
    ("unreached through a module", "churn/features.py", "def unreached(frame):\n", "def unreached(frame, x=1):\n"),
    ("unused setting", "churn/settings.py", "OTHER = 2", "OTHER = 3"),
    ("main block", "churn/settings.py", '"hello"', '"bye"'),
    ("unreached after a local import", "churn/local.py", "def later(x):", "def later(y):"),
    ("schema for type checkers", "churn/schemas.py", "age: float", "age: int"),
    ("unused import", STEP, "import os.path", "import os.path\nimport json"),
    ("module not imported", "churn/stranger.py", "X = 1", "print(2)"),
    ("role of the step", STEP, '@step(role="train")', '@step(role="tune", retries=3)'),
    ("order of definitions", STEP, "RATE = 0.1\nUNUSED = 1\n", "UNUSED = 1\nRATE = 0.1\n"),
]  # fmt: skip


@pytest.mark.parametrize(("file", "old", "new"), [row[1:] for row in CHANGES], ids=[r[0] for r in CHANGES])  # fmt: skip
def test_the_key_changes(project, file, old, new):
    before = key(project)
    edit(project, file, old, new) if old else (project / file).write_text(new)
    assert key(project).hex != before.hex


@pytest.mark.parametrize(("file", "old", "new"), [row[1:] for row in SAME], ids=[r[0] for r in SAME])  # fmt: skip
def test_the_key_stays(project, file, old, new):
    before = key(project)
    edit(project, file, old, new)
    assert key(project) == before


def test_the_ingredients_have_names(project):
    found = key(project)
    assert ("function", "churn.shared.clean") in [row[:2] for row in found.ingredients]
    assert ("class", "churn.shared.Scaler") in [row[:2] for row in found.ingredients]
    assert ("constant", "churn.steps.train.RATE") in [row[:2] for row in found.ingredients]
    assert ("module", "churn.registry") in [row[:2] for row in found.ingredients]
    assert "UNUSED" not in found.dump()
    assert [name for name, _ in found.packages] == ["pandas", "python", "quicklib"]
    assert ("quicklib", "missing") in found.packages


def test_one_edit_changes_one_ingredient(project):
    before = set(key(project).ingredients)
    edit(project, "churn/settings.py", "C = 1.0", "C = 2.0")
    changed = set(key(project).ingredients) - before
    assert [(kind, place) for kind, place, _ in changed] == [("constant", "churn.settings.C")]


def test_a_project_that_moved_keeps_its_keys(project, tmp_path_factory):
    other = tmp_path_factory.mktemp("other")
    project.rename(other / "here")
    moved = key(other / "here")
    for name, text in FILES.items():
        file = project / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(dedent(text).lstrip())
    assert key(project) == moved


WHOLE = [
    ("module passed on", "import m\n\ndef f():\n    return dict(m.__dict__)\n", "m"),
    ("module as a value", "import m\n\ndef f():\n    return [m]\n", "m"),
    ("getattr", "import m\n\ndef f(n):\n    return getattr(m, n)()\n", "m"),
    ("name from nowhere, beside a star import", "from m import *\n\ndef f():\n    return b()\n", "m"),
    ("star import in a function", "def f():\n    import m\n    return m.a()\n", "m"),
    ("exec", "def f():\n    exec('g()')\n\ndef g():\n    return 1\n", "s"),
    ("globals", "def f():\n    return globals()['g']()\n\ndef g():\n    return 1\n", "s"),
    ("import by text", "import importlib\n\ndef f(n):\n    importlib.import_module(n).a()\n", "m"),
    ("import by text, inside", "def f(n):\n    import importlib\n    importlib.import_module(n)\n", "m"),
    ("missing attribute", "import m\n\ndef f():\n    return m.dynamic\n", "m"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "module"), [row[1:] for row in WHOLE], ids=[r[0] for r in WHOLE])
def test_what_cannot_be_followed_counts_whole(tmp_path, text, module):
    (tmp_path / "s.py").write_text(text)
    (tmp_path / "m.py").write_text("def a():\n    return 1\n")
    assert f"module {module}.*" in key(tmp_path, "f", "s.py").dump()


def test_names_local_to_a_function_are_not_the_modules(tmp_path):
    (tmp_path / "s.py").write_text(
        "frame = 1\nrow = 2\nseen = 3\n\ndef f(frame):\n    seen = [row for row in frame]\n"
        "    return lambda row: row + len(seen)\n"
    )
    assert key(tmp_path, "f", "s.py").dump() == "function s.f\npackage python"


def test_a_global_that_a_function_assigns_counts(tmp_path):
    (tmp_path / "s.py").write_text("count = 1\n\ndef f():\n    global count\n    count += 1\n")
    assert "constant s.count" in key(tmp_path, "f", "s.py").dump()


def test_relative_and_reexported_names_are_followed(tmp_path):
    (tmp_path / "p").mkdir()
    (tmp_path / "p/__init__.py").write_text("from .inner import helper\nfrom . import inner\n")
    (tmp_path / "p/inner.py").write_text("def helper():\n    return 1\n")
    (tmp_path / "p/s.py").write_text("from . import helper, inner\n\ndef f():\n    return helper() + inner.helper()\n")  # fmt: skip
    found = key(tmp_path, "f", "p/s.py").dump()
    assert "function p.inner.helper" in found
    assert "*" not in found


def test_a_subclass_that_registers_itself_counts(tmp_path):
    (tmp_path / "s.py").write_text(
        "KNOWN = []\n\nclass Base:\n    def __init_subclass__(cls):\n        KNOWN.append(cls)\n\n"
        "class One(Base):\n    x = 1\n\ndef f():\n    return KNOWN\n"
    )
    before = key(tmp_path, "f", "s.py")
    edit(tmp_path, "s.py", "x = 1", "x = 2")
    assert key(tmp_path, "f", "s.py").hex != before.hex


def test_cycles_end(tmp_path):
    (tmp_path / "a.py").write_text("import b\n\ndef f():\n    return b.g()\n")
    (tmp_path / "b.py").write_text("import a\n\ndef g():\n    return a.f()\n")
    assert "function b.g" in key(tmp_path, "f", "a.py").dump()


def test_a_step_made_of_an_installed_function(tmp_path):
    (tmp_path / "s.py").write_text(
        "from sklearn.model_selection import train_test_split\nfrom thruway import step\n\n"
        "split = step(train_test_split, role='split')\n"
    )
    assert key(tmp_path, "split", "s.py").dump() == (
        "constant s.split\nimport s.train_test_split\npackage python\npackage scikit-learn"
    )
    other = code_key(None, "train_test_split", [tmp_path], "sklearn.model_selection")
    assert other.dump() == "package python\npackage scikit-learn"


def test_errors_say_where(tmp_path):
    (tmp_path / "s.py").write_text("def f(:\n")
    with pytest.raises(PipelineError, match=r"s\.py is not valid Python"):
        key(tmp_path, "f", "s.py")
    (tmp_path / "t.py").write_text("x = 1\n")
    with pytest.raises(PipelineError, match="does not define `f`"):
        key(tmp_path, "f", "t.py")


def test_a_folder_named_like_a_package_does_not_hide_it(tmp_path):
    (tmp_path / "sklearn").mkdir()
    (tmp_path / "json").mkdir()
    (tmp_path / "s.py").write_text("import json\nimport sklearn\n\ndef f():\n    return json, sklearn\n")  # fmt: skip
    found = key(tmp_path, "f", "s.py").dump()
    assert "package scikit-learn" in found
    assert "module" not in found


def test_a_local_module_outside_the_project_is_code(tmp_path, monkeypatch):
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere/ours_apart.py").write_text("def g():\n    return 1\n")
    monkeypatch.syspath_prepend(str(tmp_path / "elsewhere"))
    (tmp_path / "project").mkdir()
    (tmp_path / "project/s.py").write_text("from ours_apart import g\n\ndef f():\n    return g()\n")
    assert "function ours_apart.g" in key(tmp_path / "project", "f", "s.py").dump()


def test_what_a_module_imports_can_be_had_through_it(tmp_path):
    (tmp_path / "s.py").write_text("import m\n\ndef f(n):\n    return getattr(m, n)()\n")
    (tmp_path / "m.py").write_text("from deep import g\nfrom wide import *\n")
    (tmp_path / "deep.py").write_text("def g():\n    return 1\n")
    (tmp_path / "wide.py").write_text("def h():\n    return 1\n")
    found = key(tmp_path, "f", "s.py").dump()
    assert "function deep.g" in found
    assert "module wide.*" in found


def test_star_imports_of_a_parent_package_do_not_tie_its_modules_together(tmp_path):
    (tmp_path / "p").mkdir()
    (tmp_path / "p/__init__.py").write_text("from .one import *\nfrom .two import *\n")
    (tmp_path / "p/one.py").write_text("def f():\n    return 1\n")
    (tmp_path / "p/two.py").write_text("def g():\n    return 1\n")
    assert key(tmp_path, "f", "p/one.py").dump() == "function p.one.f\npackage python"
