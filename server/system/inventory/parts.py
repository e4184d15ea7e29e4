"""Cryptography of the server itself, beside keys of engines. None of it is claimed to be validated."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version
from typing import Any

from server.runtime import openssl
from server.system.state import System

_LIBRARIES = ("pynacl", "pycryptodomex", "pqcrypto", "argon2-cffi", "liboqs-python")


def describe_server(system: System) -> list[dict[str, Any]]:
    """What the server uses: its barrier, HMACs, passwords, seal, listeners and libraries."""
    seal = system.core.stored_seal.seal.type
    found = [
        _part("barrier", "entries", "AES-256-GCM"),
        _part("barrier", "keys of namespaces", "HKDF-SHA-256"),
        _part("audit", "values in entries", "HMAC-SHA-256"),
        _part("token", "ids in storage", "HMAC-SHA-256"),
        _part("password", "userpass", "Argon2id"),
        _part("seal", seal, "Shamir over GF(2^8)" if seal == "shamir" else "AES-256-GCM"),
    ]
    found += [_part("tls", each.listener, "TLS") for each in system.core.runtime.certificates]
    library = openssl.of_cryptography().version
    found.append(_part("provider", "cryptography", library, version("cryptography")))
    for name in _LIBRARIES:
        try:
            found.append(_part("provider", name, "", version(name)))
        except PackageNotFoundError:
            continue
    return found


def _part(kind: str, name: str, algorithm: str, version: str = "") -> dict[str, Any]:
    return {"kind": kind, "name": name, "algorithm": algorithm, "version": version, "validated": False}
