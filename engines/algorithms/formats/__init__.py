"""Formats above keys: JWK, JWS and COSE names, X.509 certificates and requests, CMS."""
