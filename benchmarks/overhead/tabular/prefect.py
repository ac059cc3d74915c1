"""Prefect: a flow of tasks; with `cached` their results are kept and looked up."""

import sys

import work
from prefect import flow, task
from prefect.cache_policies import INPUTS, NO_CACHE, TASK_SOURCE

CACHED = sys.argv[1:] == ["cached"]
KEPT = {"cache_policy": INPUTS + TASK_SOURCE if CACHED else NO_CACHE, "persist_result": CACHED}

ingest = task(work.ingest, **KEPT)
split = task(work.split, **KEPT)
scale = task(work.scale, **KEPT)
fit = task(work.fit, **KEPT)
evaluate = task(work.evaluate, **KEPT)


@flow
def tabular(csv: str = "rows.csv"):
    train, test = split(ingest(csv))
    train, test = scale(train, test)
    model = fit(train)
    return evaluate(model, test)


if __name__ == "__main__":
    print(tuple(tabular()))
