"""Published vectors through the API: keys are imported as a client imports them, wrapped to the server's wrapping key.

The algorithms alone are held against more of these vectors in ``tests/engines/algorithms/test_algorithms.py``; here it
is the whole way that is checked, from the bytes of a request to those of its answer: imports, encodings, parameters,
errors.
"""

from __future__ import annotations

import base64
import hmac
from collections.abc import Iterator
from itertools import islice

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from engines.algorithms.registry import ALGORITHMS
from tests.engines.algorithms.test_algorithms import NIST_HASHES
from tests.engines.algorithms.vectors import cases, hexadecimal, lines, rsa_examples
from tests.server.processes.importer import OAEP, Importer, text

PER_FILE = 40
"""How many cases of one kind are taken from one file; an import costs a private operation of RSA-4096."""

_CURVES: dict[str, ec.EllipticCurve] = {"P-256": ec.SECP256R1(), "P-384": ec.SECP384R1(), "P-521": ec.SECP521R1()}
_EC_TYPES = {"P-256": "ecdsa-p256", "P-384": "ecdsa-p384", "P-521": "ecdsa-p521"}


def spki(key: rsa.RSAPublicKey | ec.EllipticCurvePublicKey) -> str:
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    return key.public_bytes(serialization.Encoding.PEM, form).decode()


def pkcs8(key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | Ed25519PrivateKey) -> bytes:
    form = serialization.PrivateFormat.PKCS8
    return key.private_bytes(serialization.Encoding.DER, form, serialization.NoEncryption())


def aead_cases(path: str, last: str) -> Iterator[dict[str, str]]:
    """Cases of a NIST file with the sizes that the API has: nonces of 96 bits and tags of 128."""
    found = (case for case in cases(path, last) if case["IVlen"] == "96" and case["Taglen"] == "128")
    # A file is sorted by the lengths of texts and associated data: some of each.
    return islice(found, 0, None, 8)


@pytest.mark.parametrize("bits", [128, 256])
async def test_aes_gcm_of_nist(client: Importer, bits: int) -> None:
    opened = refused = 0
    for case in islice(aead_cases(f"ciphers/AES/GCM/gcmDecrypt{bits}.rsp", "PT"), 2 * PER_FILE):
        name = await client.bring(f"aes{bits}-gcm96", hexadecimal(case, "Key"))
        payload = hexadecimal(case, "IV") + hexadecimal(case, "CT") + hexadecimal(case, "Tag")
        request = {"ciphertext": f"vault:v1:{text(payload)}", "associated_data": text(hexadecimal(case, "AAD"))}
        status, answer = await client.post(f"decrypt/{name}", **request)
        if "FAIL" in case:
            assert (status, answer["errors"]) == (400, ["cipher: message authentication failed"])
            refused += 1
        else:
            assert base64.b64decode(answer["data"]["plaintext"]) == hexadecimal(case, "PT")
            opened += 1
    assert opened > 10
    assert refused > 10


async def test_chacha20_poly1305_of_boringssl(client: Importer) -> None:
    def value(case: dict[str, str], name: str) -> bytes:
        found = case[name]
        return found[1:-1].encode() if found.startswith('"') else bytes.fromhex(found)

    checked = 0
    for case in cases("ciphers/ChaCha20Poly1305/boringssl.txt", "TAG", first="KEY"):
        if len(value(case, "NONCE")) != 12 or len(value(case, "TAG")) != 16 or checked == PER_FILE:
            continue
        name = await client.bring("chacha20-poly1305", value(case, "KEY"))
        payload = value(case, "NONCE") + value(case, "CT") + value(case, "TAG")
        request = {"ciphertext": f"vault:v1:{text(payload)}", "associated_data": text(value(case, "AD"))}
        assert base64.b64decode((await client.data(f"decrypt/{name}", **request))["plaintext"]) == value(case, "IN")
        flipped = payload[:-1] + bytes([payload[-1] ^ 1])
        status, answer = await client.post(f"decrypt/{name}", **{**request, "ciphertext": f"vault:v1:{text(flipped)}"})
        assert (status, answer["errors"]) == (400, ["chacha20poly1305: message authentication failed"])
        checked += 1
    assert checked > 5


