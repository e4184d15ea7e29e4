"""Hybrid KEMs: ML-KEM with a classical key agreement, secure unless both are broken.

X25519 with ML-KEM-768 is X-Wing (draft-connolly-cfrg-xwing-kem), and P-384 with ML-KEM-1024 is its larger sibling of
draft-irtf-cfrg-concrete-hybrid-kems; HPKE has both (draft-ietf-hpke-pq). The shared secret is a hash over the secrets
of both halves, the classical half's ciphertext and public key, and a label (ML-KEM binds its own ciphertext). The whole
private key is a seed of 32 bytes, from which SHAKE256 makes the keys of both halves.
"""

from __future__ import annotations

import hashlib
import secrets

from engines.algorithms.base import BadCiphertext, Material, NoPrivateKey
from engines.algorithms.encodings.kem_formats import KemFormat
from engines.algorithms.kem import hpke
from engines.algorithms.kem.kem_keys import BaseKemKeys
from engines.algorithms.kem.key_agreement import P384, X25519, Group, GroupKey
from engines.algorithms.kem.mlkem_parameters import ML_KEM_768, ML_KEM_1024, SEED_BYTES, ParameterSet, PrivateKey
from engines.algorithms.kem.providers import Decapsulate, Encapsulate, able, choose, having
from engines.algorithms.row import Algorithm, Capabilities, Fips, Primitive, Sizes, Strength
from engines.encoding import encode_base64

_HYBRID_SEED_BYTES = 32
_SHARED_SECRET_BYTES = 32


class Construction:
    """The combination of two halves; shared by all keys of a hybrid."""

    def __init__(self, row: str, parameters: ParameterSet, group: Group, label: bytes) -> None:
        self.row = row
        self.parameters = parameters
        self.group = group
        self._label = label
        self.public_bytes = parameters.public_bytes + group.element_bytes
        self.ciphertext_bytes = parameters.ciphertext_bytes + group.element_bytes

    def combine(
        self, lattice_secret: bytes, group_secret: bytes, group_ciphertext: bytes, group_public: bytes
    ) -> bytes:
        """The shared secret, which looks random without both halves' secrets."""
        return hashlib.sha3_256(lattice_secret + group_secret + group_ciphertext + group_public + self._label).digest()

    def expand(self, seed: bytes) -> tuple[PrivateKey, GroupKey]:
        """The private keys of both halves, expanded from the seed. Raises ``ValueError``."""
        if len(seed) != _HYBRID_SEED_BYTES:
            raise ValueError(f"a private key of type {self.row} has {_HYBRID_SEED_BYTES} bytes")
        stream = hashlib.shake_256(seed).digest(SEED_BYTES + self.group.seed_bytes)
        return PrivateKey(seed=stream[:SEED_BYTES]), self.group.from_seed(stream[SEED_BYTES:])

    def split_public(self, public: bytes) -> tuple[bytes, bytes]:
        """The public keys of both halves. Raises ``ValueError`` for a wrong length."""
        if len(public) != self.public_bytes:
            raise ValueError(f"a public key of type {self.row} has {self.public_bytes} bytes")
        return public[: self.parameters.public_bytes], public[self.parameters.public_bytes :]


class HybridKem:
    """One key pair; each half is prepared on first use."""

    __slots__ = ("_construction", "_decapsulate", "_encapsulate", "_group_key", "_group_public", "_material")

    def __init__(self, construction: Construction, material: Material) -> None:
        self._construction = construction
        self._material = material
        self._encapsulate: Encapsulate | None = None
        self._decapsulate: Decapsulate | None = None
        self._group_key: GroupKey | None = None
        self._group_public = construction.split_public(material.public)[1]

    def encapsulate(self) -> tuple[bytes, bytes]:
        """A shared secret of 32 bytes and its ciphertext: ML-KEM's, then an ephemeral public key."""
        construction = self._construction
        if self._encapsulate is None:
            lattice_public, _ = construction.split_public(self._material.public)
            provider = choose(construction.row, construction.parameters)
            self._encapsulate = provider.encapsulator(construction.parameters, lattice_public)
        lattice_secret, lattice_ciphertext = self._encapsulate()
        ephemeral = construction.group.generate()
        group_ciphertext = ephemeral.public
        group_secret = ephemeral.agree(self._group_public)
        shared_secret = construction.combine(lattice_secret, group_secret, group_ciphertext, self._group_public)
        return shared_secret, lattice_ciphertext + group_ciphertext

    def decapsulate(self, ciphertext: bytes) -> bytes:
        """The shared secret. Raises ``BadCiphertext`` for a wrong length and an invalid ephemeral key."""
        construction = self._construction
        if self._decapsulate is None or self._group_key is None:
            self._decapsulate, self._group_key = self._prepare_private()
        if len(ciphertext) != construction.ciphertext_bytes:
            raise BadCiphertext
        boundary = construction.parameters.ciphertext_bytes
        group_ciphertext = ciphertext[boundary:]
        try:
            group_secret = self._group_key.agree(group_ciphertext)
        except ValueError:
            raise BadCiphertext from None
        lattice_secret = self._decapsulate(ciphertext[:boundary])
        return construction.combine(lattice_secret, group_secret, group_ciphertext, self._group_public)

    def _prepare_private(self) -> tuple[Decapsulate, GroupKey]:
        if not self._material.private:
            raise NoPrivateKey("requested version does not contain a private part")
        construction = self._construction
        key, group_key = construction.expand(self._material.private)
        provider = choose(construction.row, construction.parameters, key)
        return provider.decapsulator(construction.parameters, key), group_key


