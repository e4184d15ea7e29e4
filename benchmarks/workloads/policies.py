"""The rows of the crypto policy: encryption in mounts of one server to which none, one or many rules apply."""

from __future__ import annotations

from collections.abc import Callable

from benchmarks.workloads.base import VARIETY, Task, Workload, ensure, plaintexts, post
from tests.support.servers import Server

_MANY = 50
_REQUEST_RULES = 16
_STATIC = "key.classical_bits >= 128 && key.authenticates"
_OF_REQUEST = "request.input_bytes < 1048576"


def _encrypting(mount: str, policies: int, rules: int = 1, require: str = _STATIC) -> Callable[[Server], Task]:
    """Encrypts in ``mount``, to which so many policies apply with so many rules each."""

    def prepare(server: Server) -> Task:
        if f"{mount}/" not in server.request("GET", "sys/mounts").data():
            ensure(server, f"sys/mounts/{mount}", {"type": "transit"})
        for number in range(policies):
            document = {
                "scope": {"mounts": [f"{mount}/"]},
                "rules": [
                    {"name": f"rule-{rule}", "operations": ["protect"], "require": require} for rule in range(rules)
                ],
            }
            ensure(server, f"sys/crypto-policies/{mount}-{number}", document)
        ensure(server, f"{mount}/keys/aes", {"type": "aes256-gcm96"})
        return post(f"{mount}/encrypt/aes", [{"plaintext": text} for text in plaintexts(VARIETY)])

    return prepare


def _row(name: str, what: str, prepare: Callable[[Server], Task]) -> Workload:
    return Workload(name, what, "policies", prepare, "data.ciphertext", anchored=False)


WORKLOADS: tuple[Workload, ...] = (
    _row("encrypt-policies-0", "encrypt 64 B, no crypto policy applies", _encrypting("ruled-0", 0)),
    _row("encrypt-policies-1", "encrypt 64 B, one policy on keys applies", _encrypting("ruled-1", 1)),
    _row("encrypt-policies-50", f"encrypt 64 B, {_MANY} policies on keys apply", _encrypting("ruled-50", _MANY)),
    _row(
        "encrypt-policies-request",
        f"encrypt 64 B, {_REQUEST_RULES} rules on the request apply",
        _encrypting("ruled-request", 1, _REQUEST_RULES, _OF_REQUEST),
    ),
)
