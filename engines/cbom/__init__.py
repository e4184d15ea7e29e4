"""Cryptographic bills of materials: of source code, of dependencies, of applications."""
