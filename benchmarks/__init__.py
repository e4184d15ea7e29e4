"""Benchmarks of the server beside OpenBao, on the same machine, at the same time: ``python -m benchmarks``."""
