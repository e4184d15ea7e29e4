"""The transit engine: encryption as a service. Keys never leave; data is encrypted, signed or authenticated."""
