"""DER (X.690) put together by hand, for keys that no library writes."""

from __future__ import annotations

from collections.abc import Mapping

from cryptography.hazmat.primitives.asymmetric import rsa

from engines.algorithms.encodings.pem import pem

RSA = bytes.fromhex("06092a864886f70d010101")
PSS = bytes.fromhex("06092a864886f70d01010a")
ED25519 = bytes.fromhex("06032b6570")
EC = bytes.fromhex("06072a8648ce3d0201")
P256 = bytes.fromhex("06082a8648ce3d030107")
DIFFIE_HELLMAN = bytes.fromhex("06092a864886f70d010301")
NULL = b"\x05\x00"


def element(tag: int, content: bytes) -> bytes:
    """One element with its header."""
    size = len(content)
    octets = size.to_bytes((size.bit_length() + 7) // 8, "big")
    length = bytes([size]) if size < 0x80 else bytes([0x80 | len(octets)]) + octets
    return bytes([tag]) + length + content


def sequence(*parts: bytes) -> bytes:
    """A SEQUENCE of ``parts``."""
    return element(0x30, b"".join(parts))


def integer(number: int) -> bytes:
    """An INTEGER, not below zero."""
    return element(0x02, number.to_bytes(number.bit_length() // 8 + 1, "big"))


def octets(content: bytes) -> bytes:
    """An OCTET STRING."""
    return element(0x04, content)


def private_key(identifier: bytes, content: bytes, public: bytes = b"") -> bytes:
    """PKCS#8, with the public key behind if there is one (RFC 5958)."""
    behind = element(0x81, b"\x00" + public) if public else b""
    return sequence(integer(1 if public else 0), sequence(identifier), octets(content), behind)


def public_key(identifier: bytes, content: bytes) -> str:
    """SubjectPublicKeyInfo in PEM."""
    return pem("PUBLIC KEY", sequence(sequence(identifier), element(0x03, b"\x00" + content)))


def pss_parameters(salt_bytes: int) -> bytes:
    """RSASSA-PSS-params with SHA-256 (RFC 4055, 3.1)."""
    sha256 = sequence(bytes.fromhex("0609608648016503040201"), NULL)
    mask = sequence(bytes.fromhex("06092a864886f70d010108"), sha256)
    return sequence(element(0xA0, sha256), element(0xA1, mask), element(0xA2, integer(salt_bytes)))


def rsa_public(modulus: int, exponent: int, identifier: bytes = RSA + NULL) -> str:
    """A public RSA key in PEM."""
    return public_key(identifier, sequence(integer(modulus), integer(exponent)))


def rsa_private(
    numbers: rsa.RSAPrivateNumbers, identifier: bytes = RSA + NULL, changed: Mapping[str, int] | None = None
) -> bytes:
    """A private RSA key in PKCS#8, with some of its numbers ``changed``."""
    public = numbers.public_numbers
    fields = {
        "n": public.n, "e": public.e, "d": numbers.d, "p": numbers.p, "q": numbers.q,
        "dp": numbers.dmp1, "dq": numbers.dmq1, "qi": numbers.iqmp, **(changed or {}),
    }  # fmt: skip
    return private_key(identifier, sequence(integer(0), *(integer(number) for number in fields.values())))


def rsa_of_three_primes(primes: tuple[int, int, int], exponent: int = 65537) -> bytes:
    """A private RSA key of three primes in PKCS#8 (RFC 8017, A.1.2)."""
    p, q, r = primes
    d = pow(exponent, -1, (p - 1) * (q - 1) * (r - 1))
    numbers = (p * q * r, exponent, d, p, q, d % (p - 1), d % (q - 1), pow(q, -1, p))
    other = sequence(integer(r), integer(d % (r - 1)), integer(pow(p * q, -1, r)))
    return private_key(RSA + NULL, sequence(integer(1), *map(integer, numbers), sequence(other)))
