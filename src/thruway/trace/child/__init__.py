"""The half of the observation that runs inside the user's interpreter.

It needs the standard library alone, and looks at NumPy, pandas and the rest only when the user's
program has imported them.
"""
