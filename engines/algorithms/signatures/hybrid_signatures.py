"""Hybrid signatures of ML-DSA and a classical algorithm, secure unless both are broken.

The construction is the IETF's Composite ML-DSA (draft-ietf-lamps-pq-composite-sigs). Both halves sign

    M' = "CompositeAlgorithmSignatures2025" || label || len(context) || context || PH(message)

where the label names the combination and is also ML-DSA's own context, so that neither half can be extracted as a
signature by itself. A signature is ML-DSA's followed by the classical one, a public key likewise, and a private key is
ML-DSA's seed and the classical private key. Combinations of Vault's API that the draft lacks get a label of our own,
are built in the same way, and have no object identifier. docs/signatures.md specifies all of this for verifiers.
"""

from __future__ import annotations

from engines.algorithms.base import Material, NoPrivateKey, SignatureOptions
from engines.algorithms.hashes import SHA2_256, SHA2_512, Hash
from engines.algorithms.row import (
    CLASSICAL_HALF,
    PARAMETER_SET,
    POST_QUANTUM_HALF,
    Algorithm,
    Capabilities,
    Fips,
    Primitive,
    SignatureVariants,
    Sizes,
    Strength,
)
from engines.algorithms.signatures.classical_halves import EDWARDS, P256, P384, P521, Classical
from engines.algorithms.signatures.mldsa import KEY_TYPE as ML_DSA
from engines.algorithms.signatures.mldsa import MLDSA_44, MLDSA_65, MLDSA_87
from engines.algorithms.signatures.pair_keys import PairKeys
from engines.encoding import encode_base64
from engines.faults import InvalidRequest

KEY_TYPE = "hybrid"
"""Vault's key type."""

_PREFIX = b"CompositeAlgorithmSignatures2025"
_OUR_LABELS = "CRYPTOSERVE-"
"""The prefix of labels of combinations that the draft lacks."""


class Composition:
    """The combination of two algorithms; shared by all its keys."""

    def __init__(
        self, lattice: Algorithm, parameter_set: str, classical: Classical, hash_: Hash, object_identifier: str
    ) -> None:
        self.lattice = lattice
        self.parameter_set = parameter_set
        self.classical = classical
        self.hash = hash_
        self.object_identifier = object_identifier
        self.name = f"MLDSA{parameter_set}-{classical.name}-{hash_.name.replace('sha2-', 'SHA')}"
        """As the draft names the combination."""

        self.label = f"{'' if object_identifier else _OUR_LABELS}COMPSIG-{self.name}".encode()

    def message(self, message: bytes, options: SignatureOptions) -> bytes:
        """The message that both halves sign. Raises ``InvalidRequest`` for a digest of another hash."""
        if not options.prehashed:
            digest = self.hash.digest(message)
        elif options.hash is self.hash and len(message) == self.hash.digest_bytes:
            digest = message
        else:
            raise InvalidRequest(
                f"prehashed input of keys of this type must be a digest of {self.hash.name}, and hash_algorithm say so"
            )
        return _PREFIX + self.label + bytes([len(options.context)]) + options.context + digest

    def generate(self, _: int = 0) -> Material:
        """A new key pair."""
        lattice = self.lattice.generate(0)
        classical = self.classical.generate()
        return Material(lattice.private + classical, lattice.public + self.classical.public_of(classical))

    def material(self, private: bytes) -> Material:
        """The key pair with this private key. Raises ``ValueError``."""
        seed, classical = private[: self.lattice.sizes.key_bytes], private[self.lattice.sizes.key_bytes :]
        if len(seed) != self.lattice.sizes.key_bytes or self.lattice.capabilities.material_from_seed is None:
            raise ValueError("the seed is too short")
        return Material(
            private, self.lattice.capabilities.material_from_seed(seed).public + self.classical.public_of(classical)
        )

    def split_public(self, public: bytes) -> tuple[bytes, bytes]:
        """The public keys of both halves, with only their lengths checked. Raises ``ValueError``."""
        boundary = self.lattice.sizes.public_key_bytes
        if len(public) != boundary + self.classical.public_bytes:
            raise ValueError(f"a public key has {boundary + self.classical.public_bytes} bytes")
        return public[:boundary], public[boundary:]

    def check_public(self, public: bytes) -> None:
        """Raises ``ValueError`` for an invalid public key."""
        _, classical = self.split_public(public)
        self.classical.check_public(classical)

    def check_pair(self, material: Material) -> None:
        """Nothing to check: the public key was computed from the private one."""

    def second_public_text(self, public: bytes) -> str:
        """The public key of the classical half, as shown for keys of that algorithm alone."""
        return self.classical.verifier(self.split_public(public)[1]).text


