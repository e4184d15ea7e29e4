"""``AsyncCryptoServe``: the same client for asyncio."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Self, TypeVar

from cryptoserve.calls.remote import Bytes, ContextSettings
from cryptoserve.client import DEFAULT_TIMEOUT_SECONDS, calls_of, settings_of
from cryptoserve.errors import Unavailable
from cryptoserve.http.steps import Pause, Received, Send, SignIn, Steps, TransportFault, Work
from cryptoserve.http.transports import AsyncHttpTransport, AsyncTransport
from cryptoserve.local.bounds import Local
from cryptoserve.local.files import FilePath
from cryptoserve.logins import Login

T = TypeVar("T")


class AsyncCryptoServe:
    """``CryptoServe`` for the tasks of one event loop; arguments and calls have its names and meanings."""

    def __init__(
        self,
        app_name: str,
        team: str,
        *,
        addr: str | None = None,
        token: str | None = None,
        namespace: str | None = None,
        mount: str = "transit",
        login: Login | None = None,
        contexts: Mapping[str, ContextSettings] | None = None,
        local: Local | None = None,
        timeout: float = DEFAULT_TIMEOUT_SECONDS,
        max_retries: int | None = None,
        cacert: str | os.PathLike[str] | None = None,
    ) -> None:
        settings = settings_of(addr, token, namespace, cacert, login)
        self._calls = calls_of(settings, app_name, team, mount, login, contexts, local, timeout, max_retries)
        self._transport: AsyncTransport = AsyncHttpTransport(settings)
        self._signing_in = asyncio.Lock()
        self._closed = False

    async def encrypt(self, plaintext: Bytes, context: str) -> str:
        """Encrypt under the key of ``context``, which is made on first use; the text begins with ``vault:v``."""
        return await self._run(self._calls.encrypt(plaintext, context))

    async def decrypt(self, ciphertext: str, context: str) -> bytes:
        """Open what ``encrypt`` made for the same context, app and team. Raises ``DecryptionFailed``."""
        return await self._run(self._calls.decrypt(ciphertext, context))

    async def encrypt_many(self, plaintexts: Sequence[Bytes], context: str) -> list[str]:
        """Encrypt each, in requests of up to 100. Raises ``BatchFailed`` if some fail."""
        return await self._run(self._calls.encrypt_many(plaintexts, context))

    async def decrypt_many(self, ciphertexts: Sequence[str], context: str) -> list[bytes]:
        """Open each, in requests of up to 100. Raises ``BatchFailed`` if some fail."""
        return await self._run(self._calls.decrypt_many(ciphertexts, context))

    async def encrypt_file(self, src: FilePath, dst: FilePath, context: str) -> None:
        """Encrypt a file of any size in constant memory; ``dst`` is replaced as a whole, at the end."""
        await self._run(self._calls.encrypt_file(src, dst, context))

    async def decrypt_file(self, src: FilePath, dst: FilePath, context: str) -> None:
        """Decrypt a file, chunk by chunk; ``dst`` stays as it was unless all of it is right."""
        await self._run(self._calls.decrypt_file(src, dst, context))

    async def rewrap(self, ciphertext: str, context: str) -> str:
        """Encrypt anew under the key's latest version, at the server."""
        return await self._run(self._calls.rewrap(ciphertext, context))

    async def rotate(self, context: str) -> None:
        """Give the context's key a new version. Never repeated."""
        await self._run(self._calls.rotate(context))

    async def hmac(self, data: Bytes, context: str) -> str:
        """The HMAC-SHA-256 of ``data`` under the context's key."""
        return await self._run(self._calls.hmac(data, context))

    async def hmac_many(self, data: Sequence[Bytes], context: str) -> list[str]:
        """The code of each, in requests of up to 100."""
        return await self._run(self._calls.hmac_many(data, context))

    async def verify_hmac(self, data: Bytes, hmac: str, context: str) -> bool:
        """Whether ``hmac`` is one of ``data`` under the context's key."""
        return await self._run(self._calls.verify_hmac(data, hmac, context))

    async def sign(self, data: Bytes, key: str) -> str:
        """Sign with a key that is there, or whose ``key_type`` ``contexts`` tells."""
        return await self._run(self._calls.sign(data, key))

    async def verify(self, data: Bytes, signature: str, key: str) -> bool:
        """Whether ``signature`` is one of ``data`` by ``key``."""
        return await self._run(self._calls.verify(data, signature, key))

    async def close(self) -> None:
        """Close all connections. The client can't be used any more."""
        self._closed = True
        self._calls.close()
        await self._transport.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def _run(self, steps: Steps[T]) -> T:
        """Carry out ``steps`` to their end."""
        if self._closed:
            raise RuntimeError("the client is closed")
        given: Received | None = None
        fault: Exception | None = None
        while True:
            try:
                step = steps.send(given) if fault is None else steps.throw(fault)
            except StopIteration as end:
                value: T = end.value
                return value
            given = fault = None
            match step:
                case Send():
                    try:
                        given = await self._transport.send(step)
                    except TransportFault as lost:
                        fault = lost
                case Pause(seconds):
                    await asyncio.sleep(seconds)
                case Work(work):
                    try:
                        await asyncio.to_thread(work)
                    except Exception as failed:  # noqa: BLE001 - it is raised where the call waits for it
                        fault = failed
                case SignIn():
                    try:
                        await self._sign_in(step)
                    except Exception as refused:  # noqa: BLE001 - it is raised where the call waits for it
                        fault = refused

    async def _sign_in(self, step: SignIn) -> None:
        try:
            async with asyncio.timeout(step.deadline - time.monotonic()):
                await self._signing_in.acquire()
        except TimeoutError:
            raise Unavailable("another call of this client is still at the login") from None
        try:
            await self._run(step.steps)
        finally:
            self._signing_in.release()
