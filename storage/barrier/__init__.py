"""The barrier: encryption of every entry below it, with its keys."""
