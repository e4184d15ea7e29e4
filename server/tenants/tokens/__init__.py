"""Tokens of a namespace: storage, revocation, leases, cubbyhole, response wrapping."""
