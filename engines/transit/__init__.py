"""Transit: encryption as a service. Keys never leave; data comes, is encrypted, signed or authenticated, and goes."""

from engines.transit.engine import Transit

__all__ = ["Transit"]
