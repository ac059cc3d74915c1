"""Distances beside those of Evidently 0.7.23, which needs an older pandas: its numbers are recorded.

They are what `evidently.legacy.calculations.stattests` gives for `samples()`: `_psi`, `_jensenshannon`
and `_ks_stat_test` of each column, with pandas 2.3.
"""

from __future__ import annotations

import math
import random

import pandas as pd
import pytest
from scipy import stats

from thruway.components import statistics
from thruway.components.validate.distances import distance


def samples():
    """Two samples, the same on every machine: `random` is Python's own."""
    rng = random.Random(11)
    old = {
        "kind": rng.choices("abcd", [5, 3, 1.5, 0.5], k=2000),
        "calls": [min(int(rng.expovariate(0.8)), 9) for _ in range(2000)],
        "age": [rng.gauss(40, 12) for _ in range(2000)],
    }
    new = {
        "kind": rng.choices("abcd", [4, 3, 2, 1], k=1500),
        "calls": [min(int(rng.expovariate(0.6)), 9) for _ in range(1500)],
        "age": [rng.gauss(44, 12) for _ in range(1500)],
    }
    return pd.DataFrame(old), pd.DataFrame(new)


# column → Evidently's PSI, Jensen-Shannon distance, p-value of Kolmogorov and Smirnov
EVIDENTLY = {
    "kind": (0.065047664859888, 0.08966397382017137, None),
    "calls": (0.08388771797893134, 0.10038620985415485, 3.1080013102829514e-08),
    "age": (0.18337267723478382, 0.1500512852097973, 1.327104171345249e-27),
}


@pytest.fixture(scope="module")
def described():
    old, new = samples()
    return statistics(old), statistics(new)


def ours(described, measure, column):
    old, new = described
    return distance(measure, new[column], old[column], None).value


@pytest.mark.parametrize("column", ["kind", "calls"])
def test_jensen_shannon_is_the_same_where_the_values_are_the_cells(described, column):
    # Evidently takes the root of the divergence in nats; TFDV and we say it in bits.
    nats = ours(described, "jensen_shannon", column) * math.log(2)
    assert math.sqrt(nats) == pytest.approx(EVIDENTLY[column][1], rel=1e-9)


def test_jensen_shannon_of_numbers_depends_on_the_bars(described):
    # Evidently has thirteen bars here (Sturges' rule), we have 32 to 64 on a common grid.
    nats = ours(described, "jensen_shannon", "age") * math.log(2)
    assert math.sqrt(nats) == pytest.approx(EVIDENTLY["age"][1], rel=0.12)


@pytest.mark.parametrize("column", EVIDENTLY)
def test_psi_differs_by_how_empty_cells_are_filled(described, column):
    # Evidently puts 0.0001 into empty cells; we add half a row to each, as is usual for counts.
    assert ours(described, "psi", column) == pytest.approx(EVIDENTLY[column][0], rel=0.03)


@pytest.mark.parametrize("column", ["calls", "age"])
def test_kolmogorov_and_smirnov_are_one(described, column):
    old, new = samples()
    found = stats.ks_2samp(old[column], new[column])
    assert found.pvalue == pytest.approx(EVIDENTLY[column][2], rel=1e-6)
    assert ours(described, "ks", column) == pytest.approx(found.statistic, abs=1e-3)


def test_the_same_columns_have_drifted():
    """At Evidently's own limit of PSI, 0.1."""
    old, new = samples()
    described = statistics(old), statistics(new)
    drifted = {column for column in EVIDENTLY if ours(described, "psi", column) >= 0.1}
    assert drifted == {column for column, row in EVIDENTLY.items() if row[0] >= 0.1}
