"""Keyring: a named key and its versions, prepared for use.

A ``Keyring`` is made once from its record, cached and shared by all requests. It never changes: rotating or configuring
a key writes a new record in a transaction, and the cache drops the old object.

Expensive preparations of a version (a cipher's key schedule, a parsed private key) are made on first use and kept with
the version; those for derived keys are kept in a bounded cache.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from functools import cached_property
from typing import Any

from engines.algorithms.base import Aead, Cmac, Encapsulation, Material, PublicKeyEncryption, Signature
from engines.algorithms.formats.jwk import public_jwk
from engines.algorithms.registry import ALGORITHMS
from engines.algorithms.row import Algorithm
from engines.algorithms.symmetric.derivation import DERIVATIONS, KeyDerivation
from engines.algorithms.symmetric.mac import Mac
from engines.crypto_policy.facts import NOWHERE, KeyFacts, Place
from engines.crypto_policy.fips import UNGUARDED, ApprovedSignature, FipsGuard
from engines.faults import InvalidRequest
from engines.keys.approval import unapproved_key
from engines.keys.encryption_count import VersionCount
from engines.keys.facts import facts_of_mac, facts_of_version
from engines.keys.records import KeyringRecord, VersionRecord, decode_record
from storage.base import Damaged

DERIVED_KEYS_KEPT = 256
"""The most derived keys that one version caches."""

MAX_CONTEXT_KEPT_BYTES = 1024
"""The longest context, in bytes, whose derived key is cached."""

CIPHERTEXT_PREFIX = "vault:v"
_CONVERGENT_MAC_BYTES = 32
_MAX_VERSION_DIGITS = 18


class DerivedCipher:
    """A cipher for one context; for convergent keys also the MAC that determines nonces."""

    __slots__ = ("cipher", "nonce_mac")

    def __init__(self, cipher: Aead, nonce_mac: Mac | None) -> None:
        self.cipher = cipher
        self.nonce_mac = nonce_mac


class KeyVersion:
    """One version, prepared for use; only ``Keyring`` creates these."""

    def __init__(self, keyring: Keyring, number: int, record: VersionRecord) -> None:
        self._keyring = keyring
        self.number = number
        self.record = record
        self.prefix = f"{CIPHERTEXT_PREFIX}{number}:"
        """What every ciphertext, signature and MAC of this version starts with."""

        self.count: VersionCount | None = None
        """The count of its encryptions, once an engine that counts has put it here."""

        self._derived: OrderedDict[bytes, Any] = OrderedDict()
        self._place = NOWHERE
        self._facts: KeyFacts | None = None
        self._mac_facts: KeyFacts | None = None

    def facts(self, place: Place) -> KeyFacts:
        """The version's facts for the crypto policy, in a mount at ``place``; made once."""
        if self._place is not place:
            self._move(place)
        if self._facts is None:
            self._facts = facts_of_version(self._keyring.record, self.number, self.record, place)
        return self._facts

    def mac_facts(self, place: Place) -> KeyFacts:
        """As ``facts``, for this version's MAC key."""
        if self._place is not place:
            self._move(place)
        if self._mac_facts is None:
            self._mac_facts = facts_of_mac(self._keyring.record, self.number, self.record, place)
        return self._mac_facts

    def material(self) -> Material:
        """The key itself, which the caller must keep confidential."""
        return Material(self.record.private.reveal(), self.record.public)

    @cached_property
    def cipher(self) -> Aead:
        """The cipher of a key without derivation, whose algorithm has one."""
        aead = self._keyring.algorithm.capabilities.aead
        if aead is None:
            raise AssertionError(f"{self._keyring.algorithm.name} has no aead")
        return aead(self.record.private.reveal())

    def derived_cipher(self, context: bytes) -> DerivedCipher:
        """The cipher for ``context``, for a key with derivation. Raises ``InvalidRequest`` without a context."""
        found: DerivedCipher = self._derive(context, self._make_derived_cipher)
        return found

    @cached_property
    def encryption(self) -> PublicKeyEncryption:
        """The public-key encryption of this version, whose algorithm has it."""
        prepare = self._keyring.algorithm.capabilities.encryption
        if prepare is None:
            raise AssertionError(f"{self._keyring.algorithm.name} has no public-key encryption")
        return prepare(self.material())

    @cached_property
    def encapsulation(self) -> Encapsulation:
        """The key encapsulation of this version, whose algorithm has it."""
        prepare = self._keyring.algorithm.capabilities.encapsulation
        if prepare is None:
            raise AssertionError(f"{self._keyring.algorithm.name} does not encapsulate")
        return prepare(self.material())

    def signature(self, context: bytes) -> Signature:
        """The signatures of this version, for ``context`` if the key has derivation; its algorithm has them."""
        if self._keyring.record.derived:
            found: tuple[Signature, bytes] = self._derive(context, self._make_derived_signature)
            return found[0]
        return self._plain_signature

    @cached_property
    def _plain_signature(self) -> Signature:
        return self._prepare_signature(self.material())

    def public_key(self, context: bytes) -> bytes:
        """The public part, for ``context`` if the key has derivation; b"" for symmetric keys."""
        if not self._keyring.record.derived:
            return self.record.public
        found: tuple[Signature, bytes] = self._derive(context, self._make_derived_signature)
        return found[1]

    @cached_property
    def jwk(self) -> dict[str, str]:
        """The public key as a JWK, for a key without derivation whose algorithm has that form; not to be changed."""
        jwk = public_jwk(self._keyring.algorithm, self.record.public)
        if jwk is None:
            raise AssertionError(f"{self._keyring.algorithm.name} has no form as a JWK")
        return jwk

    @cached_property
    def cmac(self) -> Cmac:
        """The CMAC of this version, whose algorithm has it."""
        prepare = self._keyring.algorithm.capabilities.cmac
        if prepare is None:
            raise AssertionError(f"{self._keyring.algorithm.name} has no CMAC")
        return prepare(self.record.private.reveal())

    def mac_key(self) -> bytes:
        """The MAC key of this version."""
        record = self.record
        key = record.private if self._keyring.algorithm.usage.mac_key_is_key else record.mac_key
        return key.reveal()

    @cached_property
    def mac(self) -> Mac:
        """The MAC of this version, for any type; never derived."""
        return Mac(self.mac_key())

    def _move(self, place: Place) -> None:
        """Forget facts of another place, if the mount has moved since the key was loaded."""
        self._place = place
        self._facts = self._mac_facts = None

    def _derive(self, context: bytes, make: Callable[[bytes], Any]) -> Any:
        found = self._derived.get(context)
        if found is not None:
            self._derived.move_to_end(context)
            return found
        if not context:
            raise MissingContext
        if len(context) > MAX_CONTEXT_KEPT_BYTES:
            return make(context)
        found = self._derived[context] = make(context)
        if len(self._derived) > DERIVED_KEYS_KEPT:
            self._derived.popitem(last=False)
        return found

    def _derive_bytes(self, context: bytes, size: int) -> bytes:
        keyring = self._keyring
        derivation_input = keyring.algorithm.capabilities.derivation_input
        if derivation_input is None:
            raise AssertionError(f"{keyring.algorithm.name} can't be derived")
        return keyring.derivation.derive(derivation_input(self.material()), context, size)

    def _make_derived_cipher(self, context: bytes) -> DerivedCipher:
        algorithm = self._keyring.algorithm
        if algorithm.capabilities.aead is None:
            raise AssertionError(f"{algorithm.name} has no aead")
        size = algorithm.sizes.key_bytes
        if not self._keyring.record.convergent:
            return DerivedCipher(algorithm.capabilities.aead(self._derive_bytes(context, size)), None)
        derived = self._derive_bytes(context, size + _CONVERGENT_MAC_BYTES)
        return DerivedCipher(algorithm.capabilities.aead(derived[:size]), Mac(derived[size:]))

    def _make_derived_signature(self, context: bytes) -> tuple[Signature, bytes]:
        algorithm = self._keyring.algorithm
        if algorithm.capabilities.material_from_seed is None:
            raise AssertionError(f"{algorithm.name} has no keys made from a seed")
        material = algorithm.capabilities.material_from_seed(self._derive_bytes(context, algorithm.sizes.key_bytes))
        return self._prepare_signature(material), material.public

    def _prepare_signature(self, material: Material) -> Signature:
        prepare = self._keyring.algorithm.capabilities.signature
        if prepare is None:
            raise AssertionError(f"{self._keyring.algorithm.name} does not sign")
        prepared, guard = prepare(material), self._keyring.guard
        return ApprovedSignature(prepared, self._keyring.algorithm, guard) if guard.active else prepared


