"""Requests, answers and what carries them."""
