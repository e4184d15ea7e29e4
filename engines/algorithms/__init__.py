"""Algorithms of keys; ``engines.algorithms.registry`` has one row for each."""