class MissingContext(InvalidRequest):
    """A key with derivation can't be used without a context."""

    def __init__(self) -> None:
        super().__init__(
            "missing 'context' for key derivation; the key was created using a derived key, which means "
            "additional, per-request information must be included in order to perform operations with the key"
        )


class Compromised(InvalidRequest):
    """The version is marked as compromised, and so protects nothing new."""

    def __init__(self, name: str, number: int) -> None:
        super().__init__(f"version {number} of key {name!r} is compromised: it only decrypts and verifies")


class Keyring:
    """A named key, prepared for use; shared, and never changed."""

    __slots__ = (
        "algorithm",
        "derivation",
        "guard",
        "latest",
        "max_encryptions",
        "openable",
        "record",
        "restricted",
        "unapproved",
        "versions",
    )

    def __init__(self, record: KeyringRecord, guard: FipsGuard = UNGUARDED) -> None:
        self.record = record
        self.guard = guard
        self.algorithm: Algorithm = ALGORITHMS[record.type]
        self.derivation: KeyDerivation = DERIVATIONS[record.derivation]
        self.versions = {number: KeyVersion(self, number, version) for number, version in record.versions.items()}
        self.latest = self.versions[record.latest_version]
        self.openable = {version.prefix: version for version in self.versions.values()}
        """The versions that may decrypt, by the exact prefix of their ciphertexts."""

        self.max_encryptions = record.max_encryptions or self.algorithm.usage.max_encryptions
        """How many messages each version may encrypt; 0 for any number."""

        self.unapproved = unapproved_key(record) if guard.active else ""
        """What of the key isn't approved by FIPS 140-3, in words, where that matters."""

        states = record.disabled or record.not_before != 0 or record.not_after != 0
        self.restricted = states or self.unapproved != ""
        """Whether what the key is and its state have to be looked at before it is used."""

    def version_to_encrypt(self, requested: int, purpose: str = "encryption") -> KeyVersion:
        """The version ``requested``, 0 for the latest. Raises ``InvalidRequest`` if it may not be used for new data."""
        record = self.record
        if requested == 0 or requested == record.latest_version:
            return self.protecting(self.latest) if record.compromised else self.latest
        if requested < 0:
            raise InvalidRequest(f"requested version for {purpose} is negative")
        if requested > record.latest_version:
            raise InvalidRequest(f"requested version for {purpose} is higher than the latest key version")
        if requested < record.min_encryption_version:
            raise InvalidRequest(f"requested version for {purpose} is less than the minimum encryption key version")
        return self.protecting(self.version(requested))

    def protecting(self, version: KeyVersion) -> KeyVersion:
        """``version``, for new data. Raises ``Compromised``."""
        if self.record.compromised and version.number in self.record.compromised:
            raise Compromised(self.record.name, version.number)
        return version

    def version(self, number: int) -> KeyVersion:
        """The version ``number``. Raises ``InvalidRequest`` if it is archived, trimmed or unknown."""
        found = self.versions.get(number)
        if found is None:
            raise InvalidRequest("no such key version")
        return found

    def open_header(self, text: str, subject: str) -> tuple[KeyVersion, str]:
        """The version in the header of ``text`` (``vault:v1:...``), and the text after the header.

        ``subject`` names the text in errors. Version 0 is what Vault before 0.3 called version 1. Non-canonical headers
        are refused, so that each text is unique. Raises ``InvalidRequest``.
        """
        end = text.find(":", len(CIPHERTEXT_PREFIX))
        found = self.openable.get(text[: end + 1])
        if found is not None:
            return found, text[end + 1 :]
        number = parse_header(text, subject)
        if number > self.record.latest_version:
            raise InvalidRequest(f"invalid {subject}: version is too new")
        if number == 0 and subject == CIPHERTEXT:
            number = 1
        if number <= 0 or number < self.record.min_decryption_version:
            raise InvalidRequest("ciphertext or signature version is disallowed by policy (too old)")
        return self.version(number), text[end + 1 :]


