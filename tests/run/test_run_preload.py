"""What the processes of a run import before they fork: the libraries of all the project's modules."""

import pytest

from thruway.run.preload import third_party_imports

PROJECT = {
    "pipeline.py": "from thruway import step\nimport work\nfit = step(work.fit)",
    "work.py": "import numpy as np\nfrom pack import inner\nfrom pack.deep import leaf",
    "pack/__init__.py": "import json",
    "pack/inner.py": "from sklearn.svm import SVC\nfrom . import beside",
    "pack/beside.py": "import pandas\nimport work",  # a circle
    "pack/deep/leaf.py": "from ..beside import x\nimport scipy.stats",
    "broken.py": "import (",
    "lazy.py": "def f():\n    import torch",
    "apart.py": "import seaborn",  # nobody imports it
}

CASES = {
    "pipeline.py": ("numpy", "json", "sklearn.svm", "scipy.stats", "pandas"),
    "pack/beside.py": ("pandas", "numpy", "json", "sklearn.svm", "scipy.stats"),
    "broken.py": (),
    "lazy.py": (),
    "gone.py": (),
}


@pytest.fixture
def folder(tmp_path):
    for name, text in PROJECT.items():
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    return tmp_path


@pytest.mark.parametrize("name", CASES)
def test_libraries_of_all_modules_that_are_reached(folder, name):
    assert third_party_imports([folder / name] * 3, (folder,)) == CASES[name]
