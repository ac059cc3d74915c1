"""The plain script: what everything else is measured against."""

import pickle
from pathlib import Path

import work

rows = work.ingest("rows.csv")
train, test = work.split(rows)
train, test = work.scale(train, test)
model = work.fit(train)
score = work.evaluate(model, test)
Path("model.pickle").write_bytes(pickle.dumps(model))
print(tuple(score))
