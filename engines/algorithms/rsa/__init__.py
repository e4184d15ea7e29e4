"""RSA: encryption, signatures, formats of its keys, and key wrapping."""
