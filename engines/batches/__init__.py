"""Batches: their items, parsing, and the answer to a batch as a whole."""
