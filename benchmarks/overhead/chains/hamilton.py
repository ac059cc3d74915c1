"""Hamilton: a chain of `argv[1]` functions."""

import sys

from hamilton import ad_hoc_utils, driver


def adding(at: int):
    text = f"def x{at + 1}(x{at}: int) -> int:\n    return x{at} + 1\n"
    names: dict = {}
    exec(text, names)
    return names[f"x{at + 1}"]


if __name__ == "__main__":
    steps = int(sys.argv[1])
    module = ad_hoc_utils.create_temporary_module(*map(adding, range(steps)), module_name="chain")
    built = driver.Builder().with_modules(module).build()
    print(built.execute([f"x{steps}"], inputs={"x0": 0})[f"x{steps}"])
