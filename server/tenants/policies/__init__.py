"""Policies of a namespace: storage, compilation, decisions."""
