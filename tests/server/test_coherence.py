"""What one worker has changed, the next request to any other sees: never a stale answer, whatever the order."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from server.mounts import new_entry
from tests.server.crews import Crew, Member, crew_of

WORKERS = 3
STEPS = 300
TASKS = 4

PLAINTEXT = "aGVsbG8="


@dataclass
class Owned:
    """What one task has made and nobody else touches; so it knows what each answer must be."""

    prefix: str
    versions: dict[str, int] = field(default_factory=dict)
    tokens: dict[str, bool] = field(default_factory=dict)
    """By id: whether it may encrypt."""

    revoked: list[str] = field(default_factory=list)
    allowed: bool = False
    mounted: bool = False


class Client:
    """Does one thing after another, each through a worker chosen by chance."""

    def __init__(self, crew: Crew, name: str, seed: int) -> None:
        self._crew = crew
        self._random = random.Random(seed)
        self.owned = Owned(name)

    async def run(self, steps: int) -> None:
        await self._write_policy()
        await self._create_key()
        for _ in range(steps):
            await self._step()()

    def _step(self) -> Callable[[], Awaitable[None]]:
        writes = [self._create_key, self._rotate_key, self._create_token, self._revoke_token, self._write_policy]
        writes += [self._mount, self._delete_key, self._limited_token]
        reads = [self._read_key, self._encrypt, self._use_token, self._use_revoked, self._use_mount]
        return self._random.choice(self._random.choice([writes, reads, reads]))

    async def ask(self, method: str, path: str, body: object = None, token: str = "") -> tuple[int, Any]:
        member: Member = self._random.choice(self._crew.members)
        return await member.ask(method, path, body, token or self._crew.root_token)

    def _key(self) -> str | None:
        return self._random.choice(sorted(self.owned.versions)) if self.owned.versions else None

    async def _create_key(self) -> None:
        name = f"{self.owned.prefix}-{self._random.randrange(4)}"
        assert (await self.ask("POST", f"transit/keys/{name}", {}))[0] == 200
        self.owned.versions.setdefault(name, 1)

    async def _rotate_key(self) -> None:
        if name := self._key():
            assert (await self.ask("POST", f"transit/keys/{name}/rotate"))[0] == 200
            self.owned.versions[name] += 1

    async def _delete_key(self) -> None:
        if len(self.owned.versions) > 1 and (name := self._key()):
            assert (await self.ask("POST", f"transit/keys/{name}/config", {"deletion_allowed": True}))[0] == 200
            assert (await self.ask("DELETE", f"transit/keys/{name}"))[0] == 204
            del self.owned.versions[name]
            assert (await self.ask("GET", f"transit/keys/{name}"))[0] == 404

    async def _read_key(self) -> None:
        if name := self._key():
            status, answer = await self.ask("GET", f"transit/keys/{name}")
            assert (status, answer["data"]["latest_version"]) == (200, self.owned.versions[name])

    async def _encrypt(self) -> None:
        if name := self._key():
            _, answer = await self.ask("POST", f"transit/encrypt/{name}", {"plaintext": PLAINTEXT})
            ciphertext = answer["data"]["ciphertext"]
            assert ciphertext.startswith(f"vault:v{self.owned.versions[name]}:")
            _, opened = await self.ask("POST", f"transit/decrypt/{name}", {"ciphertext": ciphertext})
            assert opened["data"]["plaintext"] == PLAINTEXT

    async def _write_policy(self) -> None:
        """Allow or forbid every token of ours to encrypt."""
        allowed = self._random.random() < 0.5
        rule = 'capabilities = ["update"]' if allowed else 'capabilities = ["deny"]'
        text = f'path "transit/encrypt/{self.owned.prefix}-*" {{ {rule} }}'
        assert (await self.ask("PUT", f"sys/policies/acl/{self.owned.prefix}", {"policy": text}))[0] == 204
        self.owned.allowed = allowed

    async def _create_token(self) -> None:
        if len(self.owned.tokens) < 6:
            _, answer = await self.ask("POST", "auth/token/create", {"policies": [self.owned.prefix]})
            self.owned.tokens[answer["auth"]["client_token"]] = True

    async def _revoke_token(self) -> None:
        if self.owned.tokens:
            token = self._random.choice(sorted(self.owned.tokens))
            assert (await self.ask("POST", "auth/token/revoke", {"token": token}))[0] == 204
            del self.owned.tokens[token]
            self.owned.revoked = [*self.owned.revoked[-5:], token]

    async def _use_token(self) -> None:
        if self.owned.tokens and (name := self._key()):
            token = self._random.choice(sorted(self.owned.tokens))
            assert (await self.ask("GET", "auth/token/lookup-self", token=token))[0] == 200
            status, _ = await self.ask("POST", f"transit/encrypt/{name}", {"plaintext": PLAINTEXT}, token)
            assert status == (200 if self.owned.allowed else 403)

    async def _use_revoked(self) -> None:
        if self.owned.revoked:
            token = self._random.choice(self.owned.revoked)
            assert (await self.ask("GET", "auth/token/lookup-self", token=token))[0] == 403

    async def _limited_token(self) -> None:
        """A token for three uses has three, wherever they are made, all at once too."""
        _, answer = await self.ask("POST", "auth/token/create", {"policies": ["default"], "num_uses": 3})
        token = answer["auth"]["client_token"]
        asked = [self.ask("GET", "auth/token/lookup-self", token=token) for _ in range(5)]
        statuses = [status for status, _ in await asyncio.gather(*asked)]
        assert sorted(statuses) == [200, 200, 200, 403, 403]

    async def _mount(self) -> None:
        path = f"sys/mounts/{self.owned.prefix}"
        if self.owned.mounted:
            assert (await self.ask("DELETE", path))[0] == 204
        else:
            assert (await self.ask("POST", path, {"type": "transit"}))[0] == 204
        self.owned.mounted = not self.owned.mounted

    async def _use_mount(self) -> None:
        status, _ = await self.ask("POST", f"{self.owned.prefix}/random", {"bytes": 16})
        assert status == (200 if self.owned.mounted else 404)


@pytest.mark.parametrize("seed", range(3))
async def test_no_answer_is_ever_stale(tmp_path: Path, seed: int) -> None:
    async with crew_of(WORKERS, tmp_path) as crew:
        await crew.unsealed()
        active = crew.members[0].core.active
        assert active is not None
        await active.root.mounts.enable(new_entry("transit/", "transit"))
        await Client(crew, "alone", seed).run(STEPS // 3)
        clients = [Client(crew, f"client-{number}", seed * TASKS + number) for number in range(TASKS)]
        await asyncio.gather(*(client.run(STEPS // TASKS) for client in clients))


async def test_the_barriers_key_is_rotated_under_way(tmp_path: Path) -> None:
    """A term that one worker has added is unknown to another until it meets it."""
    async with crew_of(2, tmp_path) as crew:
        await crew.unsealed()
        first, second = crew.members
        active = first.core.active
        assert active is not None
        await active.root.mounts.enable(new_entry("transit/", "transit"))
        token = crew.root_token
        for term in range(2, 6):
            rotating, other = (first, second) if term % 2 else (second, first)
            assert (await rotating.ask("POST", "sys/rotate", token=token))[0] == 204
            _, answer = await other.ask("GET", "sys/key-status", token=token)
            assert answer["data"]["term"] == term
            assert (await rotating.ask("POST", f"transit/keys/{term}", {}, token))[0] == 200
            assert (await other.ask("GET", f"transit/keys/{term}", token=token))[0] == 200
        assert (await first.core.barrier.key_status()).encryptions >= 1
