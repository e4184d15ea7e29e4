"""Every row of the registry: made by each engine that has it, used once, and told of in every document."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from typing import Any

import pytest

from engines.algorithms.registry import ALGORITHMS, KEM_ALGORITHMS, TRANSIT_ALGORITHMS
from engines.algorithms.row import Algorithm, Pace
from server.inventory.documents.writers import FORMATS
from tests.server.inventory.documents.checks import check
from tests.support.systems import NewServer, Server

TEXT = base64.b64encode(bytes(32)).decode()
USES: dict[str, dict[str, Any]] = {
    "encrypt": {"plaintext": TEXT},
    "sign": {"input": TEXT},
    "hmac": {"input": TEXT},
    "cmac": {"input": TEXT},
    "encapsulate": {},
}
CHEAP = ("rsa-2048", "slh-dsa-sha2-128f")
"""Of the rows whose keys take long to make, one for each kind."""

ALL = pytest.param(list(ALGORITHMS), id="all", marks=pytest.mark.soak)
MOST = pytest.param(
    [name for name, row in ALGORITHMS.items() if row.pacing.generating is not Pace.LONG or name in CHEAP], id="most"
)


def test_every_row_is_of_an_engine() -> None:
    assert {*TRANSIT_ALGORITHMS, *KEM_ALGORITHMS} == set(ALGORITHMS)


async def _ask(server: Server, path: str, body: dict[str, Any]) -> None:
    status, answer = await server.ask("POST", path, body)
    assert status in (200, 204), (path, answer)


async def _make_and_use(server: Server, row: Algorithm) -> None:
    """Make a key named like the row, and use it once for each operation that protects."""
    mount = "pqc" if row.name in KEM_ALGORITHMS else "transit"
    size = {"key_size": 32} if row.sizes.key_bytes_chosen is not None else {}
    await _ask(server, f"{mount}/keys/{row.name}", {"type": row.key_type, **row.type_parameters, **size})
    for operation in row.operations:
        if operation in USES:
            await _ask(server, f"{mount}/{operation}/{row.name}", USES[operation])


def _told(document: dict[str, Any]) -> Iterator[dict[str, str]]:
    """The properties of each key version in a document of either kind."""
    for component in document.get("components", ()):
        yield {each["name"]: each["value"] for each in component.get("properties", ())}
    for package in document.get("packages", ()):
        yield from (json.loads(each["comment"]) for each in package.get("annotations", ()))


@pytest.mark.parametrize("names", [MOST, ALL])
async def test_every_row_is_made_used_and_documented(new_server: NewServer, names: list[str]) -> None:
    server = await (await new_server()).unsealed()
    for mount in ("transit", "pqc"):
        await _ask(server, f"sys/mounts/{mount}", {"type": mount})
    for name in names:
        await _make_and_use(server, ALGORITHMS[name])
    uses = {name: sum(each in USES for each in ALGORITHMS[name].operations) for name in names}
    assert all(uses.values())
    for format in FORMATS:
        document = json.loads((await server.send("GET", f"sys/inventory/cbom?format={format}&use=true")).body)
        told = [each for each in _told(document) if "cryptoserve:id" in each]
        found = {each["cryptoserve:algorithm"]: int(each["cryptoserve:protect.operations"]) for each in told}
        assert found == uses and len(told) == len(names)
        if format.startswith("cyclonedx"):
            check(document, format.partition("-")[2])
