"""The token method, built in at ``auth/token/``: creates, shows, renews and revokes tokens.

This package has the rules of what a token may hand on; the core's token store, a ``TokenAuthority``, mints, uses and
removes them. Tokens that others can verify are in ``jwts``, their issuer in ``jwt_issuer``.
"""
