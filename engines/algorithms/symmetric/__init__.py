"""Symmetric algorithms: AEAD ciphers, CBC, XTS, MACs, key derivation, DRBG."""
