"""``bao login -method=oidc`` in all modes, against a real server process; the browser is a function."""

from __future__ import annotations

import contextlib
import html
import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import httpx2
import pytest

from tests.auth_methods.jwt.test_jwt_browser import Provider, provider_serving
from tests.support.products import Product, free_port, require_bao
from tests.support.servers import Server


@pytest.fixture
def provider() -> Iterator[Provider]:
    """An OpenID provider of the test's own, which names itself in its answers."""
    with provider_serving() as made:
        made.discovery = {"authorization_response_iss_parameter_supported": True}
        yield made


@pytest.fixture(autouse=True)
def mount(development: Server) -> Iterator[None]:
    """A mount ``oidc`` for the test."""
    _write(development, "sys/auth/oidc", {"type": "oidc"})
    yield
    assert development.request("DELETE", "sys/auth/oidc").status == 204


class Login:
    """A ``bao login`` that waits."""

    def __init__(self, server: Server, home: Path, *arguments: str) -> None:
        command = [str(require_bao()), "login", "-method=oidc", "-format=json", "skip_browser=true", *arguments]
        environment = {"HOME": str(home), "BAO_ADDR": server.address}
        self._process = subprocess.Popen(
            command,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def __enter__(self) -> Login:
        return self

    def __exit__(self, *details: object) -> None:
        self._process.kill()
        self._process.communicate()

    def address(self, start: str) -> str:
        """The address that it tells people to open."""
        assert self._process.stderr is not None
        return next(line.strip() for line in self._process.stderr if line.strip().startswith(start))

    def auth(self) -> Any:
        """The token that it ends with."""
        said, complaint = self._process.communicate(timeout=20)
        assert self._process.returncode == 0, complaint
        return json.loads(said)["auth"]


def _write(server: Server, path: str, body: dict[str, Any]) -> None:
    answer = httpx2.post(
        f"{server.address}/v1/{path}", json=body, headers={"X-Vault-Token": server.root_token}, trust_env=False
    )
    assert answer.status_code in (200, 204), answer.text


def _configure(server: Server, provider: Provider, **config: Any) -> None:
    given = {"oidc_discovery_url": provider.url, "oidc_client_id": "client", "oidc_client_secret": "secret"}
    also = {"jwt_supported_algs": "ES256", "default_role": "r"}
    _write(server, "auth/oidc/config", {**given, **also, **config})


def _role(server: Server, **role: Any) -> None:
    body = {"user_claim": "sub", "token_policies": "web", "poll_interval": 1, **role}
    _write(server, "auth/oidc/role/r", body)


@pytest.mark.parametrize("mode", ["query", "form_post"])
def test_the_browser_comes_back_to_the_command(
    development: Server, provider: Provider, tmp_path: Path, mode: str
) -> None:
    port = free_port()
    back_to = f"http://localhost:{port}/oidc/callback"
    _configure(development, provider, oidc_response_mode=mode)
    _role(development, allowed_redirect_uris=back_to)
    with Login(development, tmp_path, f"port={port}") as login:
        back = {**provider.log_in(login.address(provider.url)), "iss": provider.url}
        # What bao says to the browser may be cut off: it doesn't wait for the page before it ends.
        with contextlib.suppress(httpx2.RemoteProtocolError):
            if mode == "query":
                answer = httpx2.get(f"{back_to}?{urlencode(back)}", trust_env=False, timeout=20)
            else:
                answer = httpx2.post(back_to, data=back, trust_env=False, timeout=20)
            assert answer.status_code == 200
        assert login.auth()["policies"] == ["default", "web"]


@pytest.mark.parametrize("mode", ["query", "form_post"])
def test_the_browser_comes_back_to_the_server(
    development: Server, product: Product, provider: Provider, tmp_path: Path, mode: str
) -> None:
    if product is not Product.CRYPTOSERVE and mode == "form_post":
        pytest.skip("OpenBao hands a posted answer to its own pages alone")
    back_to = f"{development.address}/v1/auth/oidc/oidc/callback"
    _configure(development, provider, oidc_response_mode=mode)
    _role(development, allowed_redirect_uris=back_to, callback_mode="direct")
    with Login(development, tmp_path, "callbackmode=direct") as login:
        fields = {**provider.log_in(login.address(provider.url)), "iss": provider.url}
        for _ in range(2):
            if mode == "query":
                page = httpx2.get(f"{back_to}?{urlencode(fields)}", trust_env=False)
            else:
                page = httpx2.post(back_to, data=fields, trust_env=False)
            assert page.status_code == 200, page.text
            assert page.headers["content-type"].startswith("text/html")
            assert page.headers["cache-control"] == "no-store"
            fields = _confirmed(page.text, fields)
        assert login.auth()["policies"] == ["default", "web"]


def _confirmed(page: str, fields: dict[str, str]) -> dict[str, str]:
    """What the browser sends when the person confirms: the fields of our form, or what OpenBao's script adds."""
    found = re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)">', page)
    return {html.unescape(name): html.unescape(value) for name, value in found} or {**fields, "confirmation": "1"}


def test_a_device_without_a_browser(development: Server, provider: Provider, tmp_path: Path) -> None:
    provider.device_answers = ["authorization_pending"]
    _configure(development, provider)
    _role(development, allowed_redirect_uris="http://localhost", callback_mode="device")
    with Login(development, tmp_path, "callbackmode=device") as login:
        assert login.address(provider.url) == f"{provider.url}/activate"
        assert login.auth()["policies"] == ["default", "web"]
    assert len(provider.exchanges) == 2
