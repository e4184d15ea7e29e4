"""Every part of a request times every shape, measured: which requests are sent, with whose rights, in which sizes.

The choice follows from a seed, so it is the same each time. Each attack's name says what it was.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import product
from urllib.parse import quote

from server.listeners.head_limits import MAX_FIELD_BYTES, MAX_HEAD_BYTES, MAX_PATH_BYTES
from tests.soak.hostile import shapes
from tests.soak.hostile.client import Client, Request
from tests.soak.hostile.cost import Meter, Outcome
from tests.soak.hostile.floods import FLOODS
from tests.soak.hostile.frames import FRAME_FLOODS
from tests.soak.hostile.furnished import Furnished
from tests.soak.hostile.headers import header_names
from tests.soak.hostile.routes import Place, body_places, query_places
from tests.soak.hostile.shapes import Shape

SMALL, LARGE, LARGEST = 32 * 1024, 1024 * 1024, 10 * 1024 * 1024 - 1024
"""Sizes of bodies in bytes; what costs too much when it is small isn't tried when it is large."""

_ROOM_BYTES = 512
PATH_BYTES, FIELD_BYTES, HEAD_BYTES = (most - _ROOM_BYTES for most in (MAX_PATH_BYTES, MAX_FIELD_BYTES, MAX_HEAD_BYTES))
"""The most that paths, headers and heads may have, with room for the rest; what is longer is refused unseen."""

FLOOD_BYTES = 500_000
LINES_FOR_A_REQUEST = 200
"""How many items of a stream may cost what a request may."""

RIGHTS = (("picky", 3), ("nothing", 1), ("none", 1))
"""Tokens besides the one that may, and how many shapes each place gets with them."""

BODY_TARGETS = (
    ("POST", "auth/approle/login", "none"),
    ("POST", "transit/encrypt/k", "none"),
    ("POST", "transit/encrypt/k", "nothing"),
    ("POST", "transit/encrypt/k", "picky"),
    ("POST", "transit/encrypt/k", "root"),
    ("POST", "cubbyhole/k", "root"),
    ("POST", "sys/wrapping/wrap", "root"),
    ("PATCH", "identity/entity/name/k", "root"),
    ("POST", "transit/stream/encrypt/k", "root"),
    ("POST", "nowhere", "none"),
)
CONTENT_TYPES = ("json", "x-www-form-urlencoded", "merge-patch+json", "x-ndjson")
HEADER_TARGETS = (
    ("POST", "transit/encrypt/k", b"a=b"),
    ("GET", "sys/mounts", None),
    ("PATCH", "sys/policies/acl/n", b"{}"),
)


@dataclass(frozen=True, slots=True)
class Plenty:
    """How much is sent."""

    share: float
    """Of the places that a value may go to, and of the floods."""
    shapes: int
    """How many each place gets by chance."""
    asked: int
    """How many it gets of those that its name asks for (``shapes.FAMILIES``)."""
    sizes: tuple[int, ...]
    largest: tuple[int, ...]
    """Further sizes of whole bodies, from clients whom nothing is allowed."""
    flood_bytes: int


