"""The token method, built in at ``auth/token/``: tokens that make, show, renew and revoke tokens.

The rules of what a token may hand on are here; minting, using and removing is the token store's, which is handed in as
a ``TokenAuthority``. Tokens that others can verify are in ``jwts``, and what signs them in ``jwt_issuer``.
"""
