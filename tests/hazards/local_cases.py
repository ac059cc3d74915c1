"""Modules beside the program: imported, changed, edited, named like installed ones."""

from __future__ import annotations

from note_cases import Case, same

CASES = {
    "plain_module": same(
        "import preprocess",
        "y = preprocess.double(4)",
        "RESULT = y",
        files={"preprocess.py": "def double(x):\n    return x * 2\n"},
    ),
    "from_package": same(
        "from utils.features import build",
        "y = build(3)",
        "RESULT = [y, build(1)]",
        files={
            "utils/__init__.py": "",
            "utils/features.py": "from .numbers_ import TWO\n\ndef build(x):\n    return x * TWO\n",
            "utils/numbers_.py": "TWO = 2\n",
        },
    ),
    "package_init_imports": same(
        "import toolbox as tb",
        "y = tb.inc(1)",
        "RESULT = [y, tb.deep.K]",
        files={
            "toolbox/__init__.py": "from .one import inc\nfrom . import deep\n",
            "toolbox/one.py": "def inc(x):\n    return x + 1\n",
            "toolbox/deep/__init__.py": "K = 9\n",
        },
    ),
    "namespace_package": same(
        "from lib.parts.a import f",
        "y = f()",
        "RESULT = y",
        files={"lib/parts/a.py": "def f():\n    return 5\n"},
    ),
    "path_append": same(
        "import sys\nsys.path.append('src')",
        "import mylib",
        "y = mylib.f(2)",
        "RESULT = y",
        files={"src/mylib.py": "def f(x):\n    return x + 40\n"},
    ),
    "path_insert_folder": same(
        "import sys, os\nsys.path.insert(0, os.path.abspath('src'))",
        "import mylib",
        "RESULT = mylib.f(2)",
        files={"src/mylib.py": "def f(x):\n    return x + 40\n"},
    ),
    "path_insert_pathlib": same(
        "import sys\nfrom pathlib import Path\nsys.path.insert(0, str(Path.cwd() / 'src'))",
        "import mylib",
        "y = mylib.f(2)",
        "RESULT = y",
        files={"src/mylib.py": "def f(x):\n    return x + 40\n"},
    ),
    "path_parent": Case(
        (
            "import sys\nsys.path.insert(0, '..')",
            "import shared_up",
            "y = shared_up.f(2)",
            "RESULT = y",
        ),
        files={"../shared_up.py": "def f(x):\n    return x + 40\n"},
    ),
    "state_set": same(
        "import config",
        "config.SEED = 3",
        "y = config.SEED * 2",
        "z = config.get()",
        "RESULT = [y, z]",
        files={"config.py": "SEED = 1\n\ndef get():\n    return SEED\n"},
    ),
    "state_set_from_value": same(
        "import config\nn = len('abcd')",
        "config.SEED = n",
        "y = config.get()",
        "RESULT = y",
        files={"config.py": "SEED = 1\n\ndef get():\n    return SEED\n"},
    ),
    "state_by_call": same(
        "import registry",
        "registry.add('a')",
        "registry.add('b')",
        "y = registry.names()",
        "RESULT = y",
        files={
            "registry.py": "_names = []\n\ndef add(n):\n    _names.append(n)\n\ndef names():\n    return list(_names)\n"
        },
    ),
    "state_counter": same(
        "from counting import tick",
        "a = tick()",
        "b = tick()",
        "RESULT = [a, b]",
        files={"counting.py": "n = 0\n\ndef tick():\n    global n\n    n += 1\n    return n\n"},
    ),
    "state_list_shared": same(
        "from shop import basket",
        "basket.append(1)",
        "import shop\ny = shop.total()",
        "RESULT = y",
        files={"shop.py": "basket = []\n\ndef total():\n    return sum(basket)\n"},
    ),
    "state_dict_item": same(
        "import settings_x as S",
        "S.OPTIONS['a'] = 5",
        "y = S.read('a')",
        "RESULT = y",
        files={"settings_x.py": "OPTIONS = {'a': 1}\n\ndef read(k):\n    return OPTIONS[k]\n"},
    ),
    "reads_beside_file": same(
        "import words",
        "y = words.WORDS",
        "z = words.load()",
        "RESULT = [y, z]",
        files={
            "words.py": "import os\nHERE = os.path.dirname(os.path.abspath(__file__))\n\ndef load():\n    return open(os.path.join(HERE, 'words.txt')).read().split()\n\nWORDS = load()\n",
            "words.txt": "x y",
        },
    ),
    "reads_beside_file_in_package": same(
        "from pkg.conf import VALUE",
        "y = VALUE + 1",
        "RESULT = y",
        files={
            "pkg/__init__.py": "",
            "pkg/conf.py": "import json\nfrom pathlib import Path\nVALUE = json.loads((Path(__file__).parent / 'conf.json').read_text())['v']\n",
            "pkg/conf.json": '{"v": 41}',
        },
    ),
    "reads_relative_data": same(
        "import loading",
        "rows = loading.rows()",
        "RESULT = rows",
        files={
            "loading.py": "def rows():\n    return open('data/r.txt').read().split()\n",
            "data/r.txt": "1 2 3",
        },
    ),
    "import_inside_function": same(
        "def go():\n    import late\n    return late.K",
        "y = go()",
        "RESULT = y",
        files={"late.py": "K = 8\n"},
    ),
    "import_by_name": same(
        "import importlib",
        "m = importlib.import_module('late')",
        "y = m.K",
        "RESULT = y",
        files={"late.py": "K = 8\n"},
    ),
    "module_class_instance": same(
        "from shapes import Box",
        "b = Box(4)",
        "b.grow()",
        "RESULT = b.v",
        files={
            "shapes.py": "class Box:\n    def __init__(self, v):\n        self.v = v\n\n    def grow(self):\n        self.v += 1\n"
        },
    ),
    "module_transformer": same(
        "from trans import Scale\nimport numpy as np\nfrom sklearn.pipeline import make_pipeline\nfrom sklearn.linear_model import LinearRegression",
        "p = make_pipeline(Scale(2), LinearRegression())\nX = np.arange(4.0).reshape(-1, 1)",
        "p.fit(X, X.ravel() * 3)",
        "RESULT = round(float(p.predict([[5.0]])[0]), 6)",
        files={
            "trans.py": "from sklearn.base import BaseEstimator, TransformerMixin\n\nclass Scale(BaseEstimator, TransformerMixin):\n    def __init__(self, k=1):\n        self.k = k\n\n    def fit(self, X, y=None):\n        self.fitted_ = True\n        return self\n\n    def transform(self, X):\n        return X * self.k\n"
        },
    ),
    "named_like_installed": same(
        "import yaml_like_nothing as y1\nimport six_like",
        "y = y1.K + six_like.K",
        "RESULT = y",
        files={"yaml_like_nothing.py": "K = 1\n", "six_like.py": "K = 2\n"},
    ),
    "shadows_installed": same(
        "import joblib",
        "y = joblib.MINE",
        "RESULT = y",
        files={"joblib.py": "MINE = 3\n"},
    ),
    "named_utils": same(
        "import utils",
        "y = utils.f(1)",
        "RESULT = y",
        files={"utils.py": "def f(x):\n    return x + 1\n"},
    ),
    "named_like_project_folder": same(
        "import tests",
        "y = tests.K",
        "RESULT = y",
        files={"tests.py": "K = 4\n"},
    ),
    "named_steps_and_shared": same(
        "import shared, steps, pipeline",
        "y = shared.K + steps.K + pipeline.K",
        "RESULT = y",
        files={"shared.py": "K = 1\n", "steps.py": "K = 2\n", "pipeline.py": "K = 3\n"},
    ),
    "named_like_notebook": same(
        "import case",
        "y = case.K",
        "RESULT = y",
        files={"case.py": "K = 1\n"},
    ),
    "star_import": same(
        "from stars import *",
        "y = twice(A)",
        "RESULT = y",
        files={"stars.py": "A = 2\n\ndef twice(x):\n    return 2 * x\n"},
    ),
    "module_imports_module": same(
        "import outer_m",
        "y = outer_m.f()",
        "RESULT = y",
        files={
            "outer_m.py": "import inner_m\n\ndef f():\n    return inner_m.K\n",
            "inner_m.py": "K = 6\n",
        },
    ),
    "module_draws": same(
        "import random\nrandom.seed(1)",
        "import drawing_m",
        "y = drawing_m.draw()",
        "RESULT = [y, random.random()]",
        files={"drawing_m.py": "import random\n\ndef draw():\n    return random.random()\n"},
    ),
    "module_prints": same(
        "import talk",
        "y = talk.K",
        "RESULT = y",
        files={"talk.py": "print('hello')\nK = 6\n"},
    ),
    "module_writes_on_import": same(
        "import maker",
        "y = open('made.txt').read()",
        "RESULT = y",
        files={"maker.py": "open('made.txt', 'w').write('x')\n"},
    ),
    "local_after_chdir": same(
        "import os\nos.chdir('sub')",
        "import beside",
        "y = beside.K",
        "RESULT = y",
        files={"sub/x.txt": "", "beside.py": "K = 3\n"},
    ),
}
