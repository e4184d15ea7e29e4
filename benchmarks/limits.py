"""What no server built this way can exceed: uvicorn with an empty handler, and OpenSSL alone on one core.

The first is measured with requests and answers of the same sizes as the workload's, with as many workers as the server
has; the second calls the same library as the server, in this process, without any HTTP.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from benchmarks import load
from benchmarks.workloads import BATCH, PLAINTEXT_BYTES, Task
from tests.products import HOST, ServerFailed, free_port
from tests.servers import CHECKOUT, REQUEST_SECONDS, START_SECONDS

_SLICE = 64


@contextmanager
def empty_server(workers: int) -> Iterator[int]:
    """A uvicorn with an empty handler and so many workers; the port it listens at."""
    port = free_port()
    arguments = ["benchmarks.empty:application", "--host", HOST, "--port", str(port)]
    arguments += ["--workers", str(workers), "--log-level", "warning", "--no-access-log"]
    process = subprocess.Popen([sys.executable, "-m", "uvicorn", *arguments], cwd=CHECKOUT, start_new_session=True)
    try:
        _await_answer(port)
        yield port
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait(REQUEST_SECONDS)


def _await_answer(port: int) -> None:
    probe = load.build_request("POST", "/2", f"{HOST}:{port}", b"{}", "")
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        try:
            if load.run(HOST, port, [probe], 0.05, connections=1).latencies_seconds:
                return
        except OSError:
            time.sleep(0.02)
    raise ServerFailed("uvicorn with an empty handler did not start")


def empty_handler(port: int, task: Task, answer_bytes: int, seconds: float) -> load.Load:
    """Send the bodies of ``task`` to the empty handler, which answers ``answer_bytes``."""
    host = f"{HOST}:{port}"
    requests = [load.build_request("POST", f"/{answer_bytes}", host, body, "s." + "0" * 24) for body in task.bodies]
    return load.run(HOST, port, requests, seconds)


def openssl_per_second(name: str, seconds: float) -> float:
    """How many of the workload's requests one core could serve if there were nothing to do but the cryptography."""
    operate = _OPERATIONS[name]()
    count, started = 0, time.perf_counter()
    while (elapsed := time.perf_counter() - started) < seconds:
        for _ in range(_SLICE):
            operate()
        count += _SLICE
    return count / elapsed / (BATCH if name.endswith("-batch") else 1)


def _encrypt() -> Callable[[], object]:
    seal, plaintext = AESGCM(AESGCM.generate_key(256)).encrypt, os.urandom(PLAINTEXT_BYTES)
    return lambda: seal(os.urandom(12), plaintext, None)


def _decrypt() -> Callable[[], object]:
    cipher, nonce = AESGCM(AESGCM.generate_key(256)), os.urandom(12)
    sealed = cipher.encrypt(nonce, os.urandom(PLAINTEXT_BYTES), None)
    return lambda: cipher.decrypt(nonce, sealed, None)


def _sign_ecdsa() -> Callable[[], object]:
    key, algorithm = ec.generate_private_key(ec.SECP256R1()), ec.ECDSA(hashes.SHA256())
    message = os.urandom(PLAINTEXT_BYTES)
    return lambda: key.sign(message, algorithm)


def _sign_rsa() -> Callable[[], object]:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    scheme = padding.PSS(padding.MGF1(hashes.SHA256()), padding.PSS.MAX_LENGTH)
    message = os.urandom(PLAINTEXT_BYTES)
    return lambda: key.sign(message, scheme, hashes.SHA256())


def _sign_ed25519() -> Callable[[], object]:
    key, message = ed25519.Ed25519PrivateKey.generate(), os.urandom(PLAINTEXT_BYTES)
    return lambda: key.sign(message)


_OPERATIONS: dict[str, Callable[[], Callable[[], object]]] = {
    "encrypt": _encrypt,
    "decrypt": _decrypt,
    "encrypt-batch": _encrypt,
    "decrypt-batch": _decrypt,
    "sign-ecdsa-p256": _sign_ecdsa,
    "sign-rsa-2048": _sign_rsa,
    "sign-ed25519": _sign_ed25519,
}
