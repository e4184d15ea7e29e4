"""Validation of imported keys, the same for imports, backups and issuers' keys.

The libraries check the form of a key when they load it. Numbers in the right form may still be invalid (a modulus with
a known factor, a point without a private key), or allow forgeries: so public RSA keys are partially validated by SP
800-89, 5.3.3, points of Ed25519 by SP 800-186, D.1.3, and RSA key pairs completely. Slow checks use libraries that
release the interpreter's lock; OpenSSL's own check of a key pair holds it.
"""

from __future__ import annotations

import math

from Cryptodome.Math.Numbers import Integer
from Cryptodome.PublicKey import RSA
from cryptography.hazmat.primitives.asymmetric import rsa
from nacl import bindings

MAX_EXPONENT_BITS = 63
"""The longest public RSA exponent in bits: as in OpenBao, and long enough for any in use."""

_RESTRICTED_TO_PSS = bytes.fromhex("06092a864886f70d01010a")
_PROLOGUE_BYTES = 32
_SMALL_PRIMES = math.prod(
    number for number in range(3, 752) if all(number % factor for factor in range(2, math.isqrt(number) + 1))
)


class InvalidKey(ValueError):
    """The numbers are no key, or an insecure one; the text is the reason, for the caller."""


def check_unrestricted(der: bytes) -> None:
    """Raise ``InvalidKey`` if a PKCS#8 or SubjectPublicKeyInfo is of an RSA key for PSS alone (RFC 4055).

    The library would treat it as any other RSA key, and verify PKCS #1 v1.5 signatures with it. Both structures name
    the algorithm among their first bytes.
    """
    if _RESTRICTED_TO_PSS in der[:_PROLOGUE_BYTES]:
        raise InvalidKey(
            "the key is restricted to RSASSA-PSS (RFC 4055), and RSA keys here also encrypt and make signatures by "
            "PKCS #1 v1.5"
        )


def check_rsa_public(numbers: rsa.RSAPublicNumbers) -> None:
    """Partial validation of a public key, which takes as long as a few private operations. Raises ``InvalidKey``."""
    check_rsa_numbers(numbers)
    # Fermat: 2^p = 2 for a prime p, so the remaining factor contains the prime, also for powers of it.
    left = int(Integer(2).inplace_pow(numbers.n, numbers.n)) - 2
    if math.gcd(left, numbers.n) != 1:
        raise InvalidKey("the RSA modulus is a prime or a power of one")


def check_rsa_numbers(numbers: rsa.RSAPublicNumbers) -> None:
    """The instant part of ``check_rsa_public``. Raises ``InvalidKey``."""
    modulus = numbers.n
    check_rsa_exponent(numbers.e)
    if modulus % 2 == 0:
        raise InvalidKey("the RSA modulus is even")
    if math.gcd(modulus, _SMALL_PRIMES) != 1:
        raise InvalidKey("the RSA modulus has a small factor")
    if math.isqrt(modulus) ** 2 == modulus:
        raise InvalidKey("the RSA modulus is a square")


def check_rsa_exponent(exponent: int) -> None:
    """Raises ``InvalidKey`` for an invalid public exponent, or one that isn't in use."""
    if exponent < 3 or exponent % 2 == 0 or exponent.bit_length() > MAX_EXPONENT_BITS:
        raise InvalidKey(f"the RSA public exponent must be odd, at least 3, and of at most {MAX_EXPONENT_BITS} bits")


def check_rsa_private(numbers: rsa.RSAPrivateNumbers) -> None:
    """Check that all numbers of a key pair are consistent, and that its two primes are prime. Raises ``InvalidKey``."""
    public, p, q, d = numbers.public_numbers, numbers.p, numbers.q, numbers.d
    if min(p, q) < 3 or p * q != public.n:
        raise InvalidKey("the RSA modulus is not the product of the primes")
    if not 1 < d < public.n:
        raise InvalidKey("the RSA private exponent is out of range")
    if numbers.dmp1 != d % (p - 1) or numbers.dmq1 != d % (q - 1):
        raise InvalidKey("the RSA exponents for the primes are not those of the private exponent")
    if not 0 < numbers.iqmp < p or numbers.iqmp * q % p != 1:
        raise InvalidKey("the RSA coefficient is not that of the primes")
    try:
        RSA.construct((public.n, public.e, d, p, q), consistency_check=True)
    except ValueError:
        raise InvalidKey("the RSA numbers are not those of one key pair of two primes") from None


def check_ed25519_public(public: bytes) -> None:
    """Check that ``public`` is the canonical encoding of a point with a private key (RFC 8032, 5.1).

    This excludes points of small order, for which signatures of any message can be made without a private key.
    Raises ``InvalidKey``.
    """
    if len(public) != bindings.crypto_core_ed25519_BYTES or not bindings.crypto_core_ed25519_is_valid_point(public):
        raise InvalidKey("the Ed25519 public key is not a point of the curve that any private key has")
