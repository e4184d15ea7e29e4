"""Functions of the languages themselves: what their results are, and which functions they call."""
