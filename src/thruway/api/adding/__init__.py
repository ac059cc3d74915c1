"""`add`: a component written into the pipeline of a project, wired to what is there.

What components take and give is the table in `rows`; what the pipeline has, by name, type and part,
is in `scope`; what its steps do with their arguments, read from their text, in `uses`. `choose`
finds for each port the one value that fits, or says why it is not one; `edit` writes the call.
"""

from thruway.api.adding.add import Added, add

__all__ = ["Added", "add"]
