"""Names in the files that are written: valid, and each for one thing."""

from __future__ import annotations

import keyword
import re
from dataclasses import dataclass, field


@dataclass
class Names:
    """Gives names that are free.

    >>> names = Names({"run"})
    >>> names.free("load"), names.free("load"), names.free("run"), names.free("inner.load")
    ('load', 'load_2', 'run_2', 'inner_load')
    """

    taken: set[str] = field(default_factory=set)

    def free(self, wanted: str) -> str:
        """Return the name, or the first free one after it, and take it."""
        name = identifier(wanted)
        number = 2
        while name in self.taken:
            name = f"{identifier(wanted)}_{number}"
            number += 1
        self.taken.add(name)
        return name


def identifier(text: str) -> str:
    """Return an identifier that looks like a text.

    >>> identifier("inner.load"), identifier("2nd"), identifier("class")
    ('inner_load', 'n2nd', 'class_')
    """
    name = re.sub(r"\W", "_", text)
    name = f"n{name}" if name[:1].isdigit() or not name else name
    return f"{name}_" if keyword.iskeyword(name) else name


def camel(text: str) -> str:
    """Return the name of a class.

    >>> camel("train_model"), camel("loadCSV")
    ('TrainModel', 'LoadCSV')
    """
    return "".join(part[:1].upper() + part[1:] for part in text.split("_")) or "Step"
