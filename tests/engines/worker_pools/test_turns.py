"""Long work leaves its turn to others."""

from __future__ import annotations

import asyncio
import base64
from contextlib import ExitStack
from typing import Any

import pytest

from engines import worker_pools
from engines.faults import RateLimited
from engines.transit.routes import TRANSIT
from engines.worker_pools import Places, in_turns
from tests.engines.driver import Driver, make_keys

HELLO = base64.b64encode(b"hello").decode()
COUNT = 5


async def others_turns(work: Any) -> int:
    """How often somebody else had a turn until ``work`` was done."""
    had = 0
    working = asyncio.ensure_future(work)
    while not working.done():
        await asyncio.sleep(0)
        had += 1
    await working
    return had


async def test_short_work_is_done_in_one_go() -> None:
    async def work() -> list[int]:
        return [piece async for piece in in_turns(range(1000))]

    assert await work() == list(range(1000))
    assert await others_turns(work()) <= 2


async def test_each_request_with_many_slow_pieces_is_done_in_turns(monkeypatch: pytest.MonkeyPatch) -> None:
    transit = Driver(TRANSIT)
    await make_keys(transit, {"rsa": {"type": "rsa-2048"}, "derived": {"derived": True}})
    sealed = (await transit.write("encrypt/rsa", plaintext=HELLO))["ciphertext"]
    signed = (await transit.write("sign/rsa", input=HELLO))["signature"]
    requests: dict[str, dict[str, Any]] = {
        "encrypt/rsa": {"batch_input": [{"plaintext": HELLO}] * COUNT},
        "decrypt/rsa": {"batch_input": [{"ciphertext": sealed}] * COUNT},
        "rewrap/rsa": {"batch_input": [{"ciphertext": sealed}] * COUNT},
        "sign/rsa": {"batch_input": [{"input": HELLO}] * COUNT},
        "verify/rsa": {"batch_input": [{"input": HELLO, "signature": signed}] * COUNT},
        "datakeys/plaintext/rsa": {"count": COUNT},
        "derivedkeys/plaintext/rsa": {"salt": HELLO, "key_index_from": 0, "key_index_to": COUNT},
    }
    for path, body in requests.items():
        await transit.write(path, **body)
        before = await others_turns(transit.write(path, **body))
        monkeypatch.setattr(worker_pools, "TURN_SECONDS", -1)
        assert await others_turns(transit.write(path, **body)) >= before + COUNT - 1, path
        monkeypatch.undo()


def test_places_are_few_and_shared_out() -> None:
    places = Places("reports", most=3, most_of_one=2)
    with ExitStack() as held:
        for namespace in ("a", "a", "b"):
            held.enter_context(places.taken(namespace))
        for namespace in ("a", "b", "c"):
            with pytest.raises(RateLimited, match="too many reports at once"):
                held.enter_context(places.taken(namespace))
    with places.taken("a"), places.taken("a"), pytest.raises(RateLimited):
        places.taken("a").__enter__()
    with pytest.raises(KeyError), places.taken("b"):
        raise KeyError
    with places.taken("b"), places.taken("b"):
        pass
