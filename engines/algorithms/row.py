"""Registry row: an algorithm's names, its facts in groups, and its capabilities.

An absent capability is None; ``engines.algorithms.base`` defines each. Code outside of ``engines/algorithms`` asks
rows, and never compares names.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum

from engines.algorithms.base import Aead, Cmac, Encapsulation, HpkeSuite, Material, PublicKeyEncryption, Signature
from engines.algorithms.encodings.interchange import Interchange
from engines.algorithms.encodings.kem_formats import KemKeys
from engines.algorithms.fips_status import Fips as Fips
from engines.algorithms.hashes import Hash

OPENSSL = "openssl"
"""The provider of most algorithms: OpenSSL, through ``cryptography``."""

LIBSODIUM = "libsodium"
"""The provider of XChaCha20-Poly1305, through PyNaCl."""

PYCRYPTODOME = "pycryptodome"
"""The provider of the variants of Ed25519, and of nothing else."""

PARAMETER_SET = "parameter_set"
POST_QUANTUM_HALF = "hybrid_key_type_pqc"
CLASSICAL_HALF = "hybrid_key_type_ec"
"""The parameters of Vault's API that select among the rows of a key type."""


class Primitive(Enum):
    """The kind of an algorithm, in the terms of a CycloneDX CBOM."""

    AEAD = "ae"
    BLOCK_CIPHER = "block-cipher"
    MAC = "mac"
    PUBLIC_KEY_ENCRYPTION = "pke"
    SIGNATURE = "signature"
    KEY_ENCAPSULATION = "kem"


_SYMMETRIC = frozenset({Primitive.AEAD, Primitive.MAC})
_CNSA_2_ALONE_AFTER = 2033
_LASTING_BITS = 128
"""Key pairs of at least this classical strength aren't deprecated before they are disallowed (NIST IR 8547)."""


class Pace(Enum):
    """The longest time of an operation on a current processor; ``engines.worker_pools`` acts on it."""

    INSTANT = "instant"
    """Less than a millisecond."""

    BRIEF = "brief"
    """Some milliseconds."""

    LONG = "long"
    """Up to seconds."""


