"""Thruway: a step called for each of `n` items."""

from thruway import map_over, pipeline, step


@step
def items(n: int) -> list[int]:
    return list(range(n))


@step
def square(x: int) -> int:
    return x * x


@step
def total(squares: list[int]) -> int:
    return sum(squares)


@pipeline
def fan(n: int = 1000):
    numbers = items(n)
    squares = map_over(square, numbers)
    found = total(squares)
    return found
