"""What a run shows; the only place where the original is executed, in a child process.

`observe.observe` is the entry. Nothing is re-exported here, because the child interpreter imports
this package too, and must not load what only the parent needs.
"""
