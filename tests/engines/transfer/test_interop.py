"""What a real OpenBao made is understood here, and the other way round: keys, ciphertexts, signatures, HMACs."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from typing import Any

import pytest

from engines.transit.routes import TRANSIT
from tests.engines.driver import Driver
from tests.engines.transfer.openbao import OpenBao, find_bao, running

HELLO = base64.b64encode(b"hello").decode()
OPEN = {"exportable": True, "allow_plaintext_backup": True}
CONTEXT = {"context": "Y29udGV4dA=="}

SORTS: dict[str, dict[str, Any]] = {
    "aes128": {"type": "aes128-gcm96"},
    "aes256": {"type": "aes256-gcm96"},
    "chacha": {"type": "chacha20-poly1305"},
    "derived": {"derived": True},
    "derived128": {"type": "aes128-gcm96", "derived": True},
    "convergent": {"derived": True, "convergent_encryption": True},
    "convergent128": {"type": "aes128-gcm96", "derived": True, "convergent_encryption": True},
    "convergentchacha": {"type": "chacha20-poly1305", "derived": True, "convergent_encryption": True},
    "ed": {"type": "ed25519"},
    "edderived": {"type": "ed25519", "derived": True},
    "p256": {"type": "ecdsa-p256"},
    "p384": {"type": "ecdsa-p384"},
    "p521": {"type": "ecdsa-p521"},
    "rsa": {"type": "rsa-2048"},
    "hmac": {"type": "hmac", "key_size": 40},
}


@pytest.fixture(scope="module")
def openbao() -> Iterator[OpenBao]:
    """A real server."""
    command = find_bao()
    if command is None:
        pytest.skip("the bao command is not installed")
    with running(command) as server:
        yield server


class Side:
    """Ours or OpenBao, with the same methods."""

    def __init__(self, server: OpenBao | Driver) -> None:
        self.server = server

    async def write(self, path: str, **parameters: Any) -> dict[str, Any]:
        """The data of writing to ``path``."""
        if isinstance(self.server, OpenBao):
            return self.server.write(path, **parameters)
        return dict(await self.server.write(path, **parameters))

    async def read(self, path: str) -> dict[str, Any]:
        """The data of reading ``path``."""
        if isinstance(self.server, OpenBao):
            return self.server.read(path)
        return dict(await self.server.read(path))


async def exchange(maker: Side, user: Side, name: str, parameters: dict[str, Any]) -> None:
    """Make a key and use it on one side, move it, and use what was made on the other."""
    await maker.write(f"keys/{name}", **parameters, **OPEN)
    await maker.write(f"keys/{name}/rotate")
    context = CONTEXT if parameters.get("derived") else {}
    made = await maker.read(f"keys/{name}")
    sealed = []
    if made["supports_encryption"]:
        for version in (1, 2):
            for data in ({}, {"associated_data": "YQ=="}) if "rsa" not in made["type"] else ({},):
                text = await maker.write(f"encrypt/{name}", plaintext=HELLO, key_version=version, **context, **data)
                sealed.append({"ciphertext": text["ciphertext"], **context, **data})
    signed = []
    if made["supports_signing"]:
        for options in ({}, {"marshaling_algorithm": "jws"}, {"hash_algorithm": "sha3-512"}, {"salt_length": "hash"}):
            for scheme in ({}, {"signature_algorithm": "pkcs1v15"}):
                parameters_ = {"input": HELLO, **options, **scheme, **context}
                signature = (await maker.write(f"sign/{name}", **parameters_))["signature"]
                signed.append({**parameters_, "signature": signature})
    codes = [
        {"input": HELLO, "algorithm": hash_, "hmac": (await maker.write(f"hmac/{name}/{hash_}", input=HELLO))["hmac"]}
        for hash_ in ("sha1", "sha2-256", "sha3-384")
    ]
    await maker.write(f"keys/{name}/config", min_decryption_version=2)
    await user.write("restore", backup=(await maker.read(f"backup/{name}"))["backup"])
    restored = await user.read(f"keys/{name}")
    before = await maker.read(f"keys/{name}")
    # OpenBao doesn't tell when the versions of an HMAC key were made.
    untold = {"keys": None} if made["type"] == "hmac" else {}
    apart = {"restore_info": None, "encryptions": None} | untold
    assert {**before, **apart} == {**restored, **apart}
    await user.write(f"keys/{name}/config", min_decryption_version=1)
    for item in sealed:
        assert await user.write(f"decrypt/{name}", **item) == {"plaintext": HELLO}
    for item in [*signed, *codes]:
        assert (await user.write(f"verify/{name}", **item))["valid"] is True
    for kind in ("encryption-key", "signing-key", "hmac-key", "public-key"):
        await same_export(maker, user, f"export/{kind}/{name}", made)
    if parameters.get("convergent_encryption"):
        texts = [await side.write(f"encrypt/{name}", plaintext=HELLO, **context) for side in (maker, user)]
        assert texts[0] == texts[1]


async def same_export(maker: Side, user: Side, path: str, made: dict[str, Any]) -> None:
    """Both sides give the same text for the key's latest version, in each form that the key has."""
    kind = path.split("/")[1]
    forms = {"aes": ("", "raw"), "cha": ("", "raw"), "hma": ("", "raw"), "ed2": ("", "raw", "der", "pem")}
    supported = {
        "encryption-key": made["supports_encryption"],
        "signing-key": made["supports_signing"],
        "hmac-key": True,
        "public-key": made["supports_signing"],
    }
    if not supported[kind]:
        return
    for form in ("",) if kind == "hmac-key" else forms.get(made["type"][:3], ("", "der", "pem")):
        given = []
        for side in (maker, user):
            if isinstance(side.server, OpenBao):
                given.append(side.server.read(f"{path}/latest?format={form}"))
            else:
                given.append(dict(await side.server.read(f"{path}/latest", format=form)))
        assert given[0] == given[1]


