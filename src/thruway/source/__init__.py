"""Text in: a notebook or script becomes cells of plain Python, with every line kept in its place.

`read_source` is the one verb. Files: `notebook` and `script` split a file into cells, `transform`
turns IPython's syntax into Python with the tables of `magics` and `shell`, `syntax` says what
Python cannot read, `headings` finds titles.
"""

from thruway.source.read import read_source
from thruway.source.types import Cell, Source

__all__ = ["Cell", "Source", "read_source"]
