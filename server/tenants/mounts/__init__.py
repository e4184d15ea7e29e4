"""The mount table of a namespace."""
