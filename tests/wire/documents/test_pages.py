"""Every example of README and docs/*.md runs as it stands, but for those in ``NOT_RUN``."""

from __future__ import annotations

import json
import re
import shutil
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx2
import pytest

from engines.base import Operation, Row
from engines.signing import routes as signing
from engines.transit import routes as transit
from tests.auth_methods.jwt.test_jwt_browser import Provider, provider_serving
from tests.support.products import Product, free_port
from tests.support.servers import CHECKOUT, Server
from tests.wire.documents.snippets import DOCUMENTED_ADDRESS, LANGUAGES, extract, fences, session

NOT_RUN: Mapping[tuple[str, str], str] = {}
"""Blocks of commands that no test can run, by page and first line, with the reason: systemd, root or containers."""

ELSEWHERE = ("docs/migration.md", "docs/operating.md")
"""Pages with a test of their own, which looks at more than that the examples run."""

PAGES = ("README.md", *sorted(f"docs/{path.name}" for path in (CHECKOUT / "docs").glob("*.md")))
RUNNABLE = [page for page in PAGES if extract((CHECKOUT / page).read_text(encoding="utf-8"))]
SPECIAL = (*ELSEWHERE, "docs/auth.md", "docs/signing.md", "docs/transit.md")
ALONE = [page for page in RUNNABLE if page not in SPECIAL]

_COMMAND = re.compile(
    r"(?:\$ )?(?:bao|vault|cryptoserve|curl|export|make|pip|python3?|openssl|sudo|systemctl|docker)\b "
)
_NEEDED = [program for program in ("curl", "jq", "openssl") if shutil.which(program) is None]

pytestmark = pytest.mark.skipif(bool(_NEEDED), reason=f"the examples use {', '.join(_NEEDED)}")


def _text(page: str) -> str:
    return (CHECKOUT / page).read_text(encoding="utf-8")


@pytest.mark.parametrize("page", ["CONTRIBUTING.md", *PAGES])
def test_commands_stand_in_blocks_that_are_run(page: str) -> None:
    """Under the name ``sh``, and not indented."""
    others = [fence for fence in fences(_text(page)) if fence.language not in LANGUAGES]
    indented = re.findall(r"(?:^|\n)\n((?: {4}.*\n)+)", re.sub(r"^```.*?^```$", "", _text(page), flags=re.M | re.S))
    blocks = [*(fence.text for fence in others), *(re.sub("^    ", "", text, flags=re.M) for text in indented)]
    commands = [block for block in blocks if any(map(_COMMAND.match, block.splitlines()))]
    assert [block for block in commands if (page, block.splitlines()[0]) not in NOT_RUN] == []


def test_exceptions_are_there_and_have_a_reason() -> None:
    for (page, first), reason in NOT_RUN.items():
        assert first in _text(page)
        assert re.search("systemd|root|container", reason)


@pytest.mark.parametrize("page", ALONE)
def test_examples_run(tmp_path: Path, page: str) -> None:
    with (
        Server(Product.CRYPTOSERVE, tmp_path / "server", development=True) as server,
        session(tmp_path, {DOCUMENTED_ADDRESS: f"127.0.0.1:{server.port}"}) as reader,
    ):
        for snippet in extract(_text(page)):
            reader.run(snippet)


def test_every_page_is_run() -> None:
    assert {"README.md", *SPECIAL} <= set(RUNNABLE)
    assert sorted([*ALONE, *SPECIAL]) == sorted(RUNNABLE)


Operations = set[tuple[Operation, tuple[str, ...]]]
"""What is done, and the fixed parts of the path: the same for all paths of one operation."""


@pytest.mark.parametrize(
    ("engine", "routes", "languages"), [("transit", transit.ROUTES, LANGUAGES), ("signing", signing.ROUTES, ("sh",))]
)
def test_guides_have_an_example_of_each_operation(
    tmp_path: Path, engine: str, routes: Sequence[Row[Any]], languages: Sequence[str]
) -> None:
    """The audit log says what the examples in each language have asked for, and what was answered without an error."""
    log = tmp_path / "audit.log"
    device = f'audit "file" "main" {{\n  options {{\n    file_path = "{log}"\n  }}\n}}\n'
    done: dict[str, Operations] = {language: set() for language in LANGUAGES}
    (tmp_path / "reader").mkdir()
    with (
        Server(Product.CRYPTOSERVE, tmp_path / "server", development=True, settings=device) as server,
        session(tmp_path / "reader", {DOCUMENTED_ADDRESS: f"127.0.0.1:{server.port}"}) as reader,
    ):
        for snippet in extract(_text(f"docs/{engine}.md")):
            before = log.stat().st_size
            reader.run(snippet)
            with log.open("rb") as entries:
                entries.seek(before)
                done[snippet.language].update(_operations(entries.read().decode(), f"{engine}/", routes))
    expected = {_operation(route) for route in routes}
    missing = {language: expected - done[language] for language in languages}
    assert not any(missing.values()), missing