class HybridKeys(BaseKemKeys):
    """Keys are raw bytes, or JWKs; no standard gives these hybrids another form yet."""

    def __init__(self, construction: Construction, jose_name: str) -> None:
        super().__init__(construction.row, jose_name)
        self._construction = construction

    def _seed_length(self) -> int:
        return _HYBRID_SEED_BYTES

    def material(self, private: bytes) -> Material:
        """As ``BaseKemKeys.material``."""
        construction = self._construction
        key, group_key = construction.expand(private)
        provider = choose(construction.row, construction.parameters, key)
        lattice_public = provider.public_of(construction.parameters, key.seed)
        return Material(private, lattice_public + group_key.public)

    def generate(self, _: int) -> Material:
        """A new key pair."""
        return self.material(secrets.token_bytes(_HYBRID_SEED_BYTES))

    def check_public(self, public: bytes) -> None:
        """As ``BaseKemKeys.check_public``: encapsulating to it must work."""
        HybridKem(self._construction, Material(b"", public)).encapsulate()

    def private_text(self, material: Material, form: KemFormat) -> str:
        """As ``KemKeys.private_text``: the seed in base64 unless a JWK is asked for."""
        if form is KemFormat.JWK:
            return self.jwk(material.public, material.private)
        if form in (KemFormat.DEFAULT, KemFormat.RAW, KemFormat.SEED):
            return encode_base64(material.private)
        raise self.no_form(form)

    def public_text(self, public: bytes, form: KemFormat = KemFormat.DEFAULT) -> str:
        """As ``KemKeys.public_text``: the bytes in base64 unless a JWK is asked for."""
        if form is KemFormat.JWK:
            return self.jwk(public)
        if form in (KemFormat.DEFAULT, KemFormat.RAW):
            return encode_base64(public)
        raise self.no_form(form)


def _row(
    construction: Construction,
    jose_name: str,
    standard: str,
    classical_bits: int,
    object_identifier: str,
    suite: hpke.Suite,
) -> Algorithm:
    keys = HybridKeys(construction, jose_name)
    parameters = construction.parameters

    def prepare(material: Material) -> HybridKem:
        return HybridKem(construction, material)

    def could_serve() -> tuple[str, ...]:
        return tuple(provider.name for provider in having(parameters) if provider.takes_seeds)

    def serves() -> str:
        return next((provider.name for provider in able(construction.row, parameters) if provider.takes_seeds), "")

    return Algorithm(
        name=construction.row,
        number=None,
        standard=standard,
        family="ML-KEM+ECDH",
        primitive=Primitive.KEY_ENCAPSULATION,
        size_bits=construction.group.size_bits,
        parameter_set=jose_name,
        sizes=Sizes(
            key_bytes=_HYBRID_SEED_BYTES,
            public_key_bytes=construction.public_bytes,
            ciphertext_bytes=construction.ciphertext_bytes,
            shared_secret_bytes=_SHARED_SECRET_BYTES,
        ),
        strength=Strength(classical_bits=classical_bits, quantum_category=parameters.category, fips=Fips.NOT_APPROVED),
        object_identifier=object_identifier,
        could_serve=could_serve,
        serves=serves,
        label=jose_name,
        generate=keys.generate,
        interchange=keys,
        capabilities=Capabilities(encapsulation=prepare, hpke=suite, kem_keys=keys),
        public_text=keys.public_text,
    )


X_WING = Construction("x25519-ml-kem-768", ML_KEM_768, X25519(), rb"\.//^" + b"\\")
P384_ML_KEM_1024 = Construction("p384-ml-kem-1024", ML_KEM_1024, P384(), b"MLKEM1024-P384")

X25519_MLKEM_768 = _row(
    X_WING,
    "MLKEM768-X25519",
    "FIPS 203, RFC 7748, draft-connolly-cfrg-xwing-kem",
    128,
    "1.3.6.1.4.1.62253.25722",
    hpke.Suite(0x647A, hpke.HKDF_SHA256, hpke.AES256, X_WING.ciphertext_bytes),
)
P384_MLKEM_1024 = _row(
    P384_ML_KEM_1024,
    "MLKEM1024-P384",
    "FIPS 203, SP 800-56A, draft-irtf-cfrg-concrete-hybrid-kems",
    192,
    "",
    hpke.Suite(0x0051, hpke.HKDF_SHA384, hpke.AES256, P384_ML_KEM_1024.ciphertext_bytes),
)

ALGORITHMS = (X25519_MLKEM_768, P384_MLKEM_1024)
