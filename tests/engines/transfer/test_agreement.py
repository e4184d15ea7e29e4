"""Wrapped exports, key agreement, certificate requests and certificate chains."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.keywrap import aes_key_unwrap_with_padding
from cryptography.x509.oid import NameOID

from engines.base import Operation
from engines.faults import Failed, Fault, InvalidRequest
from engines.transit.routes import TRANSIT
from tests.engines.driver import Driver, message_of
from tests.engines.transfer.wrapping import KEYS, WRAPPING_KEY, certificate, public_pem


@pytest.mark.parametrize(("name", "size"), [("aes", 16), ("mac", 40), ("ed", 48), ("ec", 138)])
async def test_a_key_wrapped_to_another_can_be_unwrapped_there(keys: Driver, name: str, size: int) -> None:
    await keys.write("keys/there/import", public_key=public_pem(WRAPPING_KEY), type="rsa-2048")
    given = await keys.read(f"byok-export/there/{name}")
    assert (given["name"], given["type"]) == (name, KEYS[name]["type"])
    sealed = base64.b64decode(given["keys"]["1"])
    oaep = padding.OAEP(padding.MGF1(hashes.SHA256()), hashes.SHA256(), None)
    unwrapped = aes_key_unwrap_with_padding(WRAPPING_KEY.decrypt(sealed[:256], oaep), sealed[256:])
    assert len(unwrapped) == size
    if name in ("aes", "mac"):
        kind = "encryption-key" if name == "aes" else "hmac-key"
        assert base64.b64decode((await keys.read(f"export/{kind}/{name}"))["keys"]["1"]) == unwrapped


@pytest.mark.parametrize(
    ("path", "fault", "message"),
    [
        ("nope/aes", Failed, "no such destination key to export to"),
        ("rsa/nope", Failed, "no such source key for export"),
        ("rsa/closed", InvalidRequest, "key is not exportable"),
        ("ec/aes", Failed, "unsupported key type in use; must be a rsa key"),
        (
            "aes/aes",
            Failed,
            "key wrapping (requring message signing) is not supported for key type aes128-gcm96",
        ),
        ("rsa/aes/9", InvalidRequest, "version does not exist or cannot be found"),
    ],
)
async def test_what_is_not_wrapped(keys: Driver, path: str, fault: type[Fault], message: str) -> None:
    assert await message_of(keys, Operation.READ, f"byok-export/{path}") == (fault, message)


async def test_both_sides_of_a_key_agreement_come_to_the_same_key(keys: Driver) -> None:
    peer = ec.generate_private_key(ec.SECP256R1())
    for _ in range(2):
        await keys.write("derive-key/shared", base_key_name="ec", peer_public_key=public_pem(peer))
    read = await keys.read("keys/shared")
    assert (read["type"], read["imported_key"], read["latest_version"]) == ("aes256-gcm96", True, 2)
    await keys.write("keys/shared/config", exportable=True)
    made = base64.b64decode((await keys.read("export/encryption-key/shared"))["keys"]["1"])
    public = serialization.load_pem_public_key((await keys.read("keys/ec"))["keys"]["1"]["public_key"].encode())
    assert isinstance(public, ec.EllipticCurvePublicKey)
    shared = peer.exchange(ec.ECDH(), public)
    assert made == HKDF(hashes.SHA256(), 32, salt=None, info=b"").derive(shared)


async def test_what_cannot_be_agreed_on(keys: Driver) -> None:
    p256 = public_pem(ec.generate_private_key(ec.SECP256R1()))
    p384 = public_pem(ec.generate_private_key(ec.SECP384R1()))
    refused: list[tuple[dict[str, Any], type[Fault], str]] = [
        ({}, InvalidRequest, "peer public key not provided"),
        (
            {"key_derivation_algorithm": "kdf"},
            InvalidRequest,
            "key derivation algorithm kdf not supported",
        ),
        ({"peer_public_key": p256, "derived_key_type": "hmac"}, InvalidRequest, "unknown key type hmac"),
        ({"peer_public_key": p256}, Failed, "cannot load policy with relative name"),
        ({"peer_public_key": p256, "base_key_name": "nope"}, InvalidRequest, "specified base key not found"),
        (
            {"peer_public_key": p256, "base_key_name": "ed"},
            InvalidRequest,
            "base key type ed25519 does not support key agreement",
        ),
        (
            {"peer_public_key": p384, "base_key_name": "ec"},
            Failed,
            "base private key type ecdsa-p256 does not match peer public key curve",
        ),
        (
            {"peer_public_key": p256, "base_key_name": "ec", "base_key_version": 2},
            Failed,
            "requested version of the base key is higher than the latest key version",
        ),
        (
            {"peer_public_key": "x", "base_key_name": "ec"},
            Failed,
            "failed to parse supplied peer public key PEM: data does not contain any valid public keys ",
        ),
    ]
    for parameters, fault, message in refused:
        assert await message_of(keys, Operation.UPDATE, "derive-key/new", **parameters) == (fault, message)


@pytest.mark.parametrize("name", ["ec", "ed", "rsa"])
async def test_certificate_requests(keys: Driver, name: str) -> None:
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "example")])
    names = x509.SubjectAlternativeName([x509.DNSName("a.example")])
    template = x509.CertificateSigningRequestBuilder(subject).add_extension(names, critical=False)
    signer = ec.generate_private_key(ec.SECP256R1())
    pem = template.sign(signer, hashes.SHA256()).public_bytes(serialization.Encoding.PEM).decode()
    for text, expected in (("", x509.Name([])), (pem, subject)):
        made = x509.load_pem_x509_csr((await keys.write(f"keys/{name}/csr", csr=text))["csr"].encode())
        assert made.is_signature_valid
        assert made.subject == expected
        assert len(made.extensions) == (1 if text else 0)
    der = made.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    exported = await keys.read(f"export/public-key/{name}", format="der")
    assert exported["keys"]["1"] == base64.b64encode(der).decode()


async def test_certificate_chains(keys: Driver) -> None:
    issuer = ec.generate_private_key(ec.SECP256R1())
    public = serialization.load_pem_public_key((await keys.read("keys/ec"))["keys"]["1"]["public_key"].encode())
    leaf, authority = certificate(public, issuer, False), certificate(issuer.public_key(), issuer, True)
    stranger = certificate(issuer.public_key(), issuer, False)
    answer = await keys.write("keys/ec/set-certificate", certificate_chain="text\n" + leaf + authority)
    assert answer["certificate_chain"] == "text\n" + leaf + authority
    chain = (leaf + authority).removesuffix("\n")
    assert (await keys.read("keys/ec"))["keys"]["1"]["certificate_chain"] == chain
    assert (await keys.read("export/certificate-chain/ec"))["keys"] == {"1": chain}
    other = Driver(TRANSIT)
    await other.write("restore", backup=(await keys.read("backup/ec"))["backup"])
    assert (await other.read("keys/ec"))["keys"]["1"]["certificate_chain"] == chain
    persist = "failed to persist certificate chain: "
    refused: list[tuple[str, dict[str, Any], type[Fault], str]] = [
        ("nope", {}, InvalidRequest, "key with provided name 'nope' not found"),
        ("aes", {}, InvalidRequest, "key type 'aes128-gcm96' does not support signing"),
        (
            "ec",
            {"certificate_chain": ""},
            InvalidRequest,
            "provided certificate chain did not contain any valid PEM encoded certificate",
        ),
        ("ec", {"certificate_chain": "x"}, InvalidRequest, "could not decode a PEM block in the certificate chain"),
        (
            "ec",
            {"certificate_chain": leaf + "x"},
            InvalidRequest,
            "could not decode a PEM block in the certificate chain",
        ),
        (
            "ec",
            {"certificate_chain": "-----BEGIN CERTIFICATE-----\nYQ==\n-----END CERTIFICATE-----\n"},
            InvalidRequest,
            "could not parse a certificate in the certificate chain: x509: malformed certificate",
        ),
        (
            "ec",
            {"certificate_chain": authority},
            InvalidRequest,
            persist + "certificate in the first element is not a valid leaf certificate",
        ),
        (
            "ec",
            {"certificate_chain": leaf + leaf},
            InvalidRequest,
            persist + "certificate in the last element is not a valid CA certificate",
        ),
        ("ec", {"certificate_chain": leaf, "version": 2}, InvalidRequest, persist + "no such key version"),
        (
            "ec",
            {"certificate_chain": stranger},
            Failed,
            persist + "leaf certificate public key does not match the selected key version",
        ),
        (
            "rsa",
            {"certificate_chain": leaf},
            InvalidRequest,
            persist + "could not validate key match between leaf certificate key and key entry in transit: provided "
            "leaf certificate public key algorithm 'ECDSA' does not match the transit key type 'rsa-2048'",
        ),
    ]
    for name, parameters, fault, message in refused:
        path = f"keys/{name}/set-certificate"
        assert await message_of(keys, Operation.UPDATE, path, **parameters) == (fault, message)
