"""Encapsulation of shared secrets to a key, and their decapsulation.

A ciphertext is ``vault:v<version>:`` and the KEM's ciphertext in base64. Any holder of the public key can make one
without this server, by prepending that header.
"""

from __future__ import annotations

from collections.abc import Callable

from engines.algorithms.base import BadCiphertext, NoPrivateKey
from engines.base import Call, Reply
from engines.crypto_policy.facts import NO_REQUEST
from engines.crypto_policy.operations import CryptoOperation
from engines.crypto_policy.uses import Uses, begin
from engines.encoding import NotBase64, decode_base64, encode_base64
from engines.faults import InvalidRequest
from engines.keys.counting.limits import count_then_make
from engines.keys.keyring import CIPHERTEXT, Keyring, KeyVersion, parse_header
from engines.keys.settings import KeyName
from engines.keys.states import Use
from engines.pqc.keys import load
from engines.pqc.state import Pqc


class Encapsulating(KeyName):
    """The key to encapsulate to, and its version; 0 for the latest."""

    key_version: int = 0

    tells = {
        "key_version": "The version to use; 0 for the latest.",
    }


class Decapsulating(KeyName):
    """The ciphertext, and its key."""

    ciphertext: str = ""

    tells = {
        "ciphertext": "The `ciphertext` of an encapsulation: `vault:v1:` and base64.",
    }


class ForeignCiphertext(InvalidRequest):
    """The ciphertext can't be opened; the reason isn't told, since it would help an attacker who forges ciphertexts."""

    def __init__(self) -> None:
        super().__init__("the ciphertext is malformed or was not made for this key")


class PublicKeyOnly(InvalidRequest):
    """The version was imported without its private part."""

    def __init__(self) -> None:
        super().__init__("this version of the key has no private part")


def split_ciphertext(keyring: Keyring, text: str) -> tuple[KeyVersion, bytes]:
    """The version in the header of ``text``, and the bytes after it.

    Only canonical ciphertexts are accepted. Raises ``ForeignCiphertext``, or ``InvalidRequest`` for a version that the
    key's settings exclude.
    """
    header = text[: text.find(":", len("vault:")) + 1]
    version = keyring.openable.get(header)
    if version is None:
        _check_retired(keyring, header)
        raise ForeignCiphertext
    encoded = text[len(header) :]
    try:
        payload = decode_base64(encoded)
    except NotBase64:
        raise ForeignCiphertext from None
    if encode_base64(payload) != encoded:
        raise ForeignCiphertext
    return version, payload


def _check_retired(keyring: Keyring, header: str) -> None:
    try:
        number = parse_header(header, CIPHERTEXT)
    except InvalidRequest:
        return
    if 0 < number < keyring.record.min_decryption_version:
        raise InvalidRequest("ciphertext version is disallowed by policy (too old)")


async def encapsulate(engine: Pqc, call: Call, body: Encapsulating) -> Reply:
    """Make a shared secret, and its ciphertext."""
    uses = begin(engine.keys, call, CryptoOperation.ENCAPSULATE, body.name)
    keyring = await load(engine, body.name, Use.PROTECT, call)
    return await count_then_make(
        engine, call, keyring, body.key_version, lambda key: _prepare(key, uses, body.key_version)
    )


def _prepare(keyring: Keyring, uses: Uses, key_version: int) -> Callable[[], Reply]:
    version = keyring.version_to_encrypt(key_version, "encapsulation")
    use = uses.allow(version.facts(uses.place))

    def make() -> Reply:
        use.begin()
        shared_secret, ciphertext = version.encapsulation.encapsulate()
        use.made(0, len(ciphertext))
        return Reply(
            {
                "ciphertext": version.prefix + encode_base64(ciphertext),
                "shared_secret": encode_base64(shared_secret),
                "key_version": version.number,
            }
        )

    return make


async def decapsulate(engine: Pqc, call: Call, body: Decapsulating) -> Reply:
    """Return the shared secret of a ciphertext; a modified one may give another secret."""
    uses = begin(engine.keys, call, CryptoOperation.DECAPSULATE, body.name)
    if not body.ciphertext:
        raise InvalidRequest("missing ciphertext to decapsulate")
    version, payload = split_ciphertext(await load(engine, body.name, Use.PROCESS, call), body.ciphertext)
    use = uses.allow(version.facts(uses.place), NO_REQUEST, len(payload))
    use.begin()
    try:
        shared_secret = version.encapsulation.decapsulate(payload)
    except BadCiphertext:
        raise ForeignCiphertext from None
    except NoPrivateKey:
        raise PublicKeyOnly from None
    use.made(len(payload), len(shared_secret))
    return Reply({"shared_secret": encode_base64(shared_secret)})
