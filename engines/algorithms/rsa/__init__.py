"""RSA: encryption, signatures, the forms of its keys, and key wrapping."""
