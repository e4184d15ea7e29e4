"""What is measured: each workload prepares its keys on a server and hands back what to send.

Both servers get the same plaintexts. The requests of one workload differ among each other, so that no server gains from
having seen the very same one; signatures and ciphertexts are made by the server itself while it is prepared.
"""

from __future__ import annotations

import base64
import json
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from benchmarks.load import build_request
from tests.products import HOST, ServerFailed
from tests.servers import Server

VARIETY = 64
"""How many different requests a workload sends in turn."""

BATCH = 100
PLAINTEXT_BYTES = 64
_BATCH_VARIETY = 8


@dataclass(frozen=True, slots=True)
class Task:
    """What a workload sends: bodies for one path below the transit mount, in turn."""

    path: str
    bodies: Sequence[bytes]

    def requests(self, server: Server) -> list[bytes]:
        """The bytes to send to ``server``."""
        host = f"{HOST}:{server.port}"
        path = f"/v1/transit/{self.path}"
        return [build_request("POST", path, host, body, server.root_token) for body in self.bodies]


@dataclass(frozen=True, slots=True)
class Workload:
    """One line of the table."""

    name: str
    what: str
    prepare: Callable[[Server], Task]
    field: str
    """The field of the answer's data that holds the result."""
    items: int = 1
    """How many items one request carries."""

    def answer_bytes(self, server: Server, task: Task) -> int:
        """The size of an answer's body, having made sure that it holds a result for every item."""
        answer = server.request("POST", f"transit/{task.path}", json.loads(task.bodies[0]))
        result = answer.data()[self.field]
        complete = bool(result)
        if self.items > 1:
            complete = len(result) == self.items and not any("error" in item for item in result)
        if not complete:
            raise ServerFailed(f"{self.name}: not a complete answer: {answer.body[:500]!r}")
        return len(answer.body)


def _plaintexts(count: int) -> list[str]:
    # The same for both servers and in every run.
    source = random.Random(20260101)
    return [base64.b64encode(source.randbytes(PLAINTEXT_BYTES)).decode() for _ in range(count)]


def _ensure_key(server: Server, name: str, key_type: str) -> None:
    server.request("POST", f"transit/keys/{name}", {"type": key_type}).data()


def _task(path: str, bodies: Sequence[dict[str, Any]]) -> Task:
    return Task(path, [json.dumps(body, separators=(",", ":")).encode() for body in bodies])


def _encrypt(server: Server) -> Task:
    _ensure_key(server, "aes", "aes256-gcm96")
    return _task("encrypt/aes", [{"plaintext": text} for text in _plaintexts(VARIETY)])


def _ciphertexts(server: Server, count: int) -> list[str]:
    _ensure_key(server, "aes", "aes256-gcm96")
    sealed: list[str] = []
    texts = _plaintexts(count)
    for start in range(0, count, BATCH):
        items = [{"plaintext": text} for text in texts[start : start + BATCH]]
        results = server.request("POST", "transit/encrypt/aes", {"batch_input": items}).data()["batch_results"]
        sealed.extend(result["ciphertext"] for result in results)
    return sealed


def _decrypt(server: Server) -> Task:
    return _task("decrypt/aes", [{"ciphertext": text} for text in _ciphertexts(server, VARIETY)])


def _encrypt_batch(server: Server) -> Task:
    _ensure_key(server, "aes", "aes256-gcm96")
    texts = _plaintexts(_BATCH_VARIETY * BATCH)
    return _task("encrypt/aes", _batches("plaintext", texts))


def _decrypt_batch(server: Server) -> Task:
    return _task("decrypt/aes", _batches("ciphertext", _ciphertexts(server, _BATCH_VARIETY * BATCH)))


def _batches(field: str, texts: Sequence[str]) -> list[dict[str, Any]]:
    starts = range(0, len(texts), BATCH)
    return [{"batch_input": [{field: text} for text in texts[start : start + BATCH]]} for start in starts]


def _sign(key_type: str) -> Callable[[Server], Task]:
    def prepare(server: Server) -> Task:
        _ensure_key(server, key_type, key_type)
        return _task(f"sign/{key_type}", [{"input": text} for text in _plaintexts(VARIETY)])

    return prepare


WORKLOADS = (
    Workload("encrypt", f"encrypt {PLAINTEXT_BYTES} bytes, aes256-gcm96", _encrypt, "ciphertext"),
    Workload("decrypt", f"decrypt {PLAINTEXT_BYTES} bytes, aes256-gcm96", _decrypt, "plaintext"),
    Workload("encrypt-batch", f"encrypt a batch of {BATCH}", _encrypt_batch, "batch_results", BATCH),
    Workload("decrypt-batch", f"decrypt a batch of {BATCH}", _decrypt_batch, "batch_results", BATCH),
    Workload("sign-ecdsa-p256", "sign, ecdsa-p256", _sign("ecdsa-p256"), "signature"),
    Workload("sign-rsa-2048", "sign, rsa-2048 (PSS)", _sign("rsa-2048"), "signature"),
    Workload("sign-ed25519", "sign, ed25519", _sign("ed25519"), "signature"),
)
