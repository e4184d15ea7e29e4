"""Signature algorithms of JOSE and COSE by key, with the signing options of each.

The names are those of RFC 7518 and RFC 8037 for JOSE, the numbers those of RFC 9053 and RFC 8812 for COSE; both of
ML-DSA's are those of RFC 9964. ``Ed25519`` is RFC 9864's name of ``EdDSA`` with such a key; the older name is the
default, because more libraries know it.

SLH-DSA's names are those of draft-ietf-cose-sphincs-plus, which has two of the twelve parameter sets and names them as
FIPS 205 does; the others follow that. Hybrids' are those of draft-ietf-jose-pq-composite-sigs; those that it lacks are
formed likewise, with our own prefix. In COSE both have private-use numbers (RFC 9053), since the drafts' numbers aren't
assigned, or to others.
"""

from __future__ import annotations

from dataclasses import dataclass

from msgspec.structs import replace

from engines.algorithms.base import Marshaling, SignatureOptions
from engines.algorithms.hashes import SHA2_256, SHA2_384, SHA2_512, SHAKE_128, SHAKE_256, Hash
from engines.algorithms.row import Algorithm
from engines.algorithms.rsa.rsa import PKCS1V15, PSS, SALT_HASH


@dataclass(frozen=True, slots=True)
class JwsAlgorithm:
    """One algorithm: its name in JOSE, its number in COSE, and the options of its signatures."""

    name: str
    cose: int
    options: SignatureOptions
    content_hash: Hash
    """The content's hash for such signatures in CMS."""

    @property
    def der(self) -> SignatureOptions:
        """As ``options``, for the encoding of signatures in X.509 and CMS."""
        return replace(self.options, marshaling=Marshaling.ASN1)


def _of(name: str, cose: int, hash_: Hash, scheme: str = "") -> JwsAlgorithm:
    salt_length = SALT_HASH if scheme == PSS else 0
    return JwsAlgorithm(name, cose, SignatureOptions(hash_, False, scheme, salt_length, Marshaling.JWS), hash_)


def _hashing_itself(name: str, cose: int, content_hash: Hash = SHA2_512) -> JwsAlgorithm:
    return JwsAlgorithm(name, cose, SignatureOptions(None, marshaling=Marshaling.JWS), content_hash)


_CLASSICAL: dict[str, tuple[JwsAlgorithm, ...]] = {
    "1.2.840.10045.3.1.7": (_of("ES256", -7, SHA2_256),),
    "1.3.132.0.34": (_of("ES384", -35, SHA2_384),),
    "1.3.132.0.35": (_of("ES512", -36, SHA2_512),),
    "1.3.101.112": (_hashing_itself("EdDSA", -8), _hashing_itself("Ed25519", -19)),
    "1.2.840.113549.1.1.1": (
        _of("RS256", -257, SHA2_256, PKCS1V15),
        _of("RS384", -258, SHA2_384, PKCS1V15),
        _of("RS512", -259, SHA2_512, PKCS1V15),
        _of("PS256", -37, SHA2_256, PSS),
        _of("PS384", -38, SHA2_384, PSS),
        _of("PS512", -39, SHA2_512, PSS),
    ),
}
"""Algorithms by the object identifier of a key, independent of the spelling of key types."""

_MARK = "CRYPTOSERVE-"

# The hashes of content are those of RFC 9814 and draft-ietf-lamps-cms-composite-sigs.
_POST_QUANTUM: dict[str, JwsAlgorithm] = {
    "ML-DSA-44": _hashing_itself("ML-DSA-44", -48),
    "ML-DSA-65": _hashing_itself("ML-DSA-65", -49),
    "ML-DSA-87": _hashing_itself("ML-DSA-87", -50),
    "SLH-DSA-SHA2-128s": _hashing_itself("SLH-DSA-SHA2-128s", -71012, SHA2_256),
    "SLH-DSA-SHA2-128f": _hashing_itself("SLH-DSA-SHA2-128f", -71013, SHA2_256),
    "SLH-DSA-SHA2-192s": _hashing_itself("SLH-DSA-SHA2-192s", -71014),
    "SLH-DSA-SHA2-192f": _hashing_itself("SLH-DSA-SHA2-192f", -71015),
    "SLH-DSA-SHA2-256s": _hashing_itself("SLH-DSA-SHA2-256s", -71016),
    "SLH-DSA-SHA2-256f": _hashing_itself("SLH-DSA-SHA2-256f", -71017),
    "SLH-DSA-SHAKE-128s": _hashing_itself("SLH-DSA-SHAKE-128s", -71018, SHAKE_128),
    "SLH-DSA-SHAKE-128f": _hashing_itself("SLH-DSA-SHAKE-128f", -71019, SHAKE_128),
    "SLH-DSA-SHAKE-192s": _hashing_itself("SLH-DSA-SHAKE-192s", -71020, SHAKE_256),
    "SLH-DSA-SHAKE-192f": _hashing_itself("SLH-DSA-SHAKE-192f", -71021, SHAKE_256),
    "SLH-DSA-SHAKE-256s": _hashing_itself("SLH-DSA-SHAKE-256s", -71022, SHAKE_256),
    "SLH-DSA-SHAKE-256f": _hashing_itself("SLH-DSA-SHAKE-256f", -71023, SHAKE_256),
    "MLDSA44-ECDSA-P256-SHA256": _hashing_itself("ML-DSA-44-ES256", -71024, SHA2_256),
    "MLDSA44-ECDSA-P384-SHA512": _hashing_itself(_MARK + "ML-DSA-44-ES384", -71025),
    "MLDSA44-ECDSA-P521-SHA512": _hashing_itself(_MARK + "ML-DSA-44-ES512", -71026),
    "MLDSA44-Ed25519-SHA512": _hashing_itself("ML-DSA-44-Ed25519", -71027),
    "MLDSA65-ECDSA-P256-SHA512": _hashing_itself("ML-DSA-65-ES256", -71028),
    "MLDSA65-ECDSA-P384-SHA512": _hashing_itself(_MARK + "ML-DSA-65-ES384", -71029),
    "MLDSA65-ECDSA-P521-SHA512": _hashing_itself(_MARK + "ML-DSA-65-ES512", -71030),
    "MLDSA65-Ed25519-SHA512": _hashing_itself("ML-DSA-65-Ed25519", -71031),
    "MLDSA87-ECDSA-P256-SHA512": _hashing_itself(_MARK + "ML-DSA-87-ES256", -71032),
    "MLDSA87-ECDSA-P384-SHA512": _hashing_itself("ML-DSA-87-ES384", -71033),
    "MLDSA87-ECDSA-P521-SHA512": _hashing_itself(_MARK + "ML-DSA-87-ES512", -71034),
    "MLDSA87-Ed25519-SHA512": _hashing_itself(_MARK + "ML-DSA-87-Ed25519", -71035),
}
"""Algorithms by parameter set, since some have no object identifier. Each such key has one algorithm."""


def jws_algorithms(algorithm: Algorithm) -> tuple[JwsAlgorithm, ...]:
    """The algorithms of keys of ``algorithm``, the default first; none if JOSE has no such keys."""
    if not algorithm.signs:
        return ()
    only = key_pair_algorithm(algorithm)
    return _CLASSICAL.get(algorithm.object_identifier, ()) if only is None else (only,)


def key_pair_algorithm(algorithm: Algorithm) -> JwsAlgorithm | None:
    """The algorithm of keys of ``algorithm`` if they are Algorithm Key Pairs (RFC 9964), else None."""
    return _POST_QUANTUM.get(algorithm.parameter_set)
