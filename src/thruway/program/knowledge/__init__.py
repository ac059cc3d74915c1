"""What the calls of known libraries do: role, effects, positional names, what can be lifted.

One file per library, each a `Table` of names. To teach Thruway an API, put its name into the
table of its library; `lookup` and `lookup_method` answer from all of them.
"""

from thruway.program.knowledge.lookup import lookup, lookup_method
from thruway.program.knowledge.table import Api, Table

__all__ = ["Api", "Table", "lookup", "lookup_method"]
