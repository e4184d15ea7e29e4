"""Checks that refuse unsafe settings in production, where ``-dev`` isn't given.

Each rule is about a mistake that goes unnoticed until data is lost or an attacker exploits it: a published example as
the seal key, keys readable by every account of the machine, passwords over plain HTTP, secrets in the audit log, and
words of a development server. docs/deploying.md has the table of the rules, with their overrides.
"""

from __future__ import annotations

import binascii
import os
import stat
from base64 import b64decode, urlsafe_b64decode
from collections.abc import Mapping, Sequence
from ipaddress import ip_address
from itertools import pairwise

from cryptoserve_cli.flags import Flag, Flags
from server.audit.options import writes_raw
from server.config import schema as words
from server.config.settings import AuditDevice, Config, Listener, Seal
from server.config.source import NOWHERE, ConfigError, Place

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
        if listener.ui and not _private(listener):
            raise ConfigError(
                "the console isn't served over plain HTTP beyond this machine; expected tls_cert_file and tls_key_file "
                "or ui_address to name a loopback address",
                listener.place,
            )
    if config.seal.type == "static":
        _check_static_seal(config.seal, environment)
    if config.storage.type == "inmem":
        raise ConfigError(
            'storage "inmem" loses all keys when the server stops; expected storage "sqlite" { path = "..." }, or -dev '
            "for a development server",
            config.storage.place,
        )
    for device in config.audit:
        if writes_raw(device.options):
            warnings.append(_check_raw(device, allowed=config.allow_log_raw))
    return warnings


def check_flags(flags: Flags, known: Sequence[Flag], environment: Mapping[str, str]) -> None:
    """Raise ``ConfigError`` for flags of a development server, or their environment variables, without ``-dev``."""
    if flags.has("dev"):
        return
    for flag in known:
        if not flag.name.startswith("dev-") or not (flags.all(flag.name) or flags.has(flag.name)):
            continue
        variables = [name for name in flag.environment if environment.get(name)]
        also = f" (or the environment variable {' and '.join(variables)})" if variables else ""
        raise ConfigError(
            f"-{flag.name}{also} is for development servers; expected it to be removed, or -dev to be given too"
        )


def is_loopback(address: str) -> bool:
    """Whether ``address`` (``host:port``) can be reached only from this machine."""
    host = address.rpartition(":")[0].strip("[]")
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _private(listener: Listener) -> bool:
    """Whether nothing between this machine and a client can read what it serves."""
    return listener.type != "tcp" or listener.tls or is_loopback(listener.address)


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
    if listener.tls and os.path.exists(listener.tls_key_file):
        # A missing key is told by the listener, together with its certificate.
        _refuse_readable(listener.tls_key_file, "the file of tls_key_file", listener.place)
    if _private(listener):
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
            _refuse_readable(value.removeprefix("file://"), f"the file of {word.name}", seal.place)
        elif not value.startswith("env://") and not any(environment.get(name) for name in word.environment):
            _refuse_readable(seal.place.file, f"the configuration file with {word.name}", seal.place)
        if word.name == "current_key" and _is_example(_key_bytes(value, environment)):
            raise ConfigError(f"{word.name} is an example or not random; expected 32 random bytes", seal.place)


def _check_raw(device: AuditDevice, *, allowed: bool) -> str:
    """The warning about ``device``, which writes secrets in the clear. Raises ``ConfigError`` unless ``allowed``."""
    name = f'audit "{device.type}" "{device.path}"'
    if not allowed:
        raise ConfigError(
            f"{name}: log_raw writes tokens and plaintexts to the log as they are; expected it to be removed, or "
            "allow_log_raw = true at the top level",
            device.place,
        )
    return f"{device.place}: {name}: log_raw writes tokens and plaintexts to the log as they are"


def _refuse_readable(path: str, what: str, place: Place) -> None:
    try:
        mode = os.stat(path).st_mode
    except OSError as error:
        raise ConfigError(f"can't read {what}: {path}: {error.strerror}", place) from None
    if mode & (stat.S_IROTH | stat.S_IWOTH):
        raise ConfigError(f"{what} is open to all accounts: {path}; expected mode 0600", place)


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
