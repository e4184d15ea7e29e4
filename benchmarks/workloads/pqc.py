"""The rows of the engine of post-quantum keys, which OpenBao lacks."""

from __future__ import annotations

from collections.abc import Callable

from benchmarks.limits import openssl
from benchmarks.workloads.base import VARIETY, Task, Workload, ensure, ensure_mount, plaintexts, post
from tests.support.servers import Server


def _kem_key(server: Server, key_type: str) -> None:
    ensure_mount(server, "pqc")
    ensure(server, f"pqc/keys/{key_type}", {"type": key_type})


def _encapsulating(key_type: str) -> Callable[[Server], Task]:
    def prepare(server: Server) -> Task:
        _kem_key(server, key_type)
        return post(f"pqc/encapsulate/{key_type}", [{}])

    return prepare


def _decapsulating(key_type: str) -> Callable[[Server], Task]:
    def prepare(server: Server) -> Task:
        _kem_key(server, key_type)
        made = [server.request("POST", f"pqc/encapsulate/{key_type}", {}).data() for _ in range(VARIETY)]
        return post(f"pqc/decapsulate/{key_type}", [{"ciphertext": one["ciphertext"]} for one in made])

    return prepare


def _encrypting(key_type: str) -> Callable[[Server], Task]:
    def prepare(server: Server) -> Task:
        _kem_key(server, key_type)
        return post(f"pqc/encrypt/{key_type}", [{"plaintext": text} for text in plaintexts(VARIETY)])

    return prepare


def _decrypting(key_type: str) -> Callable[[Server], Task]:
    def prepare(server: Server) -> Task:
        task = _encrypting(key_type)(server)
        texts = [{"plaintext": text} for text in plaintexts(VARIETY)]
        results = server.request("POST", task.path, {"batch_input": texts}).data()["batch_results"]
        return post(f"pqc/decrypt/{key_type}", [{"ciphertext": one["ciphertext"]} for one in results])

    return prepare


def _row(name: str, what: str, prepare: Callable[[Server], Task], result: str, operation: openssl.Maker) -> Workload:
    return Workload(name, what, "pqc", prepare, f"data.{result}", operation, anchored=False)


_KEM = "ml-kem-768"
_HYBRID = "x25519-ml-kem-768"

WORKLOADS: tuple[Workload, ...] = (
    _row("encapsulate", f"encapsulate, {_KEM}", _encapsulating(_KEM), "ciphertext", openssl.encapsulate),
    _row("decapsulate", f"decapsulate, {_KEM}", _decapsulating(_KEM), "shared_secret", openssl.decapsulate),
    _row(
        "pqc-encrypt", f"encrypt 64 bytes, HPKE with {_HYBRID}", _encrypting(_HYBRID), "ciphertext", openssl.seal_hpke
    ),
    _row("pqc-decrypt", f"decrypt 64 bytes, HPKE with {_HYBRID}", _decrypting(_HYBRID), "plaintext", openssl.open_hpke),
)
