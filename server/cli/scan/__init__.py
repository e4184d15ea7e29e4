"""Command ``cryptoserve scan``."""
