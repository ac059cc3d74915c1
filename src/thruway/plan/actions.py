"""What the lines of a step do, in two or three words: the source of good names.

Each call or attribute of the libraries votes for an action; the action that most statements of a
step share names it.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from thruway.graph.types import Node
    from thruway.plan.types import Role

_PREPARE = {
    "fill_missing_values": "fillna ffill bfill interpolate SimpleImputer KNNImputer",
    "drop_missing_values": "dropna",
    "drop_duplicates": "drop_duplicates",
    "drop_columns": "drop",
    "encode_categories": """
        get_dummies OneHotEncoder LabelEncoder OrdinalEncoder LabelBinarizer TargetEncoder
        factorize
    """,
    "recode_values": "map replace",
    "convert_types": "astype to_numeric to_datetime convert_dtypes infer_objects",
    "rename_columns": "rename columns",
    "join_tables": "merge join concat",
    "aggregate_rows": "groupby pivot_table agg aggregate crosstab",
    "add_time_features": "resample rolling shift ewm",
    "vectorize_text": "CountVectorizer TfidfVectorizer HashingVectorizer TfidfTransformer",
    "vectorize_records": "DictVectorizer to_dict",
    "scale_features": """
        StandardScaler MinMaxScaler RobustScaler MaxAbsScaler Normalizer PowerTransformer
        QuantileTransformer normalize scale
    """,
    "reduce_dimensions": "PCA TruncatedSVD KernelPCA TSNE NMF FastICA",
    "select_features": "SelectKBest SelectPercentile RFE RFECV SelectFromModel VarianceThreshold",
    "add_polynomial_features": "PolynomialFeatures",
    "build_preprocessor": "ColumnTransformer make_column_transformer FunctionTransformer",
    "balance_classes": """
        SMOTE ADASYN RandomUnderSampler RandomOverSampler NearMiss TomekLinks SMOTEENN
        fit_resample
    """,
    "shuffle_rows": "shuffle permutation",
    "load_batches": "DataLoader TensorDataset",
    "build_datasets": "Dataset DMatrix from_tensor_slices",
}
_EXPLORE = {
    "describe_data": "head tail info describe shape dtypes sample columns",
    "count_values": "value_counts nunique unique countplot bincount",
    "count_missing_values": "isnull isna notnull",
    "plot_distributions": "hist histplot distplot kdeplot displot violinplot",
    "plot_correlations": "corr heatmap corrwith",
    "plot_boxes": "boxplot catplot swarmplot stripplot",
    "plot_relations": "scatter scatterplot pairplot lmplot regplot jointplot scatter_matrix",
    "plot_bars": "bar barh barplot pie",
    "plot_curves": "plot lineplot",
    "compare_groups": "groupby crosstab pivot_table",
    "plot_images": "imshow",
}
_MOST_PART = 0.4  # of the statements that vote
_SOME_PART = 0.2  # of all


def _by_call(table: dict[str, str]) -> dict[str, str]:
    return {call: action for action, calls in table.items() for call in calls.split()}


_TABLES: dict[Role, dict[str, str]] = {
    "prepare": _by_call(_PREPARE),
    "transform": _by_call(_PREPARE),
    "explore": _by_call(_EXPLORE),
}


def prepares(name: str) -> bool:
    """Tell whether a class prepares data for a model (`StandardScaler`)."""
    return name[:1].isupper() and name in _TABLES["transform"]


def action_of(role: Role, nodes: Sequence[Node]) -> str:
    """Return what most statements of a step do (`fill_missing_values`), "" if nothing stands out.

    Args:
        role: of the step; only preparation, transformation and exploration have actions.
        nodes: its statements.
    """
    table = _TABLES.get(role, {})
    votes: Counter[str] = Counter()
    acting = 0
    for node in nodes:
        found = dict.fromkeys(table[word] for word in _words(node) if word in table)
        votes.update(list(found)[:1] if role == "explore" else list(found))
        acting += bool(found)
    if not votes:
        return ""
    best, count = max(votes.items(), key=lambda item: item[1])
    if best == "drop_columns" and role == "prepare" and _takes_target(nodes):
        return "separate_target"
    enough = count >= _MOST_PART * acting and count >= _SOME_PART * len(nodes)
    return best if enough else ""


def _takes_target(nodes: Sequence[Node]) -> bool:
    """Whether the columns that are dropped are kept as a column of their own."""
    kinds = {
        value.kind
        for node in nodes
        for name in node.fact.binds
        if (value := node.fact.values.get(name)) is not None
    }
    return "series" in kinds and bool(kinds & {"frame", "array"})


def _words(node: Node) -> list[str]:
    """Return the names of what a statement calls, and of attributes at its end, in text order."""
    calls = [call.method for call in node.statement.calls if not call.in_definition]
    attributes = re.findall(r"\.(shape|dtypes|columns)\b", node.statement.code)
    return [*reversed(calls), *attributes]
