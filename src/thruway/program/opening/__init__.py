"""Opens up what hides the list of statements, so that it can be cut like any other program.

`open_program` is the one verb: a guard, `main()`, a parser of arguments, an object that drives
itself, a chain of functions. Each move (`guard`, `function`, …) takes the text of the program as
`rows` and gives another text, or says why not (`reasons`); what is chosen is in `choose`. What
cannot be opened soundly stays as it is, with a finding.
"""

from thruway.program.opening.program import Opened, open_program

__all__ = ["Opened", "open_program"]
