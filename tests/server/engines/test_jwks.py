"""The public keys of a transit key as a JWK set: who may read it, and that it verifies what was signed."""

from __future__ import annotations

import base64
import hashlib
import json
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, mldsa, padding, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from engines.algorithms.formats.jwk import public_jwk
from engines.algorithms.signatures.mldsa import MLDSA_44
from engines.base import Access
from engines.transit.routes import ROUTES
from tests.engines.transfer.wrapping import certificate
from tests.support.systems import NewServer, Server

CURVES: dict[str, ec.EllipticCurve] = {"P-256": ec.SECP256R1(), "P-384": ec.SECP384R1(), "P-521": ec.SECP521R1()}
HASHES: dict[str, hashes.HashAlgorithm] = {
    "sha2-256": hashes.SHA256(),
    "sha2-384": hashes.SHA384(),
    "sha2-512": hashes.SHA512(),
}

LATTICES: dict[str, Any] = {
    "ML-DSA-44": mldsa.MLDSA44PublicKey,
    "ML-DSA-65": mldsa.MLDSA65PublicKey,
    "ML-DSA-87": mldsa.MLDSA87PublicKey,
}


def unpadded(text: str) -> bytes:
    """Decode base64url as RFC 7515 has it: without padding, and nothing else."""
    assert "=" not in text
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def number(text: str) -> int:
    return int.from_bytes(unpadded(text), "big")


def verify_jws(compact: str, jwk: dict[str, Any], hash_: str) -> None:
    """Check a compact JWS with a JWK by the RFCs alone; raises if the signature is wrong."""
    signed, _, encoded = compact.rpartition(".")
    signature = unpadded(encoded)
    message, function = signed.encode(), HASHES[hash_]
    if jwk["kty"] == "EC":
        curve = CURVES[jwk["crv"]]
        size = (curve.key_size + 7) // 8
        assert len(unpadded(jwk["x"])) == len(unpadded(jwk["y"])) == size
        public = ec.EllipticCurvePublicNumbers(number(jwk["x"]), number(jwk["y"]), curve).public_key()
        assert len(signature) == 2 * size
        r, s = int.from_bytes(signature[:size], "big"), int.from_bytes(signature[size:], "big")
        public.verify(encode_dss_signature(r, s), message, ec.ECDSA(function))
    elif jwk["kty"] == "OKP":
        Ed25519PublicKey.from_public_bytes(unpadded(jwk["x"])).verify(signature, message)
    elif jwk["kty"] == "AKP":
        LATTICES[jwk["alg"]].from_public_bytes(unpadded(jwk["pub"])).verify(signature, message)
    else:
        assert unpadded(jwk["n"])[0] != 0
        key = rsa.RSAPublicNumbers(number(jwk["e"]), number(jwk["n"])).public_key()
        key.verify(signature, message, padding.PSS(padding.MGF1(function), padding.PSS.DIGEST_LENGTH), function)


async def mounted(server: Server, options: dict[str, str] | None = None) -> Server:
    """``server`` with transit at ``transit/``."""
    status, _ = await server.ask("POST", "sys/mounts/transit", {"type": "transit", "options": options or {}})
    assert status == 204
    return server


