"""The rows of the transit engine."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from benchmarks.limits import openssl
from benchmarks.workloads.base import (
    NUMBER,
    PLAINTEXT_BYTES,
    VARIETY,
    Operation,
    Task,
    Transport,
    Workload,
    ensure,
    key_of,
    plaintexts,
    post,
    with_few,
)
from tests.support.servers import Server

BATCH = 100
LARGE_BYTES = 64 * 1024

_BATCH_VARIETY = 8
_AES = "aes256-gcm96"
_CONTEXT = "Y3VzdG9tZXIgNDcxMQ=="


def batches(field: str, texts: Sequence[str], size: int = BATCH) -> list[dict[str, Any]]:
    """Bodies that hold ``size`` of ``texts`` each."""
    return [
        {"batch_input": [{field: text} for text in texts[start : start + size]]} for start in range(0, len(texts), size)
    ]


def ensure_key(server: Server, name: str, key_type: str, **settings: object) -> None:
    """Make the key ``name`` unless it is there. Raises ``NotOffered`` for a type that the server doesn't know."""
    ensure(server, f"transit/keys/{name}", {"type": key_type, **settings})


def encrypting(size: int = PLAINTEXT_BYTES, count: int = VARIETY) -> Callable[[Server], Task]:
    """Encrypts one plaintext of ``size`` bytes with each request."""

    def prepare(server: Server) -> Task:
        ensure_key(server, "aes", _AES)
        return post("transit/encrypt/aes", [{"plaintext": text} for text in plaintexts(count, size)])

    return prepare


def _derived(server: Server) -> Task:
    ensure_key(server, "derived", _AES, derived=True)
    texts = plaintexts(VARIETY)
    return post("transit/encrypt/derived", [{"plaintext": text, "context": _CONTEXT} for text in texts])


def _ciphertexts(server: Server, count: int, size: int = PLAINTEXT_BYTES) -> list[str]:
    ensure_key(server, "aes", _AES)
    sealed: list[str] = []
    for body in batches("plaintext", plaintexts(count, size), min(count, BATCH)):
        results = server.request("POST", "transit/encrypt/aes", body).data()["batch_results"]
        sealed.extend(result["ciphertext"] for result in results)
    return sealed


def _decrypting(size: int = PLAINTEXT_BYTES, count: int = VARIETY) -> Callable[[Server], Task]:
    def prepare(server: Server) -> Task:
        return post("transit/decrypt/aes", [{"ciphertext": text} for text in _ciphertexts(server, count, size)])

    return prepare


def _rewrap(server: Server) -> Task:
    return post("transit/rewrap/aes", [{"ciphertext": text} for text in _ciphertexts(server, VARIETY)])


def encrypting_batches(items: int = BATCH, variety: int = _BATCH_VARIETY) -> Callable[[Server], Task]:
    """Encrypts ``items`` plaintexts with each request."""

    def prepare(server: Server) -> Task:
        ensure_key(server, "aes", _AES)
        return post("transit/encrypt/aes", batches("plaintext", plaintexts(variety * items), items))

    return prepare


def _decrypt_batch(server: Server) -> Task:
    return post("transit/decrypt/aes", batches("ciphertext", _ciphertexts(server, _BATCH_VARIETY * BATCH)))


def _datakey(server: Server) -> Task:
    ensure_key(server, "aes", _AES)
    return post("transit/datakey/plaintext/aes", [{}])


def _hmac(server: Server) -> Task:
    ensure_key(server, "aes", _AES)
    return post("transit/hmac/aes", _inputs())


def _inputs() -> list[dict[str, Any]]:
    return [{"input": text} for text in plaintexts(VARIETY)]


def signing(name: str) -> Callable[[Server], Task]:
    """Signs with a key of the row ``name`` of the registry."""

    def prepare(server: Server) -> Task:
        ensure(server, f"transit/keys/{name}", key_of(name))
        return post(f"transit/sign/{name}", _inputs())

    return prepare


def _verifying(name: str) -> Callable[[Server], Task]:
    def prepare(server: Server) -> Task:
        path = signing(name)(server).path
        bodies: list[Mapping[str, Any]] = []
        for body in _inputs():
            signed = server.request("POST", path, body).data()
            bodies.append({**body, "signature": signed["signature"]})
        return post(f"transit/verify/{name}", bodies)

    return prepare


def _create_key(server: Server) -> Task:
    return post(f"transit/keys/made-{NUMBER}", [{"type": _AES}])


def _row(name: str, what: str, prepare: Callable[[Server], Task], result: str, operation: Operation) -> Workload:
    return Workload(name, what, "transit", prepare, f"data.{result}", operation)


