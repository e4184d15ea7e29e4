"""Signatures: ECDSA, Ed25519, ML-DSA, SLH-DSA and hybrids, with the formats of their keys."""
