"""Ed25519 (RFC 8032, FIPS 186-5): pure signatures of messages, unless a variant is requested.

The variants, Ed25519ctx and Ed25519ph, are bound to a context; the latter signs a SHA-512 digest of the message.
"""

from __future__ import annotations

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from engines.algorithms.base import BadSignature, Material, NoPrivateKey, SignatureOptions
from engines.algorithms.hashes import SHA2_512
from engines.algorithms.row import Algorithm, Capabilities, Fips, Primitive, SignatureVariants, Sizes, Strength, Usage
from engines.algorithms.signatures.ed25519_keys import Ed25519Keys, material_of
from engines.algorithms.signatures.ed25519_variants import Ed25519Variants
from engines.encoding import encode_base64

_OBJECT_IDENTIFIER = "1.3.101.112"
_KEY_BYTES = 32


class Ed25519:
    """One key pair."""

    __slots__ = ("_material", "_private", "_public", "_variants")

    def __init__(self, material: Material) -> None:
        self._private = Ed25519PrivateKey.from_private_bytes(material.private) if material.private else None
        self._public = Ed25519PublicKey.from_public_bytes(material.public)
        self._material = material
        self._variants: Ed25519Variants | None = None

    def sign(self, message: bytes, options: SignatureOptions) -> bytes:
        """64 bytes: R and S. Raises ``NoPrivateKey``, or ``InvalidRequest`` for an invalid digest."""
        if self._private is None:
            raise NoPrivateKey("requested version for signing does not contain a private part")
        if options.context or options.signs_hash:
            return self._prepare_variants().sign(message, options.context, options.signs_hash)
        return self._private.sign(message)

    def verify(self, message: bytes, signature: bytes, options: SignatureOptions) -> None:
        """Raises ``BadSignature``, or ``InvalidRequest`` for an invalid digest."""
        if options.context or options.signs_hash:
            self._prepare_variants().verify(message, signature, options.context, options.signs_hash)
            return
        try:
            self._public.verify(signature, message)
        except InvalidSignature:
            raise BadSignature from None

    def _prepare_variants(self) -> Ed25519Variants:
        if self._variants is None:
            self._variants = Ed25519Variants(self._material)
        return self._variants


def _generate(_: int) -> Material:
    return material_of(Ed25519PrivateKey.generate())


def _from_seed(seed: bytes) -> Material:
    return material_of(Ed25519PrivateKey.from_private_bytes(seed))


def _derivation_input(material: Material) -> bytes:
    """Go's form of a private key: the seed followed by the public key."""
    return material.private + material.public


ED25519 = Algorithm(
    name="ed25519",
    number=2,
    vault_number=2,
    standard="RFC 8032, FIPS 186-5",
    family="EdDSA",
    primitive=Primitive.SIGNATURE,
    size_bits=256,
    parameter_set="Ed25519",
    sizes=Sizes(key_bytes=_KEY_BYTES, signature_bytes=64, public_key_bytes=32),
    strength=Strength(classical_bits=128, quantum_category=0, fips=Fips.APPROVED),
    variants=SignatureVariants(hash_chosen=False, signature_context=True, hash_signed=SHA2_512, context_approved=False),
    object_identifier=_OBJECT_IDENTIFIER,
    label="ed25519",
    usage=Usage(derivable=True),
    generate=_generate,
    interchange=Ed25519Keys("ed25519", _OBJECT_IDENTIFIER),
    capabilities=Capabilities(signature=Ed25519, derivation_input=_derivation_input, material_from_seed=_from_seed),
    public_text=encode_base64,
)

ALGORITHMS = (ED25519,)
