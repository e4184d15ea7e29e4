"""Signatures, HMACs, CMACs and hashes."""
