"""The rows of the engine that signs JSON Web Tokens, which OpenBao lacks."""

from __future__ import annotations

from collections.abc import Callable

from benchmarks.limits import openssl
from benchmarks.workloads.base import VARIETY, Operation, Task, Workload, ensure, ensure_mount, key_of, post, with_few
from tests.support.servers import Server


def _claims() -> list[dict[str, dict[str, str]]]:
    return [{"claims": {"sub": f"user-{number}", "aud": "benchmark"}} for number in range(VARIETY)]


def _signing(name: str) -> Callable[[Server], Task]:
    """Has tokens signed by a key of the row ``name`` of the registry."""

    def prepare(server: Server) -> Task:
        ensure_mount(server, "signing")
        ensure(server, f"signing/keys/{name}", key_of(name))
        role = {"key": name, "issuer": "https://benchmark.example", "audiences": "benchmark", "allowed_claims": "sub"}
        ensure(server, f"signing/roles/{name}", role)
        return post(f"signing/jwt/sign/{name}", _claims())

    return prepare


def _verifying(name: str) -> Callable[[Server], Task]:
    def prepare(server: Server) -> Task:
        path = _signing(name)(server).path
        tokens = [server.request("POST", path, claims).data()["token"] for claims in _claims()]
        bodies = [{"token": token, "audience": "benchmark"} for token in tokens]
        return post(f"signing/jwt/verify/{name}", bodies)

    return prepare


def _rows(suffix: str, algorithm: str, name: str, sign: Operation, verify: Operation) -> tuple[Workload, Workload]:
    return (
        Workload(
            f"sign-jwt{suffix}",
            f"sign a JWT, {algorithm}",
            "signing",
            _signing(name),
            "data.token",
            sign,
            anchored=False,
        ),
        Workload(
            f"verify-jwt{suffix}",
            f"verify a JWT, {algorithm}",
            "signing",
            _verifying(name),
            "data.valid",
            verify,
            anchored=False,
        ),
    )


_SIGN_SLHDSA, _VERIFY_SLHDSA = _rows(
    "-slh-dsa", "SLH-DSA-SHA2-128f", "slh-dsa-sha2-128f", openssl.SIGN_SLHDSA, openssl.VERIFY_SLHDSA
)

WORKLOADS: tuple[Workload, ...] = (
    *_rows("", "ES256", "ecdsa-p256", openssl.sign_ecdsa, openssl.verify_ecdsa),
    *_rows("-ml-dsa-65", "ML-DSA-65", "ml-dsa-65", openssl.sign_mldsa, openssl.verify_mldsa),
    *_rows("-hybrid", "ML-DSA-65-ES256", "hybrid-ml-dsa-65-ecdsa-p256", openssl.sign_hybrid, openssl.verify_hybrid),
    with_few(_SIGN_SLHDSA),
    _VERIFY_SLHDSA,
)
