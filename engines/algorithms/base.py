"""What an algorithm is to everybody else: a row of facts, and the capabilities it has.

Nobody outside this folder knows an algorithm by name. An engine that wants to encrypt asks a row for ``aead``, one that
wants to sign asks for ``signature``, and so on; a row without the capability has None there. A capability is a function
that takes key material and returns an object prepared for many uses, so that what can be done once per key is.

``Material`` is the form keys are stored in: for symmetric keys the raw bytes, for Ed25519 the 32 bytes of RFC 8032, for
keys that encapsulate the bytes of their standards, and for other asymmetric keys PKCS#8 and SubjectPublicKeyInfo in
DER.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, Protocol

from msgspec import Struct

from engines.algorithms.fips_status import Fips as Fips
from engines.algorithms.hashes import DEFAULT_HASH, Hash
from engines.faults import Failed

if TYPE_CHECKING:
    from engines.algorithms.encodings.interchange import Interchange
    from engines.algorithms.kem.hpke import Suite
    from engines.algorithms.kem.kem_keys import KemKeys

OPENSSL = "openssl"
"""The provider of most algorithms: OpenSSL, through ``cryptography``."""

LIBSODIUM = "libsodium"
"""The provider of XChaCha20-Poly1305, through PyNaCl."""

PYCRYPTODOME = "pycryptodome"
"""The provider of the variants of Ed25519, and of nothing else."""

MAX_SIGNATURE_CONTEXT_BYTES = 255
"""The longest context that a signature can be bound to (FIPS 204, RFC 8032)."""


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


class BadSignature(Exception):
    """The signature is not one of this message by this key."""


class BadCiphertext(Exception):
    """The ciphertext can't be one for this key. Says nothing of the reason, and nobody is to be told."""


class NoPrivateKey(Failed):
    """Only the public part of the key is known."""


@dataclass(frozen=True, slots=True)
class Material:
    """One key as it is stored. ``private`` is empty where only the public part is known."""

    private: bytes = field(repr=False)
    public: bytes = b""


class Marshaling(Enum):
    """How a signature is put on the wire."""

    ASN1 = "asn1"
    JWS = "jws"


class SignatureOptions(Struct, frozen=True):
    """How to sign or verify, for the algorithms that leave a choice; the others ignore what means nothing to them."""

    hash: Hash | None
    """None signs the input as it is, without any mark of a hash."""

    prehashed: bool = False
    scheme: str = ""
    """The padding of an RSA signature; empty for the default."""

    salt_length: int = 0
    """Bytes of salt of a PSS signature: 0 for the most there is room for (and any, on verifying), -1 for the length
    of the hash."""

    marshaling: Marshaling = Marshaling.ASN1
    context: bytes = b""
    """What the signature is bound to besides the message, for the algorithms whose row has ``signature_context``."""

    signs_hash: bool = False
    """Whether the message is a hash, and signed as one; only for the algorithms whose row has ``hash_signed``."""

    external_mu: bool = False
    """Whether the message is the representative mu of one (FIPS 204, 6.2), for the algorithms whose row has that."""

    hash_message: bool = False
    """Whether the message is to be hashed first (FIPS 205, 10.2.2), for the algorithms whose row has that."""


class Aead(Protocol):
    """Encryption under one key, ready to use: authenticated, unless the row says otherwise."""

    @property
    def seal(self) -> Callable[[bytes, bytes, bytes | None], bytes]:
        """``seal(nonce, plaintext, associated_data)``: the ciphertext with its tag behind it.

        Raises ``InvalidRequest`` for a plaintext of a length that the cipher can't take.
        """

    def open(self, nonce: bytes, ciphertext: bytes, associated_data: bytes | None) -> bytes:
        """The plaintext. Raises ``InvalidRequest``, with one text for all reasons."""


class Cmac(Protocol):
    """Message authentication by a block cipher under one key, ready to use."""

    def digest(self, data: bytes) -> bytes:
        """The authentication code of ``data``, as long as a block."""


