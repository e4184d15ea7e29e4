"""ML-DSA (FIPS 204): post-quantum signatures over messages as they are, hedged; nothing is hashed beforehand."""

from __future__ import annotations

from collections.abc import Callable

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import mldsa

from engines.algorithms.base import Algorithm, BadSignature, Fips, Material, NoPrivateKey, Primitive, SignatureOptions
from engines.algorithms.mldsa_keys import SEED_BYTES, MlDsaKeys, PrivateKey, PublicKey, material_of
from engines.encoding import encode_base64


class MlDsa:
    """One key pair."""

    __slots__ = ("_private", "_public")

    def __init__(self, private: PrivateKey | None, public: PublicKey) -> None:
        self._private = private
        self._public = public

    def sign(self, message: bytes, options: SignatureOptions) -> bytes:
        """The signature, bound to ``options.context``. Raises ``NoPrivateKey`` without a private key."""
        if self._private is None:
            raise NoPrivateKey("requested version for signing does not contain a private part")
        return self._private.sign(message, options.context or None)

    def verify(self, message: bytes, signature: bytes, options: SignatureOptions) -> None:
        """Raises ``BadSignature``."""
        try:
            self._public.verify(signature, message, options.context or None)
        except InvalidSignature:
            raise BadSignature from None


def _row(
    parameter_set: str,
    number: int,
    private: type[PrivateKey],
    public: type[PublicKey],
    sizes: tuple[int, int],
    strength: tuple[int, int],
    object_identifier: str,
) -> Algorithm:
    name = f"mldsa-{parameter_set}"

    def generate(_: int) -> Material:
        return material_of(private.generate())

    def prepare(material: Material) -> MlDsa:
        secret = private.from_seed_bytes(material.private) if material.private else None
        return MlDsa(secret, public.from_public_bytes(material.public))

    signature: Callable[[Material], MlDsa] = prepare
    return Algorithm(
        name=name,
        number=number,
        standard="FIPS 204",
        primitive=Primitive.SIGNATURE,
        parameter_set=f"ML-DSA-{parameter_set}",
        key_bytes=SEED_BYTES,
        public_key_bytes=sizes[0],
        signature_bytes=sizes[1],
        classical_bits=strength[0],
        quantum_category=strength[1],
        fips=Fips.APPROVED,
        object_identifier=object_identifier,
        cnsa_2=parameter_set == "87",
        label=name,
        hash_chosen=False,
        signature_context=True,
        generate=generate,
        interchange=MlDsaKeys(name, private, public),
        signature=signature,
        public_text=encode_base64,
    )


_NIST = "2.16.840.1.101.3.4.3."

MLDSA_44 = _row("44", 12, mldsa.MLDSA44PrivateKey, mldsa.MLDSA44PublicKey, (1312, 2420), (128, 2), _NIST + "17")
MLDSA_65 = _row("65", 13, mldsa.MLDSA65PrivateKey, mldsa.MLDSA65PublicKey, (1952, 3309), (192, 3), _NIST + "18")
MLDSA_87 = _row("87", 14, mldsa.MLDSA87PrivateKey, mldsa.MLDSA87PublicKey, (2592, 4627), (256, 5), _NIST + "19")

ALGORITHMS = (MLDSA_44, MLDSA_65, MLDSA_87)
