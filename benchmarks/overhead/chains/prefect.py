"""Prefect: a flow that calls a task `argv[1]` times."""

import sys

from prefect import flow, task
from prefect.cache_policies import NO_CACHE


@task(cache_policy=NO_CACHE)
def add(x: int) -> int:
    return x + 1


@flow
def chain(steps: int):
    x = 0
    for _ in range(steps):
        x = add(x)
    return x


if __name__ == "__main__":
    print(chain(int(sys.argv[1])))
