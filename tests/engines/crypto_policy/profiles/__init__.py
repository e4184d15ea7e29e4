"""Profiles, and what they say."""
