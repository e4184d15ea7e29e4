"""A signature in each format, made by a role, and put together again with another one."""

from __future__ import annotations

import base64
import json
from typing import Any

import cbor2

from tests.engines.driver import Driver, make_keys
from tests.engines.signing.conftest import KEYS, ROWS

PAYLOAD = base64.b64encode(b"hello").decode()
PAIRS = [name for name, row in ROWS.items() if row.strength.quantum_category]
"""The Algorithm Key Pairs."""

HYBRIDS = [name for name in PAIRS if KEYS[name]["type"] == "hybrid"]
SOME = [
    "ml-dsa-65",
    "slh-dsa-sha2-128f",
    "hybrid-ml-dsa-44-ecdsa-p256",
    "hybrid-ml-dsa-65-ecdsa-p384",
    "hybrid-ml-dsa-87-ed25519",
]
"""One of each kind."""

CERTIFIED = [name for name in SOME if ROWS[name].object_identifier]


def unpadded(text: str) -> bytes:
    """The bytes of base64url."""
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def encoded(data: bytes | dict[str, Any]) -> str:
    """Base64url of bytes, or of an object's JSON."""
    raw = data if isinstance(data, bytes) else json.dumps(data, separators=(",", ":")).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


async def prepare(driver: Driver, *names: str, **role: Any) -> None:
    """A key of each of ``names``, and a role of the same name that signs with it."""
    for name in names:
        await make_keys(driver, {name: KEYS[name]})
        await driver.write(f"roles/{name}", key=name, **{"formats": ["jwt", "jws", "cose"], **role})


class Jws:
    """Compact JWS by the role ``name``."""

    def __init__(self, driver: Driver, name: str) -> None:
        self.driver = driver
        self.name = name

    async def make(self) -> tuple[Any, bytes, bytes]:
        """What stands before the signature, the signature, and what that signs."""
        made = (await self.driver.write(f"jws/sign/{self.name}", payload=PAYLOAD))["jws"]
        signed, _, signature = made.rpartition(".")
        return signed, unpadded(signature), signed.encode()

    async def verdict(self, made: Any, signature: bytes) -> Any:
        """What verifying it with ``signature`` answers."""
        return await self.driver.write(f"jws/verify/{self.name}", jws=f"{made}.{encoded(signature)}")


class Cose(Jws):
    """COSE_Sign1 by the role ``name``."""

    async def make(self) -> tuple[Any, bytes, bytes]:
        """As of ``Jws``."""
        message = (await self.driver.write(f"cose/sign/{self.name}", payload=PAYLOAD))["message"]
        *parts, signature = cbor2.loads(base64.b64decode(message)).value
        return parts, signature, cbor2.dumps(["Signature1", parts[0], b"", b"hello"])

    async def verdict(self, made: Any, signature: bytes) -> Any:
        """As of ``Jws``."""
        message = cbor2.dumps(cbor2.CBORTag(18, [*made, signature]))
        return await self.driver.write(f"cose/verify/{self.name}", message=base64.b64encode(message).decode())


FORMATS: list[type[Jws]] = [Jws, Cose]
