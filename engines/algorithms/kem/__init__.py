"""Key encapsulation: ML-KEM and its providers, hybrid KEMs, HPKE."""
