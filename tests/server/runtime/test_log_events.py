"""What the log tells of requests and of strangers: which lines there are, how many, and what isn't in them."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote

import pytest

from auth_methods.base import InvalidCredentials, Login
from engines.base import Access, Call, EngineType, Operation, Route
from server.config import Listener
from server.core.settings import Settings
from server.listeners.asgi import Message
from server.pipeline import dispatch, login
from server.pipeline.app import Application
from server.runtime import plugins
from server.runtime.log_limits import LINES, PERIOD_SECONDS, LimitedLog, LineLimit, UnauthenticatedLimit
from server.runtime.logs import OWN_LOGGERS, JsonFormatter, ReadableFormatter, configure_logs, set_level
from server.tenants.limits.lockouts import THRESHOLD
from tests.support.systems import NewServer, NoteBody, Server


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """The log in JSON, from ``debug`` upwards."""
    before = {name: logging.getLogger(name).level for name in OWN_LOGGERS}
    stream = io.StringIO()
    configure_logs("debug", "json", stream)
    yield stream
    set_level("info")
    root = logging.getLogger()
    for handler in list(root.handlers):
        if isinstance(handler.formatter, (JsonFormatter, ReadableFormatter)):
            root.removeHandler(handler)
    for name, level in before.items():
        logging.getLogger(name).setLevel(level)


@pytest.fixture(autouse=True)
def fresh_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Limits that no other test has used up."""
    for module, name in ((dispatch, "_refusals"), (login, "_limited"), (login, "_lockouts")):
        monkeypatch.setattr(module, name, LimitedLog(logging.getLogger(module.__name__)))


def lines(log: io.StringIO, module: str, level: str = "warn") -> list[dict[str, Any]]:
    found = [json.loads(line) for line in log.getvalue().splitlines()]
    return [entry for entry in found if (entry["@module"], entry["@level"]) == (module, level)]


async def test_each_request_has_a_line_at_debug(server: Server, log: io.StringIO) -> None:
    await server.ask("GET", "sys/health", token="")
    _, answer = await server.ask("GET", "sys/policies/acl/default?secret=in-the-query")
    await server.ask("POST", "sys/nothing/here", {"plaintext": "in-the-body"}, token="in-the-header")
    shown = lines(log, "server.requests", "debug")
    assert [(entry["method"], entry["path"], entry["status"]) for entry in shown] == [
        ("GET", "sys/health", 200),
        ("GET", "sys/policies/acl/default", 200),
        ("POST", "sys/nothing/here", 403),
    ]
    assert shown[1]["id"] == answer["request_id"]
    assert all(entry["milliseconds"] > 0 and entry["address"] == "127.0.0.1" for entry in shown)
    assert "in-the-" not in log.getvalue()
    set_level("info")
    await server.ask("GET", "sys/health", token="")
    assert len(lines(log, "server.requests", "debug")) == 3


async def served(application: Application, path: str) -> int:
    """The status of the answer to GET ``path``."""
    statuses: list[int] = []

    async def receive() -> Message:
        return {"type": "http.request", "body": b""}

    async def send(message: Message) -> None:
        if message["type"] == "http.response.start":
            statuses.append(message["status"])

    scope = {
        "type": "http",
        "method": "GET",
        "path": unquote(path),
        "raw_path": path.encode("latin-1"),
        "root_path": "",
        "query_string": b"",
        "headers": [],
        "client": ("127.0.0.1", 1),
    }
    await application(scope, receive, send)
    return statuses[0]


@pytest.mark.parametrize("form", ["json", "standard"])
async def test_a_path_makes_no_other_line_and_tells_no_token(server: Server, log: io.StringIO, form: str) -> None:
    stream = io.StringIO()
    configure_logs("debug", form, stream)
    token, _ = await server.token_for('path "x" {}')
    stream.truncate(0)
    stream.seek(0)
    application = Application(server.dispatcher, Listener("tcp", "127.0.0.1:0"))
    paths = [
        "/v1/a%0A2026-01-31T12:00:00.000Z%20[INFO]%20forged",
        "/v1/b%1B[31m",
        "/v1/c%ED%A0%80",
        "/v1/d\xff",
        f"/v1/sys/{token}",
        f"/v1/{token}%00",
        "/v1//",
        f"/{token}",
        "/v1/" + "e" * 9000,
    ]
    for path in paths:
        assert await served(application, path) >= 300
    text = stream.getvalue()
    assert len(text.splitlines()) == len(paths)
    assert "\x1b" not in text
    assert token not in text
    assert token[5:15] not in text
    assert "sys/(token)" in text
    text.encode()
    assert max(map(len, text.splitlines())) < 1000


