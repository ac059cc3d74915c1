"""Components over partitions of data, on a scheduler of Dask with two workers, as in one process."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from dask_cluster import dask_cluster

from thruway import components

pytest.importorskip("distributed")

FLOW = """
    from sklearn.linear_model import LogisticRegression
    from thruway import map_over
    from thruway.components import (
        Statistics, batch_predict, infer_schema, ingest, merge_statistics, statistics, train, validate,
    )

    @step
    def files(folder: str, count: int) -> list:
        return [f"{folder}/part-{number}.parquet" for number in range(count)]

    @step
    def together(parts: list) -> Statistics:
        return merge_statistics(*parts)

    @step
    def learner() -> LogisticRegression:
        return LogisticRegression()

    @step
    def first(parts: list) -> pd.DataFrame:
        return parts[0]

    @step
    def counted(parts: list) -> int:
        return sum(len(part) for part in parts)

    @pipeline
    def flow(folder: str = "parts", count: int = 4):
        parts = map_over(ingest, files(folder, count))
        described = together(map_over(statistics, parts))
        schema = infer_schema(described, label="y")
        anomalies = validate(described, schema)
        each = map_over(validate, parts, schema=schema)
        model, run = train(first(parts), learner(), "y")
        predicted = map_over(batch_predict, parts, model=model)
        rows = counted(predicted)
        return described, anomalies, rows, predicted
"""


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    with dask_cluster(tmp_path_factory.mktemp("cluster")) as started:
        yield started[0]


@pytest.fixture
def parts(small):
    rng = np.random.default_rng(5)
    folder = small.dir / "parts"
    folder.mkdir()
    frames = []
    for number in range(4):
        x = rng.normal(size=300)
        frame = pd.DataFrame(
            {"x": x, "kind": rng.choice(["a", "b"], 300), "z": rng.integers(0, 9, 300)}
        )
        frame["y"] = (x + frame.z / 9 > 0.5).astype(int)
        frame.drop(columns="kind").to_parquet(folder / f"part-{number}.parquet")
        frames.append(frame.drop(columns="kind"))
    small.write(FLOW)
    return frames


@pytest.mark.usefixtures("parts")
def test_the_same_on_two_workers_as_here(small, cluster):
    there = small.run(executor=cluster)
    assert there.load("rows") == 1200
    assert there.load("anomalies").gate.verdict == "pass"
    here = small.run(executor="in-process", no_cache=True)
    assert {n: r.hash for n, r in here.results.items()} == {
        n: r.hash for n, r in there.results.items()
    }


def test_what_was_merged_are_the_statistics_of_the_whole(small, parts, cluster):
    described = small.run(executor=cluster).load("described")
    whole = components.statistics(pd.concat(parts, ignore_index=True))
    for name in ("x", "z", "y"):
        one, other = described[name], whole[name]
        assert (one.rows, one.missing) == (other.rows, other.missing)
        assert one.numbers.min == other.numbers.min
        assert one.numbers.max == other.numbers.max
        assert one.numbers.mean == pytest.approx(other.numbers.mean)
        assert one.numbers.std == pytest.approx(other.numbers.std)
