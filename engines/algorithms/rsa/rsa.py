"""RSA (RFC 8017, FIPS 186-5): OAEP encryption, and PSS or PKCS #1 v1.5 signatures, by one key pair.

One key for both uses is Vault's way. OAEP uses one hash, SHA-256 by default, for label and mask; PSS uses the
signature's hash for its mask. PKCS #1 v1.5 is supported for decryption alone.
"""

from __future__ import annotations

from hmac import compare_digest

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import NoDigestInfo, Prehashed

from engines.algorithms.base import (
    DEFAULT_ENCRYPTION,
    BadSignature,
    EncryptionOptions,
    Material,
    NoPrivateKey,
    SignatureOptions,
)
from engines.algorithms.encodings.key_pairs import material_of
from engines.algorithms.encodings.pem import public_key_pem
from engines.algorithms.hashes import SHA1, SHA2_224, SHA2_256, SHA2_384, SHA2_512, Hash
from engines.algorithms.row import (
    Algorithm,
    Capabilities,
    Fips,
    Pace,
    Pacing,
    Primitive,
    SignatureVariants,
    Sizes,
    Strength,
)
from engines.algorithms.rsa.rsa_keys import RsaKeys, load_private, load_public
from engines.faults import Failed, Fault, InvalidRequest

_PUBLIC_EXPONENT = 65537
_INSTANT_BITS = 2048
"""The longest modulus with which the private operation takes less than a millisecond."""

PSS = "pss"
PKCS1V15 = "pkcs1v15"
OAEP = "oaep"
OAEP_HASHES = (SHA1, SHA2_224, SHA2_256, SHA2_384, SHA2_512)
"""The hash functions that OpenSSL supports in OAEP."""

SALT_AUTO = 0
SALT_HASH = -1


class Rsa:
    """One key pair."""

    __slots__ = ("_private", "_public")

    def __init__(self, material: Material) -> None:
        self._private = load_private(material.private) if material.private else None
        self._public = load_public(material.public)

    def encrypt(self, plaintext: bytes, options: EncryptionOptions = DEFAULT_ENCRYPTION) -> bytes:
        """Raises ``Failed`` if ``plaintext`` is longer than the modulus less two hashes and 2 bytes."""
        if options.scheme == PKCS1V15:
            raise AssertionError("nothing new is encrypted by PKCS #1 v1.5")
        try:
            return self._public.encrypt(plaintext, _oaep(options.hash))
        except ValueError:
            raise Failed("failed to RSA encrypt the plaintext: crypto/rsa: message too long for RSA key size") from None

    def decrypt(self, ciphertext: bytes, options: EncryptionOptions = DEFAULT_ENCRYPTION) -> bytes:
        """Raises ``Failed`` with one text for every invalid ``ciphertext``.

        For PKCS #1 v1.5, an invalid ciphertext of the right length gives pseudo-random bytes, the same each time: so
        OpenSSL's implicit rejection doesn't reveal which ciphertexts are well-formed.
        """
        if self._private is None:
            raise NoPrivateKey("cannot decrypt ciphertext, key version does not have a private counterpart")
        try:
            return self._private.decrypt(ciphertext, _encryption_padding(options))
        except ValueError:
            raise Failed("failed to RSA decrypt the ciphertext: crypto/rsa: decryption error") from None

    def sign(self, message: bytes, options: SignatureOptions) -> bytes:
        """As long as the modulus. Raises ``Failed`` for unfit options, ``NoPrivateKey`` without a private key."""
        if self._private is None:
            raise NoPrivateKey("requested version for signing does not contain a private part")
        scheme = options.scheme or PSS
        _check_scheme(scheme)
        _check_salt(self._public, scheme, options, Failed)
        if options.prehashed and options.hash is not None and len(message) != options.hash.digest_bytes:
            raise Failed(f"crypto/rsa: input must be hashed {'with given hash' if scheme == PSS else 'message'}")
        try:
            return self._private.sign(message, _padding(scheme, options, padding.PSS.MAX_LENGTH), _hashing(options))
        except ValueError:
            raise Failed("crypto/rsa: message too long for RSA key size") from None

    def verify(self, message: bytes, signature: bytes, options: SignatureOptions) -> None:
        """Raises ``BadSignature``; ``Failed`` or ``InvalidRequest`` for unfit options."""
        scheme = options.scheme or PSS
        _check_scheme(scheme)
        _check_salt(self._public, scheme, options, InvalidRequest)
        if options.prehashed and options.hash is not None and len(message) != options.hash.digest_bytes:
            raise BadSignature
        try:
            if options.hash is None:
                signed = self._public.recover_data_from_signature(signature, padding.PKCS1v15(), None)
                if not compare_digest(signed, message):
                    raise BadSignature
                return
            hashing = Prehashed(options.hash.algorithm) if options.prehashed else options.hash.algorithm
            self._public.verify(signature, message, _padding(scheme, options, padding.PSS.AUTO), hashing)
        except InvalidSignature:
            raise BadSignature from None


