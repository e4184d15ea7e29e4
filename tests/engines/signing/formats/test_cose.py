"""COSE_Sign1: RFC 9052's example, checks put together here from cbor2 and the library, and what is refused."""

from __future__ import annotations

import base64
from typing import Any

import cbor2
import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature

from engines.algorithms.formats.jws import jws_algorithms
from engines.algorithms.registry import SIGNING_ALGORITHMS
from engines.base import Operation
from tests.engines.driver import Driver, make_keys, message_of
from tests.engines.signing.conftest import EVERY, KEYS, ROWS
from tests.engines.signing.outside import verify_key_pair

UPDATE = Operation.UPDATE
HASHES: dict[int, hashes.HashAlgorithm] = {
    -7: hashes.SHA256(),
    -35: hashes.SHA384(),
    -36: hashes.SHA512(),
    -257: hashes.SHA256(),
    -258: hashes.SHA384(),
    -259: hashes.SHA512(),
    -37: hashes.SHA256(),
    -38: hashes.SHA384(),
    -39: hashes.SHA512(),
}
"""The hash functions of RFC 9053 and RFC 8812."""


def encode(data: bytes) -> str:
    return base64.b64encode(data).decode()


async def prepare(driver: Driver, key: str = "ecdsa-p256", **role: Any) -> None:
    await make_keys(driver, {key: KEYS[key]})
    await driver.write("roles/r", **{"key": key, "formats": ["cose"], **role})


async def public_key(driver: Driver, name: str) -> Any:
    text = (await driver.read(f"export/public-key/{name}", format="pem"))["keys"]["1"]
    return serialization.load_pem_public_key(text.encode())


def verify_by_hand(key: Any, algorithm: int, signed: bytes, signature: bytes) -> None:
    """As RFC 9053 and RFC 8812 have it, with nothing of ours."""
    if algorithm in (-7, -35, -36):
        half = len(signature) // 2
        r, s = int.from_bytes(signature[:half], "big"), int.from_bytes(signature[half:], "big")
        key.verify(encode_dss_signature(r, s), signed, ec.ECDSA(HASHES[algorithm]))
    elif algorithm in (-257, -258, -259):
        key.verify(signature, signed, padding.PKCS1v15(), HASHES[algorithm])
    elif algorithm in (-37, -38, -39):
        hash_ = HASHES[algorithm]
        key.verify(signature, signed, padding.PSS(padding.MGF1(hash_), hash_.digest_size), hash_)
    else:
        key.verify(signature, signed)


@pytest.mark.parametrize(("type_", "name"), EVERY)
@pytest.mark.parametrize("detached", [False, True])
async def test_what_is_signed_is_verified_here_and_by_hand(
    signing: Driver, type_: str, name: str, detached: bool
) -> None:
    await prepare(signing, type_, algorithm=name)
    parameters = {"payload": encode(b"hello"), "external_aad": encode(b"aad")}
    made = await signing.write("cose/sign/r", detached=detached, **parameters)
    raw = base64.b64decode(made["message"])
    tag = cbor2.loads(raw)
    assert tag.tag == 18
    protected, unprotected, payload, signature = tag.value
    assert cbor2.dumps(tag, canonical=True) == raw
    assert unprotected == {4: made["kid"].encode()}
    assert payload == (None if detached else b"hello")
    headers = cbor2.loads(protected)
    signed = cbor2.dumps(["Signature1", protected, b"aad", b"hello"])
    if ROWS[type_].strength.quantum_category:
        pub = (await signing.read("roles/r/jwks"))["keys"][0]["pub"]
        verify_key_pair(name, base64.urlsafe_b64decode(pub + "=="), signature, signed)
    else:
        verify_by_hand(await public_key(signing, type_), headers[1], signed, signature)
    again = {"message": made["message"], "external_aad": parameters["external_aad"]}
    if detached:
        answer = await signing.write("cose/verify/r", **again)
        assert answer == {"valid": False, "error": "its payload must be given beside it"}
        again["payload"] = parameters["payload"]
    answer = await signing.write("cose/verify/r", **again)
    assert answer == {"valid": True, "payload": encode(b"hello"), "key_version": 1}
    for changed in ({"external_aad": ""}, {"payload": encode(b"x")}):
        assert not (await signing.write("cose/verify/r", **{**again, **changed}))["valid"]


