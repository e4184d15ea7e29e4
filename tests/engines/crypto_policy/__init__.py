"""The crypto policy as engines see it."""
