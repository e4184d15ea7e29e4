"""Backups whose parts contradict each other, or hold less than an import would take."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from tests.engines.algorithms.encodings import der
from tests.engines.algorithms.encodings.test_key_validation import point, restored
from tests.engines.driver import Driver
from tests.engines.transfer.wrapping import OPEN


def other_point() -> str:
    """The public key of some other key, in PEM."""
    return der.public_key(der.EC + der.P256, point(ec.generate_private_key(ec.SECP256R1())))


ONE_BYTE = base64.b64encode(b"x").decode()


@pytest.mark.parametrize("kind", ["aes256-gcm96", "ed25519", "hmac", "rsa-2048"])
@pytest.mark.parametrize("size", [0, 1, 31, 513])
async def test_backups_have_no_shorter_mac_keys_than_imports(transit: Driver, kind: str, size: int) -> None:
    await transit.write("keys/there", type=kind, **OPEN, **({"key_size": 32} if kind == "hmac" else {}))
    text = base64.b64encode(bytes(size)).decode()
    message = await restored(transit, lambda entry: entry.update(hmac_key=text))
    assert message == f"the backup holds a version that is no key of type {kind}: an hmac_key of {size} bytes"


async def test_a_mac_key_is_the_key_where_it_does_nothing_else(transit: Driver) -> None:
    await transit.write("keys/there", type="hmac", key_size=32, **OPEN)
    message = await restored(transit, lambda entry: entry.update(hmac_key=base64.b64encode(bytes(32)).decode()))
    assert message.endswith(": the hmac_key is another key")
    message = await restored(transit, lambda entry: entry.update(key=ONE_BYTE, hmac_key=ONE_BYTE))
    assert message.endswith(": a key of 1 bytes")


@pytest.mark.parametrize("size", [1, 31, 513, 2**40])
async def test_rotation_makes_no_shorter_mac_keys_after_a_restore(transit: Driver, size: int) -> None:
    await transit.write("keys/there", type="hmac", key_size=32, **OPEN)
    message = await restored(transit, lambda entry: None, key_size=size)
    assert message == f"the backup has a key_size of {size} bytes, which keys of type hmac can't have"


async def test_a_backup_without_a_key_size_keeps_that_of_its_key(transit: Driver) -> None:
    await transit.write("keys/there", type="hmac", key_size=48, **OPEN)
    document = json.loads(base64.b64decode((await transit.read("backup/there"))["backup"]))
    del document["policy"]["key_size"]
    await transit.write("restore/back", backup=base64.b64encode(json.dumps(document).encode()).decode())
    await transit.write("keys/back/rotate")
    assert (await transit.read("keys/back"))["key_size"] == 48


MIXED: dict[str, tuple[str, Callable[[dict[str, Any]], None], str]] = {
    "a private exponent": ("rsa-2048", lambda entry: entry["rsa_key"].update(D=entry["rsa_key"]["D"] + 2), ""),
    "primes": ("rsa-2048", lambda entry: entry["rsa_key"].update(Primes=[3, 5]), "not a key of two primes"),
    "three primes": ("rsa-2048", lambda entry: entry["rsa_key"]["Primes"].append(3), "not a key of two primes"),
    "one prime twice": (
        "rsa-2048",
        lambda entry: entry["rsa_key"].update(Primes=entry["rsa_key"]["Primes"][:1] * 2),
        "not a key of two primes",
    ),
    "another public key": (
        "rsa-2048",
        lambda entry: entry.update(rsa_public_key={"N": entry["rsa_key"]["N"], "E": 3}),
        "not a key pair",
    ),
    "a scalar": ("ecdsa-p256", lambda entry: entry.update(ec_d=entry["ec_d"] - 1), "not a key of this curve"),
    "a point": ("ecdsa-p256", lambda entry: entry.update(ec_x=entry["ec_x"] - 1, ec_d=None), "not a key of this curve"),
    "another point": (
        "ecdsa-p256",
        lambda entry: entry.update(public_key=other_point()),
        "the public key is that of another key",
    ),
    "another ed25519 key": (
        "ed25519",
        lambda entry: entry.update(public_key=base64.b64encode(bytes(32)).decode()),
        "not a key pair",
    ),
    "a seed": ("mldsa-44", lambda entry: entry.update(key=base64.b64encode(bytes(32)).decode()), "not a key pair"),
    "certificates": (
        "ecdsa-p256",
        lambda entry: entry.update(certificate_chain=[ONE_BYTE]),
        "no certificate chain of this key",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", MIXED)
async def test_backups_whose_parts_contradict_each_other(transit: Driver, name: str) -> None:
    kind, change, reason = MIXED[name]
    await transit.write("keys/there", type=kind, **OPEN)
    assert reason in await restored(transit, change)


async def test_slh_dsa_keys_of_two_halves_are_not_restored(transit: Driver) -> None:
    await transit.write("keys/there", type="slh-dsa", parameter_set="slh-dsa-sha2-128f", **OPEN)

    def change(entry: dict[str, Any]) -> None:
        key = base64.b64decode(entry["key"])
        entry["key"] = base64.b64encode(bytes(32) + key[32:]).decode()

    assert (await restored(transit, change)).endswith(": not a key pair")
