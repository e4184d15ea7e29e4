"""A browser without script, for tests: cookies, forms and links of pages, sent to the application in this process."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import urlencode

from server.listeners.asgi import Message
from server.pipeline.app import Application

SAME_ORIGIN = {"sec-fetch-site": "same-origin"}
TYPED_IN = {"sec-fetch-site": "none"}


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.text: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text.append(data)


@dataclass
class Seen:
    """An answer as a browser sees it."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes
    text: str = ""
    """What is on the page, without markup."""

    tags: list[tuple[str, dict[str, str | None]]] = field(default_factory=list)

    def header(self, name: str) -> str:
        """The value of a header; empty if there is none."""
        return next((value for other, value in self.headers if other == name), "")

    def cookies(self) -> dict[str, str]:
        """The cookies that are set, whole, by name."""
        found = [value for name, value in self.headers if name == "set-cookie"]
        return {value.partition("=")[0]: value for value in found}

    @property
    def csrf_token(self) -> str:
        """The token in the page's forms."""
        return next(
            (attributes.get("value") or "" for tag, attributes in self.tags if attributes.get("name") == "csrf_token"),
            "",
        )

    def options(self) -> list[str]:
        """The values of the namespaces in the switcher."""
        at = next((i for i, (tag, attributes) in enumerate(self.tags) if attributes.get("id") == "namespace"), 0)
        rest = itertools.takewhile(lambda tag: tag[0] == "option", self.tags[at + 1 :])
        return [attributes.get("value") or "" for _, attributes in rest]

    def links(self) -> list[str]:
        """The targets of links."""
        return [attributes.get("href") or "" for tag, attributes in self.tags if tag == "a"]


@dataclass
class Browser:
    """One browser with its cookies."""

    application: Application
    cookies: dict[str, str] = field(default_factory=dict)

    async def get(self, path: str, headers: Mapping[str, str] = SAME_ORIGIN) -> Seen:
        """Load a page."""
        return await self.send("GET", path, b"", headers)

    async def post(self, path: str, form: Mapping[str, str], headers: Mapping[str, str] = SAME_ORIGIN) -> Seen:
        """Submit a form as it is given."""
        kind = {"content-type": "application/x-www-form-urlencoded"}
        return await self.send("POST", path, urlencode(form).encode(), {**kind, **headers})

    async def post_files(self, path: str, form: Mapping[str, str], files: Mapping[str, bytes]) -> Seen:
        """Submit a form with files, by the names of their fields."""
        parts = [(f'name="{name}"', value.encode()) for name, value in form.items()]
        parts += [(f'name="{name}"; filename="f"', contents) for name, contents in files.items()]
        head = b"--edge\r\nContent-Disposition: form-data; "
        body = b"".join(head + about.encode() + b"\r\n\r\n" + value + b"\r\n" for about, value in parts)
        kind = {"content-type": "multipart/form-data; boundary=edge"}
        return await self.send("POST", path, body + b"--edge--\r\n", {**kind, **SAME_ORIGIN})

    async def submit(self, path: str, name: str, /, **values: str) -> Seen:
        """Load the page, and submit its form ``name`` with ``values``."""
        page = await self.get(path)
        return await self.post(path, {"form": name, "csrf_token": page.csrf_token, **values})

    async def log_in(self, token: str) -> Seen:
        """Log in with a token, and load the overview."""
        page = await self.get("/ui/login", TYPED_IN)
        answer = await self.post("/ui/login", {"token": token, "csrf_token": page.csrf_token})
        assert answer.status == 303, answer.text
        return await self.get(answer.header("location"))

    async def send(self, method: str, path: str, body: bytes, headers: Mapping[str, str]) -> Seen:
        """Send a request, and keep the cookies of the answer."""
        target, _, query = path.partition("?")
        sent = {"host": "127.0.0.1:8200", **headers}
        if self.cookies:
            sent["cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        messages: list[Message] = []
        bodies = [{"type": "http.request", "body": body, "more_body": False}]

        async def receive() -> Message:
            return bodies.pop() if bodies else {"type": "http.disconnect"}

        async def send(message: Message) -> None:
            messages.append(message)

        scope = {
            "type": "http",
            "http_version": "1.1",
            "method": method,
            "scheme": "http",
            "path": target,
            "raw_path": target.encode(),
            "query_string": query.encode(),
            "headers": [(name.encode(), value.encode()) for name, value in sent.items()],
            "client": ("127.0.0.1", 40000),
            "server": ("127.0.0.1", 8200),
            "root_path": "",
        }
        await self.application(scope, receive, send)
        return self._seen(messages)

    def _seen(self, messages: list[Message]) -> Seen:
        headers = [(name.decode().lower(), value.decode()) for name, value in messages[0]["headers"]]
        body = b"".join(message.get("body", b"") for message in messages[1:])
        seen = Seen(messages[0]["status"], headers, body)
        if seen.header("content-type").startswith("text/html"):
            reader = _Reader()
            reader.feed(body.decode())
            seen.text, seen.tags = " ".join(" ".join(reader.text).split()), reader.tags
        for name, cookie in seen.cookies().items():
            value = cookie.partition("=")[2].partition(";")[0]
            if value:
                self.cookies[name] = value
            else:
                self.cookies.pop(name, None)
        return seen
