"""A run: what is next, what the cache answers, what becomes of results; `execute` is the loop."""
