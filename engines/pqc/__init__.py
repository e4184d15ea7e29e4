"""Post-quantum key encapsulation: keys stay here, shared secrets and messages come and go."""

from engines.pqc.engine import Pqc

__all__ = ["Pqc"]
