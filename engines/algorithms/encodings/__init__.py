"""Encodings of keys: PEM, PKCS #8, SubjectPublicKeyInfo, and the forms of imports, exports and backups."""
