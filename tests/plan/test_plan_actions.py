"""What lines do, in words. Oracle: the table."""

from __future__ import annotations

import pytest
from observed import graph_of

from thruway.plan.naming.actions import action_of, prepares

LOAD = "import pandas as pd\ndf = pd.DataFrame({'x': [1.0, None], 'y': ['a', 'b'], 'z': [0, 1]})\n"
CASES = {
    ("prepare", "df = df.fillna(0)"): "fill_missing_values",
    ("prepare", "df = df.dropna()"): "drop_missing_values",
    ("prepare", "df = df.drop(columns=['y'])"): "drop_columns",
    ("prepare", "X = df.drop(columns=['z'])\nt = df['z']"): "separate_target",
    ("prepare", "df = pd.get_dummies(df)"): "encode_categories",
    ("prepare", "a = df['z'] + 1\nb = a * 2"): "",
    ("prepare", "b = df.fillna(0)\n" + "b['x'] += 1\n" * 6): "",
    ("explore", "df.head()\n# %%\ndf.describe()"): "describe_data",
    ("explore", "df['y'].value_counts()"): "count_values",
    ("explore", "df.isnull().sum()"): "count_missing_values",
    ("train", "df = df.fillna(0)"): "",
}


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case[0]}: {case[1][:30]}")
def test_action(case):
    role, text = case
    graph = graph_of(LOAD + "# %%\n" + text)
    nodes = [node for node in graph.nodes if node.statement.place.cell > 1]
    assert action_of(role, nodes) == CASES[case]


def test_classes_that_prepare():
    assert [n for n in ("StandardScaler", "PCA", "map", "LinearRegression") if prepares(n)] == [
        "StandardScaler",
        "PCA",
    ]
