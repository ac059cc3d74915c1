"""The DAG of a pipeline from its text; nothing is imported, nothing is run. `read` is the door."""
