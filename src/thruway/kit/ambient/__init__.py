"""All that surrounds a running piece of user code and is not one of its names.

Random streams, figures, displayed values, files, the working folder, what is printed, and the
options of libraries: one module each. The observer and the executors use the same ones, so that
the original and the pipeline run under the same conditions. Importing any of them loads the
standard library only; a library of the user is looked at when the user has loaded it.
"""
