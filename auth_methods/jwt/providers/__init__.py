"""Providers of identities: OpenID Connect in general, and what some of them have of their own (``provider_config``)."""
