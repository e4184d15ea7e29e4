"""Inventory of keys: a row for each version, with its use and the verdicts of profiles."""
