"""Checks that refuse unsafe settings in production, where ``-dev`` isn't given.

Each rule is about a mistake that goes unnoticed until an attacker exploits it: a published example as the seal key, a
seal key readable by every account of the machine, and passwords over plain HTTP.
"""

from __future__ import annotations

import binascii
import os
import stat
from base64 import b64decode, urlsafe_b64decode
from collections.abc import Mapping
from ipaddress import ip_address
from itertools import pairwise

from server.config import schema as words
from server.config.settings import Config, Listener, Seal
from server.config.source import NOWHERE, ConfigError

_KEY_BYTES = 32
_FEWEST_DISTINCT_BYTES = 8
_KNOWN_KEYS = frozenset(
    bytes.fromhex(text)
    for text in (
        # Published AES-256 keys: NIST SP 800-38A, appendix F, and FIPS 197, appendix C.
        "603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4",
        "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f",
    )
)


def check_production(config: Config, environment: Mapping[str, str]) -> list[str]:
    """Raise ``ConfigError`` for unsafe settings; return warnings about risky ones."""
    warnings = []
    for listener in config.listeners:
        warnings += _check_listener(listener)
    if config.seal.type == "static":
        _check_static_seal(config.seal, environment)
    if config.storage.type == "inmem":
        warnings.append('storage "inmem" keeps nothing: all keys are lost when the server stops')
    return warnings


def is_loopback(address: str) -> bool:
    """Whether ``address`` (``host:port``) can be reached only from this machine."""
    host = address.rpartition(":")[0].strip("[]")
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _check_listener(listener: Listener) -> list[str]:
    if listener.type != "tcp":
        return []
    if bool(listener.tls_cert_file) != bool(listener.tls_key_file):
        raise ConfigError("tls_cert_file and tls_key_file belong together; one is missing", listener.place)
    if listener.tls_require_and_verify_client_cert and listener.tls_disable_client_certs:
        raise ConfigError(
            "tls_require_and_verify_client_cert and tls_disable_client_certs exclude each other", listener.place
        )
    if listener.tls_max_version < listener.tls_min_version:
        raise ConfigError("tls_max_version is older than tls_min_version", listener.place)
    if listener.tls or is_loopback(listener.address):
        return []
    if not listener.tls_disable:
        raise ConfigError(
            f"the listener at {listener.address} can be reached from other machines and has no TLS; expected "
            "tls_cert_file and tls_key_file, or tls_disable = true if something in front of it does TLS",
            listener.place,
        )
    return [warn_of_plain_http(listener)]


def warn_of_plain_http(listener: Listener) -> str:
    """The warning about a listener without TLS that other machines can reach."""
    place = "" if listener.place is NOWHERE else f"{listener.place}: "
    return f"{place}{listener.address} serves plain HTTP to other machines; tokens can be read on the way"


def _check_static_seal(seal: Seal, environment: Mapping[str, str]) -> None:
    for word in words.SEALS["static"]:
        value = seal.options.get(word.name)
        if word.name not in ("current_key", "previous_key") or not value:
            continue
        if value.startswith("file://"):
            _refuse_readable(value.removeprefix("file://"), f"the file of {word.name}", seal)
        elif not value.startswith("env://") and not any(environment.get(name) for name in word.environment):
            _refuse_readable(seal.place.file, f"the configuration file with {word.name}", seal)
        if word.name == "current_key" and _is_example(_key_bytes(value, environment)):
            raise ConfigError(f"{word.name} is an example or not random; expected 32 random bytes", seal.place)


def _refuse_readable(path: str, what: str, seal: Seal) -> None:
    try:
        mode = os.stat(path).st_mode
    except OSError as error:
        raise ConfigError(f"can't read {what}: {path}: {error.strerror}", seal.place) from None
    if mode & (stat.S_IROTH | stat.S_IWOTH):
        raise ConfigError(f"{what} is open to all accounts: {path}; expected mode 0600", seal.place)


def _key_bytes(value: str, environment: Mapping[str, str]) -> bytes:
    """The key bytes, if they can be decoded; the seal refuses malformed ones."""
    content = value.encode()
    if value.startswith("env://"):
        content = environment.get(value.removeprefix("env://"), "").encode()
    elif value.startswith("file://"):
        try:
            with open(value.removeprefix("file://"), "rb") as file:
                content = file.read(1024)
        except OSError:
            return b""
    if len(content) == _KEY_BYTES:
        return content
    text = content.strip()
    for decode in (binascii.unhexlify, b64decode, lambda unpadded: urlsafe_b64decode(unpadded + b"=")):
        try:
            key = decode(text)
        except ValueError:
            continue
        if len(key) == _KEY_BYTES:
            return key
    return b""


def _is_example(key: bytes) -> bool:
    """Whether ``key`` is published, or has a pattern that 32 random bytes have with negligible probability."""
    if len(key) != _KEY_BYTES:
        return False
    steps = {(after - before) % 256 for before, after in pairwise(key)}
    return key in _KNOWN_KEYS or len(set(key)) < _FEWEST_DISTINCT_BYTES or len(steps) == 1
