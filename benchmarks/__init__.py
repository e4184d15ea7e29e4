"""How fast the server is beside OpenBao, on the same machine, at the same moment: ``python -m benchmarks``."""
