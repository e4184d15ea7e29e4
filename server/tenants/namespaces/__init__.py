"""Namespaces: their table, records and names."""
