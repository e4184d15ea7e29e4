"""CMS: OpenSSL's command in both directions, and what is refused."""

from __future__ import annotations

import base64
import subprocess
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat import asn1
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import pkcs7

from engines.algorithms.formats.cms_types import ContentInfo
from engines.base import Operation
from tests.engines.driver import Driver, make_keys, message_of
from tests.engines.signing.certifying import certify
from tests.engines.signing.conftest import EVERY, KEYS, ROWS
from tests.engines.signing.outside import ML_DSA, OPENSSL, SLH_DSA, verify_key_pair

UPDATE = Operation.UPDATE
CERTIFIED = [(name, jws) for name, jws in EVERY if ROWS[name].object_identifier]
OPENSSL_HAS = [(name, jws) for name, jws in CERTIFIED if "composite" not in ROWS[name].standard]
RFC_9814 = {
    "SLH-DSA-SHA2-128f": "sha256",
    "SLH-DSA-SHAKE-128f": "shake128",
    "SLH-DSA-SHAKE-192f": "shake256",
    "SLH-DSA-SHAKE-256f": "shake256",
}
"""The hashes of the content by the parameter set, but for SHA-512."""

PAYLOAD = b"the content\r\n\x00"


def skip_unless_openssl_knows(name: str) -> None:
    if not OPENSSL:
        pytest.skip("there is no openssl command")
    if ("ML-DSA" in name and not ML_DSA) or ("SLH-DSA" in name and not SLH_DSA):
        pytest.skip("openssl is older than 3.5, which brought ML-DSA and SLH-DSA")


