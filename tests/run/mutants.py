"""A small realistic project whose every line can be edited, for the mutation suite.

Steps are in several modules; between them they use what Python projects use to share code. All
results are small numbers, so that each edit's effect can be followed by hand.
"""

from __future__ import annotations

from textwrap import dedent

FILES = {
    "pyproject.toml": """
        [tool.thruway]
        pipeline = "shop.pipeline:flow"
        data = "data"
    """,
    "data/a.txt": "3 1 2\n",
    "shop/__init__.py": """
        from .helpers import trim as public_trim
        from .kinds import Box
    """,
    "shop/pipeline.py": '''
        """The pipeline."""
        from thruway import pipeline

        from shop.ingest import load
        from shop.prepare import clean, scale
        from shop.fit import fit, judge
        from shop.report import boxed, lone, ranked, shown, told, unboxed


        @pipeline
        def flow(name: str = "a.txt", rate: float = 2.0, bonus: int = 0):
            rows = load(name)
            cleaned = clean(rows)
            scaled = scale(cleaned, rate)
            fitted = fit(scaled)
            judged = judge(fitted, bonus)
            rank = ranked(cleaned)
            box = boxed(cleaned)
            opened = unboxed(box)
            show = shown(cleaned)
            alone = lone()
            text = told(judged, rank, opened)
            return rows, cleaned, scaled, fitted, judged, rank, opened, show, alone, text
    ''',
    "shop/ingest.py": '''
        """Reading."""
        from thruway import step

        from shop.constants import SEPARATOR


        @step
        def load(name: str) -> list[int]:
            """Read the numbers."""
            # one line, several numbers
            with open(name) as handle:
                return [int(part) for part in handle.read().split(SEPARATOR)]
    ''',
    "shop/constants.py": """
        SEPARATOR = None
        LIMIT = 100
        UNUSED = 1
        ROUND = lambda x: round(x, 6)
        WORDS = {"low": "small", "high": "large"}
    """,
    "shop/helpers.py": '''
        """Helpers."""
        import functools

        from . import constants
        from .deep import polish, unit

        STEP = 1
        FACTOR = unit


        def traced(times):
            def decorate(function):
                @functools.wraps(function)
                def called(*args):
                    return function(*args) * times
                return called
            return decorate


        def shifted(function):
            @functools.wraps(function)
            def called(*args):
                return function(*args) + STEP
            return called


        def trim(values, low=0):
            """Cut."""
            return [polish(v) for v in values if v >= low and v < constants.LIMIT]


        @traced(1)
        @shifted
        def weigh(value):
            return value


        def unrelated(value):
            return value - 1


        def also_unrelated(value):
            return value - 2
    ''',
    "shop/deep.py": """
        try:
            import quicklib as engine
        except ImportError:
            engine = None

        if engine is None:
            def polish(value):
                return abs(value) + offset()
        else:
            def polish(value):
                return engine.polish(value)


        def offset():
            return 0


        unit = 1
    """,
    "shop/prepare.py": """
        import functools
        import os
        from typing import Annotated

        from thruway import step

        from .helpers import trim, weigh
        from .kinds import Config, Half, maker
        from .schemas import Positive
        from .everything import *

        CONFIG = Config(times=2)
        TABLE = {"double": lambda x: x * 2, "half": functools.partial(pow, exp=1)}


        @step
        def clean(rows: list[int]) -> list[int]:
            kept = trim(rows)
            return [weigh(v) - 1 for v in kept]


        @step(env=("SHOP_MODE",))
        def scale(rows: Annotated[list[int], Positive], rate: float) -> list[float]:
            up = maker(CONFIG.times)
            halved = Half(4).value
            mode = len(os.environ.get("SHOP_MODE", ""))
            return [starred(up(TABLE["double"](v)) * rate * halved) + mode for v in rows]
    """,
    "shop/everything.py": """
        __all__ = ["starred"]


        def starred(value):
            return value


        def hidden(value):
            return value
    """,
    "shop/schemas.py": """
        class Schema:
            strict = True


        class Positive(Schema):
            low: int = 0
    """,
    "shop/kinds.py": """
        from dataclasses import dataclass


        @dataclass
        class Config:
            times: int = 1
            extra: int = 0


        class Whole:
            part = 1.0

            def __init__(self, of):
                self.of = of

            @property
            def value(self):
                return self.of * self.part

            def shape(self):
                return "whole"


        class Half(Whole):
            part = 0.5

            def shape(self):
                return "half"


        class Box:
            def __init__(self, content):
                self.content = content

            def open(self):
                return self.content[0]


        def maker(times):
            def made(value):
                return value * times
            return made
    """,
    "shop/fit.py": """
        import tinylib
        from thruway import step

        from shop import constants as c
        from shop.switch import SETTINGS


        @step
        def fit(rows: list[float]) -> float:
            return tinylib.mean(rows) + SETTINGS["shift"]


        def _sign(value):
            return 1 if value > 0 else -1


        @step(role="evaluate")
        def judge(value: float, bonus: int) -> int:
            return _sign(c.ROUND(value)) + bonus
    """,
    "shop/switch.py": """
        SETTINGS = {"shift": 0.0, "other": 0}
        SETTINGS["shift"] = 0.5
    """,
    "shop/ranking.py": """
        KNOWN = {}


        class Ranker:
            def __init_subclass__(cls):
                KNOWN[cls.__name__] = cls

            def rank(self, values):
                return sorted(values)[0]


        class Named(type):
            def __new__(meta, name, bases, body):
                made = super().__new__(meta, name, bases, body)
                made.title = "the " + name
                return made


        class Lowest(Ranker):
            pass


        class Highest(Ranker):
            def rank(self, values):
                return sorted(values)[-1]


        class Judge(metaclass=Named):
            pass
    """,
    "shop/report.py": """
        from thruway import step

        from shop import Box, public_trim
        from shop.constants import WORDS
        from shop.ranking import KNOWN, Judge
        import shop.patched


        @step
        def ranked(rows: list[int]) -> str:
            return f"{Judge.title} says {KNOWN['Highest']().rank(rows)}"


        @step
        def boxed(rows: list[int]) -> object:
            return Box(rows)


        @step
        def unboxed(box: object) -> int:
            return box.open()


        @step
        def shown(rows: list[int]) -> list[int]:
            return public_trim(rows, low=2)


        @step
        def lone() -> str:
            return shop.patched.target.word()


        @step
        def told(judged: int, rank: str, opened: int) -> str:
            size = WORDS["low"] if judged < 5 else WORDS["high"]
            return f"{size}, {rank}, {opened}"
    """,
    "shop/patched.py": """
        from shop import target


        def louder():
            return "loud"


        target.word = louder
    """,
    "shop/target.py": """
        def word():
            return "quiet"
    """,
}

LIBRARY = {
    "tinylib.py": "def mean(values):\n    return sum(values) / len(values)\n",
    "tinylib-1.0.dist-info/METADATA": "Metadata-Version: 2.1\nName: tinylib\nVersion: 1.0\n",
    "tinylib-1.0.dist-info/top_level.txt": "tinylib\n",
    "tinylib-1.0.dist-info/RECORD": "tinylib.py,,\ntinylib-1.0.dist-info/METADATA,,\n",
}


def write(folder, files) -> None:
    """Write files, their texts without the indentation of this one."""
    for name, text in files.items():
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(dedent(text).lstrip("\n"))