CIPHERTEXT = "ciphertext"
"""The subject of encrypted texts in errors of ``Keyring.open_header``."""


def parse_header(text: str, subject: str, no_prefix: str | None = None) -> int:
    """The version in a header ``vault:v<version>:``. Raises ``InvalidRequest``."""
    if not text.startswith(CIPHERTEXT_PREFIX):
        raise InvalidRequest(no_prefix or f"invalid {subject}: no prefix")
    version, colon, _ = text[len(CIPHERTEXT_PREFIX) :].partition(":")
    if not colon:
        raise InvalidRequest(f"invalid {subject}: wrong number of fields")
    digits = version.removeprefix("-")
    canonical = digits.isascii() and digits.isdigit() and (version == "0" or digits[0] != "0")
    if not canonical or len(digits) > _MAX_VERSION_DIGITS:
        raise InvalidRequest(f"invalid {subject}: version number could not be decoded")
    return int(version)


def decode_keyring(value: bytes, guard: FipsGuard = UNGUARDED) -> Keyring:
    """The key in ``value``, prepared for use within the limits of ``guard``. Raises ``Damaged``."""
    record = decode_record(value)
    if record.latest_version not in record.versions:
        raise Damaged(f"the entry of key {record.name!r} lacks its latest version")
    return Keyring(record, guard)
