"""cert: callers log in with the certificate that they have shown in the TLS handshake.

The listener asks for certificates and lets only those through that come from authorities it knows
(``tls_client_ca_file``); here it is decided which of them may have what. Roles are in ``roles``, what a certificate
says and whether it may be trusted in ``certificates`` and ``trust``, which were taken back in ``revocations``, logging
in in ``login``, and renewing in ``state``.
"""