def _oaep(hash_: Hash) -> padding.OAEP:
    return padding.OAEP(padding.MGF1(hash_.algorithm), hash_.algorithm, None)


def _encryption_padding(options: EncryptionOptions) -> padding.AsymmetricPadding:
    return padding.PKCS1v15() if options.scheme == PKCS1V15 else _oaep(options.hash)


def _check_scheme(scheme: str) -> None:
    if scheme not in (PSS, PKCS1V15):
        raise Failed(f"unsupported rsa signature algorithm {scheme}")


def _check_salt(public: rsa.RSAPublicKey, scheme: str, options: SignatureOptions, fault: type[Fault]) -> None:
    """Refuse a salt that doesn't fit: the encoded message holds it, the hash and two bytes (RFC 8017, 9.1)."""
    if scheme != PSS or options.hash is None:
        return
    room = (public.key_size + 6) // 8 - options.hash.digest_bytes - 2
    if options.salt_length > room:
        raise fault(f"requested salt length {options.salt_length} is invalid")


def _padding(
    scheme: str, options: SignatureOptions, automatic: padding._MaxLength | padding._Auto
) -> padding.AsymmetricPadding:
    if scheme == PKCS1V15 or options.hash is None:
        return padding.PKCS1v15()
    mask = padding.MGF1(options.hash.algorithm)
    if options.salt_length == SALT_AUTO:
        return padding.PSS(mask, automatic)
    if options.salt_length == SALT_HASH:
        return padding.PSS(mask, options.hash.digest_bytes)
    return padding.PSS(mask, options.salt_length)


def _hashing(options: SignatureOptions) -> hashes.HashAlgorithm | Prehashed | NoDigestInfo:
    if options.hash is None:
        return NoDigestInfo()
    return Prehashed(options.hash.algorithm) if options.prehashed else options.hash.algorithm


def _fips_fault(material: Material) -> str:
    """The reason why the key isn't approved: FIPS 186-5, 5.4, requires a public exponent above 2^16."""
    exponent = load_public(material.public).public_numbers().e
    return "" if exponent >= _PUBLIC_EXPONENT else f"an RSA key with the public exponent {exponent}"


def _row(bits: int, number: int, classical_bits: int) -> Algorithm:
    def generate(_: int) -> Material:
        return material_of(rsa.generate_private_key(_PUBLIC_EXPONENT, bits))

    return Algorithm(
        name=f"rsa-{bits}",
        number=number,
        vault_number=number,
        standard="RFC 8017, FIPS 186-5",
        family="RSA",
        primitive=Primitive.PUBLIC_KEY_ENCRYPTION,
        size_bits=bits,
        parameter_set=str(bits),
        sizes=Sizes(key_bytes=bits // 8, signature_bytes=bits // 8, public_key_bytes=bits // 8),
        strength=Strength(
            classical_bits=classical_bits, quantum_category=0, fips=Fips.APPROVED, fips_fault=_fips_fault
        ),
        object_identifier="1.2.840.113549.1.1.1",
        label=f"rsa-{bits}",
        pacing=Pacing(
            generating=Pace.LONG,
            signing=Pace.BRIEF if bits > _INSTANT_BITS else Pace.INSTANT,
            decrypting=Pace.BRIEF if bits > _INSTANT_BITS else Pace.INSTANT,
        ),
        variants=SignatureVariants(signature_salted=True),
        generate=generate,
        interchange=RsaKeys(f"rsa-{bits}", bits),
        capabilities=Capabilities(encryption=Rsa, signature=Rsa),
        public_text=public_key_pem,
    )


RSA_2048 = _row(2048, 3, 112)
RSA_3072 = _row(3072, 9, 128)
RSA_4096 = _row(4096, 4, 140)

ALGORITHMS = (RSA_2048, RSA_3072, RSA_4096)
