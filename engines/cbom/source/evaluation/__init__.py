"""Evaluation of programs: resolution of names, and values of expressions."""
