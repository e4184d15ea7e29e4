"""JWT: callers log in with a JSON Web Token signed by an identity provider.

Keys are static, published at a URL, found by OpenID Connect Discovery, or this server's own (``config``, ``keys``,
``remote``). Roles map claims to policies (``roles``, ``claims``). Login through a browser, at an OpenID Connect
provider, is in ``browser``.
"""
