"""What things are called: steps, their outputs, the package; from roles, calls and headings."""