def _operation(route: Row[Any]) -> tuple[Operation, tuple[str, ...]]:
    return route.operation, tuple(part for part in route.path.split("/") if not part.startswith("{"))


def _operations(entries: str, mount: str, routes: Sequence[Row[Any]]) -> Operations:
    """What a part of an audit log says to have been answered."""
    found: Operations = set()
    for line in entries.splitlines():
        entry = json.loads(line)
        request = entry["request"]
        if entry["type"] == "response" and "error" not in entry and request["path"].startswith(mount):
            operation = Operation(request["operation"])
            asked = Operation.UPDATE if operation is Operation.CREATE else operation
            found.add(_operation(_route(request["path"].removeprefix(mount), asked, routes)))
    return found


def _route(path: str, operation: Operation, routes: Sequence[Row[Any]]) -> Row[Any]:
    """The route that serves ``path``: of those that fit, the one with the fewest parameters."""

    def fits(route: Row[Any]) -> bool:
        pattern = re.sub(r"\\\{\w+(?::\w+)?\\\}", "[^/]+", re.escape(route.path))
        return route.operation is operation and re.fullmatch(f"{pattern}/?", path) is not None

    return min(filter(fits, routes), key=lambda route: route.path.count("{"))


@contextmanager
def _browser(folder: Path, provider: Provider) -> Iterator[Path]:
    """A folder with an ``xdg-open`` that has the address it is given opened here, by somebody who logs in."""
    folder.mkdir()
    given = folder / "given"
    opener = folder / "xdg-open"
    opener.write_text(f"#!{sys.executable}\nimport sys\nopen({str(given)!r}, 'w').write(sys.argv[1] + chr(10))\n")
    opener.chmod(0o755)
    ended = threading.Event()

    def log_in() -> None:
        while not (given.exists() and given.read_text().endswith("\n")):
            if ended.wait(0.05):
                return
        address = given.read_text().strip()
        back = parse_qs(urlsplit(address).query)["redirect_uri"][0]
        # The command doesn't wait until the browser has its page.
        with suppress(httpx2.HTTPError):
            httpx2.get(f"{back}?{urlencode(provider.log_in(address))}", trust_env=False, timeout=20)

    thread = threading.Thread(target=log_in)
    thread.start()
    try:
        yield folder
    finally:
        ended.set()
        thread.join()


def test_auth_methods(tmp_path: Path) -> None:
    """With a provider of OpenID Connect in place of the reader's, and its client."""
    (tmp_path / "reader").mkdir()
    ports = {documented: str(free_port()) for documented in ("8201", "8202", "8250")}
    with (
        provider_serving() as provider,
        _browser(tmp_path / "browser", provider) as programs,
        Server(Product.CRYPTOSERVE, tmp_path / "server", development=True) as server,
    ):
        provider.client, provider.claims = "crypto", {"email": "alice@example.com"}
        replaced = {
            DOCUMENTED_ADDRESS: f"127.0.0.1:{server.port}",
            "https://login.example.com": provider.url,
            **ports,
        }
        snippets = extract(_text("docs/auth.md"))
        with session(tmp_path / "reader", replaced, [programs], OIDC_CLIENT_SECRET="secret") as reader:
            printed = {snippet.text: reader.run(snippet) for snippet in snippets}
        assert len(provider.exchanges) == 1
    for login, policies in {
        "auth/approle/login": '["default" "web"]',
        'bao login -no-store -method=userpass username=alice password="$password"': '["default" "staff"]',
        "auth/jwt/login": '["default" "deploy"]',
        "-method=oidc": '["default" "staff"]',
        "-method=cert": '["default" "web"]',
    }.items():
        (shown,) = (output for text, output in printed.items() if login in text)
        assert policies in shown
