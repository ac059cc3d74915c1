"""What components could stand for in steps: text → what is found and what would be written."""

from __future__ import annotations

import textwrap

import pytest

from thruway.kit.project import load_project
from thruway.project.upgrades import find_upgrades, rewritten

HEAD = """
import pickle
import joblib
import pandas as pd
from pandas import read_csv
from sklearn.metrics import accuracy_score, f1_score
from sklearn.model_selection import GridSearchCV, train_test_split
from thruway import pipeline, step

"""


def project_of(folder, body, arguments="rows, path='a.csv', size=0.2, seed=1"):
    text = (
        f"{HEAD}@step\ndef one({arguments}):\n{textwrap.indent(textwrap.dedent(body), '    ')}\n\n"
    )
    text += "@pipeline\ndef flow(rows: int = 1):\n    return one(rows)\n"
    (folder / "flow.py").write_text(text)
    (folder / "pyproject.toml").write_text('[tool.thruway]\npipeline = "flow:flow"\n')
    return load_project(folder)


# what is written → (component, what would be written, or how a person does it)
CASES = {
    "return pd.read_csv('a.csv')": ("ingest", "components.ingest('a.csv')"),
    "return pd.read_csv(path)": ("ingest", 'components.ingest(path, format="csv")'),
    "return read_csv('a.tsv', sep='\\t', encoding='latin-1')": (
        "ingest",
        "components.ingest('a.tsv', separator='\\t', encoding='latin-1')",
    ),
    "return pd.read_csv('a.csv', index_col=0, parse_dates=['d'])": (
        "ingest",
        "components.ingest('a.csv', options={\"index_col\": 0, \"parse_dates\": ['d']})",
    ),
    "return pd.read_table('a.txt')": ("ingest", "components.ingest('a.txt', separator=\"\\t\")"),
    "return pd.read_parquet(path='a.parquet')": ("ingest", "components.ingest('a.parquet')"),
    "return pd.read_excel('a.xlsx')": ("ingest", "components.ingest('a.xlsx')"),
    "return pd.read_json('a.jsonl', lines=True)": ("ingest", "components.ingest('a.jsonl')"),
    "train, test = train_test_split(rows, test_size=size, random_state=seed)\nreturn train": (
        "split",
        "train, _, test = components.split(rows, eval=0, test=size, seed=seed)",
    ),
    "a, b = train_test_split(rows)\nreturn a": (
        "split",
        "a, _, b = components.split(rows, eval=0, test=0.25)",
    ),
    "a, b, c, d = train_test_split(rows, path)\nreturn a": ("split", ""),
    "a, b = train_test_split(rows, stratify=path)\nreturn a": ("split", ""),
    "return GridSearchCV(rows, {})": ("tune", ""),
    "joblib.dump(rows, 'm.joblib')": ("push", ""),
    "return accuracy_score(rows, rows), f1_score(rows, rows)": ("evaluate", ""),
    "rows.describe()": ("statistics", ""),
    "return size.fit_transform(rows)": ("transform", ""),
}


@pytest.mark.parametrize("body", CASES)
def test_what_a_component_stands_for(body, tmp_path):
    component, written = CASES[body]
    (found,) = find_upgrades(project_of(tmp_path, body))
    assert (found.step, found.component, found.written) == ("one", component, written)
    assert bool(found.by_hand) is not bool(written)
    assert found.brings


NOTHING = [
    "return rows",
    "return pd.read_json('a.json')",
    "return pd.DataFrame(rows)",
    "return read_csv(*rows)",
    "pd = rows\nreturn pd.read_csv",
]


@pytest.mark.parametrize("body", NOTHING)
def test_nothing_stands_for_it(body, tmp_path):
    assert find_upgrades(project_of(tmp_path, body)) == ()


def test_only_the_call_is_rewritten(tmp_path):
    body = """
    # The file of the registry, ä ö.
    frame = pd.read_csv(
        path,  # one a year
        index_col=0,
    )  # read
    train, test = train_test_split(frame, test_size=size)  # parts
    return train
    """
    project = project_of(tmp_path, body)
    found = find_upgrades(project)
    file = found[0].file
    before = file.read_text().splitlines()
    after = rewritten(file.read_bytes(), [one.edit for one in found]).decode().splitlines()
    assert [line for line in before if line not in after] == [
        "from thruway import pipeline, step",
        "    frame = pd.read_csv(",
        "        path,  # one a year",
        "        index_col=0,",
        "    )  # read",
        "    train, test = train_test_split(frame, test_size=size)  # parts",
    ]
    assert [line for line in after if line not in before] == [
        "from thruway import components, pipeline, step",
        '    frame = components.ingest(path, format="csv", options={"index_col": 0})  # read',
        "    train, _, test = components.split(frame, eval=0, test=size)  # parts",
    ]


IMPORTS = {
    "x = 1\n": "from thruway import components\nx = 1\n",
    '"""What."""\nx = 1\n': '"""What."""\nfrom thruway import components\nx = 1\n',
    "import os\n\nx = 1\n": "import os\nfrom thruway import components\n\nx = 1\n",
    "from thruway import step  # ours\n": "from thruway import components, step  # ours\n",
    "from thruway import components\n": "from thruway import components\n",
    "from thruway import step as s\n": "from thruway import step as s\nfrom thruway import components\n",
    "import os\r\nx = 1\r\n": "import os\r\nfrom thruway import components\r\nx = 1\r\n",
}


@pytest.mark.parametrize("text", IMPORTS)
def test_the_import_is_added_once(text):
    assert rewritten(text.encode(), []).decode() == IMPORTS[text]
