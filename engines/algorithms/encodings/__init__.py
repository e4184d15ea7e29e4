"""Encodings of keys: PEM, PKCS #8, SubjectPublicKeyInfo, and the formats of imports, exports and backups."""
