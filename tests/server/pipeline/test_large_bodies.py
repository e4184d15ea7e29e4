"""Costly bodies: who may send one, that they are worked off one at a time, and that one nobody waits for is dropped."""

from __future__ import annotations

import asyncio
import gc
import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

from compat import requests
from compat.json.text import Octets
from compat.requests import parse_request, read_headers
from server.access.request_context import RequestContext
from server.audit.broker import DeclaredDevice
from server.audit.hashing import Hasher
from server.config import Listener
from server.core.settings import Settings
from server.listeners.asgi import WHOLE_BODY, Message
from server.listeners.deadlines import SMALL_BODY_BYTES
from server.pipeline.app import Application
from server.pipeline.large_bodies import PLAIN_BODY_BYTES, UNKNOWN_CALLER, Turns, is_modest
from server.pipeline.response import GoneError
from tests.support.systems import NewServer, Server

KEY = "transit/encrypt/k"
LARGE = json.dumps({"plaintext": "A" * 4 * SMALL_BODY_BYTES}).encode()
MANY = b'{"a":[' + b'"x",' * 20_000 + b'"x"]}'
"""More elements than are read without a token, in a small body."""
HUGE = b'{"a":[' + b'"x",' * 100_000 + b'"x"]}'


class Client:
    """One that sends a body in pieces, and goes when it is told to."""

    def __init__(self, body: bytes, *, piece: int = 64 * 1024) -> None:
        self._pieces = [body[start : start + piece] for start in range(0, len(body), piece)] or [b""]
        self.gone = asyncio.Event()
        self.received = 0
        """How many pieces were asked for, and how many before the answer began; those behind that are thrown away."""
        self.heard = 0
        self.sent: list[Message] = []

    async def receive(self) -> Message:
        """As ASGI has it."""
        if self.received < len(self._pieces):
            self.received += 1
            piece = self._pieces[self.received - 1]
            return {"type": "http.request", "body": piece, "more_body": self.received < len(self._pieces)}
        await self.gone.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: Message) -> None:
        """As ASGI has it."""
        if not self.sent:
            self.heard = self.received
        self.sent.append(message)

    @property
    def status(self) -> int:
        """Of the answer."""
        return int(self.sent[0]["status"])

    @property
    def answer(self) -> Any:
        """What was answered."""
        return json.loads(self.sent[1]["body"])


def application(server: Server) -> Application:
    return Application(server.dispatcher, Listener("tcp", "127.0.0.1:0"))


def scope_of(path: str, body: bytes, headers: Mapping[str, str], method: str = "POST") -> dict[str, Any]:
    sent = {"content-length": str(len(body)), **headers}
    return {
        "type": "http",
        "method": method,
        "path": f"/v1/{path}",
        "raw_path": f"/v1/{path}".encode(),
        "query_string": b"",
        "headers": [(name.encode(), value.encode()) for name, value in sent.items()],
        "client": ("127.0.0.1", 1),
    }


async def ask(server: Server, path: str, body: bytes, token: str | None = None, **headers: str) -> Client:
    """The client of a request, once that is over; with the root token unless told otherwise."""
    client = Client(body)
    shown = server.root_token if token is None else token
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    scope = scope_of(path, body, {**({"x-vault-token": shown} if shown else {}), **named})
    await application(server)(scope, client.receive, client.send)
    return client


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """Where the audit writes."""
    return tmp_path / "audit.log"


@pytest.fixture
async def server(new_server: NewServer, log: Path) -> Server:
    """An unsealed server with an audit device and a key."""
    device = DeclaredDevice("file", "file", "", {"file_path": str(log)})
    server = await (await new_server(Settings(audit_devices=(device,)))).unsealed()
    assert (await server.ask("POST", "sys/mounts/transit", {"type": "transit"}))[0] == 204
    assert (await server.ask("POST", "transit/keys/k", {}))[0] < 300
    return server


def entries(log: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in log.read_text().splitlines()]


@contextmanager
def garbage() -> Iterator[list[object]]:
    """Collects what is done within leaves behind of frames, exceptions and requests, and only a search can find."""
    found: list[object] = []
    gc.collect()
    gc.disable()
    gc.set_debug(gc.DEBUG_SAVEALL)
    try:
        yield found
        gc.collect()
        found += [each for each in gc.garbage if isinstance(each, (FrameType, BaseException, RequestContext))]
    finally:
        gc.set_debug(0)
        gc.garbage.clear()
        gc.enable()


