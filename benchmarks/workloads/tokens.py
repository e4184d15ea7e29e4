"""The rows of the engine that signs JSON Web Tokens, which OpenBao lacks."""

from __future__ import annotations

from benchmarks import openssl
from benchmarks.workloads.base import VARIETY, Task, Workload, ensure, ensure_mount, post
from tests.servers import Server

_ROLE = "benchmark"


def _claims() -> list[dict[str, dict[str, str]]]:
    return [{"claims": {"sub": f"user-{number}", "aud": "benchmark"}} for number in range(VARIETY)]


def _sign(server: Server) -> Task:
    ensure_mount(server, "signing")
    ensure(server, f"signing/keys/{_ROLE}", {"type": "ecdsa-p256"})
    role = {"key": _ROLE, "issuer": "https://benchmark.example", "audiences": "benchmark", "allowed_claims": "sub"}
    ensure(server, f"signing/roles/{_ROLE}", role)
    return post(f"signing/jwt/sign/{_ROLE}", _claims())


def _verify(server: Server) -> Task:
    path = _sign(server).path
    tokens = [server.request("POST", path, claims).data()["token"] for claims in _claims()]
    bodies = [{"token": token, "audience": "benchmark"} for token in tokens]
    return post(f"signing/jwt/verify/{_ROLE}", bodies)


WORKLOADS: tuple[Workload, ...] = (
    Workload("sign-jwt", "sign a JWT, ES256", "signing", _sign, "data.token", openssl.sign_ecdsa, anchored=False),
    Workload(
        "verify-jwt", "verify a JWT, ES256", "signing", _verify, "data.valid", openssl.verify_ecdsa, anchored=False
    ),
)
