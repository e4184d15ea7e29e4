"""Signing and verifying that take long leave the event loop, by the same lanes as transit, and are bounded by them."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from engines import worker_pools
from engines.algorithms.row import Pace
from engines.faults import RateLimited
from engines.worker_pools import WorkerPool
from tests.engines.driver import Driver, make_keys
from tests.engines.signing.certifying import certify
from tests.engines.signing.conftest import KEYS
from tests.engines.worker_pools.test_pools import Gate

PAYLOAD = base64.b64encode(b"hello").decode()
RSA, HASHES = "rsa-4096", "slh-dsa-sha2-128f"


@pytest.fixture
def gate() -> Iterator[Gate]:
    """A gate that is open at the end, whatever happens."""
    made = Gate()
    yield made
    made.open.set()


async def prepare(driver: Driver, name: str) -> None:
    """A key with certificates, and a role for all formats."""
    await make_keys(driver, {name: KEYS[name]})
    chain = certify((await driver.write(f"keys/{name}/csr"))["csr"])
    await driver.write(f"keys/{name}/set-certificate", certificate_chain=chain)
    await driver.write("roles/r", key=name, formats=["jwt", "jws", "cose", "cms"])


async def made_by(driver: Driver) -> dict[str, dict[str, Any]]:
    """What to verify, by the path that verifies it."""
    return {
        "jwt/verify/r": {"token": (await driver.write("jwt/sign/r"))["token"]},
        "jws/verify/r": {"jws": (await driver.write("jws/sign/r", payload=PAYLOAD))["jws"]},
        "cose/verify/r": {"message": (await driver.write("cose/sign/r", payload=PAYLOAD))["message"]},
        "cms/verify/r": {"cms": (await driver.write("cms/sign/r", payload=PAYLOAD))["cms"], "payload": PAYLOAD},
    }


@asynccontextmanager
async def full(pace: Pace, gate: Gate, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[None]:
    """While the lane of ``pace`` has no place left."""
    pool = WorkerPool(pace.value, threads=1, places=1)
    task = asyncio.create_task(pool.run(gate.work))
    await gate.begun()
    with monkeypatch.context() as patched:
        patched.setitem(worker_pools._LANES, pace, pool)
        yield
    gate.open.set()
    await task


async def refused(driver: Driver, path: str, **parameters: Any) -> None:
    """Check that a request is told to come back."""
    with pytest.raises(RateLimited, match="too many requests at once for work that takes long") as caught:
        await driver.write(path, **parameters)
    assert caught.value.retry_after_seconds == 1


@pytest.mark.parametrize(("name", "pace"), [(RSA, Pace.BRIEF), (HASHES, Pace.LONG)])
async def test_signing_waits_in_a_lane(
    signing: Driver, name: str, pace: Pace, gate: Gate, monkeypatch: pytest.MonkeyPatch
) -> None:
    await prepare(signing, name)
    async with full(pace, gate, monkeypatch):
        await refused(signing, "jwt/sign/r")
        for path in ("jws/sign/r", "cose/sign/r", "cms/sign/r"):
            await refused(signing, path, payload=PAYLOAD)
        await refused(signing, f"keys/{name}/csr")
        results = (await signing.write("jwt/sign/r", batch_input=[{}, {"ttl": -1}]))["batch_results"]
        assert [set(result) for result in results] == [{"error", "reference"}] * 2
        assert results[0]["error"].startswith("too many requests at once")
        assert results[1]["error"] == "ttl must not be negative"
    assert (await signing.write("jwt/sign/r"))["token"]


async def test_verifying_waits_in_a_lane(signing: Driver, gate: Gate, monkeypatch: pytest.MonkeyPatch) -> None:
    await prepare(signing, HASHES)
    made = await made_by(signing)
    async with full(Pace.BRIEF, gate, monkeypatch):
        for path, parameters in made.items():
            await refused(signing, path, **parameters)
        # What nobody had the time to look at is not called invalid, in a batch either.
        await refused(signing, "jwt/verify/r", batch_input=[made["jwt/verify/r"]])
    for path, parameters in made.items():
        assert (await signing.write(path, **parameters))["valid"]


async def test_what_is_quick_never_waits(signing: Driver, gate: Gate, monkeypatch: pytest.MonkeyPatch) -> None:
    """RSA verifies quickly whatever its length; hybrids and ML-DSA sign quickly too."""
    for name in (RSA, "hybrid-ml-dsa-87-ecdsa-p521", "ml-dsa-87"):
        await make_keys(signing, {name: KEYS[name]})
        await signing.write("roles/r", key=name)
        token = (await signing.write("jwt/sign/r"))["token"]
        gate.open.clear()
        async with full(Pace.BRIEF, gate, monkeypatch):
            assert (await signing.write("jwt/verify/r", token=token))["valid"]
            if name != RSA:
                assert (await signing.write("jwt/sign/r"))["token"]


async def test_the_event_loop_turns_while_a_token_is_signed(signing: Driver) -> None:
    name = "slh-dsa-shake-256f"
    await make_keys(signing, {name: KEYS[name], "quick": {}})
    await signing.write("roles/slow", key=name)
    await signing.write("roles/quick", key="quick")
    task = asyncio.create_task(signing.write("jwt/sign/slow"))
    signed = 0
    while not task.done():
        await signing.write("jwt/sign/quick")
        signed += 1
        await asyncio.sleep(0)
    assert signed >= 10
    assert (await signing.write("jwt/verify/slow", token=(await task)["token"]))["valid"]
