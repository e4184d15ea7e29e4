"""ML-DSA (FIPS 204): post-quantum signatures, hedged.

Each parameter set has two rows, for two servers' key types: OpenBao's ``mldsa-65``, which signs messages, and Vault's
``ml-dsa`` with a parameter set, which also signs digests (HashML-DSA). Both can sign the representative *mu* of a
message, a hash over the public key, the context and the message; so a digest is signed by computing its mu by
HashML-DSA.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat import asn1
from cryptography.hazmat.primitives.asymmetric import mldsa
from cryptography.x509 import ObjectIdentifier

from engines.algorithms.base import BadSignature, Material, NoPrivateKey, SignatureOptions
from engines.algorithms.hashes import Hash
from engines.algorithms.row import Algorithm, Capabilities, Fips, Primitive, SignatureVariants, Sizes, Strength
from engines.algorithms.signatures.mldsa_keys import SEED_BYTES, MlDsaKeys, PrivateKey, PublicKey, material_of
from engines.encoding import encode_base64
from engines.faults import InvalidRequest

KEY_TYPE = "ml-dsa"
"""Vault's key type."""

MU_BYTES = 64
_PUBLIC_KEY_HASH_BYTES = 64
_HASHED = b"\x01"


class MlDsa:
    """One key pair; signs messages or their representatives."""

    __slots__ = ("_private", "_public")

    def __init__(self, private: PrivateKey | None, public: PublicKey) -> None:
        self._private = private
        self._public = public

    def sign(self, message: bytes, options: SignatureOptions) -> bytes:
        """The signature, bound to ``options.context``.

        Raises ``NoPrivateKey`` without a private key, ``InvalidRequest`` for an invalid mu.
        """
        if self._private is None:
            raise NoPrivateKey("requested version for signing does not contain a private part")
        mu = self._mu(message, options)
        return self._private.sign(message, options.context or None) if mu is None else self._private.sign_mu(mu)

    def verify(self, message: bytes, signature: bytes, options: SignatureOptions) -> None:
        """Raises ``BadSignature``, or ``InvalidRequest`` for an invalid mu."""
        mu = self._mu(message, options)
        try:
            if mu is None:
                self._public.verify(signature, message, options.context or None)
            else:
                self._public.verify_mu(signature, mu)
        except InvalidSignature:
            raise BadSignature from None

    def _mu(self, message: bytes, options: SignatureOptions) -> bytes | None:
        """The mu to sign, if the message itself isn't signed."""
        if not options.external_mu:
            return None
        if options.context:
            raise InvalidRequest("signature_context is part of what external_mu stands for, and can't be given besides")
        if len(message) != MU_BYTES:
            raise InvalidRequest(f"the input is no mu, which has {MU_BYTES} bytes")
        return message


class PrehashMlDsa(MlDsa):
    """One key pair; also signs digests (HashML-DSA; FIPS 204, 5.4)."""

    __slots__ = ("_public_key_hash", "_security_bits")

    def __init__(self, private: PrivateKey | None, public: PublicKey, security_bits: int) -> None:
        super().__init__(private, public)
        self._security_bits = security_bits
        self._public_key_hash = hashlib.shake_256(public.public_bytes_raw()).digest(_PUBLIC_KEY_HASH_BYTES)

    def sign(self, message: bytes, options: SignatureOptions) -> bytes:
        """As ``MlDsa.sign``. Raises ``InvalidRequest`` for a hash that is weaker than the key."""
        hash_ = options.hash
        if options.prehashed and hash_ is not None and hash_.collision_bits < self._security_bits:
            raise InvalidRequest(f"hash_algorithm {hash_.name} is weaker than the key, which it must not be")
        return super().sign(message, options)

    def _mu(self, message: bytes, options: SignatureOptions) -> bytes | None:
        if not options.prehashed:
            return super()._mu(message, options)
        if options.external_mu:
            raise InvalidRequest("the input can't be hashed and a mu at once")
        return hash_mu(self._public_key_hash, message, options)


