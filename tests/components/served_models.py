"""Models of a project: their classes are in a module, and in one that this imports."""

from __future__ import annotations

import os
import time

from served_parts import twice


class Twice:
    def __init__(self, column="x"):
        self.column = column

    def predict(self, examples):
        return twice(examples[self.column])


class Slow(Twice):
    def predict(self, examples):
        time.sleep(0.02)
        return super().predict(examples)


class Elsewhere(Twice):
    """Answers otherwise in another process."""

    def __init__(self):
        super().__init__()
        self.process = os.getpid()

    def predict(self, examples):
        return super().predict(examples) + (os.getpid() != self.process)


class Dies(Twice):
    def __init__(self):
        super().__init__()
        self.process = os.getpid()

    def predict(self, examples):
        if os.getpid() != self.process:
            os._exit(3)
        return super().predict(examples)


class Raises(Dies):
    def predict(self, examples):
        if os.getpid() != self.process:
            raise ValueError("not here")
        return super().predict(examples)


class Centred(Twice):
    """Looks at the other rows that it is asked with."""

    def predict(self, examples):
        return examples[self.column] - examples[self.column].mean()


class Hangs(Twice):
    def __setstate__(self, state):
        time.sleep(60)


class Large(Twice):
    def __init__(self):
        super().__init__()
        self.weight = bytearray(60_000_000)
