"""Thruway: `thruway run` of this file."""

import work

from thruway import pipeline, step

ingest = step(work.ingest, role="ingest")
split = step(work.split, role="split")
scale = step(work.scale, role="transform")
fit = step(work.fit, role="train")
evaluate = step(work.evaluate, role="evaluate")


@pipeline
def tabular(csv: str = "rows.csv"):
    rows = ingest(csv)
    train, test = split(rows)
    train_scaled, test_scaled = scale(train, test)
    model = fit(train_scaled)
    score = evaluate(model, test_scaled)
    return score
