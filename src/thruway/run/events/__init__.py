"""Who hears of a run: the reader of a terminal, and lineage systems."""
