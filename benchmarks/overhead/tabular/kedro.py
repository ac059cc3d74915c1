"""Kedro: nodes and a catalog; the model is kept as a pickle, the rest passes in memory."""

import work
from kedro.io import DataCatalog, MemoryDataset
from kedro.pipeline import node, pipeline
from kedro.runner import SequentialRunner
from kedro_datasets.pandas import CSVDataset
from kedro_datasets.pickle import PickleDataset

nodes = pipeline(
    [
        node(work.split, "rows", ["train", "test"]),
        node(work.scale, ["train", "test"], ["train_scaled", "test_scaled"]),
        node(work.fit, "train_scaled", "model"),
        node(work.evaluate, ["model", "test_scaled"], "score"),
    ]
)
catalog = DataCatalog(
    {
        "rows": CSVDataset(filepath="rows.csv"),
        "model": PickleDataset(filepath="model.pickle"),
        "score": MemoryDataset(),
    }
)
SequentialRunner().run(nodes, catalog)
print(tuple(catalog.load("score")))