ALL = Plenty(share=1, shapes=6, asked=12, sizes=(SMALL, LARGE), largest=(LARGEST,), flood_bytes=FLOOD_BYTES)
PART = Plenty(share=0.1, shapes=5, asked=0, sizes=(LARGE,), largest=(), flood_bytes=FLOOD_BYTES // 5)
SAMPLE = Plenty(share=0.015, shapes=3, asked=0, sizes=(SMALL,), largest=(), flood_bytes=FLOOD_BYTES // 20)


@dataclass(frozen=True, slots=True)
class Siege:
    """One run of attacks on a server."""

    target: Furnished
    meter: Meter
    client: Client
    plenty: Plenty
    chance: random.Random

    def ask(self, name: str, make: Callable[[int], Request], *sizes: int) -> int:
        """Measure a request; the status of its answer."""

        def attack(size: int) -> Outcome:
            request = make(size)
            return Outcome(len(request), self.client.ask(request), requests=1 + _lines(request) // LINES_FOR_A_REQUEST)

        cost = self.meter.judge(name, attack, *sizes)
        if cost.lost:
            self.client.close()
        return cost.status

    def token(self, name: str) -> dict[str, bytes]:
        """The header with a token; none for the token called ``none``."""
        token = self.target.tokens[name]
        return {"X-Vault-Token": token.encode()} if token else {}

    def some(self, cases: Sequence[tuple[object, ...]]) -> Sequence[tuple[object, ...]]:
        """As many of ``cases`` as there is plenty of."""
        return self.chance.sample(cases, max(1, int(len(cases) * self.plenty.share)))


def _lines(request: Request) -> int:
    """How many items are asked for, if it is a stream."""
    return request.body.count(b"\n") if request.body and "/stream/" in request.target else 0


def fields(siege: Siege) -> None:
    """Every field of every body, with and without rights."""
    places = list(body_places(siege.target.given))
    for place in siege.chance.sample(places, int(len(places) * siege.plenty.share)):
        able = "none" if place.public else "root"
        for name, count in ((able, siege.plenty.shapes), *RIGHTS):
            for shape in _chosen(siege, place, count, asked=siege.plenty.asked > 0 and name == able):
                _field(siege, place, shape, name)


def _chosen(siege: Siege, place: Place, count: int, *, asked: bool) -> list[Shape]:
    """Some shapes by chance, and those that the field asks for, by its name and by its type."""
    chosen = siege.chance.sample((*shapes.TEXTS, *shapes.VALUES), count)
    if place.numeric:
        chosen += shapes.AMPLIFIERS if asked else siege.chance.sample(shapes.AMPLIFIERS, 1)
    if asked:
        name = place.name.rpartition(" ")[2]
        for family in (family for pattern, family in shapes.FAMILIES if re.search(pattern, name)):
            chosen += siege.chance.sample(family, min(len(family), siege.plenty.asked))
    return list(dict.fromkeys(chosen))


def _field(siege: Siege, place: Place, shape: Shape, token: str) -> None:
    value = shape.string if shape in shapes.TEXTS else shape.raw
    headers = {**siege.token(token), "Content-Type": place.content_type.encode()}

    def make(size: int) -> Request:
        assert place.content is not None
        return Request(place.method, f"/v1/{place.path}", headers, place.content(value(size // place.repeats)))

    status = siege.ask(f"{place.name}: {shape.name} ({token})", make, *siege.plenty.sizes)
    if place.tidy and 200 <= status < 300:
        siege.client.ask(Request("DELETE", f"/v1/{place.tidy}", siege.token("root")))


def bodies(siege: Siege) -> None:
    """Whole bodies, of every type that is read."""
    cases = list(product(BODY_TARGETS, CONTENT_TYPES, shapes.BODIES))
    for (method, path, token), kind, shape in siege.chance.sample(cases, int(len(cases) * siege.plenty.share)):
        headers = {**siege.token(token), "Content-Type": b"application/" + kind.encode()}
        make = partial(_body, method, path, headers, shape)
        sizes = (*siege.plenty.sizes, *(siege.plenty.largest if token in ("none", "nothing") else ()))
        siege.ask(f"{method} {path}: {shape.name} as {kind} ({token})", make, *sizes)


def _body(method: str, path: str, headers: dict[str, bytes], shape: Shape, size: int) -> Request:
    return Request(method, f"/v1/{path}", headers, shape.raw(size))


def queries(siege: Siege) -> None:
    """Every part of a path, and every field of a query."""
    places = list(query_places())
    for place in siege.chance.sample(places, int(len(places) * siege.plenty.share)):
        chosen = siege.chance.sample(shapes.PATHS, len(shapes.PATHS) if siege.plenty.asked else 3)
        for shape in (*chosen, *siege.chance.sample(shapes.TEXTS, siege.plenty.shapes)):
            token = siege.chance.choice(("root", "root", "picky", "none"))
            make = partial(_query, place, siege.token(token), shape)
            sizes = (HEAD_BYTES,) if "?" in place.path else (PATH_BYTES, HEAD_BYTES)
            siege.ask(f"{place.name}: {shape.name} ({token})", make, *sizes)


def _query(place: Place, headers: dict[str, bytes], shape: Shape, size: int) -> Request:
    value = shape.text(size) if shape in shapes.PATHS else quote(shape.text(size))
    target = f"/v1/{place.path}".replace("{}", value)[:size]
    return Request(place.method, target, headers, b"" if place.method in ("POST", "PATCH") else None)


def heads(siege: Siege) -> None:
    """Every header that is read."""
    cases = list(product(header_names(), shapes.HEADERS, HEADER_TARGETS))
    for name, shape, (method, path, body) in siege.chance.sample(cases, int(len(cases) * siege.plenty.share)):
        token = {} if name in ("x-vault-token", "authorization") else siege.token("root")
        make = partial(_head, method, path, body, token, name, shape)
        siege.ask(f"{method} {path} with {name}: {shape.name}", make, FIELD_BYTES, HEAD_BYTES)


def _head(
    method: str, path: str, body: bytes | None, token: dict[str, bytes], name: str, shape: Shape, size: int
) -> Request:
    sent = None if name == "content-length" else body
    return Request(method, f"/v1/{path}", {**token, name: shape.raw(size)}, sent)


def floods(siege: Siege) -> None:
    """Connections of HTTP/1.1 that behave badly."""
    for flood in siege.chance.sample(FLOODS, max(8, int(len(FLOODS) * siege.plenty.share))):
        run = partial(flood.run, siege.target)
        siege.meter.judge(flood.name, run, siege.plenty.flood_bytes, settling=True)


def frames(siege: Siege) -> None:
    """Connections of HTTP/2 that behave badly."""
    for flood in siege.chance.sample(FRAME_FLOODS, max(8, int(len(FRAME_FLOODS) * siege.plenty.share))):
        run = partial(flood.run, siege.target)
        sizes = (siege.plenty.flood_bytes // 10, siege.plenty.flood_bytes)
        siege.meter.judge(flood.name, run, *sizes, settling=True)
