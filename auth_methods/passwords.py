"""Password hashes: Argon2id (RFC 9106), or PBKDF2-HMAC-SHA-256 (NIST SP 800-132) where only that is allowed.

Both are slow on purpose and run in a thread pool of their own (``engines.worker_pools``); beyond a bound, callers are
told to retry. A hash is text that names its scheme and parameters, so hashes of either scheme can be checked; a weaker
one is replaced at the next login.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
import secrets
from enum import Enum

import argon2
from argon2.exceptions import Argon2Error, InvalidHashError

from engines.algorithms.row import Fips
from engines.faults import InvalidRequest
from engines.worker_pools import THREADS, WorkerPool

MAX_PASSWORD_BYTES = 4096
"""The longest password, in bytes."""

MAX_WAITING = 64
"""The most hashes under way or waiting at a time, in this process."""

PBKDF2_ITERATIONS = 600_000
"""Iterations, OWASP's number for SHA-256."""

_MIN_ITERATIONS, _MAX_ITERATIONS = 100_000, 10_000_000
_MAX_MEMORY_KIB = 1024 * 1024
_MAX_TIME_COST = 32
_MAX_HASH_CHARACTERS = 512
_SALT_BYTES = 16
_HASH_BYTES = 32
_PBKDF2 = re.compile(r"\$pbkdf2-sha256\$i=(\d{1,8})\$([A-Za-z0-9+/]+)\$([A-Za-z0-9+/]+)")

_argon2id = argon2.PasswordHasher()
_pool = WorkerPool("passwords", THREADS, MAX_WAITING)


class Scheme(Enum):
    """The scheme of new password hashes."""

    ARGON2ID = "argon2id"
    PBKDF2 = "pbkdf2-sha256"

    @property
    def fips(self) -> Fips:
        """Its FIPS 140-3 status (SP 800-132)."""
        return Fips.APPROVED if self is Scheme.PBKDF2 else Fips.NOT_APPROVED

    @property
    def unapproved(self) -> str:
        """Its name if it isn't approved, else ""."""
        return "" if self.fips is Fips.APPROVED else self.value


class InvalidHash(ValueError):
    """A text that is no hash of either scheme, or has parameters out of bounds."""


async def hashed(password: str, scheme: Scheme) -> str:
    """A new salted hash of ``password``. Raises ``InvalidRequest`` if it is too long, ``RateLimited`` under load."""
    _check_length(password)
    return await _pool.run(lambda: _hash(password, scheme))


async def matches(stored: str | None, password: str, scheme: Scheme) -> bool:
    """Whether ``password`` is the one of ``stored``.

    Without a stored hash the result is False, after as much work as a check of one of ``scheme`` takes.
    """
    _check_length(password)
    if stored is None:
        await _pool.run(lambda: _verify(_unmatched(scheme), password))
        return False
    return await _pool.run(lambda: _verify(stored, password))


def scheme_of(stored: str) -> Scheme:
    """The scheme of a valid hash."""
    return Scheme.PBKDF2 if _PBKDF2.fullmatch(stored) else Scheme.ARGON2ID


def is_outdated(stored: str, scheme: Scheme) -> bool:
    """Whether a hash lacks the current parameters of ``scheme`` and should be replaced."""
    if scheme is Scheme.ARGON2ID:
        return not stored.startswith("$argon2id$") or _argon2id.check_needs_rehash(stored)
    found = _PBKDF2.fullmatch(stored)
    return found is None or int(found[1]) < PBKDF2_ITERATIONS


def check_hash(text: str) -> None:
    """Raise ``InvalidHash`` unless ``text`` is a hash whose check has a bounded cost."""
    if len(text) > _MAX_HASH_CHARACTERS:
        raise InvalidHash
    found = _PBKDF2.fullmatch(text)
    if found is not None:
        if not _MIN_ITERATIONS <= int(found[1]) <= _MAX_ITERATIONS or len(_decoded(found[3])) != _HASH_BYTES:
            raise InvalidHash
        _decoded(found[2])
        return
    try:
        parameters = argon2.extract_parameters(text)
    except InvalidHashError:
        raise InvalidHash from None
    if parameters.type is not argon2.Type.ID:
        raise InvalidHash
    if parameters.memory_cost > _MAX_MEMORY_KIB or parameters.time_cost > _MAX_TIME_COST:
        raise InvalidHash


def _check_length(password: str) -> None:
    if len(password.encode()) > MAX_PASSWORD_BYTES:
        raise InvalidRequest(f"password length exceeds {MAX_PASSWORD_BYTES} bytes")


def _hash(password: str, scheme: Scheme) -> str:
    if scheme is Scheme.ARGON2ID:
        return _argon2id.hash(password)
    salt = secrets.token_bytes(_SALT_BYTES)
    digest = hashlib.pbkdf2_hmac("sha256", password.encode(), salt, PBKDF2_ITERATIONS, _HASH_BYTES)
    return f"$pbkdf2-sha256$i={PBKDF2_ITERATIONS}${_encoded(salt)}${_encoded(digest)}"


def _verify(stored: str, password: str) -> bool:
    found = _PBKDF2.fullmatch(stored)
    if found is not None:
        expected = _decoded(found[3])
        digest = hashlib.pbkdf2_hmac("sha256", password.encode(), _decoded(found[2]), int(found[1]), len(expected))
        return hmac.compare_digest(digest, expected)
    try:
        return _argon2id.verify(stored, password)
    except (Argon2Error, InvalidHashError):
        return False


def _unmatched(scheme: Scheme) -> str:
    """A hash that matches no password (except with probability 2**-256), with the current parameters."""
    salt, digest = secrets.token_bytes(_SALT_BYTES), secrets.token_bytes(_HASH_BYTES)
    if scheme is Scheme.PBKDF2:
        return f"$pbkdf2-sha256$i={PBKDF2_ITERATIONS}${_encoded(salt)}${_encoded(digest)}"
    costs = f"m={_argon2id.memory_cost},t={_argon2id.time_cost},p={_argon2id.parallelism}"
    return f"$argon2id$v=19${costs}${_encoded(salt)}${_encoded(digest)}"


def _encoded(value: bytes) -> str:
    return base64.b64encode(value).decode().rstrip("=")


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except binascii.Error:
        raise InvalidHash from None