def _post_quantum(
    name: str, what: str, sign: Operation, verify: Operation, *, anchored: bool = False
) -> tuple[Workload, Workload]:
    """Signing and verifying by keys of the row ``name``."""
    rows = (
        _row(f"sign-{what}", f"sign, {what}", signing(name), "signature", sign),
        _row(f"verify-{what}", f"verify, {what}", _verifying(name), "valid", verify),
    )
    return replace(rows[0], group="pqc", anchored=anchored), replace(rows[1], group="pqc", anchored=anchored)


_ENCRYPT = _row(
    "encrypt", f"encrypt {PLAINTEXT_BYTES} bytes, {_AES}", encrypting(), "ciphertext", openssl.encrypt(PLAINTEXT_BYTES)
)
_DECRYPT = _row(
    "decrypt", f"decrypt {PLAINTEXT_BYTES} bytes, {_AES}", _decrypting(), "plaintext", openssl.decrypt(PLAINTEXT_BYTES)
)
_ENCRYPT_BATCH = Workload(
    "encrypt-batch",
    f"encrypt a batch of {BATCH}",
    "transit",
    encrypting_batches(),
    "data.batch_results",
    openssl.encrypt(PLAINTEXT_BYTES),
    BATCH,
)
_DECRYPT_BATCH = replace(
    _ENCRYPT_BATCH,
    name="decrypt-batch",
    what=f"decrypt a batch of {BATCH}",
    prepare=_decrypt_batch,
    operation=openssl.decrypt(PLAINTEXT_BYTES),
)

_SIGN_SLHDSA, _VERIFY_SLHDSA = _post_quantum(
    "slh-dsa-sha2-128f", "slh-dsa-sha2-128f", openssl.SIGN_SLHDSA, openssl.VERIFY_SLHDSA
)

WORKLOADS: tuple[Workload, ...] = (
    _ENCRYPT,
    _DECRYPT,
    _row("encrypt-derived", "encrypt with a derived key", _derived, "ciphertext", openssl.encrypt_derived),
    _row("rewrap", "rewrap", _rewrap, "ciphertext", openssl.rewrap),
    _row("datakey", "make a data key", _datakey, "ciphertext", openssl.encrypt(32)),
    _row("hmac", "HMAC-SHA256", _hmac, "hmac", openssl.mac),
    _row("sign-rsa-2048", "sign, rsa-2048 (PSS)", signing("rsa-2048"), "signature", openssl.sign_rsa),
    _row("sign-ecdsa-p256", "sign, ecdsa-p256", signing("ecdsa-p256"), "signature", openssl.sign_ecdsa),
    _row("sign-ed25519", "sign, ed25519", signing("ed25519"), "signature", openssl.sign_ed25519),
    _row("verify-rsa-2048", "verify, rsa-2048 (PSS)", _verifying("rsa-2048"), "valid", openssl.verify_rsa),
    _row("verify-ecdsa-p256", "verify, ecdsa-p256", _verifying("ecdsa-p256"), "valid", openssl.verify_ecdsa),
    _row("verify-ed25519", "verify, ed25519", _verifying("ed25519"), "valid", openssl.verify_ed25519),
    _ENCRYPT_BATCH,
    _DECRYPT_BATCH,
    _row(
        "encrypt-64k",
        "encrypt 64 KiB",
        encrypting(LARGE_BYTES, _BATCH_VARIETY),
        "ciphertext",
        openssl.encrypt(LARGE_BYTES),
    ),
    _row(
        "decrypt-64k",
        "decrypt 64 KiB",
        _decrypting(LARGE_BYTES, _BATCH_VARIETY),
        "plaintext",
        openssl.decrypt(LARGE_BYTES),
    ),
    Workload("create-key", f"create a key, {_AES} (durable)", "writes", _create_key, "data.name"),
    *(
        replace(
            row, name=f"{row.name}-{suffix}", what=f"{row.what}, {transport.value}", group="tls", transport=transport
        )
        for suffix, transport in (("tls", Transport.HTTPS), ("http2", Transport.HTTP2))
        for row in (_ENCRYPT, _DECRYPT, _ENCRYPT_BATCH)
    ),
    *_post_quantum("mldsa-65", "mldsa-65", openssl.sign_mldsa, openssl.verify_mldsa, anchored=True),
    *_post_quantum("hybrid-ml-dsa-65-ecdsa-p256", "hybrid-65-ecdsa-p256", openssl.sign_hybrid, openssl.verify_hybrid),
    with_few(_SIGN_SLHDSA),
    _VERIFY_SLHDSA,
)