def hash_mu(public_key_hash: bytes, digest: bytes, options: SignatureOptions) -> bytes:
    """HashML-DSA's mu for ``digest`` (FIPS 204, algorithms 4 and 7). Raises ``InvalidRequest``."""
    hash_ = options.hash
    if hash_ is None or not hash_.collision_bits:
        raise InvalidRequest("hash_algorithm must name the hash that the input is of, and not a broken one")
    if len(digest) != hash_.digest_bytes:
        raise InvalidRequest(f"the input is no digest of {hash_.name}, which has {hash_.digest_bytes} bytes")
    context = options.context
    message = _HASHED + bytes([len(context)]) + context + _object_identifier(hash_) + digest
    return hashlib.shake_256(public_key_hash + message).digest(MU_BYTES)


def _object_identifier(hash_: Hash) -> bytes:
    return asn1.encode_der(ObjectIdentifier(hash_.object_identifier))


@dataclass(frozen=True, slots=True)
class _Keys:
    """Keys of one parameter set, by the library's classes."""

    private: type[PrivateKey]
    public: type[PublicKey]
    security_bits: int

    def generate(self, _: int) -> Material:
        return material_of(self.private.generate())

    def from_seed(self, seed: bytes) -> Material:
        return material_of(self.private.from_seed_bytes(seed))

    def prepare(self, material: Material) -> MlDsa:
        return MlDsa(*self._parts(material))

    def prepare_prehash(self, material: Material) -> MlDsa:
        return PrehashMlDsa(*self._parts(material), self.security_bits)

    def _parts(self, material: Material) -> tuple[PrivateKey | None, PublicKey]:
        private = self.private.from_seed_bytes(material.private) if material.private else None
        return private, self.public.from_public_bytes(material.public)


def _rows(
    parameter_set: str,
    numbers: tuple[int, int],
    keys: _Keys,
    sizes: tuple[int, int],
    quantum_category: int,
    object_identifier: str,
) -> tuple[Algorithm, Algorithm]:
    """OpenBao's and Vault's row of one parameter set."""
    name, vault_name = f"mldsa-{parameter_set}", f"{KEY_TYPE}-{parameter_set}"
    openbao = Algorithm(
        name=name,
        number=numbers[0],
        standard="FIPS 204",
        family="ML-DSA",
        primitive=Primitive.SIGNATURE,
        parameter_set=f"ML-DSA-{parameter_set}",
        sizes=Sizes(key_bytes=SEED_BYTES, signature_bytes=sizes[1], public_key_bytes=sizes[0]),
        strength=Strength(
            classical_bits=keys.security_bits,
            quantum_category=quantum_category,
            fips=Fips.APPROVED,
            cnsa_2=parameter_set == "87",
        ),
        object_identifier=object_identifier,
        label=name,
        variants=SignatureVariants(hash_chosen=False, signature_context=True, external_mu=True),
        generate=keys.generate,
        interchange=MlDsaKeys(name, object_identifier, keys.private, keys.public),
        capabilities=Capabilities(signature=keys.prepare, material_from_seed=keys.from_seed),
        public_text=encode_base64,
    )
    vault = replace(
        openbao,
        name=vault_name,
        shared_key_type=KEY_TYPE,
        type_parameters={"parameter_set": parameter_set},
        number=numbers[1],
        label=vault_name,
        interchange=MlDsaKeys(vault_name, object_identifier, keys.private, keys.public),
        capabilities=replace(openbao.capabilities, signature=keys.prepare_prehash),
        variants=replace(openbao.variants, digest_variant=True),
    )
    return openbao, vault


_NIST = "2.16.840.1.101.3.4.3."

_KEYS_44 = _Keys(mldsa.MLDSA44PrivateKey, mldsa.MLDSA44PublicKey, 128)
_KEYS_65 = _Keys(mldsa.MLDSA65PrivateKey, mldsa.MLDSA65PublicKey, 192)
_KEYS_87 = _Keys(mldsa.MLDSA87PrivateKey, mldsa.MLDSA87PublicKey, 256)

MLDSA_44, ML_DSA_44 = _rows("44", (12, 1009), _KEYS_44, (1312, 2420), 2, _NIST + "17")
MLDSA_65, ML_DSA_65 = _rows("65", (13, 1010), _KEYS_65, (1952, 3309), 3, _NIST + "18")
MLDSA_87, ML_DSA_87 = _rows("87", (14, 1011), _KEYS_87, (2592, 4627), 5, _NIST + "19")

ALGORITHMS = (MLDSA_44, MLDSA_65, MLDSA_87, ML_DSA_44, ML_DSA_65, ML_DSA_87)
