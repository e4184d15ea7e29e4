"""Fake web services on a port of this machine: answers by path, and a record of what was asked."""

from __future__ import annotations

import json
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, TypeAlias
from urllib.parse import parse_qs, urlsplit


@dataclass(frozen=True)
class Asked:
    """One request. ``query`` and ``form`` have the last value of each name."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes

    @property
    def form(self) -> dict[str, str]:
        """The fields of the body."""
        return _last(self.body.decode())

    @property
    def bearer(self) -> str:
        """The token that the request shows."""
        return self.headers.get("Authorization", "").partition(" ")[2]


@dataclass(frozen=True)
class Answer:
    """An answer: JSON, or bytes as they are, perhaps late."""

    document: Any = None
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    seconds: float = 0


Answering: TypeAlias = Callable[[Asked], Any]


class FakeWeb:
    """The service; ``paths`` are documents, answers, or functions of the request that return either."""

    def __init__(self) -> None:
        self.paths: dict[str, Any] = {}
        self.asked: list[Asked] = []
        self.url = ""

    def answer(self, asked: Asked) -> Answer:
        """The answer to one request."""
        self.asked.append(asked)
        found = self.paths.get(asked.path, Answer(status=404))
        if callable(found):
            found = found(asked)
        return found if isinstance(found, Answer) else Answer(found)

    def pages(self, path: str, pages: list[Any]) -> None:
        """Let ``path`` be a list in pages that ``Link`` headers join."""

        def page(asked: Asked) -> Answer:
            number = int(asked.query.get("page", "1"))
            rest = f'<{self.url}{path}?page={number + 1}>; rel="next", <{self.url}{path}>; rel="first"'
            return Answer(pages[number - 1], headers={"Link": rest} if number < len(pages) else {})

        self.paths[path] = page

    def asked_for(self, path: str) -> list[Asked]:
        """The requests for ``path``."""
        return [one for one in self.asked if one.path == path]


def _log_nothing(*arguments: object) -> None:
    """In place of ``log_message``."""


@contextmanager
def listening(handler: type[BaseHTTPRequestHandler], certificate: tuple[Path, Path] | None = None) -> Iterator[str]:
    """The URL of a server with this handler, at a port of this machine; over TLS with a certificate and its key."""
    quiet = type("Quiet", (handler,), {"log_message": _log_nothing})
    server = ThreadingHTTPServer(("127.0.0.1", 0), quiet)
    if certificate is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*certificate)
        server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"{'http' if certificate is None else 'https'}://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@contextmanager
def web_serving(web: FakeWeb) -> Iterator[FakeWeb]:
    """``web``, at a port of this machine."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer(b"")

        def do_POST(self) -> None:
            self._answer(self.rfile.read(int(self.headers.get("Content-Length", "0"))))

        def _answer(self, body: bytes) -> None:
            parts = urlsplit(self.path)
            asked = Asked(self.command, parts.path, _last(parts.query), dict(self.headers.items()), body)
            answer = web.answer(asked)
            time.sleep(answer.seconds)
            raw = isinstance(answer.document, bytes)
            content: bytes = answer.document if raw else json.dumps(answer.document).encode()
            try:
                self.send_response(answer.status)
                for name, value in answer.headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)
            except OSError:
                pass  # The client had enough.

    with listening(Handler) as web.url:
        yield web


def _last(text: str) -> dict[str, str]:
    return {name: values[-1] for name, values in parse_qs(text, keep_blank_values=True).items()}
