"""Messages that clients have encrypted under data keys: the server opens them as it opens its own."""

from __future__ import annotations

import base64
import json

import pytest

from cryptoserve.local.format import Sealer
from engines.algorithms.formats.client_messages import PREFIX, read_message
from engines.faults import InvalidRequest
from tests.engines.driver import Driver
from tests.house.sources import ROOT

BOUND = b"cryptoserve/1\x00\x01c\x00\x01a\x00\x01t"
DATA = base64.b64encode(BOUND).decode()
HELLO = base64.b64encode(b"hello").decode()
VECTORS = json.loads((ROOT / "sdk/tests/vectors.json").read_text(encoding="utf-8"))


async def sealed(transit: Driver, plaintext: bytes = b"hello", bound: bytes = BOUND) -> str:
    """A message of a client, under a new data key."""
    made = await transit.write("datakey/plaintext/k", associated_data=base64.b64encode(bound).decode())
    return Sealer(made["ciphertext"]).seal(base64.b64decode(made["plaintext"]), plaintext, bound)


@pytest.mark.parametrize("vector", VECTORS["messages"])
def test_vectors(vector: dict[str, str]) -> None:
    message = read_message(vector["text"])
    assert message.wrapped == vector["wrapped_key"]
    opened = message.opened(bytes.fromhex(vector["data_key"]), bytes.fromhex(vector["bound_data"]))
    assert opened.hex() == vector["plaintext"]


@pytest.mark.parametrize("vector", VECTORS["bad_messages"], ids=lambda vector: vector["comment"])
def test_bad_vectors(vector: dict[str, str]) -> None:
    with pytest.raises(InvalidRequest):
        read_message(vector["text"]).opened(bytes.fromhex(vector["data_key"]), bytes.fromhex(vector["bound_data"]))


async def test_they_are_opened_singly_and_in_batches(transit: Driver) -> None:
    await transit.write("keys/k")
    text = await sealed(transit)
    assert (await transit.write("decrypt/k", ciphertext=text, associated_data=DATA))["plaintext"] == HELLO
    own = (await transit.write("encrypt/k", plaintext=HELLO, associated_data=DATA))["ciphertext"]
    batch = [{"ciphertext": each, "associated_data": DATA} for each in (own, text)]
    results = (await transit.write("decrypt/k", batch_input=batch))["batch_results"]
    assert [each["plaintext"] for each in results] == [HELLO, HELLO]


async def test_other_associated_data_do_not_open_them(transit: Driver) -> None:
    await transit.write("keys/k")
    text = await sealed(transit)
    for other in ("", base64.b64encode(BOUND + b"x").decode()):
        with pytest.raises(InvalidRequest):
            await transit.write("decrypt/k", ciphertext=text, associated_data=other)


async def test_versions_are_those_of_the_data_key(transit: Driver) -> None:
    await transit.write("keys/k")
    text = await sealed(transit)
    await transit.write("keys/k/rotate")
    rewrapped = (await transit.write("rewrap/k", ciphertext=text, associated_data=DATA))["ciphertext"]
    assert rewrapped.startswith("vault:v2:")
    await transit.write("keys/k/config", min_decryption_version=2)
    assert (await transit.write("decrypt/k", ciphertext=rewrapped, associated_data=DATA))["plaintext"] == HELLO
    with pytest.raises(InvalidRequest, match="too old"):
        await transit.write("decrypt/k", ciphertext=text, associated_data=DATA)


@pytest.mark.parametrize(
    "content", [b"", b"\x01", b"\x01\x01" + bytes(64), b"\x01\x01" + bytes(64) + b"\0\4cs1:" + bytes(16)]
)
async def test_malformed_messages(transit: Driver, content: bytes) -> None:
    await transit.write("keys/k")
    for text in (PREFIX + base64.b64encode(content).decode(), PREFIX + "!"):
        with pytest.raises(InvalidRequest):
            await transit.write("decrypt/k", ciphertext=text, associated_data=DATA)