@pytest.mark.parametrize(("file", "scheme"), [("SigVerPSS_186-3", "pss"), ("SigVer15_186-3", "pkcs1v15")])
async def test_rsa_signatures_of_nist(client: Importer, file: str, scheme: str) -> None:
    valid = invalid = 0
    for case in cases(f"asymmetric/RSA/FIPS_186-2/{file}.rsp", "Result"):
        modulus = int(case["n"], 16)
        if modulus.bit_length() not in (2048, 3072):
            continue
        public = rsa.RSAPublicNumbers(int(case["e"], 16), modulus).public_key()
        name = await client.bring_public(f"rsa-{modulus.bit_length()}", spki(public))
        salt = len(case.get("SaltVal", "")) // 2 if scheme == "pss" else 0
        verified = await client.data(
            f"verify/{name}/{NIST_HASHES[case['SHAAlg']]}",
            input=text(hexadecimal(case, "Msg")),
            signature=f"vault:v1:{text(hexadecimal(case, 'S'))}",
            signature_algorithm=scheme,
            salt_length=str(salt) if salt else "auto",
        )
        expected = case["Result"].startswith("P")
        assert verified == {"valid": expected}
        valid, invalid = valid + expected, invalid + (not expected)
    assert valid > 10
    assert invalid > 10


async def decrypts_examples(client: Importer, path: str, **parameters: str) -> int:
    """Decrypt the examples of a file whose keys have 2048 bits; how many there were."""
    names: dict[int, str] = {}
    checked = 0
    examples = (example for example in rsa_examples(path) if int(example["Modulus"], 16).bit_length() == 2048)
    for example in islice(examples, PER_FILE):
        numbers = {name: int(value, 16) for name, value in example.items() if value}
        modulus = numbers["Modulus"]
        if modulus not in names:
            p, q, d = numbers["Prime 1"], numbers["Prime 2"], numbers["Exponent"]
            coefficients = rsa.rsa_crt_dmp1(d, p), rsa.rsa_crt_dmq1(d, q), rsa.rsa_crt_iqmp(p, q)
            public = rsa.RSAPublicNumbers(numbers["Public exponent"], modulus)
            private = rsa.RSAPrivateNumbers(p, q, d, *coefficients, public).private_key()
            names[modulus] = await client.bring("rsa-2048", pkcs8(private))
        sealed = f"vault:v1:{text(hexadecimal(example, 'Encryption'))}"
        found = await client.data(f"decrypt/{names[modulus]}", ciphertext=sealed, **parameters)
        assert base64.b64decode(found["plaintext"]) == hexadecimal(example, "Message")
        checked += 1
    return checked


@pytest.mark.parametrize("bits", [224, 256, 384, 512])
async def test_rsa_oaep_of_pyca(client: Importer, bits: int) -> None:
    """Those whose mask has the same hash as the label; that of SHA-1 twice is another file, with too short keys."""
    path = f"asymmetric/RSA/oaep-custom/oaep-sha{bits}-sha{bits}.txt"
    parameters = {"hash_algorithm": f"sha2-{bits}"} if bits != 256 else {}
    assert await decrypts_examples(client, path, **parameters) == PER_FILE


async def test_rsa_pkcs1v15_of_rsa_laboratories(client: Importer) -> None:
    """The 20 of the one key of 2048 bits; the other 14 keys are shorter than the API takes."""
    path = "asymmetric/RSA/pkcs1v15crypt-vectors.txt"
    assert await decrypts_examples(client, path, padding_scheme="pkcs1v15") == 20


@pytest.mark.parametrize("curve", _CURVES)
async def test_ecdsa_of_nist(client: Importer, curve: str) -> None:
    valid = invalid = 0
    size = (_CURVES[curve].key_size + 7) // 8
    for case in cases("asymmetric/ECDSA/FIPS_186-3/SigVer.rsp", "Result"):
        section, _, hash_name = case["section"].partition(",")
        if section != curve:
            continue
        try:
            point = ec.EllipticCurvePublicNumbers(int(case["Qx"], 16), int(case["Qy"], 16), _CURVES[curve])
            public = point.public_key()
        except ValueError:
            assert case["Result"].startswith("F")
            continue
        name = await client.bring_public(_EC_TYPES[curve], spki(public))
        r, s = int(case["R"], 16), int(case["S"], 16)
        fixed = base64.urlsafe_b64encode(r.to_bytes(size, "big") + s.to_bytes(size, "big")).rstrip(b"=").decode()
        hash_ = NIST_HASHES[hash_name.replace("-", "")]
        for marshaling, signature in (("asn1", text(encode_dss_signature(r, s))), ("jws", fixed)):
            verified = await client.data(
                f"verify/{name}",
                input=text(hexadecimal(case, "Msg")),
                signature=f"vault:v1:{signature}",
                hash_algorithm=hash_,
                marshaling_algorithm=marshaling,
            )
            expected = case["Result"].startswith("P")
            assert verified == {"valid": expected}
            valid, invalid = valid + expected, invalid + (not expected)
    assert valid > 10
    assert invalid > 10


