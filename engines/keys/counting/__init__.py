"""Counts of encryptions: reservations, and limits."""
