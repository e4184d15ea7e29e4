"""``CryptoServe``: encryption by context, for code without an event loop."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Self, TypeVar

from cryptoserve.calls.local import LocalCalls
from cryptoserve.calls.remote import Bytes, Calls, ContextSettings
from cryptoserve.errors import Unavailable
from cryptoserve.http.exchange import Exchange
from cryptoserve.http.session import Session
from cryptoserve.http.steps import Pause, Received, Send, SignIn, Steps, TransportFault, Work
from cryptoserve.http.transports import HttpTransport, Transport
from cryptoserve.local.bounds import Local
from cryptoserve.local.files import FilePath
from cryptoserve.logins import ClientCertificate, Login
from cryptoserve.settings import Settings, resolved

T = TypeVar("T")

DEFAULT_TIMEOUT_SECONDS = 30.0


class CryptoServe:
    """A client of one server for one application; any number of threads may use it.

    ``app_name`` and ``team`` are bound into every ciphertext: another app or team can't open it. They are names, as
    contexts are: 1 to 128 ASCII letters, digits and ``_``, with ``.`` and ``-`` inside; else ``ValueError``.

    ``addr``, ``token``, ``namespace`` and ``cacert`` come from the environment if they aren't given:
    ``CRYPTOSERVE_ADDR`` before ``BAO_ADDR`` before ``VAULT_ADDR``, and so on; the token also from ``~/.vault-token``.
    ``login`` gets a token instead (``cryptoserve.logins``). ``mount`` is where the engine is. ``contexts`` tells what
    keys are to be that have to be made: ``{"card-data": {"data_class": "pci", "key_type": None}}``.

    With ``local``, the client encrypts by itself, see ``Local``.

    ``timeout`` is in seconds, for each call with all of its repeats (for each request of a long list); ``max_retries``
    None repeats as often as it allows. Calls raise ``CryptoServeError``, see ``cryptoserve.errors``.
    """

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
        self._transport: Transport = HttpTransport(settings)
        self._signing_in, self._process = threading.Lock(), os.getpid()
        self._closed = False

    def encrypt(self, plaintext: Bytes, context: str) -> str:
        """Encrypt under the key of ``context``, which is made on first use; the text begins with ``vault:v``."""
        return self._run(self._calls.encrypt(plaintext, context))

    def decrypt(self, ciphertext: str, context: str) -> bytes:
        """Open what ``encrypt`` made for the same context, app and team. Raises ``DecryptionFailed``."""
        return self._run(self._calls.decrypt(ciphertext, context))

    def encrypt_many(self, plaintexts: Sequence[Bytes], context: str) -> list[str]:
        """Encrypt each, in requests of up to 100. Raises ``BatchFailed`` if some fail."""
        return self._run(self._calls.encrypt_many(plaintexts, context))

    def decrypt_many(self, ciphertexts: Sequence[str], context: str) -> list[bytes]:
        """Open each, in requests of up to 100. Raises ``BatchFailed`` if some fail."""
        return self._run(self._calls.decrypt_many(ciphertexts, context))

    def encrypt_file(self, src: FilePath, dst: FilePath, context: str) -> None:
        """Encrypt a file of any size in constant memory; ``dst`` is replaced as a whole, at the end."""
        self._run(self._calls.encrypt_file(src, dst, context))

    def decrypt_file(self, src: FilePath, dst: FilePath, context: str) -> None:
        """Decrypt a file, chunk by chunk; ``dst`` stays as it was unless all of it is right."""
        self._run(self._calls.decrypt_file(src, dst, context))

    def rewrap(self, ciphertext: str, context: str) -> str:
        """Encrypt anew under the key's latest version, at the server: the plaintext doesn't come here."""
        return self._run(self._calls.rewrap(ciphertext, context))

    def rotate(self, context: str) -> None:
        """Give the context's key a new version. Never repeated: after ``Unavailable``, it may have happened."""
        self._run(self._calls.rotate(context))

    def hmac(self, data: Bytes, context: str) -> str:
        """The HMAC-SHA-256 of ``data`` under the context's key; the same for all apps and teams."""
        return self._run(self._calls.hmac(data, context))

    def hmac_many(self, data: Sequence[Bytes], context: str) -> list[str]:
        """The code of each, in requests of up to 100."""
        return self._run(self._calls.hmac_many(data, context))

    def verify_hmac(self, data: Bytes, hmac: str, context: str) -> bool:
        """Whether ``hmac`` is one of ``data`` under the context's key."""
        return self._run(self._calls.verify_hmac(data, hmac, context))

    def sign(self, data: Bytes, key: str) -> str:
        """Sign with a key that is there, or whose ``key_type`` ``contexts`` tells."""
        return self._run(self._calls.sign(data, key))

    def verify(self, data: Bytes, signature: str, key: str) -> bool:
        """Whether ``signature`` is one of ``data`` by ``key``."""
        return self._run(self._calls.verify(data, signature, key))

    def close(self) -> None:
        """Close all connections. The client can't be used any more."""
        self._closed = True
        self._calls.close()
        self._transport.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _run(self, steps: Steps[T]) -> T:
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
                        given = self._transport.send(step)
                    except TransportFault as lost:
                        fault = lost
                case Pause(seconds):
                    time.sleep(seconds)
                case Work(work):
                    try:
                        work()
                    except Exception as failed:  # noqa: BLE001 - it is raised where the call waits for it
                        fault = failed
                case SignIn():
                    try:
                        self._sign_in(step)
                    except Exception as refused:  # noqa: BLE001 - it is raised where the call waits for it
                        fault = refused

    def _sign_in(self, step: SignIn) -> None:
        if self._process != os.getpid():
            # The thread that may hold the lock is not in this process.
            self._signing_in, self._process = threading.Lock(), os.getpid()
        lock = self._signing_in
        if not lock.acquire(timeout=max(0.0, step.deadline - time.monotonic())):
            raise Unavailable("another call of this client is still at the login")
        try:
            self._run(step.steps)
        finally:
            lock.release()


def settings_of(
    addr: str | None,
    token: str | None,
    namespace: str | None,
    cacert: str | os.PathLike[str] | None,
    login: Login | None,
) -> Settings:
    """The settings of a client with these arguments. Raises ``ValueError``."""
    if login is not None and token is not None:
        raise ValueError("expected token or login, not both")
    certificate = login.files() if isinstance(login, ClientCertificate) else None
    return resolved(addr, token, namespace, cacert, signs_in=login is not None, certificate=certificate)


def calls_of(
    settings: Settings,
    app_name: str,
    team: str,
    mount: str,
    login: Login | None,
    contexts: Mapping[str, ContextSettings] | None,
    local: Local | None,
    timeout: float,
    max_retries: int | None,
) -> LocalCalls:
    """The operations of a client with these arguments. Raises ``ValueError``."""
    if not 0 < timeout <= threading.TIMEOUT_MAX:
        raise ValueError(f"timeout: expected a number of seconds above 0, got {timeout}")
    if max_retries is not None and max_retries < 0:
        raise ValueError(f"max_retries: expected None or a number from 0 on, got {max_retries}")
    exchange = Exchange(settings.address.path, settings.namespace, timeout, max_retries)
    calls = Calls(Session(exchange, settings.token, login), exchange, app_name, team, mount, contexts)
    return LocalCalls(calls, local)
