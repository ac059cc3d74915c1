"""KFP: a pipeline of `argv[1]` lightweight components under the local runner."""

import sys

from kfp import dsl, local


@dsl.component(install_kfp_package=False)
def add(x: int) -> int:
    return x + 1


@dsl.pipeline
def chain(x: int = 0) -> int:
    for _ in range(int(sys.argv[1])):
        x = add(x=x).output
    return x


if __name__ == "__main__":
    local.init(local.SubprocessRunner(use_venv=False))
    print(chain().output)