async def test_ed25519_of_its_authors(client: Importer) -> None:
    for line in islice(lines("asymmetric/Ed25519/sign.input"), PER_FILE):
        secret, public, message, signed, _ = line.split(":")
        name = await client.bring("ed25519", pkcs8(Ed25519PrivateKey.from_private_bytes(bytes.fromhex(secret)[:32])))
        version = (await client.read(f"keys/{name}"))["keys"]["1"]
        assert base64.b64decode(version["public_key"]) == bytes.fromhex(public)
        data = text(bytes.fromhex(message))
        signature = (await client.data(f"sign/{name}", input=data))["signature"]
        assert signature == f"vault:v1:{text(bytes.fromhex(signed)[:64])}"
        assert (await client.data(f"verify/{name}", input=data, signature=signature))["valid"] is True
        other = text(bytes.fromhex(message) + b"x")
        assert (await client.data(f"verify/{name}", input=other, signature=signature))["valid"] is False


@pytest.mark.parametrize("bits", [224, 256, 384, 512])
async def test_hmac_of_rfc_4231(client: Importer, bits: int) -> None:
    checked = 0
    for case in cases(f"HMAC/rfc-4231-sha{bits}.txt", "MD"):
        key, message = hexadecimal(case, "Key"), hexadecimal(case, "Msg")[: int(case["Len"]) // 8]
        if len(key) not in (ALGORITHMS["hmac"].sizes.key_bytes_chosen or ()):
            continue  # The API makes and takes no keys as short.
        name = await client.bring("hmac", key)
        answer = await client.data(f"hmac/{name}/sha2-{bits}", input=text(message))
        code = base64.b64decode(answer["hmac"].removeprefix("vault:v1:"))
        assert code[: len(hexadecimal(case, "MD"))] == hexadecimal(case, "MD")
        checked += 1
    assert checked >= 2


async def test_key_wrap_with_padding_of_nist(client: Importer) -> None:
    """What verifies and has the length of a key is imported and is that key; what doesn't verify is no key at all.

    Of the lengths in the files, only the longest is one that a key here can have.
    """
    imported = refused = 0
    recipient = await client.recipient()
    case: dict[str, str] = {}
    for line in [*lines("keywrap/kwtestvectors/KWP_AD_256.txt"), ""]:
        name, _, value = line.partition(" = ")
        if line:
            case[name] = value
            continue
        if "C" in case:
            sealed = recipient.encrypt(hexadecimal(case, "K"), OAEP) + hexadecimal(case, "C")
            status, answer = await client.post("keys/tried/import", type="hmac", ciphertext=text(sealed))
            key = hexadecimal(case, "P") if "FAIL" not in case else b""
            if len(key) == 512:
                assert status == 204
                code = (await client.data("hmac/tried", input=text(b"x")))["hmac"]
                assert base64.b64decode(code[9:]) == hmac.digest(key, b"x", "sha256")
                await client.post("keys/tried/config", deletion_allowed=True)
                await client.delete("keys/tried")
                imported += 1
            else:
                reason = "invalid key size" if key else "kwp: unwrap failed integrity check"
                assert status == 500 and reason in answer["errors"][0], answer
                refused += not key
        case = {}
    assert imported >= 3
    assert refused >= 3


async def test_ecdh_of_nist_with_hkdf(client: Importer) -> None:
    """A key that was agreed on is HKDF-SHA256 of the vector's shared secret."""
    checked = 0
    path = "asymmetric/ECDH/KASValidityTest_ECCStaticUnified_NOKC_ZZOnly_init.fax"
    for case in cases(path, "Result", first="COUNT"):
        curve = {"EC - SHA256": "P-256", "ED - SHA384": "P-384", "EE - SHA512": "P-521"}.get(case["section"])
        if curve is None or not case["Result"].startswith("P"):
            continue
        own = ec.derive_private_key(int(case["dsIUT"], 16), _CURVES[curve])
        peer = ec.EllipticCurvePublicNumbers(int(case["QsCAVSx"], 16), int(case["QsCAVSy"], 16), _CURVES[curve])
        base = await client.bring(_EC_TYPES[curve], pkcs8(own))
        status, answer = await client.post(
            f"derive-key/agreed-{checked}", base_key_name=base, peer_public_key=spki(peer.public_key())
        )
        assert status == 204, answer
        size = (_CURVES[curve].key_size + 7) // 8
        shared = int(case["Z"], 16).to_bytes(size, "big")
        key = HKDF(hashes.SHA256(), 32, None, b"").derive(shared)
        sealed = (await client.data(f"encrypt/agreed-{checked}", plaintext=text(b"x")))["ciphertext"]
        payload = base64.b64decode(sealed[9:])
        assert AESGCM(key).decrypt(payload[:12], payload[12:], None) == b"x"
        checked += 1
    assert checked > 10