def openssl(*arguments: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run([OPENSSL, *arguments], capture_output=True, check=False, timeout=60)


def encode(data: bytes) -> str:
    return base64.b64encode(data).decode()


async def prepare(driver: Driver, key: str = "ecdsa-p256", *, days: int = 1, **role: Any) -> str:
    await make_keys(driver, {key: KEYS[key]})
    chain = certify((await driver.write(f"keys/{key}/csr"))["csr"], days=days)
    await driver.write(f"keys/{key}/set-certificate", certificate_chain=chain)
    await driver.write("roles/r", **{"key": key, "formats": ["cms"], **role})
    return chain


async def verdict(driver: Driver, cms: str, payload: bytes = PAYLOAD) -> Any:
    return await driver.write("cms/verify/r", cms=cms, payload=encode(payload))


@pytest.mark.parametrize(("type_", "name"), CERTIFIED)
async def test_what_is_signed_is_verified_here_and_by_openssl(
    signing: Driver, type_: str, name: str, tmp_path: Path
) -> None:
    chain = await prepare(signing, type_, algorithm=name)
    made = await signing.write("cms/sign/r", payload=encode(PAYLOAD))
    answer = {"valid": True, "key_version": 1, "signing_time": "2027-01-15T08:00:00Z"}
    assert await verdict(signing, made["cms"]) == answer
    assert await verdict(signing, made["cms"], b"x") == {"valid": False, "error": "it signs another payload"}
    in_pem = (await signing.write("cms/sign/r", payload=encode(PAYLOAD), format="pem"))["cms"]
    assert in_pem.startswith("-----BEGIN CMS-----\n")
    assert await verdict(signing, in_pem) == answer
    if "composite" in ROWS[type_].standard:
        pub = (await signing.read("roles/r/jwks"))["keys"][0]["pub"]
        signer = asn1.decode_der(ContentInfo, base64.b64decode(made["cms"])).content.signers.as_list()[0]
        signed = asn1.encode_der(signer.signed_attributes)
        verify_key_pair(name, base64.urlsafe_b64decode(pub + "=="), signer.signature, signed)
        return
    skip_unless_openssl_knows(name)
    (tmp_path / "message").write_bytes(base64.b64decode(made["cms"]))
    (tmp_path / "content").write_bytes(PAYLOAD)
    (tmp_path / "authority").write_text(chain[chain.rindex("-----BEGIN") :])
    command = ("cms", "-verify", "-binary", "-inform", "DER", "-in", str(tmp_path / "message"))
    trust = ("-CAfile", str(tmp_path / "authority"), "-purpose", "any", "-attime", "1800000000")
    verified = openssl(*command, "-content", str(tmp_path / "content"), *trust)
    assert verified.returncode == 0, verified.stderr
    assert verified.stdout == PAYLOAD
    (tmp_path / "content").write_bytes(b"x")
    assert openssl(*command, "-content", str(tmp_path / "content"), *trust).returncode != 0


@pytest.mark.parametrize(("type_", "name"), OPENSSL_HAS)
@pytest.mark.parametrize("by_key", [False, True])
async def test_what_openssl_signs_is_verified(
    signing: Driver, type_: str, name: str, by_key: bool, tmp_path: Path
) -> None:
    skip_unless_openssl_knows(name)
    chain = await prepare(signing, type_, algorithm=name)
    pem = (await signing.read(f"export/signing-key/{type_}", format="pem"))["keys"]["1"]
    (tmp_path / "key").write_text(pem + "\n")
    (tmp_path / "certificate").write_text(chain)
    (tmp_path / "content").write_bytes(PAYLOAD)
    digest = f"sha{name[2:]}" if name[:2] in ("ES", "RS", "PS") else RFC_9814.get(name, "sha512")
    pss = ("-keyopt", "rsa_padding_mode:pss", "-keyopt", "rsa_pss_saltlen:digest") if name.startswith("PS") else ()
    signed = openssl(
        *("cms", "-sign", "-binary", "-outform", "DER", "-md", digest, "-in", str(tmp_path / "content")),
        *("-signer", str(tmp_path / "certificate"), "-inkey", str(tmp_path / "key")),
        *(("-keyid",) if by_key else ()),
        *pss,
    )
    assert signed.returncode == 0, signed.stderr
    assert (await verdict(signing, encode(signed.stdout)))["valid"] is True
    broken = bytearray(signed.stdout)
    broken[-1] ^= 1
    assert not (await verdict(signing, encode(bytes(broken))))["valid"]


async def test_what_the_library_signs_is_verified(signing: Driver) -> None:
    chain = await prepare(signing)
    pem = (await signing.read("export/signing-key/ecdsa-p256", format="pem"))["keys"]["1"]
    key: Any = serialization.load_pem_private_key(pem.encode(), None)
    certificate = x509.load_pem_x509_certificate(chain.encode())

    def build(options: list[pkcs7.PKCS7Options], hash_: Any = None) -> str:
        builder = pkcs7.PKCS7SignatureBuilder().set_data(PAYLOAD)
        builder = builder.add_signer(certificate, key, hash_ or hashes.SHA256())
        return encode(builder.sign(serialization.Encoding.DER, options))

    detached, binary = pkcs7.PKCS7Options.DetachedSignature, pkcs7.PKCS7Options.Binary
    assert (await verdict(signing, build([detached, binary])))["valid"]
    for cms, error in (
        (build([binary]), "its content is not detached"),
        (
            build([detached, binary, pkcs7.PKCS7Options.NoAttributes]),
            "it does not have one signer with signed attributes",
        ),
        (build([detached, binary], hashes.SHA512()), "its algorithm is not ES256"),
    ):
        assert await verdict(signing, cms) == {"valid": False, "error": error}
    await prepare(signing)
    answer = await verdict(signing, build([detached, binary]))
    assert answer["error"] == "its signer is not a certificate of this role's key"


async def test_another_key_under_the_same_certificate_is_noticed(signing: Driver) -> None:
    """The certificate is only a name; the signature must be the key's."""
    chain = await prepare(signing)
    builder = pkcs7.PKCS7SignatureBuilder().set_data(PAYLOAD)
    other = ec.generate_private_key(ec.SECP256R1())
    builder = builder.add_signer(x509.load_pem_x509_certificate(chain.encode()), other, hashes.SHA256())
    options = [pkcs7.PKCS7Options.DetachedSignature, pkcs7.PKCS7Options.Binary]
    cms = encode(builder.sign(serialization.Encoding.DER, options))
    assert (await verdict(signing, cms))["error"] == "the signature is not one of this role's key"


async def test_no_changed_byte_is_overlooked(signing: Driver) -> None:
    await prepare(signing)
    message = base64.b64decode((await signing.write("cms/sign/r", payload=encode(PAYLOAD)))["cms"])
    signed = message.rindex(bytes.fromhex("06092a864886f70d010903"))
    for position in range(signed, len(message)):
        broken = bytearray(message)
        broken[position] ^= 1
        assert not (await verdict(signing, encode(bytes(broken))))["valid"], position


@pytest.mark.parametrize("message", [b"0", b"\x30\x00", b"\x30\x80\x00\x00", bytes(100), b"\x30\x03\x02\x01\x01"])
async def test_what_is_no_message(signing: Driver, message: bytes) -> None:
    await prepare(signing)
    assert await verdict(signing, encode(message)) == {"valid": False, "error": "it is not a CMS message in DER"}


async def test_mistakes_in_the_request(signing: Driver) -> None:
    await signing.write("keys/k")
    await signing.write("roles/r", key="k", formats=["cms"])
    for path, parameters, text in (
        ("sign", {}, "missing payload to sign"),
        ("sign", {"payload": "!"}, "illegal base64 data at input byte 0"),
        ("sign", {"payload": "", "format": "smime"}, 'unknown format "smime"; must be "der" or "pem"'),
        ("sign", {"payload": ""}, "version 1 of the key has no certificate"),
        ("verify", {"payload": ""}, "missing cms to verify"),
        ("verify", {"cms": "AA=="}, "missing payload to verify"),
        ("verify", {"cms": "!", "payload": ""}, "illegal base64 data at input byte 0"),
        ("verify", {"cms": "-----BEGIN X-----", "payload": ""}, "cms is not one block of PEM"),
        (
            "verify",
            {"cms": "-----BEGIN KEY-----\nAA==\n-----END KEY-----", "payload": ""},
            "cms is not one block of PEM",
        ),
    ):
        assert (await message_of(signing, UPDATE, f"cms/{path}/r", **parameters))[1] == text
    answer = await verdict(signing, encode(b"x" * 1_100_000))
    assert answer["error"] == "it is longer than 1048576 bytes"


async def test_a_certificate_that_is_not_in_force_signs_nothing(signing: Driver) -> None:
    await prepare(signing, days=-1)
    assert (await message_of(signing, UPDATE, "cms/sign/r", payload=""))[1] == (
        "the certificate of version 1 of the key is not in force"
    )
