"""KFP: lightweight components under the local runner, a process each; artifacts are files."""

import sys

from kfp import dsl, local
from kfp.dsl import Dataset, Input, Metrics, Model, Output


@dsl.component(install_kfp_package=False)
def ingest(csv: str, rows: Output[Dataset]):
    import work

    work.ingest(csv).to_parquet(rows.path)


@dsl.component(install_kfp_package=False)
def split(rows: Input[Dataset], train: Output[Dataset], test: Output[Dataset]):
    import pandas as pd
    import work

    first, second = work.split(pd.read_parquet(rows.path))
    first.to_parquet(train.path)
    second.to_parquet(test.path)


@dsl.component(install_kfp_package=False)
def scale(
    train: Input[Dataset],
    test: Input[Dataset],
    train_scaled: Output[Dataset],
    test_scaled: Output[Dataset],
):
    import pandas as pd
    import work

    first, second = work.scale(pd.read_parquet(train.path), pd.read_parquet(test.path))
    first.to_parquet(train_scaled.path)
    second.to_parquet(test_scaled.path)


@dsl.component(install_kfp_package=False)
def fit(train: Input[Dataset], model: Output[Model]):
    import pickle

    import pandas as pd
    import work

    with open(model.path, "wb") as handle:
        pickle.dump(work.fit(pd.read_parquet(train.path)), handle)


@dsl.component(install_kfp_package=False)
def evaluate(model: Input[Model], test: Input[Dataset], score: Output[Metrics]) -> list:
    import pickle

    import pandas as pd
    import work

    with open(model.path, "rb") as handle:
        found = work.evaluate(pickle.load(handle), pd.read_parquet(test.path))
    score.log_metric("accuracy", found.accuracy)
    return list(found)


@dsl.pipeline
def tabular(csv: str = "rows.csv") -> list:
    parts = split(rows=ingest(csv=csv).output).outputs
    scaled = scale(train=parts["train"], test=parts["test"]).outputs
    model = fit(train=scaled["train_scaled"]).output
    return evaluate(model=model, test=scaled["test_scaled"]).outputs["Output"]


if __name__ == "__main__":
    cached = sys.argv[1:] == ["cached"]
    local.init(local.SubprocessRunner(use_venv=False), enable_caching=cached)
    print(tuple(tabular().output))