@pytest.mark.parametrize(
    ("type_", "hash_", "alg"),
    [
        ("ecdsa-p256", "sha2-256", "ES256"),
        ("ecdsa-p384", "sha2-384", "ES384"),
        ("ecdsa-p521", "sha2-512", "ES512"),
        ("ed25519", "sha2-256", "EdDSA"),
        ("mldsa-44", "sha2-256", "ML-DSA-44"),
        ("mldsa-65", "sha2-256", "ML-DSA-65"),
        ("mldsa-87", "sha2-256", "ML-DSA-87"),
        ("rsa-2048", "sha2-256", None),
    ],
)
async def test_a_published_key_verifies_a_jws(server: Server, type_: str, hash_: str, alg: str | None) -> None:
    await mounted(server)
    await server.ask("POST", "transit/keys/signer", {"type": type_})
    await server.ask("POST", "transit/keys/signer/rotate")
    status, jwks = await server.ask("GET", "transit/keys/signer/jwks")
    assert status == 200
    assert set(jwks) == {"keys"}
    assert [jwk["key_version"] for jwk in jwks["keys"]] == [2, 1]
    assert len({jwk["kid"] for jwk in jwks["keys"]}) == 2
    for jwk in jwks["keys"]:
        assert (jwk["use"], jwk.get("alg")) == ("sig", alg)
        assert not {"d", "p", "q", "k"} & jwk.keys()
        header = json.dumps({"alg": alg or "PS256", "kid": jwk["kid"]}).encode()
        signed = b".".join(base64.urlsafe_b64encode(part).rstrip(b"=") for part in (header, b'{"sub":"a"}'))
        wanted = {
            "input": base64.b64encode(signed).decode(),
            "hash_algorithm": hash_,
            "marshaling_algorithm": "jws",
            "salt_length": "hash",
            "key_version": jwk["key_version"],
        }
        _, answer = await server.ask("POST", "transit/sign/signer", wanted)
        signature = answer["data"]["signature"].split(":")[2].rstrip("=")
        verify_jws(f"{signed.decode()}.{signature}", jwk, hash_)


async def test_kid_is_the_thumbprint_and_survives_rotation(server: Server) -> None:
    await mounted(server)
    await server.ask("POST", "transit/keys/signer", {"type": "ecdsa-p256"})
    _, before = await server.ask("GET", "transit/keys/signer/jwks")
    await server.ask("POST", "transit/keys/signer/rotate")
    _, after = await server.ask("GET", "transit/keys/signer/jwks")
    assert after["keys"][1] == before["keys"][0]
    jwk = before["keys"][0]
    canonical = f'{{"crv":"{jwk["crv"]}","kty":"{jwk["kty"]}","x":"{jwk["x"]}","y":"{jwk["y"]}"}}'
    assert unpadded(jwk["kid"]) == hashlib.sha256(canonical.encode()).digest()
    await server.ask("POST", "transit/keys/signer/config", {"min_decryption_version": 2})
    _, newest = await server.ask("GET", "transit/keys/signer/jwks")
    assert newest["keys"] == after["keys"][:1]


async def test_the_example_of_rfc_8037_has_its_thumbprint(server: Server) -> None:
    """The key and the thumbprint of RFC 8037, appendix A.3."""
    await mounted(server)
    pem = (
        "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=\n"
        "-----END PUBLIC KEY-----\n"
    )
    status, _ = await server.ask("POST", "transit/keys/example/import", {"type": "ed25519", "public_key": pem})
    assert status == 204
    _, jwks = await server.ask("GET", "transit/keys/example/jwks")
    assert jwks["keys"][0]["x"] == "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"
    assert jwks["keys"][0]["kid"] == "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"


def test_the_example_of_rfc_9964_has_its_thumbprint() -> None:
    """ML-DSA-44 of a seed of zeros (RFC 9964)."""
    public = mldsa.MLDSA44PrivateKey.from_seed_bytes(bytes(32)).public_key().public_bytes_raw()
    jwk = public_jwk(MLDSA_44, public)
    assert jwk is not None
    assert jwk["pub"].startswith("unH59k4RuutY-pxvu24U5h8YZD2rSVtHU5qRZsoB")
    assert jwk["kid"] == "T4xl70S7MT6Zeq6r9V9fPJGVn76wfnXJ21-gyo0Gu6o"


async def test_derived_keys_are_published_for_a_context(server: Server) -> None:
    await mounted(server)
    await server.ask("POST", "transit/keys/derived", {"type": "ed25519", "derived": True})
    status, answer = await server.ask("GET", "transit/keys/derived/jwks")
    assert status == 400 and "missing 'context'" in answer["errors"][0]
    assert (await server.ask("GET", "transit/keys/derived/jwks?context=!"))[0] == 400
    _, one = await server.ask("GET", "transit/keys/derived/jwks?context=b25l")
    _, two = await server.ask("GET", "transit/keys/derived/jwks?context=dHdv")
    _, read = await server.ask("GET", "transit/keys/derived?context=b25l")
    assert unpadded(one["keys"][0]["x"]) == base64.b64decode(read["data"]["keys"]["1"]["public_key"])
    assert one != two