@pytest.mark.parametrize("name", SORTS)
async def test_what_openbao_made_is_used_here(openbao: OpenBao, transit: Driver, name: str) -> None:
    await exchange(Side(openbao), Side(transit), f"{name}-there", SORTS[name])


@pytest.mark.parametrize("name", SORTS)
async def test_what_was_made_here_is_used_by_openbao(openbao: OpenBao, transit: Driver, name: str) -> None:
    await exchange(Side(transit), Side(openbao), f"{name}-here", SORTS[name])


@pytest.mark.parametrize("name", ["aes256", "ed", "p384", "rsa", "hmac"])
async def test_openbao_imports_what_is_wrapped_here(openbao: OpenBao, transit: Driver, name: str) -> None:
    await transit.write(f"keys/{name}", **SORTS[name], **OPEN)
    pem = openbao.read("wrapping_key")["public_key"]
    await transit.write("keys/openbao/import", public_key=pem, type="rsa-4096")
    wrapped = (await transit.read(f"byok-export/openbao/{name}"))["keys"]["1"]
    type_ = SORTS[name]["type"]
    openbao.write(f"keys/{name}-imported/import", ciphertext=wrapped, type=type_, **OPEN)
    kind = {"aes256": "encryption-key", "hmac": "hmac-key"}.get(name, "signing-key")
    here = await transit.read(f"export/{kind}/{name}")
    there = openbao.read(f"export/{kind}/{name}-imported")
    assert here["keys"] == there["keys"]


async def test_an_imported_key_with_derivation_derives_as_openbaos(openbao: OpenBao, transit: Driver) -> None:
    await transit.write("keys/k", **OPEN)
    pem = openbao.read("wrapping_key")["public_key"]
    await transit.write("keys/openbao/import", public_key=pem, type="rsa-4096")
    wrapped = (await transit.read("byok-export/openbao/k"))["keys"]["1"]
    openbao.write("keys/derived-imported/import", ciphertext=wrapped, derived=True, **OPEN)
    ciphertext = openbao.write("encrypt/derived-imported", plaintext=HELLO, **CONTEXT)["ciphertext"]
    await transit.write("restore", backup=openbao.read("backup/derived-imported")["backup"])
    opened = await transit.write("decrypt/derived-imported", ciphertext=ciphertext, **CONTEXT)
    assert opened == {"plaintext": HELLO}
    assert (await transit.read("keys/derived-imported"))["kdf_mode"] == "hmac-sha256-counter"


async def test_a_key_goes_there_and_back(openbao: OpenBao, transit: Driver) -> None:
    for name in ("aes256", "p521", "rsa"):
        await transit.write(f"keys/{name}", **SORTS[name], **OPEN)
        openbao.write(f"restore/{name}-back", backup=(await transit.read(f"backup/{name}"))["backup"])
        other = Driver(TRANSIT)
        await other.write(f"restore/{name}", backup=openbao.read(f"backup/{name}-back")["backup"])
        first, last = [dict(await side.read(f"keys/{name}")) for side in (transit, other)]
        assert first["keys"] == last["keys"]


async def test_only_openbao_takes_a_nonce_twice_for_other_associated_data(openbao: OpenBao, transit: Driver) -> None:
    """When OpenBao's convergent encryption no longer does, the difference can go from the reference of transit."""
    for server, taken in ((Side(openbao), 1), (Side(transit), 3)):
        await server.write("keys/bound", derived=True, convergent_encryption=True)
        sealed = [
            (await server.write("encrypt/bound", plaintext=HELLO, associated_data=data, **CONTEXT))["ciphertext"]
            for data in ("", "YQ==", "Yg==", "Yg==")
        ]
        assert sealed[2] == sealed[3]
        assert len({base64.b64decode(text[9:])[:12] for text in sealed}) == taken
