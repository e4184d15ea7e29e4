"""Which signature algorithms of JOSE and COSE a key can be used with, and what each means for the key.

The names are those of RFC 7518 and RFC 8037 for JOSE, the numbers those of RFC 9053 and RFC 8812 for COSE; ML-DSA's of
both are those of RFC 9964. ``Ed25519`` is RFC 9864's name for what ``EdDSA`` means with such a key; the older one is
the default, because more libraries know it. A key is told by the object identifier of its row, so that another spelling
of a type needs nothing here.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from engines.algorithms.base import Algorithm, Marshaling, SignatureOptions
from engines.algorithms.hashes import SHA2_256, SHA2_384, SHA2_512, Hash
from engines.algorithms.rsa import PKCS1V15, PSS, SALT_HASH


@dataclass(frozen=True, slots=True)
class JwsAlgorithm:
    """One algorithm: its name in JOSE, its number in COSE, and how to sign so that signatures are as in both."""

    name: str
    cose: int
    options: SignatureOptions

    @property
    def der(self) -> SignatureOptions:
        """As ``options``, for signatures in the form that X.509 and CMS have."""
        return replace(self.options, marshaling=Marshaling.ASN1)


def _of(name: str, cose: int, hash_: Hash | None = None, scheme: str = "") -> JwsAlgorithm:
    salt_length = SALT_HASH if scheme == PSS else 0
    return JwsAlgorithm(name, cose, SignatureOptions(hash_, False, scheme, salt_length, Marshaling.JWS))


_BY_OBJECT_IDENTIFIER: dict[str, tuple[JwsAlgorithm, ...]] = {
    "1.2.840.10045.3.1.7": (_of("ES256", -7, SHA2_256),),
    "1.3.132.0.34": (_of("ES384", -35, SHA2_384),),
    "1.3.132.0.35": (_of("ES512", -36, SHA2_512),),
    "1.3.101.112": (_of("EdDSA", -8), _of("Ed25519", -19)),
    "1.2.840.113549.1.1.1": (
        _of("RS256", -257, SHA2_256, PKCS1V15),
        _of("RS384", -258, SHA2_384, PKCS1V15),
        _of("RS512", -259, SHA2_512, PKCS1V15),
        _of("PS256", -37, SHA2_256, PSS),
        _of("PS384", -38, SHA2_384, PSS),
        _of("PS512", -39, SHA2_512, PSS),
    ),
    "2.16.840.1.101.3.4.3.17": (_of("ML-DSA-44", -48),),
    "2.16.840.1.101.3.4.3.18": (_of("ML-DSA-65", -49),),
    "2.16.840.1.101.3.4.3.19": (_of("ML-DSA-87", -50),),
}


def jws_algorithms(algorithm: Algorithm) -> tuple[JwsAlgorithm, ...]:
    """Those that keys of ``algorithm`` can be used with, the default first; none if JOSE knows no such keys."""
    return _BY_OBJECT_IDENTIFIER.get(algorithm.object_identifier, ()) if algorithm.signs else ()
