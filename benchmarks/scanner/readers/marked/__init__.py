"""Readers of corpora whose comments mark each line that must be reported."""
