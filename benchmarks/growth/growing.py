"""Servers of growing size: ours on stores that were filled from within, OpenBao asked for one thing after another.

The requests go round over all keys or tokens in random order, each as often as any other. Real traffic has favourites,
which caches keep; so this is the worst that size can do.
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks.growth.population import TOKEN_SECONDS, Sizes, fill, key_name, policy_name, policy_text
from benchmarks.housekeeping import set_up
from benchmarks.load import build_request
from benchmarks.workloads.base import PLAINTEXT_BYTES, encode, plaintexts
from tests.support.products import HOST, Product
from tests.support.servers import Server

MOST_DIFFERENT = 50_000
"""How many different requests are prepared: more than are sent while one size is measured."""

_ASKING = 16


def requests_over(server: Server, sizes: Sizes, tokens: list[str]) -> Iterator[bytes]:
    """Encryptions without end, over all keys and tokens."""
    body = encode({"plaintext": plaintexts(1, PLAINTEXT_BYTES)[0]})
    host, count = f"{HOST}:{server.port}", max(sizes.keys, len(tokens))
    numbers = random.Random(20260101).sample(range(count), min(count, MOST_DIFFERENT))
    requests = [
        build_request(
            "POST",
            f"/v1/transit/encrypt/{key_name(number % sizes.keys)}",
            host,
            body,
            tokens[number % len(tokens)] if tokens else server.root_token,
        )
        for number in numbers
    ]
    return itertools.cycle(requests)


@contextmanager
def filled(directory: Path, sizes: Sizes) -> Iterator[tuple[Server, list[str]]]:
    """A running server of ours that holds ``sizes``, and its tokens."""
    store = fill(directory, sizes)
    with store.server() as server:
        yield server, store.tokens


class Growing:
    """An OpenBao that is given more and more."""

    def __init__(self, directory: Path) -> None:
        self.server = Server(Product.OPENBAO, directory)
        self.tokens: list[str] = []
        self._held = Sizes()

    @contextmanager
    def running(self) -> Iterator[None]:
        """Started, and ended."""
        with self.server:
            set_up(self.server)
            yield

    def grow(self, sizes: Sizes) -> None:
        """Make what is missing to ``sizes``; nothing is ever taken away."""
        _each(range(self._held.keys, sizes.keys), self._make_key)
        _each(range(self._held.policies, sizes.policies), self._make_policy)
        self.tokens += _each(range(self._held.tokens, sizes.tokens), lambda number: self._make_token(number, sizes))
        self._held = sizes

    def _make_key(self, number: int) -> None:
        self.server.request("POST", f"transit/keys/{key_name(number)}", {}).data()

    def _make_policy(self, number: int) -> None:
        self.server.request("POST", f"sys/policies/acl/{policy_name(number)}", {"policy": policy_text(number)}).data()

    def _make_token(self, number: int, sizes: Sizes) -> str:
        policies = [policy_name(number % sizes.policies)]
        body = {"policies": policies, "no_default_policy": True, "ttl": TOKEN_SECONDS}
        answer = self.server.request("POST", "auth/token/create-orphan", body)
        answer.data()
        token: str = answer.json()["auth"]["client_token"]
        return token


def _each(numbers: range, make: Callable[[int], Any]) -> list[Any]:
    with ThreadPoolExecutor(_ASKING) as pool:
        return list(pool.map(make, numbers))
