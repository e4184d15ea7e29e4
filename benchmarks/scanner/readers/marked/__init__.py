"""Readers of corpora that mark each line that must be reported, in comments or in a list beside the file."""
