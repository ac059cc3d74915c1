"""What the text says: statements, names, calls, roles of library calls; nothing is run.

`read_program` is the one verb. Files: `split` cuts cells into statements with their comments,
`opening` opens `if __name__ == "__main__"` and `main()`, `names` finds reads and writes, `calls`
finds calls and literals, `knowledge` says what the calls of known libraries do.
"""

from thruway.program.read import read_program
from thruway.program.types import Call, Literal_, Program, Statement

__all__ = ["Call", "Literal_", "Program", "Statement", "read_program"]
