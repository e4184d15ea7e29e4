"""A client that brings its own keys along, as clients of ``transit/keys/NAME/import`` do it."""

from __future__ import annotations

import base64
import os
from typing import Any

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.keywrap import aes_key_wrap_with_padding

from tests.support.systems import Server

OAEP = padding.OAEP(padding.MGF1(hashes.SHA256()), hashes.SHA256(), None)


def text(data: bytes) -> str:
    return base64.b64encode(data).decode()


class Importer:
    """A client that brings its keys along."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._recipient: rsa.RSAPublicKey | None = None
        self._count = 0

    async def post(self, path: str, **body: Any) -> tuple[int, Any]:
        """Status and answer of a write below the mount."""
        return await self._server.ask("POST", f"transit/{path}", body)

    async def data(self, path: str, **body: Any) -> Any:
        """The data of a write that must succeed."""
        status, answer = await self.post(path, **body)
        assert status == 200, answer
        return answer["data"]

    async def read(self, path: str) -> Any:
        """The data of a read that must succeed."""
        status, answer = await self._server.ask("GET", f"transit/{path}")
        assert status == 200, answer
        return answer["data"]

    async def delete(self, path: str) -> None:
        """A deletion that must succeed."""
        assert (await self._server.ask("DELETE", f"transit/{path}"))[0] == 204

    async def recipient(self) -> rsa.RSAPublicKey:
        """The server's wrapping key."""
        if self._recipient is None:
            pem = (await self.read("wrapping_key"))["public_key"]
            loaded = serialization.load_pem_public_key(pem.encode())
            assert isinstance(loaded, rsa.RSAPublicKey)
            self._recipient = loaded
        return self._recipient

    async def bring(self, type_: str, key: bytes, **settings: Any) -> str:
        """Import ``key`` as a client does it; its name."""
        wrapping = os.urandom(32)
        sealed = (await self.recipient()).encrypt(wrapping, OAEP) + aes_key_wrap_with_padding(wrapping, key)
        return await self.bring_wrapped(type_, sealed, **settings)

    async def bring_wrapped(self, type_: str, sealed: bytes, **settings: Any) -> str:
        """Import what is wrapped already; its name."""
        self._count += 1
        name = f"k{self._count}"
        status, answer = await self.post(f"keys/{name}/import", type=type_, ciphertext=text(sealed), **settings)
        assert status == 204, answer
        return name

    async def bring_public(self, type_: str, pem: str) -> str:
        """Import a public key; its name."""
        self._count += 1
        name = f"k{self._count}"
        status, answer = await self.post(f"keys/{name}/import", type=type_, public_key=pem)
        assert status == 204, answer
        return name