@dataclass(frozen=True, slots=True)
class EncryptionOptions:
    """How to encrypt to a key pair, or what was encrypted."""

    scheme: str = ""
    """The padding of RSA; empty for the default."""

    hash: Hash = DEFAULT_HASH


DEFAULT_ENCRYPTION = EncryptionOptions()
"""How it is done unless the caller says otherwise."""


class PublicKeyEncryption(Protocol):
    """Encryption to a key pair."""

    def encrypt(self, plaintext: bytes, options: EncryptionOptions = DEFAULT_ENCRYPTION) -> bytes:
        """Raises ``Failed`` if the plaintext is too long for the key."""

    def decrypt(self, ciphertext: bytes, options: EncryptionOptions = DEFAULT_ENCRYPTION) -> bytes:
        """Raises ``Failed``, with one text for all reasons."""


class Signature(Protocol):
    """Signatures by one key pair."""

    def sign(self, message: bytes, options: SignatureOptions) -> bytes:
        """The signature in the form that ``options.marshaling`` asks for. Raises ``Failed``."""

    def verify(self, message: bytes, signature: bytes, options: SignatureOptions) -> None:
        """Raises ``BadSignature``, or ``InvalidRequest`` for what is no signature at all."""


class Encapsulation(Protocol):
    """Key encapsulation to one key pair."""

    def encapsulate(self) -> tuple[bytes, bytes]:
        """A new shared secret, and the ciphertext that carries it to the owner of the key pair."""

    def decapsulate(self, ciphertext: bytes) -> bytes:
        """The shared secret in ``ciphertext``. Raises ``BadCiphertext``, or ``NoPrivateKey`` without a private key.

        ML-KEM rejects implicitly: a ciphertext of the right length that was tampered with gives another secret.
        """


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
class Algorithm:
    """A row of the registry. Sizes are in bytes, and 0 where the thing doesn't exist or has no fixed size."""

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

    standard: str
    primitive: Primitive
    parameter_set: str
    """What tells this row from others of its family: key length, curve or modulus length."""

    key_bytes: int
    nonce_bytes: int = 0
    tag_bytes: int = 0
    max_encryptions: int = 0
    """How many messages one key may encrypt under nonces chosen at random, so that the odds of a repetition stay below
    2^-32 (SP 800-38D, 8.3); 0 where that is out of reach."""

    authenticates: bool = True
    """Whether a change to a ciphertext is noticed; only then can there be associated data."""

    padded_to_bytes: int = 0
    """The block that plaintexts are padded to, by at least one byte; 0 without padding."""

    signature_bytes: int = 0
    """The most, where the length varies."""

    public_key_bytes: int = 0
    ciphertext_bytes: int = 0
    """Of an encapsulated secret."""

    shared_secret_bytes: int = 0

    classical_bits: int
    """Security strength against classical computers, in bits (SP 800-57 part 1)."""

    quantum_category: int
    """NIST's post-quantum security category, 1 to 5; 0 if a quantum computer breaks it."""

    fips: Fips
    fips_fault: Callable[[Material], str] | None = None
    """What keeps a key of an approved algorithm from being approved, in words; "" if nothing does."""

    object_identifier: str
    provider: str = OPENSSL
    """Who does the work, where only one provider can; ``served_by`` knows more."""

    could_serve: Callable[[], tuple[str, ...]] | None = None
    """The installed providers that have the algorithm, by preference, where there is a choice."""

    serves: Callable[[], str] | None = None
    """The one of them that does the work at present; "" if none can."""

    cnsa_2: bool = False
    """Whether CNSA 2.0 (NSA, 2022) has the algorithm."""

    label: str = ""
    """How a key's versions are named when it is read."""

    derivable: bool = False
    convergent: bool = False
    upsertable: bool = False
    """Whether encrypting with an unknown name may create a key of this type."""

    refuses_upsert: bool = False
    """Whether asking for that is answered by a text of its own."""

    key_bytes_chosen: range | None = None
    """The lengths to choose from, where the caller chooses the key's length."""

    mac_key_is_key: bool = False
    """Whether the key itself authenticates, and there is no separate MAC key."""

    hash_chosen: bool = True
    """Whether who signs chooses the hash; False where the algorithm brings its own."""

    signature_context: bool = False
    """Whether signatures can be bound to a context of at most 255 bytes."""

    external_mu: bool = False
    """Whether the representative of a message can be signed in its place (FIPS 204, 6.2)."""

    hash_message: bool = False
    """Whether it has a variant that hashes the message first, with a hash that the caller chooses."""

    generating: Pace = Pace.INSTANT
    signing: Pace = Pace.INSTANT
    verifying: Pace = Pace.INSTANT
    decrypting: Pace = Pace.INSTANT

    hash_signed: Hash | None = None
    """The hash function of the variant that signs a hash in place of the message; None if there is no such variant."""

    context_approved: bool = True
    """Whether a signature over a whole message stays approved by FIPS 140-3 when it is bound to a context."""

    signature_salted: bool = False
    """Whether signatures hold salt, whose length is chosen by who signs."""

    generate: Callable[[int], Material]
    """A new key; the argument is its length in bytes where the caller chooses it."""

    interchange: Interchange
    """The forms in which keys come and go."""

    aead: Callable[[bytes], Aead] | None = None
    cmac: Callable[[bytes], Cmac] | None = None
    encryption: Callable[[Material], PublicKeyEncryption] | None = None
    signature: Callable[[Material], Signature] | None = None
    encapsulation: Callable[[Material], Encapsulation] | None = None
    hpke: Suite | None = None
    """How messages of any length are encrypted to a key that encapsulates."""

    kem_keys: KemKeys | None = None
    """The further forms of keys that encapsulate."""

    agreement: Callable[[Material, str], bytes] | None = None
    """``agreement(material, peer)``: the secret shared with the public key ``peer``, in PEM. Raises ``Failed``."""

    derivation_input: Callable[[Material], bytes] | None = None
    """What keys for a context are derived from."""

    material_from_seed: Callable[[bytes], Material] | None = None
    """The key that a derived seed of ``key_bytes`` stands for, where it is no raw key."""

    public_text: Callable[[bytes], str] | None = None
    """How the public part is shown when a key is read."""

    second_public_text: Callable[[bytes], str] | None = None
    """How the public part of the classical half is shown besides, for keys that have two halves."""

    @property
    def key_type(self) -> str:
        """What the API calls the type of such keys."""
        return self.shared_key_type or self.name

    @property
    def encrypts(self) -> bool:
        """Whether messages can be encrypted and decrypted."""
        return self.aead is not None or self.encryption is not None

    @property
    def counted(self) -> bool:
        """Whether it is counted how often a key is used: to encrypt messages, or to encapsulate secrets."""
        return self.encrypts or self.encapsulation is not None

    @property
    def takes_associated_data(self) -> bool:
        """Whether what is encrypted can be bound to data that isn't."""
        return self.aead is not None and self.authenticates

    @property
    def served_by(self) -> str:
        """The provider that does the work at present; "" if none that is installed can."""
        return self.provider if self.serves is None else self.serves()

    @property
    def transition(self) -> Transition:
        """What is planned for the algorithm: key pairs that a quantum computer breaks end with the year 2035."""
        cnsa_disallowed_after = None if self.cnsa_2 else _CNSA_2_ALONE_AFTER
        if self.quantum_category or self.primitive in _SYMMETRIC:
            return Transition(None, None, self.cnsa_2, cnsa_disallowed_after)
        return Transition(
            2030 if self.classical_bits < _LASTING_BITS else None, 2035, self.cnsa_2, cnsa_disallowed_after
        )

    @property
    def signs(self) -> bool:
        """Whether messages can be signed and verified."""
        return self.signature is not None
