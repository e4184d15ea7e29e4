"""cert: callers log in with the client certificate of the TLS handshake.

The listener requests certificates and accepts those of known authorities (``tls_client_ca_file``); this method decides
what each may have. Roles are in ``roles``, parsing and trust of certificates in ``certificates`` and ``trust``,
revocation lists in ``revocations``, logins in ``login``, and renewals in ``state``.
"""
