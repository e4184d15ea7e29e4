"""Whatever is sent to transit, the whole server answers in its own words, and what it refuses has changed nothing.

``tests/engines/transit/test_any_body.py`` asks handlers with bodies that are converted already; here it is raw bytes,
through the parser of requests, weak conversion, policies, audit and envelope. Streams get any bytes for lines.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import quote

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from compat.requests import Request, parse_lines_request, parse_request, read_headers
from engines.base import Operation, Row
from engines.faults import Fault
from engines.transit.routes import ROUTES
from server.audit.broker import DeclaredDevice
from server.core.settings import Settings
from server.pipeline.response import Answer, refusal
from server.pipeline.stream import Stream
from server.runtime import plugins
from storage.view import View
from tests.engines.transit.test_any_body import INTEGERS, KEYS, NAMES, TEXTS
from tests.support.systems import Server, load_plugin

T = TypeVar("T")

SLOW_TYPES = ("rsa-2048", "rsa-3072", "rsa-4096")
METHODS = {Operation.READ: "GET", Operation.LIST: "LIST", Operation.UPDATE: "POST", Operation.DELETE: "DELETE"}

_COUNTS = "/encryptions/"
"""Where transit keeps how often keys have encrypted."""


class Raw(str):
    """JSON text, or what only looks like it, to be sent as it is."""


RAW = st.sampled_from(
    [
        *("1e400", "-1e400", "1" + "0" * 500, "-" + "9" * 30, "9223372036854775808", "1.5", "1e3", "-0", "0.0", "00"),
        *('"\\ud800"', '"\\udc00\\ud800"', '"\\u0000"', '"\x00"', "NaN", "Infinity", "nul", "'x'", '"', "[", "{"),
        '"' + "a" * 3000 + '"',
        "[" * 120 + "]" * 120,
        "[" * 2000 + "]" * 2000,
        '{"a":' * 120 + "1" + "}" * 120,
        "[" + "null," * 50 + "null]",
    ]
).map(Raw)
SCALARS = st.one_of(st.none(), st.booleans(), INTEGERS, st.integers(), st.floats(), TEXTS, st.text(max_size=20), RAW)
ITEM_FIELDS = st.sampled_from(
    [
        *("plaintext", "ciphertext", "context", "associated_data", "key_version", "reference", "input", "signature"),
        *("hmac", "cmac", "mac_length", "nonce", "PLAINTEXT", "Ciphertext", "unknown", ""),
    ]
)
ITEMS = st.one_of(SCALARS, st.dictionaries(ITEM_FIELDS, SCALARS, max_size=5), st.lists(SCALARS, max_size=2))
VALUES = st.one_of(SCALARS, ITEMS, st.lists(ITEMS, max_size=4))


def written(value: Any) -> str:
    """``value`` as JSON, with what is raw as it is."""
    if isinstance(value, Raw):
        return str(value)
    if isinstance(value, dict):
        return "{" + ",".join(f"{json.dumps(name)}:{written(inner)}" for name, inner in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(written, value)) + "]"
    return json.dumps(value)


class Running:
    """A server in a loop of its own, for tests that aren't coroutines, and its transit engine with ``KEYS``."""

    def __init__(self, log: Path) -> None:
        self._loop = asyncio.new_event_loop()
        device = DeclaredDevice("file", "file", "", {"file_path": str(log)})
        self.server = Server(Settings(audit_devices=(device,), max_batch_items=3))
        self.storage: View = self.run(self._prepare())
        self._made = self.run(self._dump())
        self._revision = self.server.core.runtime.store.revision

    def run(self, work: Any) -> Any:
        """The result of a coroutine."""
        return self._loop.run_until_complete(work)

    async def _prepare(self) -> View:
        await self.server.unsealed()
        assert (await self.server.ask("POST", "sys/mounts/transit", {"type": "transit"}))[0] == 204
        for name, parameters in KEYS.items():
            assert (await self.server.ask("POST", f"transit/keys/{name}", parameters))[0] == 200
        # The real one has 4096 bits, and takes seconds to make.
        storage = await self.server.storage_of("transit/")
        await self.server.ask("POST", "transit/keys/wrapper", {"type": "rsa-2048"})
        value = await storage.get("policy/wrapper")
        assert value is not None
        async with storage.transaction() as transaction:
            transaction.put("policy/import/wrapping-key", value)
            transaction.delete("policy/wrapper")
        return storage

    async def _dump(self) -> dict[str, bytes]:
        """All that the engine has stored."""
        found: dict[str, bytes] = {}
        folders = [""]
        while folders:
            folder = folders.pop()
            for name in await self.storage.list(folder):
                if name.endswith("/"):
                    folders.append(folder + name)
                else:
                    value = await self.storage.get(folder + name)
                    assert value is not None
                    found[folder + name] = value
        return found

    async def restore(self) -> None:
        """Bring the engine back to its first state."""
        if self.server.core.runtime.store.revision != self._revision:
            present = await self._dump()
            async with self.storage.transaction() as transaction:
                for name in present.keys() - self._made.keys():
                    transaction.delete(name)
                for name, value in self._made.items():
                    transaction.put(name, value)
            self._revision = self.server.core.runtime.store.revision

    async def answer(self, method: str, path: str, query: str, body: bytes) -> tuple[Answer, bool]:
        """The answer to a request below the mount, and whether it left what is stored as it was."""
        server = self.server
        before = server.core.runtime.store.revision
        headers = [(b"x-vault-token", server.root_token.encode())]
        raw_path = f"/v1/transit/{quote(path)}".encode()
        try:
            request = parse_request(method, raw_path, query.encode(), read_headers(headers), body, ("127.0.0.1", 1))
        except Fault as fault:
            answer = refusal(fault)
        else:
            if isinstance(request, Request):
                answer = await server.dispatcher.answer(request)
            else:
                answer = Answer(400, b"")  # Turned away, or sent elsewhere, for its path alone.
        # Whatever had been written, and be it the same again, would have been a commit. Only a block of encryptions may
        # have been reserved: a count may be too high, never too low.
        changes = await server.core.runtime.store.changes(before)
        assert changes.keys is not None, "a request changes little"
        return answer, all(_COUNTS in key for key in changes.keys)

    def close(self) -> None:
        """End it."""
        self.run(self.server.core.stop())
        self._loop.close()


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """One server for all of these tests."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(plugins, "load", load_plugin)
        made = Running(tmp_path_factory.mktemp("audit") / "audit.log")
        yield made
        made.close()


def path_of(route: Row[Any], data: st.DataObject) -> str:
    """A path that ``route`` serves, nearly always."""
    segments = []
    for segment in route.path.split("/"):
        if segment.startswith("{"):
            named = segment.strip("{}").partition(":")[0] in ("name", "destination", "source")
            # Making keys of these takes long; what rotating them does is what it does to others.
            names = NAMES.filter(lambda name: name != "rsa") if route.path.endswith("rotate") else NAMES
            texts = st.text(st.characters(codec="utf-8", exclude_categories=["Cc"]), min_size=1, max_size=12)
            drawn = data.draw(names if named else st.one_of(TEXTS, texts))
            segment = drawn.replace("/", "-").strip(".") or "x"
        segments.append(segment)
    return "/".join(segments)


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: f"{route.operation.value} {route.path}")
@settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_any_request_is_answered_and_a_refusal_changes_nothing(
    running: Running, route: Row[Any], data: st.DataObject
) -> None:
    names = [field.encode_name for field in msgspec.structs.fields(route.body)]
    chosen = data.draw(st.lists(st.sampled_from([*names, "unknown"]), unique=True, max_size=6))
    parameters = {name: data.draw(VALUES) for name in chosen}
    if parameters.get("type") in SLOW_TYPES:
        parameters["type"] = "ed25519"
    path = path_of(route, data)
    method = METHODS[route.operation]
    query, body = "", b""
    if method == "POST":
        text = data.draw(st.one_of(st.just(written(parameters)), RAW, st.text(max_size=20)))
        body = text.encode("utf-8", "surrogatepass")
    else:
        query = "&".join(f"{name}={quote(str(value)[:200], errors='replace')}" for name, value in parameters.items())
    running.run(running.restore())
    answer, unchanged = running.run(running.answer(method, path, query, body))
    server = running.server
    assert server.dispatcher.bugs == 0
    assert 200 <= answer.status < 600
    decoded = json.loads(answer.body) if answer.body else None
    if answer.status >= 400 and (decoded is None or "data" not in decoded):
        assert unchanged, (path, body, decoded)
        assert decoded is None or not any("internal error" in text for text in decoded["errors"])
    if route.operation in (Operation.READ, Operation.LIST) and route.path not in ("backup/{name}", "wrapping_key"):
        assert unchanged


ENDING = ("late", "disabled", "cbc", "ccm")
"""The keys whose state or limit ends a stream, or lets none begin."""

PIECES = st.one_of(
    st.builds(lambda item: written(item).encode("utf-8", "surrogatepass"), ITEMS),
    st.binary(max_size=40),
    st.sampled_from([b"", b" ", b"\r", b'{"plaintext":"aGVsbG8="}', b'{"ciphertext":"vault:v1:aGVsbG8="}']),
)


@pytest.mark.parametrize("route", [route for route in ROUTES if route.item is not None], ids=lambda route: route.path)
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(name=st.sampled_from([name for name in KEYS if name not in ENDING]), pieces=st.lists(PIECES, max_size=6))
def test_any_line_of_a_stream_has_its_answer(running: Running, route: Row[Any], name: str, pieces: list[bytes]) -> None:
    async def answers() -> bytes:
        headers = [(b"x-vault-token", running.server.root_token.encode())]
        path = f"/v1/transit/{route.path.replace('{name}', name)}".encode()
        request = parse_lines_request("POST", path, b"", read_headers(headers), ("127.0.0.1", 1))
        assert request is not None
        stream = await running.server.dispatcher.open_stream(request)
        assert isinstance(stream, Stream)
        found = b"".join([written async for written in stream.answers(b"\n".join(pieces))])
        await stream.close()
        return found

    lines = [line for line in b"\n".join(pieces).split(b"\n") if line.strip()]
    found = running.run(answers()).splitlines()
    assert len(found) == len(lines)
    for line in found:
        assert "reference" in json.loads(line)
    assert running.server.dispatcher.bugs == 0


TOO_LONG = "a" * 3000


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", f"transit/keys/{TOO_LONG}", None),
        ("POST", f"transit/keys/{TOO_LONG}", {}),
        ("POST", f"transit/encrypt/{TOO_LONG}", {"plaintext": ""}),
        ("POST", f"transit/hmac/{TOO_LONG}", {"input": ""}),
        ("POST", f"transit/keys/{TOO_LONG}/import", {"public_key": "x", "type": "ed25519"}),
        ("POST", f"auth/token/roles/{TOO_LONG}", {}),
    ],
)
async def test_a_name_that_storage_has_no_room_for_is_the_caller_s_mistake(
    server: Server, method: str, path: str, body: dict[str, str] | None
) -> None:
    await server.ask("POST", "sys/mounts/transit", {"type": "transit"})
    assert await server.ask(method, path, body) == (400, {"errors": ["a name in the request is too long"]})
    assert server.dispatcher.bugs == 0


async def test_a_value_that_storage_has_no_room_for_is_the_caller_s_mistake(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("storage.paths.MAX_VALUE_BYTES", 1000)
    answer = await server.ask("POST", "sys/policies/acl/p", {"policy": f"# {'x' * 1000}"})
    assert answer == (413, {"errors": ["put failed due to value being too large"]})
    assert server.dispatcher.bugs == 0


@pytest.mark.parametrize("accessor", ["a//b", "/", "a/", "a\x00", "*", "../x", "x" * 3000])
async def test_an_accessor_that_no_mount_has_names_nobody(server: Server, accessor: str) -> None:
    """It comes from the query, and could be anything; as a key of storage it would be a mistake of ours."""
    status, answer = await server.ask("GET", f"sys/locked-users?mount_accessor={quote(accessor)}")
    assert status == 200
    (shown,) = answer["data"]["by_namespace"]
    assert shown["mount_accessors"] == [{"mount_accessor": accessor, "counts": 0, "alias_identifiers": None}]
