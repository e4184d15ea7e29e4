"""Signature formats: JWS, JWT, COSE and CMS."""
