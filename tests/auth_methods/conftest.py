"""Whole servers in memory, with the auth methods that are installed."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import argon2
import pytest
import pytest_asyncio

from auth_methods import passwords
from tests.auth_methods.fake_web import web_serving
from tests.auth_methods.github.fake_github import FakeGitHub
from tests.support.systems import Server


@pytest.fixture(autouse=True)
def cheap_passwords(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hashing is slow on purpose; tests are not."""
    monkeypatch.setattr(passwords, "_argon2id", argon2.PasswordHasher(time_cost=1, memory_cost=64, parallelism=1))


@pytest_asyncio.fixture
async def server() -> AsyncIterator[Server]:
    """An unsealed server; its client has the root token."""
    made = await Server().unsealed()
    yield made
    await made.core.stop()


@pytest.fixture
def github() -> Iterator[FakeGitHub]:
    """A GitHub of the test's own."""
    made = FakeGitHub()
    with web_serving(made):
        yield made
