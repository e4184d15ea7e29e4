"""TLS contexts from a listener's settings, and their renewal while connections stay open.

All connections of a listener share a context; a reloaded certificate affects new handshakes only. A new pair is first
tried in a separate context, so the live one is never half changed.
"""

from __future__ import annotations

import asyncio
import logging
import ssl

from engines.crypto_policy.fips import FipsMode
from server.config import Listener
from server.listeners.sockets import ListenFailed

_log = logging.getLogger(__name__)

HTTP1, HTTP2 = "http/1.1", "h2"
"""Protocols by their names in ALPN (RFC 7301)."""

# Forward secrecy and authenticated encryption; all suites of TLS 1.3 have both.
_DEFAULT_CIPHERS = "ECDHE+AESGCM:ECDHE+CHACHA20"
_APPROVED_CIPHERS = "ECDHE+AESGCM"
APPROVED_GROUP = "secp256r1"
_APPROVED_CURVE = "prime256v1"
"""The curve that every client has; Python can set only one. X25519 is not approved (SP 800-56A)."""

_UNAPPROVED = "CHACHA20"
"""Parts of the names of suites that aren't approved (SP 800-52r2)."""

_VERSIONS = {"tls12": ssl.TLSVersion.TLSv1_2, "tls13": ssl.TLSVersion.TLSv1_3}
_SUITES = {
    "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256": "ECDHE-ECDSA-AES128-GCM-SHA256",
    "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384": "ECDHE-ECDSA-AES256-GCM-SHA384",
    "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256": "ECDHE-ECDSA-CHACHA20-POLY1305",
    "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305": "ECDHE-ECDSA-CHACHA20-POLY1305",
    "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256": "ECDHE-RSA-AES128-GCM-SHA256",
    "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384": "ECDHE-RSA-AES256-GCM-SHA384",
    "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256": "ECDHE-RSA-CHACHA20-POLY1305",
    "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305": "ECDHE-RSA-CHACHA20-POLY1305",
}
_TLS13_SUITES = frozenset({"TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256"})


class ApprovedContext(ssl.SSLContext):
    """A context with approved algorithms alone, except one suite of TLS 1.3 that can't be removed from it.

    A connection for which ``is_approved`` is False must be closed before anything is read from it.
    """


def iana_name(openssl_name: str) -> str:
    """IANA's name of a suite that a context may have."""
    return next((iana for iana, name in _SUITES.items() if name == openssl_name), openssl_name)


def is_approved(transport: asyncio.BaseTransport) -> bool:
    """Whether a connection's cipher suite is approved."""
    name, _, _ = transport.get_extra_info("cipher")
    return _UNAPPROVED not in name


def client_certificate(transport: asyncio.BaseTransport) -> bytes:
    """The client's certificate in DER; empty if there is none, or no TLS."""
    tls: ssl.SSLObject | None = transport.get_extra_info("ssl_object")
    return (tls is not None and tls.getpeercert(binary_form=True)) or b""


def make_context(listener: Listener, fips_mode: FipsMode) -> ssl.SSLContext:
    """The context of ``listener``. Raises ``ListenFailed``."""
    approved = fips_mode is FipsMode.ENABLED
    context = (ApprovedContext if approved else ssl.SSLContext)(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = _VERSIONS[listener.tls_min_version]
    context.maximum_version = _VERSIONS[listener.tls_max_version]
    context.options |= ssl.OP_NO_COMPRESSION | ssl.OP_NO_RENEGOTIATION
    context.set_alpn_protocols([HTTP2, HTTP1] if listener.http2 else [HTTP1])
    context.set_ciphers(_ciphers(listener.tls_cipher_suites, fips_mode))
    if approved:
        context.set_ecdh_curve(_APPROVED_CURVE)
    _load_pair(context, listener)
    if listener.tls_require_and_verify_client_cert:
        _verify_clients(context, listener.tls_client_ca_file, ssl.CERT_REQUIRED)
    elif listener.tls_client_ca_file and not listener.tls_disable_client_certs:
        _verify_clients(context, listener.tls_client_ca_file, ssl.CERT_OPTIONAL)
    return context


def reload_certificate(context: ssl.SSLContext, listener: Listener) -> None:
    """Reload certificate and key from their files. Raises ``ListenFailed`` and changes nothing if they don't match."""
    _load_pair(ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), listener)
    _load_pair(context, listener)


def _load_pair(context: ssl.SSLContext, listener: Listener) -> None:
    try:
        # Without a passphrase callback, OpenSSL would prompt on the terminal.
        context.load_cert_chain(listener.tls_cert_file, listener.tls_key_file, password="")
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or type(error).__name__
        raise ListenFailed(
            f"can't use tls_cert_file {listener.tls_cert_file} with tls_key_file {listener.tls_key_file}: {reason}; "
            "expected PEM files that belong together, and a key without a passphrase"
        ) from None


def _verify_clients(context: ssl.SSLContext, authorities: str, mode: ssl.VerifyMode) -> None:
    """Request client certificates. OpenSSL refuses clients whose certificate isn't issued by ``authorities``.

    Certificates among these that are no authorities are trusted themselves.
    """
    context.verify_mode = mode
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    try:
        if authorities:
            context.load_verify_locations(authorities)
        else:
            context.load_default_certs(ssl.Purpose.CLIENT_AUTH)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise ListenFailed(f"can't use tls_client_ca_file {authorities}: {reason}") from None


def _ciphers(suites: str, fips_mode: FipsMode) -> str:
    """OpenSSL's names of IANA's suites, joined by colons."""
    names = [name.strip() for name in suites.split(",") if name.strip()]
    unknown = [name for name in names if name not in _SUITES and name not in _TLS13_SUITES]
    if unknown:
        raise ListenFailed(f"tls_cipher_suites: expected some of {', '.join(sorted(_SUITES))}, got {unknown[0]}")
    unapproved = [name for name in names if _UNAPPROVED in name]
    if unapproved and fips_mode is FipsMode.ENABLED:
        raise ListenFailed(f'tls_cipher_suites: {unapproved[0]} is not FIPS-approved, and fips_mode is "enabled"')
    if unapproved and fips_mode is FipsMode.PREFERRED:
        _log.warning("tls_cipher_suites: %s is not FIPS-approved", unapproved[0])
    default = _APPROVED_CIPHERS if fips_mode is FipsMode.ENABLED else _DEFAULT_CIPHERS
    return ":".join(_SUITES[name] for name in names if name in _SUITES) or default
