"""Keys move between CryptoServe and a real OpenBao, in both directions, and what either made the other understands."""