class Hybrid:
    """One key pair."""

    __slots__ = ("_composition", "_lattice", "_signer", "_verifier")

    def __init__(self, composition: Composition, material: Material) -> None:
        boundary = composition.lattice.sizes.key_bytes
        lattice_public, classical_public = composition.split_public(material.public)
        self._composition = composition
        prepare = composition.lattice.capabilities.signature
        assert prepare is not None, "ML-DSA signs"
        self._lattice = prepare(Material(material.private[:boundary], lattice_public))
        self._verifier = composition.classical.verifier(classical_public)
        self._signer = composition.classical.signer(material.private[boundary:]) if material.private else None

    def sign(self, message: bytes, options: SignatureOptions) -> bytes:
        """ML-DSA's signature and the classical one. Raises ``NoPrivateKey``, or ``InvalidRequest`` as ``message``."""
        if self._signer is None:
            raise NoPrivateKey("requested version for signing does not contain a private part")
        both = self._composition.message(message, options)
        return self._lattice.sign(both, self._labelled()) + self._signer.sign(both)

    def verify(self, message: bytes, signature: bytes, options: SignatureOptions) -> None:
        """Raises ``BadSignature`` unless both are valid; ``InvalidRequest`` as ``message``."""
        composition = self._composition
        both = composition.message(message, options)
        boundary = composition.lattice.sizes.signature_bytes
        self._lattice.verify(both, signature[:boundary], self._labelled())
        self._verifier.verify(both, signature[boundary:])

    def _labelled(self) -> SignatureOptions:
        return SignatureOptions(None, context=self._composition.label)


def _row(composition: Composition, number: int) -> Algorithm:
    lattice, classical = composition.lattice, composition.classical
    name = f"{KEY_TYPE}-{ML_DSA}-{composition.parameter_set}-{classical.row.name}"

    def prepare(material: Material) -> Hybrid:
        return Hybrid(composition, material)

    return Algorithm(
        name=name,
        shared_key_type=KEY_TYPE,
        type_parameters={
            PARAMETER_SET: composition.parameter_set,
            POST_QUANTUM_HALF: ML_DSA,
            CLASSICAL_HALF: classical.row.name,
        },
        number=number,
        standard=f"{lattice.standard}, {classical.row.standard}, draft-ietf-lamps-pq-composite-sigs",
        family=f"{lattice.family}+{classical.row.family}",
        primitive=Primitive.SIGNATURE,
        size_bits=classical.row.size_bits,
        parameter_set=composition.name,
        sizes=Sizes(
            key_bytes=lattice.sizes.key_bytes + classical.private_bytes,
            signature_bytes=lattice.sizes.signature_bytes + classical.signature_bytes,
            public_key_bytes=lattice.sizes.public_key_bytes + classical.public_bytes,
        ),
        strength=Strength(
            classical_bits=min(lattice.strength.classical_bits, classical.row.strength.classical_bits),
            quantum_category=lattice.strength.quantum_category,
            fips=Fips.NOT_APPROVED,
        ),
        object_identifier=composition.object_identifier,
        label=composition.name,
        variants=SignatureVariants(hash_chosen=False, signature_context=True, message_hash=composition.hash),
        generate=composition.generate,
        interchange=PairKeys(
            name,
            composition.object_identifier,
            composition.material,
            composition.check_public,
            composition.check_pair,
        ),
        capabilities=Capabilities(signature=prepare),
        public_text=encode_base64,
        second_public_text=composition.second_public_text,
    )


_DRAFT = "1.3.6.1.5.5.7.6."

COMPOSITIONS = (
    Composition(MLDSA_44, "44", P256, SHA2_256, _DRAFT + "40"),
    Composition(MLDSA_44, "44", P384, SHA2_512, ""),
    Composition(MLDSA_44, "44", P521, SHA2_512, ""),
    Composition(MLDSA_44, "44", EDWARDS, SHA2_512, _DRAFT + "39"),
    Composition(MLDSA_65, "65", P256, SHA2_512, _DRAFT + "45"),
    Composition(MLDSA_65, "65", P384, SHA2_512, _DRAFT + "46"),
    Composition(MLDSA_65, "65", P521, SHA2_512, ""),
    Composition(MLDSA_65, "65", EDWARDS, SHA2_512, _DRAFT + "48"),
    Composition(MLDSA_87, "87", P256, SHA2_512, ""),
    Composition(MLDSA_87, "87", P384, SHA2_512, _DRAFT + "49"),
    Composition(MLDSA_87, "87", P521, SHA2_512, _DRAFT + "54"),
    Composition(MLDSA_87, "87", EDWARDS, SHA2_512, ""),
)

ALGORITHMS = tuple(_row(composition, 1024 + index) for index, composition in enumerate(COMPOSITIONS))
