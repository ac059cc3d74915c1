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
    "add_columns": "[]=",
    "select_columns": "[[]]",
    "filter_rows": "[?] query",
    "take_columns": "['']",
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
    "reduce_dimensions": """
        PCA IncrementalPCA SparsePCA MiniBatchSparsePCA KernelPCA TruncatedSVD NMF FastICA
        FactorAnalysis TSNE MDS ClassicalMDS Isomap LocallyLinearEmbedding SpectralEmbedding
        locally_linear_embedding spectral_embedding UMAP GaussianRandomProjection
        SparseRandomProjection
    """,
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
    "plot_distributions": "hist histplot distplot kdeplot displot violinplot probplot",
    "plot_correlations": "corr heatmap corrwith",
    "plot_boxes": "boxplot catplot swarmplot stripplot",
    "plot_relations": "scatter scatterplot pairplot lmplot regplot jointplot scatter_matrix",
    "plot_bars": "bar barh barplot pie",
    "plot_curves": "plot lineplot",
    "compare_groups": "groupby crosstab pivot_table",
    "plot_images": "imshow",
}
# Parts of the statements that vote, and of all, that have to agree.
_ENOUGH: dict[Role, tuple[float, float]] = {"explore": (0.25, 0.1), "prepare": (0.4, 0.2)}
_BOTH = 0.7  # of those that vote: two actions that are most of a step
_TAKING = frozenset({"drop_columns", "select_columns", "take_columns"})


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


def action_of(role: Role, nodes: Sequence[Node], *, loose: bool = False) -> str:
    """Return what most statements of a step do (`fill_missing_values`), "" if nothing stands out.

    Args:
        role: of the step; only preparation, transformation and exploration have actions.
        nodes: its statements.
        loose: what some of them do is enough.
    """
    votes, acting = _votes(role, nodes)
    if not votes:
        return ""
    best, count = max(votes.items(), key=lambda item: item[1])
    if role == "prepare" and best in _TAKING and _takes_target(nodes):
        return "separate_target"
    most, some = _ENOUGH.get(role, _ENOUGH["prepare"])
    enough = count >= most * acting and count >= some * len(nodes)
    return best if loose or enough or _second(votes, acting) else ""


def second_action(role: Role, nodes: Sequence[Node]) -> str:
    """Return what else a step does, if that is much of it: `encode_categories`."""
    return "" if role == "explore" else _second(*_votes(role, nodes))


def both(one: str, other: str) -> str:
    """Return the name of two actions.

    >>> both("fill_missing_values", "encode_categories"), both("add_time_features", "add_columns")
    ('fill_and_encode_categories', 'add_time_features_and_columns')
    """
    verb, _, what = other.partition("_")
    begin = one.partition("_")[0]
    return f"{one}_and_{what}" if verb == begin else f"{begin}_and_{other}"


def _second(votes: Counter[str], acting: int) -> str:
    """The second most frequent action, when the two together are most of what is done."""
    both = sorted(votes.items(), key=lambda item: -item[1])[:2]
    together = sum(count for _, count in both) >= _BOTH * acting
    return both[1][0] if len(both) > 1 and together and both[1][1] > 1 else ""


def _votes(role: Role, nodes: Sequence[Node]) -> tuple[Counter[str], int]:
    """Return how many statements share each action, and how many have any."""
    table = _TABLES.get(role, {})
    votes: Counter[str] = Counter()
    acting = 0
    for node in nodes:
        found = dict.fromkeys(table[word] for word in _words(node) if word in table)
        counted = list(found)[:1] if role == "explore" else list(found)
        votes.update(counted)
        if role == "transform":  # making a transformer says more than what is done to tables
            votes.update(table[w] for w in _words(node) if w in table and w[:1].isupper())
        acting += bool(found)
    return votes, acting


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
    return [*reversed(calls), *attributes, *_selections(node)]


def _selections(node: Node) -> list[str]:
    """What a statement does to a table by brackets alone, as the words of the table above."""
    code = node.statement.code.strip()
    tables = [v.kind for name in node.fact.binds if (v := node.fact.values.get(name)) is not None]
    if node.updates and re.match(r"\w+(\.loc)?\[[^=]*\]\s*=(?!=)", code):
        return ["[]="]
    if tables == ["series"] and re.fullmatch(r"\w+ *= *\w+(\[(['\"]).*\2\]|\.\w+)", code):
        return ["['']"]
    if tables == ["frame"] and re.fullmatch(r"\w+ *= *\w+(\.i?loc)?\[.*\](\.copy\(\))?", code):
        return ["[?]" if re.search(r"[<>~]|==|!=|\.is|\.not", code) else "[[]]"]
    return []
