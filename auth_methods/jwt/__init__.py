"""JWT: callers log in with a JSON Web Token that an identity provider has signed for them.

Keys are static, published at a URL, found by OpenID Connect Discovery, or those of this very server (``config``,
``keys``, ``remote``); what a token has to say to get which policies is a role's business (``roles``, ``claims``).
Logging in through a browser, at an OpenID Connect provider, is in ``browser``.
"""
