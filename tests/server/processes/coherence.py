"""A client of several workers that knows what each answer must be, and chooses by chance which worker it asks."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

PLAINTEXT = "aGVsbG8="


class Asked(Protocol):
    """A worker, or a connection to one."""

    async def ask(self, method: str, path: str, body: object = None, token: str = "") -> tuple[int, Any]:
        """Status and decoded body of the answer."""


@dataclass
class Owned:
    """What one client has made and nobody else touches; so it knows what each answer must be."""

    prefix: str
    versions: dict[str, int] = field(default_factory=dict)
    tokens: dict[str, bool] = field(default_factory=dict)
    """By id: whether it may encrypt."""

    revoked: list[str] = field(default_factory=list)
    allowed: bool = False
    mounted: bool = False


class Client:
    """Does one thing after another with keys, tokens, a policy and a mount of its own; ``transit/`` must be mounted."""

    def __init__(self, workers: Sequence[Asked], root_token: str, name: str, seed: int) -> None:
        self._workers = workers
        self._root_token = root_token
        self._random = random.Random(seed)
        self.owned = Owned(name)

    async def run(self, steps: int) -> None:
        """Take ``steps`` steps, and raise ``AssertionError`` at the first answer that isn't up to date."""
        await self._write_policy()
        await self._create_key()
        for _ in range(steps):
            await self._step()()

    def _step(self) -> Callable[[], Awaitable[None]]:
        writes = [self._create_key, self._rotate_key, self._create_token, self._revoke_token, self._write_policy]
        writes += [self._mount, self._delete_key, self._limited_token]
        reads = [self._read_key, self._encrypt, self._use_token, self._use_revoked, self._use_mount]
        return self._random.choice(self._random.choice([writes, reads, reads]))

    async def _ask(self, method: str, path: str, body: object = None, token: str = "") -> tuple[int, Any]:
        return await self._random.choice(self._workers).ask(method, path, body, token or self._root_token)

    def _key(self) -> str | None:
        return self._random.choice(sorted(self.owned.versions)) if self.owned.versions else None

    async def _create_key(self) -> None:
        name = f"{self.owned.prefix}-{self._random.randrange(4)}"
        assert (await self._ask("POST", f"transit/keys/{name}", {}))[0] == 200
        self.owned.versions.setdefault(name, 1)

    async def _rotate_key(self) -> None:
        if name := self._key():
            assert (await self._ask("POST", f"transit/keys/{name}/rotate"))[0] == 200
            self.owned.versions[name] += 1

    async def _delete_key(self) -> None:
        if len(self.owned.versions) > 1 and (name := self._key()):
            assert (await self._ask("POST", f"transit/keys/{name}/config", {"deletion_allowed": True}))[0] == 200
            assert (await self._ask("DELETE", f"transit/keys/{name}"))[0] == 204
            del self.owned.versions[name]
            assert (await self._ask("GET", f"transit/keys/{name}"))[0] == 404

    async def _read_key(self) -> None:
        if name := self._key():
            status, answer = await self._ask("GET", f"transit/keys/{name}")
            assert (status, answer["data"]["latest_version"]) == (200, self.owned.versions[name])

    async def _encrypt(self) -> None:
        if name := self._key():
            _, answer = await self._ask("POST", f"transit/encrypt/{name}", {"plaintext": PLAINTEXT})
            ciphertext = answer["data"]["ciphertext"]
            assert ciphertext.startswith(f"vault:v{self.owned.versions[name]}:")
            _, opened = await self._ask("POST", f"transit/decrypt/{name}", {"ciphertext": ciphertext})
            assert opened["data"]["plaintext"] == PLAINTEXT

    async def _write_policy(self) -> None:
        """Allow or forbid every token of ours to encrypt."""
        allowed = self._random.random() < 0.5
        rule = 'capabilities = ["update"]' if allowed else 'capabilities = ["deny"]'
        text = f'path "transit/encrypt/{self.owned.prefix}-*" {{ {rule} }}'
        assert (await self._ask("PUT", f"sys/policies/acl/{self.owned.prefix}", {"policy": text}))[0] == 204
        self.owned.allowed = allowed

    async def _create_token(self) -> None:
        if len(self.owned.tokens) < 6:
            _, answer = await self._ask("POST", "auth/token/create", {"policies": [self.owned.prefix]})
            self.owned.tokens[answer["auth"]["client_token"]] = True

    async def _revoke_token(self) -> None:
        if self.owned.tokens:
            token = self._random.choice(sorted(self.owned.tokens))
            assert (await self._ask("POST", "auth/token/revoke", {"token": token}))[0] == 204
            del self.owned.tokens[token]
            self.owned.revoked = [*self.owned.revoked[-5:], token]

    async def _use_token(self) -> None:
        if self.owned.tokens and (name := self._key()):
            token = self._random.choice(sorted(self.owned.tokens))
            assert (await self._ask("GET", "auth/token/lookup-self", token=token))[0] == 200
            status, _ = await self._ask("POST", f"transit/encrypt/{name}", {"plaintext": PLAINTEXT}, token)
            assert status == (200 if self.owned.allowed else 403)

    async def _use_revoked(self) -> None:
        if self.owned.revoked:
            token = self._random.choice(self.owned.revoked)
            assert (await self._ask("GET", "auth/token/lookup-self", token=token))[0] == 403

    async def _limited_token(self) -> None:
        """A token for three uses has three, wherever they are made, all at once too."""
        _, answer = await self._ask("POST", "auth/token/create", {"policies": ["default"], "num_uses": 3})
        token = answer["auth"]["client_token"]
        asked = [self._ask("GET", "auth/token/lookup-self", token=token) for _ in range(5)]
        statuses = [status for status, _ in await asyncio.gather(*asked)]
        assert sorted(statuses) == [200, 200, 200, 403, 403]

    async def _mount(self) -> None:
        path = f"sys/mounts/{self.owned.prefix}"
        if self.owned.mounted:
            assert (await self._ask("DELETE", path))[0] == 204
        else:
            assert (await self._ask("POST", path, {"type": "transit"}))[0] == 204
        self.owned.mounted = not self.owned.mounted

    async def _use_mount(self) -> None:
        status, _ = await self._ask("POST", f"{self.owned.prefix}/random", {"bytes": 16})
        assert status == (200 if self.owned.mounted else 404)
