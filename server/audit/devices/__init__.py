"""Audit devices: one file for each type."""
