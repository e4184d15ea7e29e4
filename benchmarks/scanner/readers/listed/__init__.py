"""Readers of corpora whose labels stand in files of their own."""
