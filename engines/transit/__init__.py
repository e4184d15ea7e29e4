"""Transit: encryption as a service. Keys never leave; data comes, is encrypted, signed or authenticated, and goes."""
