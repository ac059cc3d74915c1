"""KFP: two lightweight components under the local runner, with its cache on."""

import json

from kfp import dsl, local


@dsl.component(install_kfp_package=False)
def load(path: str) -> list:
    from pathlib import Path

    return [float(line) for line in Path(path).read_text().splitlines()]


@dsl.component(install_kfp_package=False)
def price(rows: list) -> dict:
    # how a price is made
    import time

    import tariff
    from rates import total
    from rounding import Rounding

    value = Rounding().apply(total(rows) + tariff.surcharge())
    return {"value": value, "stamp": time.time_ns()}


@dsl.pipeline
def prices(path: str = "rows.csv") -> dict:
    return price(rows=load(path=path).output).output


if __name__ == "__main__":
    local.init(local.SubprocessRunner(use_venv=False), enable_caching=True)
    print(json.dumps(prices().output))
