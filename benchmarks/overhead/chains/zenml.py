"""ZenML: a pipeline of `argv[1]` steps on its local stack."""

import sys

from zenml import pipeline, step


@step
def add(x: int) -> int:
    y = x + 1
    return y


@pipeline(enable_cache=False)
def chain(x: int = 0):
    for _ in range(int(sys.argv[1])):
        x = add(x)


if __name__ == "__main__":
    print(chain().status)
