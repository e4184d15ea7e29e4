"""Policies: their rules, and the parser of their texts."""
