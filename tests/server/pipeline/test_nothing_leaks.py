"""What is sent to every path there is: no value is in log or audit in clear, and no name is too long for an answer."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from engines.base import Operation, Row
from server.audit.broker import DeclaredDevice
from server.core.settings import Settings
from tests.support.systems import Server

MARK = "5eCreT-marK"
IN_BASE64 = "NWVDcmVULW1hcks="
VALUES: tuple[Any, ...] = (MARK, IN_BASE64, f"vault:v1:{IN_BASE64}", [MARK, {"inner": MARK}], {"inner": MARK})

SHOWN = {".response.auth.display_name", ".response.auth.metadata.inner"}
"""What a token is to be called, and what is noted about it, stands in clear in each of its entries, as in Vault's."""

_WITHOUT = re.compile(r"sys/(seal|step-down|rotate|remount|namespaces|audit/|mounts/|auth/|rekey)|^identity/lookup")
"""Paths that would take away what the others need."""


def texts(value: Any, place: str = "") -> Iterator[tuple[str, str]]:
    """All texts in ``value``, with their places; names of parameters aren't secret."""
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from texts(inner, f"{place}.{name}")
    elif isinstance(value, list):
        for inner in value:
            yield from texts(inner, place)
    elif isinstance(value, str):
        yield place, value


async def prepared(log: Path) -> Server:
    """A server with everything mounted, and something called ``k`` everywhere."""
    device = DeclaredDevice("file", "file", "", {"file_path": str(log)})
    server = await Server(Settings(audit_devices=(device,))).unsealed()
    for engine in ("transit", "pqc", "signing"):
        assert (await server.ask("POST", f"sys/mounts/{engine}", {"type": engine}))[0] == 204
        assert (await server.ask("POST", f"{engine}/keys/k", {}))[0] in (200, 204)
    for method in ("approle", "userpass", "jwt", "cert"):
        assert (await server.ask("POST", f"sys/auth/{method}", {"type": method}))[0] == 204
    for path, body in (("userpass/users/k", {"password": "p"}), ("approle/role/k", {}), ("token/roles/k", {})):
        assert (await server.ask("POST", f"auth/{path}", body))[0] in (200, 204)
    return server


async def routes(server: Server, name: str = "k") -> list[tuple[str, Row[Any]]]:
    """All paths that take parameters, with ``name`` for whatever they name."""
    await server.core.runtime.cache.catch_up()
    assert server.core.unsealed is not None
    router = await server.core.unsealed.root.mounts.router()
    return [
        (path, route)
        for mounted in router.mounts.values()
        for route in mounted.type.routes
        if route.operation in (Operation.UPDATE, Operation.PATCH)
        and not _WITHOUT.search(path := mounted.entry.path + re.sub(r"\{[^}]*\}", name, route.path))
    ]


@pytest.mark.parametrize("name", ["n" * 1100, "n" * 5000, "%C3%A9" * 900, "%F0%9F%94%91" * 500])
async def test_endless_names_are_refused_in_so_many_words(tmp_path: Path, name: str) -> None:
    """The server asserts by itself that nothing ends in an exception that nobody planned."""
    server = await prepared(tmp_path / "audit.log")
    for path, _ in await routes(server, name):
        for method in ("POST", "GET", "LIST", "DELETE"):
            sent = await server.send(method, path, {} if method == "POST" else None)
            assert b"internal error" not in sent.body, path
    if len(name) == 5000:
        status, answer = await server.ask("POST", f"auth/userpass/login/{name}", {"password": "p"}, token="")
        assert (status, answer["errors"]) == (400, ["a name in the request is too long"])


async def test_no_value_is_in_log_or_audit(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    log = tmp_path / "audit.log"
    server = await prepared(log)
    asked = 0
    for path, route in await routes(server):
        names = [field.encode_name for field in msgspec.structs.fields(route.body)]
        bodies: list[dict[str, Any]] = [{name: value} for name in names for value in VALUES]
        for body in (*bodies, dict.fromkeys(names, MARK), {"batch_input": [dict.fromkeys(names, MARK), MARK]}):
            method = "PATCH" if route.operation is Operation.PATCH else "POST"
            await server.ask(method, path, body)
            asked += 1
    assert asked > 1000
    assert MARK not in caplog.text and IN_BASE64 not in caplog.text
    for line in log.read_text().splitlines():
        if MARK in line or IN_BASE64 in line:
            entry = json.loads(line)
            found = {place for place, text in texts(entry) if MARK in text or IN_BASE64 in text}
            assert found <= SHOWN, (entry["request"]["path"], found)
