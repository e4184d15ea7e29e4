"""TLS cipher suite strings: the weak algorithms that they allow.

OpenSSL's form is ``HIGH:RC4-SHA:!aNULL`` (openssl-ciphers(1)), GnuTLS's ``NORMAL:+ARCFOUR-128:-VERS-TLS1.0``, IANA's
``TLS_RSA_WITH_RC4_128_SHA``. ``ECDH+3DES`` are the suites that have both. A name behind ``!`` or ``-`` is taken out of
the list. Names of SSH's ciphers (``3des-cbc``, RFC 4253) are read too.
"""

from __future__ import annotations

import re
from functools import lru_cache

_SEPARATORS = re.compile(r"[:, ]+")
_MAX_TEXT = 4096
_WEAK = (
    (re.compile(r"(?:^|[-_])(?:RC4|ARCFOUR|arcfour(?:128|256)?)(?:[-_]|$)"), "RC4"),
    (re.compile(r"(?:^|[-_])(?:3DES|DES[-_]CBC3|3des)(?:[-_]|$)"), "3DES"),
    (re.compile(r"^blowfish-cbc$"), "Blowfish"),
    (re.compile(r"^cast128-cbc$"), "CAST5"),
    (re.compile(r"(?:^|[-_])(?:DES[-_]CBC(?!3)|DES40?)(?:[-_]|$)|^(?:LOW|EXP\w*)$|^EXP[-_]"), "DES"),
    (re.compile(r"(?:^|[-_])RC2(?:[-_]|$)"), "RC2"),
    (re.compile(r"(?:^|[-_])NULL(?:[-_]|$)|^(?:eNULL|aNULL|ADH|AECDH|COMPLEMENTOFALL)$|^(?:ADH|AECDH)[-_]"), "NULL"),
    (re.compile(r"_DH_anon_"), "NULL"),
    (re.compile(r"(?:^|[-_])MD5$|^hmac-md5(?:-96)?(?:-etm@openssh\.com)?$"), "MD5"),
    (re.compile(r"^diffie-hellman-group(?:1|14|-exchange)-sha1$"), "SHA-1"),
    (re.compile(r"^VERS-SSL3\.0$"), "SSLv3"),
    (re.compile(r"^VERS-TLS1\.0$"), "TLSv1.0"),
    (re.compile(r"^VERS-TLS1\.1$"), "TLSv1.1"),
)
_NEGATED = ("!", "-", "%")


@lru_cache(maxsize=1024)
def weak_algorithms(text: str) -> tuple[str, ...]:
    """The weak algorithms that a list of suites allows, by their names of the table."""
    removed = {name[1:] for name in _names(text) if name.startswith(_NEGATED)}
    found: dict[str, None] = {}
    for name in _names(text):
        if name.startswith(_NEGATED):
            continue
        parts = name.lstrip("+").split("+")
        for pattern, algorithm in _WEAK:
            if algorithm not in removed and any(pattern.search(part) for part in parts):
                found[algorithm] = None
    return tuple(found)


def _names(text: str) -> list[str]:
    return [name for name in _SEPARATORS.split(text[:_MAX_TEXT]) if name]
