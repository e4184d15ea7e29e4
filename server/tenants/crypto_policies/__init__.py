"""Crypto policy of a namespace: documents, their expressions, exceptions, and the gates that engines ask."""
