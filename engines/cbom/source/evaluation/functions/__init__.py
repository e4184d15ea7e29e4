"""Functions of the languages themselves: their results, and the functions that they call."""