async def test_the_numbers_are_those_that_are_registered(signing: Driver) -> None:
    numbers = {jws.name: jws.cose for row in SIGNING_ALGORITHMS.values() for jws in jws_algorithms(row)}
    assert (
        numbers.items()
        >= {
            "ES256": -7,
            "ES384": -35,
            "ES512": -36,
            "EdDSA": -8,
            "Ed25519": -19,
            "PS256": -37,
            "PS384": -38,
            "PS512": -39,
            "RS256": -257,
            "RS384": -258,
            "RS512": -259,
            "ML-DSA-44": -48,
            "ML-DSA-65": -49,
            "ML-DSA-87": -50,
        }.items()
    )


class TestRfc9052:
    """The single signer of appendix C.2.1, by the key "11" of appendix C.7.1."""

    X = "bac5b11cad8f99f9c72b05cf4b9e26d244dc189f745228255a219a86d6a09eff"
    Y = "20138bf82dc1b6d562be0fa54ab7804a3a64b6d72ccfed6b6fb6ed28bbfc117e"
    MESSAGE = bytes.fromhex(
        "d28443a10126a10442313154546869732069732074686520636f6e74656e742e58408eb33e4ca31d1c465ab05aac34cc6b23d58fef5c08"
        "3106c4d25a91aef0b0117e2af9a291aa32e14ab834dc56ed2a223444547e01f11d3b0916e5a4c345cacb36"
    )

    async def test_it_is_verified(self, signing: Driver) -> None:
        await import_public(signing, "ecdsa-p256", ec.SECP256R1(), self.X, self.Y)
        assert await signing.write("cose/verify/r", message=encode(self.MESSAGE)) == {
            "valid": True,
            "payload": encode(b"This is the content."),
            "key_version": 1,
        }
        untagged = self.MESSAGE[1:]
        assert (await signing.write("cose/verify/r", message=encode(untagged)))["valid"]
        for position in range(1, len(self.MESSAGE)):
            broken = bytearray(self.MESSAGE)
            broken[position] ^= 1
            answer = await signing.write("cose/verify/r", message=encode(bytes(broken)))
            # The name of the key is only a hint and not signed.
            assert answer["valid"] == (position in (7, 9, 10)), position

    @pytest.mark.parametrize(
        ("message", "external_aad", "error"),
        [
            # sign-pass-02: bound to external data.
            (
                "D28443A10126A10442313154546869732069732074686520636F6E74656E742E5840EAE868ECC176883766C5DC5BA5B8DCA25DAB3C"
                "2E56A551CE5705B793914348E155388B10C4F1B59A6733EAB416870A945111A4B2FBDBEF33A77234B1DEFF2F9B",
                "11aa22bb33cc44dd55006699",
                "",
            ),
            # sign-pass-03: without a tag.
            (
                "8443A10126A10442313154546869732069732074686520636F6E74656E742E5840EAE868ECC176883766C5DC5BA5B8DCA25DAB3C2E"
                "56A551CE5705B793914348E19F43D6C6BA654472DA301B645B293C9BA939295B97C4BDB847782BFF384C5794",
                "",
                "",
            ),
            # sign-pass-01 has its algorithm where anybody can change it. We refuse that.
            (
                "D28441A0A201260442313154546869732069732074686520636F6E74656E742E5840EAE868ECC176883766C5DC5BA5B8DCA25DAB3C"
                "2E56A551CE5705B793914348E11A02E5F0344BF2D4EE5C7FD75A68A9F5E0B3CC1F1FC1409C189566586FF9D610",
                "",
                "its algorithm is not ES256",
            ),
            # sign-fail-03: another algorithm.
            (
                "D28445A1013903E6A10442313154546869732069732074686520636F6E74656E742E5840EAE868ECC176883766C5DC5BA5B8DCA25D"
                "AB3C2E56A551CE5705B793914348E19F43D6C6BA654472DA301B645B293C9BA939295B97C4BDB847782BFF384C5794",
                "",
                "its algorithm is not ES256",
            ),
            # sign-fail-06: another protected header.
            (
                "D28445A201260300A10442313154546869732069732074686520636F6E74656E742E5840EAE868ECC176883766C5DC5BA5B8DCA25D"
                "AB3C2E56A551CE5705B793914348E19F43D6C6BA654472DA301B645B293C9BA939295B97C4BDB847782BFF384C5794",
                "",
                "the signature is not one of this role's key",
            ),
        ],
    )
    async def test_examples_of_the_working_group(
        self, signing: Driver, message: str, external_aad: str, error: str
    ) -> None:
        """Those of github.com/cose-wg/Examples, sign1-tests, by the same key."""
        await import_public(signing, "ecdsa-p256", ec.SECP256R1(), self.X, self.Y)
        answer = await signing.write(
            "cose/verify/r", message=encode(bytes.fromhex(message)), external_aad=encode(bytes.fromhex(external_aad))
        )
        assert (answer["valid"], answer.get("error", "")) == (not error, error)
        assert error or answer["payload"] == encode(b"This is the content.")

    async def test_p_521(self, signing: Driver) -> None:
        """ecdsa-sig-03 of the same collection."""
        x = (
            "0072992cb3ac08ecf3e5c63dedec0d51a8c1f79ef2f82f94f3c737bf5de7986671eac625fe8257bbd0394644ca"
            "aa3aaf8f27a4585fbbcad0f2457620085e5c8f42ad"
        )
        y = (
            "01dca6947bce88bc5790485ac97427342bc35f887d86d65a089377e247e60baa55e4e8501e2ada5724ac51d690"
            "9008033ebc10ac999b9d7f5cc2519f3fe1ea1d9475"
        )
        message = (
            "D28444A1013823A104581E62696C626F2E62616767696E7340686F626269746F6E2E6578616D706C65545468697320697320746865"
            "20636F6E74656E742E5884000F348009BADC7DA478150AA7FA06DFD812CDF826344F17C7330563573D8F97F7A966924C3D88B10890"
            "7235476E3F6BEA9F3890027792B0F94E905C217227CF064E00A6BC6A5187D0DF9B1DB7675AECFC678CE4692A8121EB8170F3592A85"
            "9D518FD3B823091AAB22E6C41EB97ED92127CE8C46DCC715A247CB78921FAD1E19133AFC30"
        )
        await import_public(signing, "ecdsa-p521", ec.SECP521R1(), x, y)
        assert (await signing.write("cose/verify/r", message=encode(bytes.fromhex(message))))["valid"]


