"""Password hashes of both schemes."""

from __future__ import annotations

import asyncio
import threading

import argon2
import pytest

from auth_methods import passwords
from auth_methods.passwords import InvalidHash, Scheme, check_hash, hashed, is_outdated, matches
from engines.faults import InvalidRequest, RateLimited
from engines.worker_pools import WorkerPool

# PBKDF2-HMAC-SHA-256 of "Password" with the salt "NaCl", as in RFC 7914, section 11, but with our least iterations;
# made with hashlib, to pin the form.
_PINNED = "$pbkdf2-sha256$i=100000$TmFDbA$aCdtUijjKDK/ZmlN0E28yWk+/ssK9ex8GJEn+IDjoLg"


@pytest.mark.parametrize("scheme", Scheme)
async def test_a_password_matches_its_own_hash_alone(scheme: Scheme) -> None:
    first, second = await hashed("correct horse", scheme), await hashed("correct horse", scheme)
    assert first != second
    assert first.startswith("$" + scheme.value)
    check_hash(first)
    assert await matches(first, "correct horse", scheme)
    assert not await matches(first, "correct horsf", scheme)
    assert not is_outdated(first, scheme)


async def test_hashes_of_either_scheme_are_checked_under_both() -> None:
    old = await hashed("secret", Scheme.ARGON2ID)
    assert await matches(old, "secret", Scheme.PBKDF2)
    assert is_outdated(old, Scheme.PBKDF2)
    new = await hashed("secret", Scheme.PBKDF2)
    assert await matches(new, "secret", Scheme.ARGON2ID)
    assert is_outdated(new, Scheme.ARGON2ID)


async def test_the_form_stays() -> None:
    check_hash(_PINNED)
    assert await matches(_PINNED, "Password", Scheme.PBKDF2)
    assert is_outdated(_PINNED, Scheme.PBKDF2)


async def test_weaker_parameters_are_outdated() -> None:
    weak = argon2.PasswordHasher(time_cost=1, memory_cost=16, parallelism=1).hash("secret")
    assert is_outdated(weak, Scheme.ARGON2ID)
    assert await matches(weak, "secret", Scheme.ARGON2ID)


@pytest.mark.parametrize("scheme", Scheme)
async def test_nobody_costs_as_much_work_as_somebody(scheme: Scheme, monkeypatch: pytest.MonkeyPatch) -> None:
    somebody = await hashed("secret", scheme)
    checked: list[str] = []
    verify = passwords._verify

    def noting(stored: str, password: str) -> bool:
        checked.append(stored)
        return verify(stored, password)

    monkeypatch.setattr(passwords, "_verify", noting)
    assert not await matches(None, "secret", scheme)
    assert not await matches(somebody, "wrong", scheme)
    nobodys, somebodys = (text.rsplit("$", 2) for text in checked)
    assert nobodys[0] == somebodys[0]
    assert [len(part) for part in nobodys] == [len(part) for part in somebodys]


async def test_long_passwords_are_refused() -> None:
    with pytest.raises(InvalidRequest):
        await hashed("ä" * passwords.MAX_PASSWORD_BYTES, Scheme.ARGON2ID)
    with pytest.raises(InvalidRequest):
        await matches(None, "x" * (passwords.MAX_PASSWORD_BYTES + 1), Scheme.ARGON2ID)


async def test_the_queue_has_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passwords, "_pool", WorkerPool("passwords", threads=1, places=2))
    release = threading.Event()
    monkeypatch.setattr(passwords, "_verify", lambda stored, password: release.wait(10))
    waiting = [asyncio.ensure_future(matches("$x", "secret", Scheme.ARGON2ID)) for _ in range(2)]
    await asyncio.sleep(0)
    with pytest.raises(RateLimited) as refused:
        await matches("$x", "secret", Scheme.ARGON2ID)
    assert refused.value.message == "too many requests at once for work that takes long (passwords)"
    assert refused.value.retry_after_seconds > 0
    release.set()
    assert await asyncio.gather(*waiting) == [True, True]
    assert await matches("$x", "secret", Scheme.ARGON2ID)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "secret",
        "$2a$10$N9qo8uLOickgx2ZMRZoMyeIjZAgcfl7p92ldGxad68LJZdL17lhWy",
        "$argon2i$v=19$m=65536,t=3,p=4$c29tZXNhbHQ$RdescudvJCsgt3ub+b0ddA",
        "$argon2id$v=19$m=99999999,t=3,p=4$c29tZXNhbHQ$RdescudvJCsgt3ub+b0ddA",
        "$argon2id$v=19$m=65536,t=99,p=4$c29tZXNhbHQ$RdescudvJCsgt3ub+b0ddA",
        "$pbkdf2-sha256$i=1$c2FsdA$" + "A" * 43,
        "$pbkdf2-sha256$i=99999999$c2FsdA$" + "A" * 43,
        "$pbkdf2-sha256$i=600000$c2FsdA$AAAA",
        "$pbkdf2-sha256$i=600000$c$" + "A" * 43,
        "$argon2id$" + "x" * 600,
    ],
)
def test_what_is_no_hash_or_costs_too_much_is_refused(text: str) -> None:
    with pytest.raises(InvalidHash):
        check_hash(text)
