"""Counts of encryptions: what is reserved of them, and what happens at a limit."""