async def import_public(driver: Driver, type_: str, curve: ec.EllipticCurve, x: str, y: str) -> None:
    """The key of a published example, in hexadecimal, and a role for it."""
    public = ec.EllipticCurvePublicNumbers(int(x, 16), int(y, 16), curve).public_key()
    pem = public.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    await driver.write("keys/example/import", type=type_, public_key=pem.decode())
    await driver.write("roles/r", key="example", formats=["cose"])


async def sign(driver: Driver, protected: bytes, payload: bytes, external_aad: bytes = b"") -> bytes:
    text = (await driver.read("export/signing-key/ecdsa-p256", format="pem"))["keys"]["1"]
    key: Any = serialization.load_pem_private_key(text.encode(), None)
    signed = cbor2.dumps(["Signature1", protected, external_aad, payload])
    r, s = decode_dss_signature(key.sign(signed, ec.ECDSA(hashes.SHA256())))
    return r.to_bytes(32, "big") + s.to_bytes(32, "big")


@pytest.mark.parametrize(
    ("headers", "unprotected", "error"),
    [
        ({1: -7, 2: [1]}, {}, "its headers demand what is not understood"),
        ({1: -7}, {2: [1]}, "its headers demand what is not understood"),
        ({1: -7}, {1: -7}, "a header is both protected and not"),
        ({}, {1: -7}, "its algorithm is not ES256"),
        ({1: -8}, {}, "its algorithm is not ES256"),
        ({1: -7.0}, {}, "its algorithm is not ES256"),
        ({1: "ES256"}, {}, "its algorithm is not ES256"),
        ([], {}, "its protected headers are malformed"),
        ({1: -7}, [], "it is not a COSE_Sign1"),
    ],
)
async def test_headers(signing: Driver, headers: Any, unprotected: Any, error: str) -> None:
    await prepare(signing)
    protected = cbor2.dumps(headers)
    parts = [protected, unprotected, b"x", await sign(signing, protected, b"x")]
    message = encode(cbor2.dumps(cbor2.CBORTag(18, parts)))
    assert await signing.write("cose/verify/r", message=message) == {"valid": False, "error": error}


