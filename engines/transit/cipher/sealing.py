"""Encryption and decryption of one message: the common part of encrypt, decrypt, rewrap and datakey.

A ciphertext is ``vault:v<version>:`` and the base64 of the nonce and the AEAD's output, tag included, or of public-key
encryption's output. The version isn't authenticated itself, but another version means another key.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from os import urandom

from engines.algorithms.base import DEFAULT_ENCRYPTION, Aead, EncryptionOptions
from engines.algorithms.formats.client_messages import PREFIX as CLIENT_PREFIX
from engines.algorithms.formats.client_messages import read_message
from engines.algorithms.hashes import SHA2_256, SHA2_512
from engines.algorithms.row import Pace
from engines.algorithms.symmetric.mac import Mac
from engines.crypto_policy.facts import NO_REQUEST
from engines.crypto_policy.gate import KeyUse
from engines.crypto_policy.requests import WITH_ASSOCIATED_DATA, encryption_facts
from engines.crypto_policy.uses import Uses
from engines.encoding import NotBase64, decode_base64, encode_base64
from engines.faults import Failed, InvalidRequest
from engines.keys.keyring import CIPHERTEXT, Keyring, KeyVersion
from engines.keys.store import SoftDeleted
from engines.worker_pools import at_pace


class NotAead(InvalidRequest):
    """Associated data for an algorithm without support for it; ``label`` locates it."""

    def __init__(self, label: str, keyring: Keyring) -> None:
        super().__init__(f"'{label}' provided for non-AEAD cipher suite {keyring.algorithm.key_type}")


def is_plain(keyring: Keyring) -> bool:
    """Whether batches with the key take the fast path: an AEAD in use, without derivation."""
    record = keyring.record
    return keyring.algorithm.capabilities.aead is not None and not record.derived and not record.soft_deleted


def seal(
    keyring: Keyring,
    uses: Uses,
    plaintext: bytes,
    context: bytes = b"",
    requested_version: int = 0,
    associated_data: str = "",
    label: str = "[0].associated_data",
    options: EncryptionOptions = DEFAULT_ENCRYPTION,
) -> tuple[str, int]:
    """The ciphertext of ``plaintext``, and its version.

    Raises ``InvalidRequest``, ``Failed`` or ``PolicyRefused``.
    """
    return prepare_seal(keyring, uses, plaintext, context, requested_version, associated_data, label, options)()


def prepare_seal(
    keyring: Keyring,
    uses: Uses,
    plaintext: bytes,
    context: bytes = b"",
    requested_version: int = 0,
    associated_data: str = "",
    label: str = "[0].associated_data",
    options: EncryptionOptions = DEFAULT_ENCRYPTION,
) -> Callable[[], tuple[str, int]]:
    """As ``seal``, but only checks; the returned function does the work."""
    algorithm, record = keyring.algorithm, keyring.record
    if associated_data and not algorithm.takes_associated_data:
        raise NotAead(label, keyring)
    if record.soft_deleted:
        raise SoftDeleted
    capabilities = algorithm.capabilities
    if capabilities.aead is None:
        if capabilities.encryption is None:
            raise InvalidRequest(f"message encryption not supported for key type {algorithm.key_type}")
        version = keyring.version_to_encrypt(requested_version)
        use = uses.allow(version.facts(uses.place), encryption_facts(algorithm, options), len(plaintext))
        return partial(_encrypt, use, version, plaintext, options)
    version = keyring.version_to_encrypt(requested_version)
    nonce_mac = None
    if record.derived:
        derived = version.derived_cipher(context)
        cipher, nonce_mac = derived.cipher, derived.nonce_mac
    else:
        cipher = version.cipher
    data = _decode_associated_data(associated_data) if associated_data else None
    use = uses.allow(version.facts(uses.place), WITH_ASSOCIATED_DATA if data else NO_REQUEST, len(plaintext))
    return partial(_seal, use, version, cipher, nonce_mac, algorithm.sizes.nonce_bytes, plaintext, data)


def _encrypt(use: KeyUse, version: KeyVersion, plaintext: bytes, options: EncryptionOptions) -> tuple[str, int]:
    use.begin()
    encrypted = version.encryption.encrypt(plaintext, options)
    use.made(len(plaintext), len(encrypted))
    return version.prefix + encode_base64(encrypted), version.number


def _seal(
    use: KeyUse,
    version: KeyVersion,
    cipher: Aead,
    nonce_mac: Mac | None,
    nonce_bytes: int,
    plaintext: bytes,
    data: bytes | None,
) -> tuple[str, int]:
    if nonce_mac is None:
        nonce = urandom(nonce_bytes)
    else:
        nonce = _convergent_nonce(nonce_mac, plaintext, data)[:nonce_bytes]
    # As ``begin`` and ``made``, without two calls per request.
    use.count += 1
    use.failed += 1
    sealed = nonce + cipher.seal(nonce, plaintext, data)
    use.failed -= 1
    use.input_bytes += len(plaintext)
    use.output_bytes += len(sealed)
    return version.prefix + encode_base64(sealed), version.number


def _convergent_nonce(nonce_mac: Mac, plaintext: bytes, data: bytes | None) -> bytes:
    """The input of a convergent nonce, by which equal messages give equal ciphertexts.

    Without associated data it is OpenBao's. OpenBao ignores associated data, and so repeats a nonce for different
    messages: two such ciphertexts of GCM reveal its authentication key. Here the nonce depends on the associated data;
    another hash separates these nonces from those of plaintexts of the same form.
    """
    if not data:
        return nonce_mac.digest(plaintext, SHA2_256)
    return nonce_mac.digest(len(data).to_bytes(8, "big") + data + plaintext, SHA2_512)


def prepare_unseal(
    keyring: Keyring,
    uses: Uses,
    ciphertext: str,
    context: bytes = b"",
    associated_data: str = "",
    label: str = "[0].associated_data",
    options: EncryptionOptions = DEFAULT_ENCRYPTION,
) -> Callable[[], bytes]:
    """The function that returns the plaintext of ``ciphertext``, once allowed. Raises ``InvalidRequest`` or ``Failed``.

    Raises ``PolicyRefused`` for the version in the ciphertext.
    """
    if ciphertext[:4] == CLIENT_PREFIX:
        return _prepare_message(keyring, uses, ciphertext, context, associated_data, label, options)
    algorithm, record = keyring.algorithm, keyring.record
    if associated_data and not algorithm.takes_associated_data:
        raise NotAead(label, keyring)
    if record.soft_deleted:
        raise SoftDeleted
    if not algorithm.encrypts:
        raise InvalidRequest(f"message decryption not supported for key type {algorithm.key_type}")
    version, text = keyring.open_header(ciphertext, CIPHERTEXT)
    try:
        payload = decode_base64(text)
    except NotBase64:
        raise InvalidRequest("invalid ciphertext: could not decode base64") from None
    if algorithm.capabilities.aead is None:
        use = uses.allow(version.facts(uses.place), encryption_facts(algorithm, options), len(payload))
        return partial(_decrypt, use, version, payload, options)
    cipher = version.derived_cipher(context).cipher if record.derived else version.cipher
    data = _decode_associated_data(associated_data) if associated_data else None
    use = uses.allow(version.facts(uses.place), WITH_ASSOCIATED_DATA if data else NO_REQUEST, len(payload))
    return partial(_open, use, cipher, algorithm.sizes.nonce_bytes, payload, data)


def _prepare_message(
    keyring: Keyring,
    uses: Uses,
    text: str,
    context: bytes,
    associated_data: str,
    label: str,
    options: EncryptionOptions,
) -> Callable[[], bytes]:
    """As ``prepare_unseal``, for a message that a client has encrypted under a data key of this key.

    What is asked of policies, counted and recorded is the opening of the data key.
    """
    message = read_message(text)
    unwrap = prepare_unseal(keyring, uses, message.wrapped, context, associated_data, label, options)
    data = _decode_associated_data(associated_data) if associated_data else b""
    return lambda: message.opened(unwrap(), data)


def _decrypt(use: KeyUse, version: KeyVersion, payload: bytes, options: EncryptionOptions) -> bytes:
    use.begin()
    plaintext = version.encryption.decrypt(payload, options)
    use.made(len(payload), len(plaintext))
    return plaintext


def _open(use: KeyUse, cipher: Aead, nonce_bytes: int, payload: bytes, data: bytes | None) -> bytes:
    # As in ``_seal``.
    use.count += 1
    use.failed += 1
    if len(payload) < nonce_bytes:
        raise InvalidRequest("invalid ciphertext length")
    plaintext = cipher.open(payload[:nonce_bytes], payload[nonce_bytes:], data)
    use.failed -= 1
    use.input_bytes += len(payload)
    use.output_bytes += len(plaintext)
    return plaintext


async def unseal_at_pace(
    keyring: Keyring,
    uses: Uses,
    ciphertext: str,
    context: bytes = b"",
    associated_data: str = "",
    label: str = "[0].associated_data",
    options: EncryptionOptions = DEFAULT_ENCRYPTION,
) -> bytes:
    """The plaintext, computed in a thread for slow keys.

    Raises as ``prepare_unseal``, and ``RateLimited`` besides.
    """
    opening = prepare_unseal(keyring, uses, ciphertext, context, associated_data, label, options)
    pace = keyring.algorithm.pacing.decrypting
    return opening() if pace is Pace.INSTANT else await at_pace(pace, opening)


def _decode_associated_data(text: str) -> bytes:
    try:
        return decode_base64(text)
    except NotBase64 as error:
        raise Failed(f"unable to get associated_data/additional_data from factory[0]: {error.message}") from None
