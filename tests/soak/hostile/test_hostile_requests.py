"""Hostile requests against a real server with two workers: what each costs, and that the server outlives them all.

``make soak`` sends what the tables of ``shapes``, ``floods`` and ``frames`` make of every field of every route, every
header and both protocols; ``make test`` a small part of it. ``SOAK_SEED`` chooses another part. A failure names the
route, the field and the shape.
"""

from __future__ import annotations

import os
import random
import sys
from collections.abc import Callable, Iterator

import pytest

from tests.soak.hostile import attacks
from tests.soak.hostile.attacks import ALL, PART, SAMPLE, Plenty, Siege
from tests.soak.hostile.client import Http1Client, Http2Client
from tests.soak.hostile.cost import Meter, table, verdict
from tests.soak.hostile.furnished import Furnished, furnished

SEED_VARIABLE = "SOAK_SEED"

EVERYTHING = (attacks.fields, attacks.bodies, attacks.queries, attacks.heads, attacks.floods, attacks.frames)
REQUESTS = (attacks.fields, attacks.bodies, attacks.queries, attacks.heads)


@pytest.fixture(scope="module")
def target(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Furnished]:
    """The server that all tests here attack."""
    with furnished(tmp_path_factory.mktemp("hostile")) as running:
        yield running


def besiege(target: Furnished, plenty: Plenty, attack: Callable[[Siege], None], port: str, protocol: str) -> None:
    """Attack, print what was dear, and fail if a bound was broken."""
    chance = random.Random(os.environ.get(SEED_VARIABLE, "0") + attack.__name__)
    context = target.context(protocol) if port == "TLS" else None
    client = (Http2Client if protocol == "h2" else Http1Client)(target.ports[port], context)
    with client, Meter(target.server) as meter:
        attack(Siege(target, meter, client, plenty, chance))
    sys.stdout.write(f"{len(meter.costs)} attacks, the dearest for each byte:\n{table(meter.costs)}\n")
    broken = verdict(meter)
    assert not broken, f"bounds were broken by:\n{broken}"


@pytest.mark.soak
@pytest.mark.parametrize("attack", EVERYTHING)
def test_every_part_of_a_request(target: Furnished, attack: Callable[[Siege], None]) -> None:
    besiege(target, ALL, attack, "HTTP/1.1", "http/1.1")


@pytest.mark.soak
@pytest.mark.parametrize("attack", REQUESTS)
@pytest.mark.parametrize(("port", "protocol"), [("HTTP/2", "h2"), ("TLS", "h2"), ("TLS", "http/1.1")])
def test_other_ways_to_send_it(target: Furnished, attack: Callable[[Siege], None], port: str, protocol: str) -> None:
    """Beyond the way of the bytes nothing differs, so a part of it is enough."""
    besiege(target, PART, attack, port, protocol)


@pytest.mark.parametrize("attack", EVERYTHING)
def test_a_sample_of_it(target: Furnished, attack: Callable[[Siege], None]) -> None:
    besiege(target, SAMPLE, attack, "HTTP/1.1", "http/1.1")


@pytest.mark.parametrize("attack", [attacks.bodies, attacks.heads])
def test_a_sample_of_it_over_http2(target: Furnished, attack: Callable[[Siege], None]) -> None:
    besiege(target, SAMPLE, attack, "TLS", "h2")
