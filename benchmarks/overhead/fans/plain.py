"""The standard library: a pool of two processes, which keeps nothing."""

import sys
from concurrent.futures import ProcessPoolExecutor


def square(x: int) -> int:
    return x * x


if __name__ == "__main__":
    with ProcessPoolExecutor(2) as pool:
        print(sum(pool.map(square, range(int(sys.argv[1])))))
