"""The rows of the core: what a token is, and logins, each of which makes a token that has to be kept."""

from __future__ import annotations

from benchmarks.workloads.base import Task, Workload, ensure, post
from tests.support.servers import Server

_ROLE = "auth/approle/role/benchmark"


def _lookup_self(server: Server) -> Task:
    return Task("auth/token/lookup-self", [b""], method="GET")


def _log_in(server: Server) -> Task:
    if "approle/" not in server.request("GET", "sys/auth").data():
        ensure(server, "sys/auth/approle", {"type": "approle"})
    # The proof is one that may be used any number of times, so that logging in is all that is measured.
    ensure(server, _ROLE, {"token_ttl": "20m", "token_max_ttl": "30m", "secret_id_num_uses": 0})
    role_id = server.request("GET", f"{_ROLE}/role-id").data()["role_id"]
    secret_id = server.request("POST", f"{_ROLE}/secret-id", {}).data()["secret_id"]
    return post("auth/approle/login", [{"role_id": role_id, "secret_id": secret_id}])


WORKLOADS: tuple[Workload, ...] = (
    Workload("lookup-self", "look up one's own token", "core", _lookup_self, "data.id"),
    Workload("login-approle", "log in by AppRole (durable)", "writes", _log_in, "auth.client_token"),
)