@pytest.mark.parametrize(
    ("message", "error"),
    [
        (b"", "missing message to verify"),
        (b"\xff", "it is not CBOR"),
        (b"\x9f" * 1000, "it is not CBOR"),
        (b"\x81" * 1000 + b"\x01", "it is not CBOR"),
        (b"\x9b" + b"\xff" * 8, "it is not CBOR"),
        (b"\xc5\x82\x1a\x0f\xff\xff\xff\x01", "it is not CBOR"),
        (b"\xd8\x1c\x81\xd8\x1d\x00", "it is not CBOR"),
        (b"\xd8\x62\x84\x40\xa0\x40\x40", "it is not CBOR"),
        (b"\xd2\x80", "it is not a COSE_Sign1"),
        (b"\xd2\xd2\x84\x40\xa0\x40\x40", "it is not a COSE_Sign1"),
        (b"\x84\x40\xa2\x01\x01\x01\x02\x40\x40", "it is not CBOR"),
        (b"\x84\x40\xa0\x40\x40\x00", "something stands behind it"),
        (b"\x01", "it is not a COSE_Sign1"),
        (b"\x5a\x00\x20\x00\x00" + bytes(2**21), "it is longer than 1048576 bytes"),
    ],
)
async def test_what_is_no_message(signing: Driver, message: bytes, error: str) -> None:
    await prepare(signing)
    if not message:
        assert (await message_of(signing, UPDATE, "cose/verify/r"))[1] == error
        return
    assert await signing.write("cose/verify/r", message=encode(message)) == {"valid": False, "error": error}


async def test_headers_of_the_role(signing: Driver) -> None:
    await prepare(signing, typ="application/example", kid="none")
    made = await signing.write("cose/sign/r", payload="", tagged=False)
    protected, unprotected, payload, _ = cbor2.loads(base64.b64decode(made["message"]))
    assert (cbor2.loads(protected), unprotected, payload) == ({1: -7, 3: "application/example"}, {}, b"")
    assert (await signing.write("cose/verify/r", message=made["message"]))["valid"]
    await prepare(signing, typ="application/other")
    answer = await signing.write("cose/verify/r", message=made["message"])
    assert answer["error"] == "its content type is not the role's typ"
    await prepare(signing, x5c=True)
    assert (await message_of(signing, UPDATE, "cose/sign/r", payload=""))[1] == (
        "version 1 of the key has no certificate"
    )


async def test_mistakes_in_the_request(signing: Driver) -> None:
    await prepare(signing)
    assert (await message_of(signing, UPDATE, "cose/sign/r"))[1] == "missing payload to sign"
    for path, parameters in (
        ("sign", {"payload": "!"}),
        ("sign", {"payload": "", "external_aad": "!"}),
        ("verify", {"message": "!"}),
        ("verify", {"message": "AA==", "payload": "!"}),
    ):
        assert (await message_of(signing, UPDATE, f"cose/{path}/r", **parameters))[1] == (
            "illegal base64 data at input byte 0"
        )
