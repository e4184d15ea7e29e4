"""Batches: their items, how they are read, and the answer to a batch as a whole."""
