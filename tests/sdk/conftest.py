"""Both clients, at servers of both products and at servers that only play back what a test tells."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from cryptoserve import AsyncCryptoServe, CryptoServe
from tests.sdk.scripted import Scripted
from tests.support.products import Product
from tests.support.servers import ROOT_TOKEN, Server

PRODUCTS = [
    pytest.param(product, marks=pytest.mark.skipif(bool(product.missing()), reason=product.missing()))
    for product in Product
]

_numbers = itertools.count(1)

Connect = Callable[..., Any]
"""Makes a client of a kind, with the arguments of ``CryptoServe``."""


class Driven:
    """An ``AsyncCryptoServe`` with the calls of ``CryptoServe``: each runs the event loop until it is done."""

    def __init__(self, loop: asyncio.AbstractEventLoop, *arguments: Any, **options: Any) -> None:
        self._loop = loop
        self._client = AsyncCryptoServe(*arguments, **options)

    def __getattr__(self, name: str) -> Callable[..., Any]:
        method = getattr(self._client, name)
        return lambda *arguments, **options: self._loop.run_until_complete(method(*arguments, **options))


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No variables and no stored token of the machine that the tests run on."""
    for prefix in ("CRYPTOSERVE", "BAO", "VAULT"):
        for name in ("ADDR", "TOKEN", "NAMESPACE", "CACERT"):
            monkeypatch.delenv(f"{prefix}_{name}", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))


@pytest.fixture(params=["sync", "async"])
def connect(request: pytest.FixtureRequest) -> Iterator[Connect]:
    """What makes clients of either kind; they are closed at the end."""
    with asyncio.Runner() as runner:
        made: list[Any] = []

        def make(app_name: str = "payments", team: str = "backend", **options: Any) -> Any:
            if request.param == "sync":
                client: Any = CryptoServe(app_name, team, **options)
            else:
                client = Driven(runner.get_loop(), app_name, team, **options)
            made.append(client)
            return client

        yield make
        for client in made:
            client.close()


@pytest.fixture(scope="module", params=PRODUCTS)
def server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A development server of each product, with transit mounted."""
    with Server(request.param, tmp_path_factory.mktemp(request.param.value), development=True) as started:
        if request.param is Product.OPENBAO:
            started.request("POST", "sys/mounts/transit", {"type": "transit"})
        yield started


@pytest.fixture(scope="module")
def own_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A development server of ours, for what only ours has."""
    with Server(Product.CRYPTOSERVE, tmp_path_factory.mktemp("own"), development=True) as started:
        started.request("POST", "sys/mounts/pqc", {"type": "pqc"})
        yield started


@pytest.fixture
def scripted() -> Iterator[Scripted]:
    """A server that plays back answers."""
    with Scripted() as playing:
        yield playing


def each(*calls: Callable[[], object]) -> tuple[Callable[[], object], ...]:
    """``calls`` as they are: what makes them typed."""
    return calls


def fresh(name: str) -> str:
    """A name that no other test uses."""
    return f"{name}-{next(_numbers)}"


def at(server: Server) -> dict[str, str]:
    """The options of a client that is root at ``server``."""
    return {"addr": server.address, "token": ROOT_TOKEN}


def token_with(server: Server, name: str, rules: str) -> str:
    """A token that has only the policy ``rules``, besides the default one."""
    server.request("PUT", f"sys/policies/acl/{name}", {"policy": rules})
    token: str = server.request("POST", "auth/token/create", {"policies": [name]}).json()["auth"]["client_token"]
    return token