async def test_failed_unseals_are_told_with_their_address(new_server: NewServer, log: io.StringIO) -> None:
    server = await new_server()
    made = await server.core.initialize(1, 1)
    share = made.shares[0].hex()
    wrong = "00" * (len(share) // 2 - 1) + "01"
    for _ in range(3 * LINES):
        assert (await server.ask("PUT", "sys/unseal", {"key": wrong}, token="", address="10.1.2.3"))[0] == 400
    told = lines(log, "server.pipeline.dispatch")
    assert len(told) == LINES
    assert told[0]["@message"].startswith("sys/unseal refused: ")
    assert told[0]["address"] == "10.1.2.3"
    assert wrong not in log.getvalue()
    assert (await server.ask("PUT", "sys/unseal", {"key": share}, token=""))[0] == 200
    assert share not in log.getvalue()
    assert [entry["@message"] for entry in lines(log, "server.core.lifecycle", "info")][-1] == "unsealed"


class _LoginBody(NoteBody):
    """A text under the name of an account."""

    def named_account(self) -> str:
        return self.name


async def _log_in(method: object, call: Call, body: _LoginBody) -> Login:
    raise InvalidCredentials("wrong")


_SIMPLE = EngineType(
    type="simple",
    summary="No proof is right",
    routes=(Route(Operation.UPDATE, "login/{name}", _log_in, _LoginBody, "Log in.", Access.PUBLIC),),
    open=lambda mount: object(),
)


async def test_lockouts_and_limits_are_told(
    new_server: NewServer, log: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(plugins, "load", lambda group, name: _SIMPLE if name == "simple" else None)
    server = await (await new_server(Settings(login_failures_per_minute=THRESHOLD))).unsealed()
    assert (await server.ask("POST", "sys/auth/m", {"type": "simple"}))[0] == 204
    for _ in range(THRESHOLD):
        await server.ask("POST", "auth/m/login/hunter2", {"text": "in-the-body"}, token="", address="10.1.2.3")
    (locked,) = lines(log, "server.pipeline.login")
    assert locked["@message"] == "an account is locked after too many wrong proofs; sys/locked-users names it"
    assert (locked["mount"], locked["address"]) == ("auth/m/", "10.1.2.3")
    for _ in range(2 * LINES):
        await server.ask("POST", "auth/m/login/hunter2", {}, token="", address="10.1.2.3")
    told = lines(log, "server.pipeline.login")[1:]
    assert len(told) == LINES
    assert told[0]["@message"] == "logins are refused: too many have failed from one address"
    assert (told[0]["mount"], told[0]["address"], told[0]["wait_seconds"]) == ("auth/m/", "10.1.2.3", 12)
    assert not any("hunter2" in json.dumps(entry) for entry in lines(log, "server.pipeline.login"))


def test_lines_of_a_kind_are_limited() -> None:
    now = [0.0]
    stream = io.StringIO()
    configure_logs("info", "json", stream)
    limited = LimitedLog(logging.getLogger("server.x"), LineLimit(3, 60, lambda: now[0]))
    try:
        for _ in range(10):
            limited.warning("%s happened", "it", address="10.0.0.1")
        now[0] = 60.0
        limited.error("again")
        limited.error("again")
        entries = [json.loads(line) for line in stream.getvalue().splitlines()]
    finally:
        configure_logs("info", "json", io.StringIO())
    assert [(entry["@message"], entry.get("left_out")) for entry in entries] == [
        *[("it happened", None)] * 3,
        ("again", 7),
        ("again", None),
    ]
    assert entries[0]["address"] == "10.0.0.1"


def test_other_peoples_lines_are_limited_for_each_logger() -> None:
    now = [0.0]
    passes = UnauthenticatedLimit(("server",), lambda: LineLimit(clock=lambda: now[0])).filter

    def record(name: str) -> logging.LogRecord:
        return logging.LogRecord(name, logging.WARNING, "", 0, "Invalid HTTP request received.", None, None)

    assert sum(passes(record("uvicorn.error")) for _ in range(1000)) == LINES
    assert sum(passes(record("hypercorn.error")) for _ in range(1000)) == LINES
    assert all(passes(record("server.core")) for _ in range(1000))
    limited = record("auth_methods.fetching.failures")
    limited.__dict__["limited"] = True
    assert sum(passes(limited) for _ in range(1000)) == LINES
    now[0] = PERIOD_SECONDS
    last = record("uvicorn.error")
    assert passes(last)
    assert last.__dict__["fields"] == {"left_out": 1000 - LINES}
