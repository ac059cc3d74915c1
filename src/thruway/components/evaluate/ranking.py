"""Metrics of rankings: each query has its value, and the metric is their mean.

Queries are drawn again as wholes. A query without a relevant item says nothing about a ranking and
is left out. Of equal scores none is first: NDCG and MAP take the mean over all orders of them as
scikit-learn does, MRR the worst.

Source: Järvelin and Kekäläinen, "Cumulated gain-based evaluation of IR techniques" (2002); ties
after McSherry and Najork, "Computing Information Retrieval Performance Measures Efficiently in the
Presence of Tied Scores" (2008). Gains are the labels themselves, as in scikit-learn.
"""

from __future__ import annotations

from functools import partial
from typing import Any

from thruway.components.evaluate.metric import Answers, Context, Measured, Table, ratio, summed

DIRECTIONS: dict[str, bool | None] = {"ndcg": True, "map": True, "mrr": True}


def measure(answers: Answers, context: Context) -> Measured:
    """Return the metrics of some rows; weights are means over the rows of a query."""
    import numpy as np

    found = Measured()
    ones = np.ones((1, len(answers))) if answers.weights is None else answers.weights[None]
    none = "" if (answers.truth > 0).any() else "no query has a relevant item"
    drawn = {} if none else redraw(answers, context, ones)
    for name in DIRECTIONS:
        found.put(name, none, partial(_first, drawn, name))
    return found


def _first(drawn: dict[str, Any], name: str) -> Any:
    return drawn[name][0]


def redraw(answers: Answers, context: Context, draws: Any) -> dict[str, Any]:
    """Return the metrics for draws of whole queries; `draws` of shape (n_draws, n_rows)."""
    import numpy as np

    _, query = np.unique(answers.groups, return_inverse=True)
    query = query.ravel()
    values = _by_query(answers.truth, answers.predicted, query, context.k)
    sizes = np.bincount(query)
    first: Any = np.empty(len(sizes), dtype=int)
    first[query[::-1]] = np.arange(len(query))[::-1]
    relevant = np.bincount(query, weights=answers.truth > 0) > 0
    # The weight of a query is that of its rows, which are drawn together.
    weights = draws[:, first] if answers.weights is None else _means(draws, query, sizes)
    weights = weights[:, relevant]
    return {
        name: ratio(summed(weights, each[relevant]), weights.sum(axis=1))
        for name, each in values.items()
    }


def _means(draws: Any, query: Any, sizes: Any) -> Any:
    import numpy as np

    order = np.argsort(query, kind="stable")
    starts = np.r_[0, np.cumsum(sizes)[:-1]]
    return np.add.reduceat(draws[:, order], starts, axis=1) / sizes


def _by_query(relevance: Any, scores: Any, query: Any, k: int) -> dict[str, Any]:
    """Return metric → value of each query."""
    import numpy as np

    order = np.lexsort((-scores, query))
    gains, owner, score = relevance[order], query[order], scores[order]
    sizes = np.bincount(owner)
    begins = np.r_[0, np.cumsum(sizes)[:-1]]
    rank = np.arange(len(owner)) - begins[owner]
    starts = np.r_[True, (owner[1:] != owner[:-1]) | (score[1:] != score[:-1])]
    tie = np.cumsum(starts) - 1
    members = np.bincount(tie)
    gained = _discounted((np.bincount(tie, weights=gains) / members)[tie], rank, owner, k)
    best = np.lexsort((-relevance, query))
    ideal = _discounted(relevance[best], rank, owner, k)
    hit = (gains > 0).astype(float)
    hits = np.bincount(tie, weights=hit)
    last = np.cumsum(members) - 1  # position of the last item of each tie
    before = np.cumsum(hits) - np.r_[0, np.cumsum(np.bincount(owner, weights=hit))][owner[last]]
    precision = before / (rank[last] + 1)
    found = np.bincount(owner[last], weights=precision * hits)
    relevant = np.bincount(owner, weights=hit)
    worst = rank[last] - hits + 1  # 0-based place of the first hit, if the tie ends with its hits
    firsts = np.where(hits > 0, worst + 0.0, np.inf)
    reciprocal = np.zeros(len(sizes))
    np.maximum.at(reciprocal, owner[last], 1 / (firsts + 1))
    return {
        "ndcg": np.divide(gained, ideal, out=np.zeros_like(gained), where=ideal > 0),
        "map": np.divide(found, relevant, out=np.zeros_like(found), where=relevant > 0),
        "mrr": reciprocal,
    }


def _discounted(gains: Any, rank: Any, owner: Any, k: int) -> Any:
    import numpy as np

    discounts = np.where(rank < k, 1 / np.log2(rank + 2), 0.0)
    return np.bincount(owner, weights=gains * discounts)


TABLE = Table(DIRECTIONS, measure, redraw)