@pytest.mark.parametrize("token", ["", "s.unknown"])
@pytest.mark.parametrize("path", [KEY, "sys/mounts/x", "sys/policies/acl/p", "cubbyhole/x", "nowhere"])
async def test_nothing_of_a_large_body_is_read_without_a_token(
    server: Server, log: Path, path: str, token: str
) -> None:
    client = await ask(server, path, LARGE, token)
    assert (client.status, client.heard) == (403, 0)
    assert client.answer == {"errors": ["permission denied"]}
    refused = entries(log)[-1]
    assert refused["type"] == "response"
    assert "data" not in refused["request"]


async def test_a_body_of_unknown_length_is_read_as_far_as_it_is_small(server: Server) -> None:
    client = Client(LARGE, piece=16 * 1024)
    scope = scope_of(KEY, b"", {"transfer-encoding": "chunked"})
    scope["headers"] = [header for header in scope["headers"] if header[0] != b"content-length"]
    await application(server)(scope, client.receive, client.send)
    assert (client.status, client.heard) == (403, SMALL_BODY_BYTES // (16 * 1024) + 1)


async def test_nothing_of_it_is_read_while_the_server_is_sealed(new_server: NewServer) -> None:
    client = await ask(await new_server(), KEY, LARGE, "s.x")
    assert (client.status, client.heard) == (503, 0)


@pytest.mark.parametrize("body", [MANY, MANY[:-1], b'{"a":[' + b"1.50," * 5_000 + b"1]}"])
async def test_many_elements_are_not_parsed_without_a_token(server: Server, log: Path, body: bytes) -> None:
    assert not is_modest(body)
    client = await ask(server, KEY, body, "")
    assert (client.status, client.heard) == (403, 0 if len(body) > SMALL_BODY_BYTES else 1)
    assert "data" not in entries(log)[-1]["request"]


@pytest.mark.parametrize("path", ["sys/unseal", "sys/init", "sys/wrapping/lookup", "sys/internal/specs/openapi"])
async def test_public_routes_take_what_is_cheap(server: Server, path: str) -> None:
    plain = await ask(server, path, LARGE, "")
    assert plain.status != 413
    for body in (MANY, HUGE, LARGE[:-1], b'{"a":"' + b"x" * PLAIN_BODY_BYTES + b'"}'):
        client = await ask(server, path, body, "")
        assert client.status == 413
        assert client.answer == {"errors": [f"http: request body too large: {UNKNOWN_CALLER}"]}
    assert client.heard == 0


async def test_a_token_lets_any_body_in(server: Server) -> None:
    for body in (LARGE, b'{"plaintext":"' + b"A" * 4 * PLAIN_BODY_BYTES + b'"}'):
        assert (await ask(server, KEY, body)).status == 200
    for body in (MANY, HUGE):
        client = await ask(server, KEY, body)
        assert (client.status, client.answer) == (400, {"errors": ["missing plaintext to encrypt"]})
    client = await ask(server, KEY, HUGE[:-1])
    assert client.status == 400
    assert client.answer["errors"][0].startswith("failed to decode JSON input: invalid JSON text at byte ")


async def test_a_large_form_is_read_by_its_type(server: Server) -> None:
    form = b"plaintext=" + b"QUJD" * SMALL_BODY_BYTES
    client = await ask(server, KEY, form, content_type="application/x-www-form-urlencoded")
    assert client.status == 200
    escaped = b"plaintext=" + b"QU%4aD" * (SMALL_BODY_BYTES // 4) + b"&nowhere=%25+%25"
    client = await ask(server, KEY, escaped, content_type="application/x-www-form-urlencoded")
    assert client.status == 200
    client = await ask(server, KEY, form * 5, content_type="application/x-www-form-urlencoded")
    assert client.status == 413


async def test_a_body_that_came_with_its_head_is_judged_alike(server: Server) -> None:
    for body, token, status in ((LARGE, "", 403), (MANY, "", 403), (HUGE, "", 403), (LARGE, server.root_token, 200)):
        client = Client(b"")
        scope = scope_of(KEY, body, {"x-vault-token": token}) | {WHOLE_BODY: body}
        await application(server)(scope, client.receive, client.send)
        assert (client.status, client.heard) == (status, 0)


async def test_a_token_of_a_namespace_counts(server: Server) -> None:
    assert (await server.ask("POST", "sys/namespaces/n", {}))[0] == 200
    made = await server.ask("POST", "n/auth/token/create", {"policies": ["default"]})
    token = made[1]["auth"]["client_token"]
    client = await ask(server, "n/cubbyhole/x", LARGE, token)
    assert client.status == 204
    client = await ask(server, "nowhere/cubbyhole/x", LARGE, "")
    assert (client.status, client.heard) == (403, 0)


async def test_a_token_is_good_from_its_addresses_alone(server: Server) -> None:
    for cidr, status in (("127.0.0.0/8", 204), ("10.0.0.0/8", 403)):
        assert (await server.ask("POST", "auth/token/roles/r", {"token_bound_cidrs": [cidr]}))[0] == 204
        made = await server.ask("POST", "auth/token/create/r", {"policies": ["default"]})
        client = await ask(server, "cubbyhole/x", LARGE, made[1]["auth"]["client_token"])
        assert (client.status, client.heard > 0) == (status, status == 204)


@pytest.mark.parametrize("path", ["sys/unseal", "sys/wrapping/lookup", KEY])
async def test_what_was_left_unread_is_never_handled(server: Server, path: str) -> None:
    """Though a token may have become good since it was looked at."""
    headers = read_headers([(b"x-vault-token", server.root_token.encode())])
    request = parse_request("POST", f"/v1/{path}".encode(), b"", headers, b"{}")
    request.unread = True  # type: ignore[union-attr]
    answer = await server.dispatcher.answer(request)  # type: ignore[arg-type]
    # The root token is no wrapping token, which is found out first.
    assert answer.status == (400 if "lookup" in path else 413)


async def test_large_bodies_are_parsed_and_hidden_beside_the_event_loop(
    server: Server, monkeypatch: pytest.MonkeyPatch, log: Path
) -> None:
    threads: list[int] = []
    hide = Hasher.data

    def noted(hasher: Hasher, data: Mapping[str, Any], clear: frozenset[str]) -> dict[str, Any]:
        if len(data.get("a", ())) > 1000:
            threads.append(threading.get_ident())
        return hide(hasher, data, clear)

    monkeypatch.setattr(Hasher, "data", noted)
    before = len(entries(log))
    assert (await ask(server, "cubbyhole/x", HUGE)).status == 204
    client = Client(b"")
    await application(server)(
        scope_of("cubbyhole/x", b"", {"x-vault-token": server.root_token}, "GET"), client.receive, client.send
    )
    assert client.answer["data"] == json.loads(HUGE)
    assert len(threads) == 2
    assert threading.get_ident() not in threads
    written = entries(log)[before:]
    hidden = written[0]["request"]["data"]["a"]
    assert len(hidden) == 100_001
    assert {entry["type"] for entry in written} == {"request", "response"}
    assert written[-1]["response"]["data"]["a"] == hidden
    assert hidden[0].startswith("hmac-sha256:")


async def test_a_client_that_goes_while_it_sends_is_not_answered(server: Server, log: Path) -> None:
    before = len(entries(log))
    client = Client(b"plaintext=QUJD", piece=5)
    client.gone.set()
    form = {"content-type": "application/x-www-form-urlencoded", "x-vault-token": server.root_token}
    scope = scope_of(KEY, b"", {**form, "content-length": "100"})

    async def receive() -> Message:
        return {**await client.receive(), "more_body": True}

    await application(server)(scope, receive, client.send)
    assert client.sent == []
    assert len(entries(log)) == before


async def test_bodies_whose_clients_have_gone_are_dropped(server: Server, log: Path) -> None:
    app = application(server)
    clients = [Client(HUGE) for _ in range(20)]
    before = len(entries(log))
    async with server.dispatcher.turns.turn(Client(b"").receive):
        tasks = [
            asyncio.create_task(
                app(scope_of("cubbyhole/x", HUGE, {"x-vault-token": server.root_token}), each.receive, each.send)
            )
            for each in clients
        ]
        for _ in range(50):
            await asyncio.sleep(0)
        assert all(client.received == len(client._pieces) for client in clients)
        for client in clients[:-1]:
            client.gone.set()
        for _ in range(5):
            await asyncio.sleep(0)
        assert [task.done() for task in tasks] == [True] * 19 + [False]
    await asyncio.gather(*tasks)
    assert [client.status for client in clients if client.sent] == [204]
    assert len(entries(log)) == before + 2


async def test_nothing_is_parsed_for_a_client_that_has_gone_though_nobody_else_waits(
    server: Server, log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    parsed: list[int] = []
    parse = requests.parse_body

    def noted(sent: requests.Sent, body: Octets) -> dict[str, Any]:
        if body:
            parsed.append(len(body))
        return parse(sent, body)

    monkeypatch.setattr(requests, "parse_body", noted)
    before = len(entries(log))
    scope = scope_of("cubbyhole/x", HUGE, {"x-vault-token": server.root_token})
    client = Client(HUGE)
    client.gone.set()
    await application(server)(scope, client.receive, client.send)
    assert (client.received, client.sent, parsed) == (len(client._pieces), [], [])
    stays = Client(HUGE)
    await application(server)(dict(scope), stays.receive, stays.send)
    assert (stays.status, parsed) == (204, [len(HUGE)])
    assert len(entries(log)) == before + 2


async def test_nothing_is_handled_for_a_client_that_goes_while_its_body_is_parsed(
    server: Server, log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    client, loop = Client(HUGE), asyncio.get_running_loop()
    parse = requests.parse_body

    def goes(sent: requests.Sent, body: Octets) -> dict[str, Any]:
        if body:
            loop.call_soon_threadsafe(client.gone.set)
        return parse(sent, body)

    monkeypatch.setattr(requests, "parse_body", goes)
    before = len(entries(log))
    scope = scope_of("cubbyhole/x", HUGE, {"x-vault-token": server.root_token})
    await application(server)(scope, client.receive, client.send)
    assert client.sent == []
    assert len(entries(log)) == before


async def test_few_large_bodies_are_read_at_a_time(server: Server) -> None:
    app = application(server)
    body = b'{"a":"' + b"x" * PLAIN_BODY_BYTES + b'"}'
    server.dispatcher.held = Turns(3, 60)
    clients = [Client(body) for _ in range(8)]
    async with server.dispatcher.turns.turn():
        tasks = [
            asyncio.create_task(
                app(scope_of("cubbyhole/x", body, {"x-vault-token": server.root_token}), each.receive, each.send)
            )
            for each in clients
        ]
        for _ in range(100):
            await asyncio.sleep(0)
        assert [client.received for client in clients] == [len(client._pieces) for client in clients[:3]] + [0] * 5
        small = await ask(server, "cubbyhole/y", LARGE)
        assert small.status == 204
    await asyncio.gather(*tasks)
    assert [client.status for client in clients] == [204] * 8


async def test_turns_are_taken_one_at_a_time_and_in_order() -> None:
    turns, order, inside = Turns(1, 60), [], 0

    async def take(number: int) -> None:
        nonlocal inside
        async with turns.turn(Client(b"").receive):
            inside += 1
            assert inside == 1
            await asyncio.sleep(0)
            order.append(number)
            inside -= 1

    await asyncio.gather(*(take(number) for number in range(10)))
    assert order == list(range(10))
    async with turns.turn(Client(b"").receive):
        pass


async def test_who_gives_up_leaves_the_turn_to_the_next() -> None:
    turns = Turns(1, 60)

    async def take(client: Client) -> str:
        try:
            async with turns.turn(client.receive):
                await asyncio.sleep(0)
                return "taken"
        except GoneError:
            return "gone"

    clients = [Client(b"") for _ in range(4)]
    async with turns.turn(Client(b"").receive):
        tasks = [asyncio.create_task(take(client)) for client in clients]
        await asyncio.sleep(0)
        clients[0].gone.set()
        await asyncio.sleep(0)
    tasks[1].cancel()  # It may be its turn by now, though it doesn't know yet.
    await asyncio.wait(tasks)
    assert tasks[0].result() == "gone"
    assert tasks[1].cancelled()
    assert [task.result() for task in tasks[2:]] == ["taken", "taken"]


async def test_a_turn_ends_in_time_though_its_owner_waits() -> None:
    turns, waiting = Turns(1, 0.01), asyncio.Event()

    async def wait() -> None:
        async with turns.turn(Client(b"").receive):
            await waiting.wait()

    first = asyncio.create_task(wait())
    await asyncio.sleep(0)
    async with asyncio.timeout(10), turns.turn(Client(b"").receive):
        waiting.set()
        await first
        third = asyncio.create_task(wait())
        await asyncio.sleep(0)
        assert not third.done()  # The first, which ends late, has not given away a turn that wasn't its own.
    await third


async def test_refused_requests_leave_nothing_for_the_garbage_collector(server: Server) -> None:
    """A fault that is referred to from its own frames would keep the request, body and all."""
    cases: list[tuple[str, bytes, str | None]] = [
        (KEY, b'{"plaintext":"x"}', None),
        (KEY, b'{"plaintext":"x"}', ""),
        (KEY, HUGE[:-1], None),
        (KEY, MANY, None),
        (KEY, LARGE, ""),
        ("nowhere/x", LARGE, None),
        ("sys/unseal", MANY, ""),
        ("sys/policies/acl/p", b'{"policy":"x"}', None),
        ("sys/policies/password/p", b'{"policy":"length=4"}', None),
        ("sys/wrapping/unwrap", b'{"token":"x"}', None),
        ("cubbyhole/x", b'{"a":' * 120 + b"1" + b"}" * 120, None),
    ]
    for path, body, token in cases:
        await ask(server, path, body, token)
        with garbage() as found:
            await ask(server, path, body, token)
        assert not found, f"a request to {path} has left {found}"


async def test_the_client_of_a_dropped_request_is_let_go(server: Server) -> None:
    """Neither its turn nor an exception keeps its body."""
    turns = server.dispatcher.turns
    with garbage() as found:
        async with turns.turn(Client(b"").receive):
            client = Client(b"")
            client.gone.set()
            with suppress(GoneError):
                async with turns.turn(client.receive):
                    pass
        await asyncio.sleep(0)
    assert not found


async def test_who_sends_on_behind_the_answer_is_heard_out_and_then_cut_off(server: Server) -> None:
    """The answer is there at once; the connection ends when the client has come to read it."""
    for path, token, size, status in ((KEY, "", 3, 403), (KEY, server.root_token, 11, 413), ("sys/unseal", "", 2, 413)):
        body = b'{"a":"' + b"x" * size * 1024 * 1024 + b'"}'
        client = Client(body)
        scope = scope_of(path, body, {"x-vault-token": token} if token else {})
        await application(server)(scope, client.receive, client.send)
        assert (client.status, client.heard, client.received) == (status, 0, len(client._pieces))
        assert (b"connection", b"close") in client.sent[0]["headers"]
        assert client.answer["errors"]
        assert [message.get("more_body") for message in client.sent[1:]] == [True, None]


async def test_who_was_heard_to_the_end_keeps_the_connection(server: Server) -> None:
    client = await ask(server, KEY, LARGE)
    assert (client.status, client.heard) == (200, len(client._pieces))
    assert (b"connection", b"close") not in client.sent[0]["headers"]


@pytest.mark.parametrize("gone", [False, True])
async def test_a_large_body_is_let_go_with_its_request(server: Server, gone: bool) -> None:
    """Whether it was answered, or dropped while it waited for its turn."""
    app = application(server)
    body = b'{"a":"' + b"x" * 2 * PLAIN_BODY_BYTES + b'"}'
    scope = scope_of("cubbyhole/x", body, {"x-vault-token": server.root_token})
    await app(dict(scope), Client(body).receive, Client(body).send)
    with garbage() as found:
        async with server.dispatcher.turns.turn(Client(b"").receive):
            client = Client(body)
            task = asyncio.create_task(app(dict(scope), client.receive, client.send))
            for _ in range(50):
                await asyncio.sleep(0)
            assert client.received == len(client._pieces)
            if gone:
                client.gone.set()
                await task
        await task
        assert bool(client.sent) is not gone
        del client, task
        await asyncio.sleep(0)
    assert not found