async def test_certificates_go_along(server: Server) -> None:
    await mounted(server)
    await server.ask("POST", "transit/keys/signer", {"type": "ecdsa-p256"})
    _, answer = await server.ask("POST", "transit/keys/signer/csr", {})
    request = x509.load_pem_x509_csr(answer["data"]["csr"].encode())
    chain = {"certificate_chain": certificate(request.public_key(), ec.generate_private_key(ec.SECP256R1()), False)}
    assert (await server.ask("POST", "transit/keys/signer/set-certificate", chain))[0] in (200, 204)
    _, jwks = await server.ask("GET", "transit/keys/signer/jwks")
    (encoded,) = jwks["keys"][0]["x5c"]
    assert x509.load_der_x509_certificate(base64.b64decode(encoded)).public_key() == request.public_key()


@pytest.mark.parametrize("type_", ["aes256-gcm96", "hmac"])
async def test_keys_without_a_public_part_have_no_set(server: Server, type_: str) -> None:
    await mounted(server)
    await server.ask("POST", "transit/keys/k", {"type": type_, **({"key_size": 32} if type_ == "hmac" else {})})
    status, answer = await server.ask("GET", "transit/keys/k/jwks")
    assert (status, answer) == (400, {"errors": [f"key type {type_} does not support verification"]})


async def test_deleted_keys_are_not_published(server: Server) -> None:
    await mounted(server)
    await server.ask("POST", "transit/keys/signer", {"type": "ed25519"})
    await server.ask("DELETE", "transit/keys/signer/soft-delete")
    status, answer = await server.ask("GET", "transit/keys/signer/jwks")
    assert (status, answer) == (400, {"errors": ["refusing to use soft-deleted key"]})
    assert await server.ask("GET", "transit/keys/nope/jwks") == (404, {"errors": []})


async def test_the_set_is_public_only_where_the_mount_says_so(server: Server) -> None:
    await mounted(server)
    await server.ask("POST", "transit/keys/signer", {"type": "ed25519"})
    denied = (403, {"errors": ["permission denied"]})
    assert await server.ask("GET", "transit/keys/signer/jwks", token="") == denied
    for options, status in (({"jwks": "yes"}, 403), ({"jwks": "public"}, 200), ({"jwks": ""}, 403)):
        assert (await server.ask("POST", "sys/mounts/transit/tune", {"options": options}))[0] == 204
        assert (await server.ask("GET", "transit/keys/signer/jwks", token=""))[0] == status
        assert await server.ask("GET", "transit/keys/signer", token="") == denied
    token, _ = await server.token_for('path "transit/keys/signer/jwks" { capabilities = ["read"] }')
    assert (await server.ask("GET", "transit/keys/signer/jwks", token=token))[0] == 200
    assert (await server.ask("GET", "transit/keys/signer", token=token))[0] == 403


async def test_the_option_can_be_given_when_mounting(new_server: NewServer) -> None:
    server = await mounted(await (await new_server()).unsealed(), {"jwks": "public"})
    await server.ask("POST", "transit/keys/signer", {"type": "ed25519"})
    assert (await server.ask("GET", "transit/keys/signer/jwks", token=""))[0] == 200
    # Whether there is a key may be seen, since its public part may be.
    assert await server.ask("GET", "transit/keys/nope/jwks", token="") == (404, {"errors": []})


def test_nothing_else_of_transit_can_be_public() -> None:
    assert {route.access for route in ROUTES} == {Access.TOKEN}
    assert [route.path for route in ROUTES if route.public_where is not None] == ["keys/{name}/jwks"]
