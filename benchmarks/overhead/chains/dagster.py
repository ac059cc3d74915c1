"""Dagster: a job of `argv[1]` ops, executed in this process."""

import sys

from dagster import job, op


@op
def begin() -> int:
    return 0


@op
def add(x: int) -> int:
    return x + 1


@job
def chain():
    x = begin()
    for at in range(int(sys.argv[1]) - 1):
        x = add.alias(f"add_{at}")(x)


if __name__ == "__main__":
    print(chain.execute_in_process().success)