@dataclass(frozen=True, slots=True)
class Transition:
    """Planned end of an algorithm for quantum computers; years are the last in which it is allowed."""

    deprecated_after: int | None
    """The year after which NIST IR 8547 (draft) deprecates it; None if it doesn't."""

    disallowed_after: int | None
    """The year after which NIST IR 8547 (draft) disallows it; None if it doesn't."""

    cnsa_2: bool
    """Whether CNSA 2.0, for US national security systems, includes it."""

    cnsa_disallowed_after: int | None
    """The last year of CNSA 2.0's transition for most products, if it doesn't include the algorithm."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sizes:
    """Lengths in bytes; 0 if absent or variable."""

    key_bytes: int
    nonce_bytes: int = 0
    tag_bytes: int = 0
    padded_to_bytes: int = 0
    """The block size to which plaintexts are padded, by at least one byte; 0 without padding."""

    signature_bytes: int = 0
    """The greatest length, if it varies."""

    public_key_bytes: int = 0
    ciphertext_bytes: int = 0
    """The length of an encapsulated secret."""

    shared_secret_bytes: int = 0
    key_bytes_chosen: range | None = None
    """The allowed key lengths, if the caller chooses one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Strength:
    """Security strength, and which programmes approve the algorithm."""

    classical_bits: int
    """Strength against classical computers, in bits (SP 800-57 part 1)."""

    quantum_category: int
    """NIST's post-quantum security category, 1 to 5; 0 if a quantum computer breaks it."""

    fips: Fips
    fips_fault: Callable[[Material], str] | None = None
    """The reason why a key of an approved algorithm isn't approved; "" if it is."""

    cnsa_2: bool = False
    """Whether CNSA 2.0 (NSA, 2022) includes the algorithm."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Capabilities:
    """Functions that prepare key material for use; None for operations that the algorithm lacks."""

    aead: Callable[[bytes], Aead] | None = None
    cmac: Callable[[bytes], Cmac] | None = None
    encryption: Callable[[Material], PublicKeyEncryption] | None = None
    signature: Callable[[Material], Signature] | None = None
    encapsulation: Callable[[Material], Encapsulation] | None = None
    hpke: HpkeSuite | None = None
    """Encryption of messages of any length to a KEM key."""

    kem_keys: KemKeys | None = None
    """Further formats of KEM keys."""

    agreement: Callable[[Material, str], bytes] | None = None
    """``agreement(material, peer)``: the secret shared with the public key ``peer``, in PEM. Raises ``Failed``."""

    derivation_input: Callable[[Material], bytes] | None = None
    """The input for deriving keys for a context."""

    material_from_seed: Callable[[bytes], Material] | None = None
    """The key generated from a derived seed of ``key_bytes``, if it isn't raw bytes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SignatureVariants:
    """The variants of a signature."""

    hash_chosen: bool = True
    """Whether the signer chooses the hash; False if the algorithm has its own."""

    signature_context: bool = False
    """Whether signatures can be bound to a context of at most 255 bytes."""

    external_mu: bool = False
    """Whether a message's representative can be signed instead (FIPS 204, 6.2)."""

    hash_message: bool = False
    """Whether there is a variant that hashes the message first, with a hash chosen by the caller."""

    digest_variant: bool = False
    """Whether digests are signed by a variant of its own, HashML-DSA (FIPS 204, 5.4); else ``prehashed`` is ignored."""

    message_hash: Hash | None = None
    """The hash function always applied to messages first; None if there is none, or the signer chooses."""

    hash_signed: Hash | None = None
    """The hash function of the variant that signs a digest instead of the message; None without such a variant."""

    context_approved: bool = True
    """Whether a signature of a whole message with a context is approved by FIPS 140-3."""

    signature_salted: bool = False
    """Whether signatures have a salt, whose length the signer chooses."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pacing:
    """The pace of each kind of operation."""

    generating: Pace = Pace.INSTANT
    signing: Pace = Pace.INSTANT
    verifying: Pace = Pace.INSTANT
    decrypting: Pace = Pace.INSTANT


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """Creation and use of named keys of the algorithm."""

    derivable: bool = False
    convergent: bool = False
    upsertable: bool = False
    """Whether encrypting with an unknown name may create such a key."""

    refuses_upsert: bool = False
    """Whether such a request has an error text of its own."""

    mac_key_is_key: bool = False
    """Whether the key itself is the MAC key, instead of a separate one."""

    authenticates: bool = True
    """Whether changes to a ciphertext are detected; required for associated data."""

    max_encryptions: int = 0
    """The most messages encrypted by one key under random nonces, so that a repetition has a probability below 2^-32
    (SP 800-38D, 8.3); 0 if that is out of reach."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Algorithm:
    """A row of the registry: names, provider, functions, and groups of facts."""

    name: str
    """The key type in the Vault API, or longer if several rows share it; see ``key_type``."""

    shared_key_type: str = ""
    """The key type in the API, if ``type_parameters`` select among its rows; "" if it is ``name``."""

    type_parameters: Mapping[str, str] = field(default_factory=dict)
    """The parameters that select the row on creation and describe a key, for rows that share a key type."""

    number: int | None
    """The key type's number in backups: OpenBao's, or one from 1001 on for types that OpenBao lacks."""

    vault_number: int | None = None
    """The number in backups of HashiCorp Vault, whose numbers differ since the fork."""

    label: str = ""
    """The description of a key's versions when it is read."""

    standard: str
    family: str
    """The standard's name of the family, without the parameter set; for a hybrid both families', joined by ``+``."""

    primitive: Primitive
    size_bits: int = 0
    """The size by the standard: of a cipher's key, a modulus, a curve; of a hybrid, the classical half's; 0 if there
    are parameter sets alone, or the key's maker chooses."""

    parameter_set: str
    """The distinguishing parameter within the family: key length, curve or modulus length."""

    object_identifier: str

    sizes: Sizes
    strength: Strength
    capabilities: Capabilities
    usage: Usage = Usage()
    variants: SignatureVariants = SignatureVariants()
    pacing: Pacing = Pacing()

    provider: str = OPENSSL
    """The library that implements it, if only one can; see ``served_by``."""

    could_serve: Callable[[], tuple[str, ...]] | None = None
    """The installed providers by preference, if there is a choice."""

    serves: Callable[[], str] | None = None
    """The provider used at present, if there is a choice; "" if none can."""

    generate: Callable[[int], Material]
    """Generates a key; the argument is its length in bytes if the caller chooses it."""

    interchange: Interchange
    """The formats of keys in transfer."""

    public_text: Callable[[bytes], str] | None = None
    """Formats the public part when a key is read."""

    second_public_text: Callable[[bytes], str] | None = None
    """Formats the public part of the classical half as well, for keys with two halves."""

    @property
    def key_type(self) -> str:
        """The API's name of the type of such keys."""
        return self.shared_key_type or self.name

    @property
    def parameter_set_name(self) -> str:
        """The standard's name of the parameter set, with the family if the set is only a number."""
        return f"{self.family}-{self.parameter_set}" if self.parameter_set.isdecimal() else self.parameter_set

    @property
    def hybrid(self) -> bool:
        """Whether it combines a post-quantum algorithm with a classical one."""
        return "+" in self.family

    @property
    def encrypts(self) -> bool:
        """Whether messages can be encrypted and decrypted."""
        return self.capabilities.aead is not None or self.capabilities.encryption is not None

    @property
    def counted(self) -> bool:
        """Whether uses of a key are counted: encryptions of messages, or encapsulations."""
        return self.encrypts or self.capabilities.encapsulation is not None

    @property
    def takes_associated_data(self) -> bool:
        """Whether encryption takes associated data."""
        return self.capabilities.aead is not None and self.usage.authenticates

    @property
    def served_by(self) -> str:
        """The provider used at present; "" if no installed one can."""
        return self.provider if self.serves is None else self.serves()

    @property
    def transition(self) -> Transition:
        """The planned end of the algorithm: key pairs that a quantum computer breaks end with the year 2035."""
        strength = self.strength
        cnsa_disallowed_after = None if strength.cnsa_2 else _CNSA_2_ALONE_AFTER
        if strength.quantum_category or self.primitive in _SYMMETRIC:
            return Transition(None, None, strength.cnsa_2, cnsa_disallowed_after)
        deprecated_after = 2030 if strength.classical_bits < _LASTING_BITS else None
        return Transition(deprecated_after, 2035, strength.cnsa_2, cnsa_disallowed_after)

    @property
    def signs(self) -> bool:
        """Whether messages can be signed and verified."""
        return self.capabilities.signature is not None

    @property
    def operations(self) -> tuple[str, ...]:
        """The operations of requests on keys of the algorithm; others (rewrap, data keys) are composed of these.

        Each is the first segment of its path, save ``agree``, which is a part of ``derive-key``.
        """
        can = self.capabilities
        groups = (
            (self.encrypts or can.hpke is not None, ("encrypt", "decrypt")),
            (self.signs, ("sign",)),
            (self.usage.mac_key_is_key, ("hmac",)),
            (can.cmac is not None, ("cmac",)),
            (self.signs or self.primitive is Primitive.MAC, ("verify",)),
            (can.encapsulation is not None, ("encapsulate", "decapsulate")),
            (can.agreement is not None, ("agree",)),
        )
        return tuple(word for able, words in groups if able for word in words)
