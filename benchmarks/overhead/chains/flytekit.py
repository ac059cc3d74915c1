"""flytekit: a workflow of `argv[1]` tasks, executed locally."""

import sys

from flytekit import task, workflow


@task
def add(x: int) -> int:
    return x + 1


@workflow
def chain(x: int = 0) -> int:
    for _ in range(int(sys.argv[1])):
        x = add(x=x)
    return x


if __name__ == "__main__":
    print(chain())
