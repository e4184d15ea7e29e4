"""The command ``cryptoserve scan``."""
