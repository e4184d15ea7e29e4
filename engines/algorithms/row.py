"""A row of the registry: what an algorithm is called, its facts in groups, and the capabilities it has.

A row without a capability has None there; ``engines.algorithms.base`` defines what each capability does. Code outside
``engines/algorithms`` asks rows, and never compares names.
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
"""What Vault's API calls the parameters that tell apart the rows that share a key type."""


class Primitive(Enum):
    """What kind of thing an algorithm is, in the words of a CycloneDX CBOM."""

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
    """The longest that a piece of work takes on a current processor; ``engines.worker_pools`` acts on it."""

    INSTANT = "instant"
    """Less than a millisecond."""

    BRIEF = "brief"
    """Some milliseconds."""

    LONG = "long"
    """Up to seconds."""


@dataclass(frozen=True, slots=True)
class Transition:
    """What is planned for an algorithm as quantum computers come; years are the last in which something is allowed."""

    deprecated_after: int | None
    """The year after which NIST IR 8547 (draft) deprecates it; None if it doesn't."""

    disallowed_after: int | None
    """The year after which NIST IR 8547 (draft) disallows it; None if it doesn't."""

    cnsa_2: bool
    """Whether CNSA 2.0 has it, for US national security systems."""

    cnsa_disallowed_after: int | None
    """The last year of CNSA 2.0's transition for most kinds of products, if it doesn't have the algorithm."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sizes:
    """Lengths in bytes; 0 where the thing doesn't exist or has no fixed length."""

    key_bytes: int
    nonce_bytes: int = 0
    tag_bytes: int = 0
    padded_to_bytes: int = 0
    """The block that plaintexts are padded to, by at least one byte; 0 without padding."""

    signature_bytes: int = 0
    """The most, where the length varies."""

    public_key_bytes: int = 0
    ciphertext_bytes: int = 0
    """Of an encapsulated secret."""

    shared_secret_bytes: int = 0
    key_bytes_chosen: range | None = None
    """The lengths to choose from, where the caller chooses the key's length."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Strength:
    """Security strength, and which programmes approve the algorithm."""

    classical_bits: int
    """Against classical computers, in bits (SP 800-57 part 1)."""

    quantum_category: int
    """NIST's post-quantum security category, 1 to 5; 0 if a quantum computer breaks it."""

    fips: Fips
    fips_fault: Callable[[Material], str] | None = None
    """What keeps a key of an approved algorithm from being approved, in words; "" if nothing does."""

    cnsa_2: bool = False
    """Whether CNSA 2.0 (NSA, 2022) has the algorithm."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Capabilities:
    """Functions that prepare key material for use; None where the algorithm can't do the thing."""

    aead: Callable[[bytes], Aead] | None = None
    cmac: Callable[[bytes], Cmac] | None = None
    encryption: Callable[[Material], PublicKeyEncryption] | None = None
    signature: Callable[[Material], Signature] | None = None
    encapsulation: Callable[[Material], Encapsulation] | None = None
    hpke: HpkeSuite | None = None
    """How messages of any length are encrypted to a key that encapsulates."""

    kem_keys: KemKeys | None = None
    """The further forms of keys that encapsulate."""

    agreement: Callable[[Material, str], bytes] | None = None
    """``agreement(material, peer)``: the secret shared with the public key ``peer``, in PEM. Raises ``Failed``."""

    derivation_input: Callable[[Material], bytes] | None = None
    """What keys for a context are derived from."""

    material_from_seed: Callable[[bytes], Material] | None = None
    """The key that a derived seed of ``key_bytes`` stands for, where it is no raw key."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SignatureVariants:
    """The choices that a signature leaves to its maker."""

    hash_chosen: bool = True
    """Whether the signer chooses the hash; False where the algorithm brings its own."""

    signature_context: bool = False
    """Whether signatures can be bound to a context of at most 255 bytes."""

    external_mu: bool = False
    """Whether the representative of a message can be signed in its place (FIPS 204, 6.2)."""

    hash_message: bool = False
    """Whether it has a variant that hashes the message first, with a hash that the caller chooses."""

    digest_variant: bool = False
    """Whether it signs digests by a variant of its own, HashML-DSA (FIPS 204, 5.4); else it overlooks ``prehashed``."""

    message_hash: Hash | None = None
    """The hash function that messages are always hashed with first; None if there is none, or the signer chooses."""

    hash_signed: Hash | None = None
    """The hash function of the variant that signs a hash in place of the message; None if there is no such variant."""

    context_approved: bool = True
    """Whether a signature over a whole message stays approved by FIPS 140-3 when it is bound to a context."""

    signature_salted: bool = False
    """Whether signatures hold salt, whose length the signer chooses."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pacing:
    """How long each kind of work takes."""

    generating: Pace = Pace.INSTANT
    signing: Pace = Pace.INSTANT
    verifying: Pace = Pace.INSTANT
    decrypting: Pace = Pace.INSTANT


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """How named keys of the algorithm may be made and used."""

    derivable: bool = False
    convergent: bool = False
    upsertable: bool = False
    """Whether encrypting with an unknown name may create a key of this type."""

    refuses_upsert: bool = False
    """Whether asking for that is answered by a text of its own."""

    mac_key_is_key: bool = False
    """Whether the key itself authenticates, and there is no separate MAC key."""

    authenticates: bool = True
    """Whether a change to a ciphertext is noticed; only then can there be associated data."""

    max_encryptions: int = 0
    """How many messages one key may encrypt under nonces chosen at random, so that the odds of a repetition stay below
    2^-32 (SP 800-38D, 8.3); 0 where that is out of reach."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Algorithm:
    """A row of the registry: names, where the work is done, and groups of facts."""

    name: str
    """As the Vault API spells the key type, or longer where several rows share that; see ``key_type``."""

    shared_key_type: str = ""
    """The key type as the API spells it, where its rows are told apart by ``type_parameters``; "" if it is ``name``."""

    type_parameters: Mapping[str, str] = field(default_factory=dict)
    """What a new key is asked for by besides its type, and tells of itself, for the rows that share a key type."""

    number: int | None
    """The key type's number in backups: OpenBao's, or one from 1001 on for what OpenBao doesn't have."""

    vault_number: int | None = None
    """The same in backups of HashiCorp Vault, which has numbered types of its own since the two went apart."""

    label: str = ""
    """How a key's versions are named when it is read."""

    standard: str
    family: str
    """As the standard names the family, whatever the parameter set; of a hybrid the families of both halves, with ``+``
    between them."""

    primitive: Primitive
    size_bits: int = 0
    """What the standard gives as its size: a key of a cipher, a modulus, a curve; of a hybrid, the classical half's; 0
    where there are parameter sets alone, or the key's maker chooses."""

    parameter_set: str
    """What tells this row from others of its family: key length, curve or modulus length."""

    object_identifier: str

    sizes: Sizes
    strength: Strength
    capabilities: Capabilities
    usage: Usage = Usage()
    variants: SignatureVariants = SignatureVariants()
    pacing: Pacing = Pacing()

    provider: str = OPENSSL
    """The library that does the work, where only one can; ``served_by`` knows more."""

    could_serve: Callable[[], tuple[str, ...]] | None = None
    """The installed providers that have the algorithm, by preference, where there is a choice."""

    serves: Callable[[], str] | None = None
    """The one of them that does the work at present; "" if none can."""

    generate: Callable[[int], Material]
    """A new key; the argument is its length in bytes where the caller chooses it."""

    interchange: Interchange
    """The forms in which keys come and go."""

    public_text: Callable[[bytes], str] | None = None
    """How the public part is shown when a key is read."""

    second_public_text: Callable[[bytes], str] | None = None
    """How the public part of the classical half is shown besides, for keys that have two halves."""

    @property
    def key_type(self) -> str:
        """What the API calls the type of such keys."""
        return self.shared_key_type or self.name

    @property
    def parameter_set_name(self) -> str:
        """The parameter set in the words of the standard, with the family where the set alone is a number."""
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
        """Whether it is counted how often a key is used: to encrypt messages, or to encapsulate secrets."""
        return self.encrypts or self.capabilities.encapsulation is not None

    @property
    def takes_associated_data(self) -> bool:
        """Whether what is encrypted can be bound to data that isn't."""
        return self.capabilities.aead is not None and self.usage.authenticates

    @property
    def served_by(self) -> str:
        """The provider that does the work at present; "" if none that is installed can."""
        return self.provider if self.serves is None else self.serves()

    @property
    def transition(self) -> Transition:
        """What is planned for the algorithm: key pairs that a quantum computer breaks end with the year 2035."""
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
        """What requests do with keys of the algorithm; other operations (rewrap, data keys) are made of these.

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
