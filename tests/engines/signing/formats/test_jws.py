"""JWS of any payload: RFC 7515's examples, RFC 7797's, and another library in both directions."""

from __future__ import annotations

import base64
import json
from typing import Any, TypeAlias

import pytest
from cryptography.hazmat.primitives.asymmetric import mldsa, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from joserfc import jws as joserfc_jws
from joserfc.jwk import ECKey, OKPKey, RSAKey, import_key

from engines.base import Operation
from tests.engines.driver import Driver, make_keys, message_of
from tests.engines.signing.conftest import EVERY, KEYS, ROWS, wrapped

# The library warns of the older name of Ed25519, which most others know alone.
pytestmark = pytest.mark.filterwarnings("ignore:EdDSA is deprecated")

PrivateKey: TypeAlias = Ed25519PrivateKey | mldsa.MLDSA44PrivateKey | rsa.RSAPrivateKey

UPDATE = Operation.UPDATE
KNOWN_ELSEWHERE = [(name, jws) for name, jws in EVERY if not ROWS[name].strength.quantum_category]
KEY_TYPES: dict[str, Any] = {"rsa": RSAKey, "ecdsa": ECKey, "ed25519": OKPKey}
NAMES = [name for _, name in KNOWN_ELSEWHERE]
REGISTRY = joserfc_jws.JWSRegistry(algorithms=NAMES)


def encode(data: bytes) -> str:
    return base64.b64encode(data).decode()


async def prepare(driver: Driver, key: str = "ecdsa-p256", **role: Any) -> None:
    await make_keys(driver, {key: KEYS[key]})
    await driver.write("roles/r", **{"key": key, "formats": ["jws"], **role})


async def import_public(driver: Driver, type_: str, jwk: dict[str, str]) -> None:
    """The key of a published example, of which only the public part is needed."""
    pem = import_key({**jwk}, "EC").as_pem(private=False).decode()
    await driver.write("keys/example/import", type=type_, public_key=pem)
    await driver.write("roles/r", key="example", formats=["jws"])


async def import_private(driver: Driver, type_: str, private: PrivateKey) -> None:
    """The key ``example`` of a published example."""
    pkcs8 = private.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    await driver.write("keys/example/import", type=type_, ciphertext=await wrapped(driver, pkcs8))


class TestExamples:
    """RFC 7515, appendix A."""

    PAYLOAD = b'{"iss":"joe",\r\n "exp":1300819380,\r\n "http://example.com/is_root":true}'
    ES256_KEY: dict[str, str] = {
        "kty": "EC",
        "crv": "P-256",
        "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
        "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
    }
    ES256 = (
        "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0"
        "cnVlfQ.DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q"
    )

    P = (
        "4BzEEOtIpmVdVEZNCqS7baC4crd0pqnRH_5IB3jw3bcxGn6QLvnEtfdUdiYrqBdss1l58BQ3KhooKeQTa9AB0Hw_Py5PJdTJNPY8cQn7ouZ2KKDc"
        "mnPGBY5t7yLc1QlQ5xHdwW1VhvKn-nXqhJTBgIPgtldC-KDV5z-y2XDwGUc"
    )
    Q = (
        "uQPEfgmVtjL0Uyyx88GZFF1fOunH3-7cepKmtH4pxhtCoHqpWmT8YAmZxaewHgHAjLYsp1ZSe7zFYHj7C6ul7TjeLQeZD_YwD66t62wDmpe_HlB-"
        "TnBA-njbglfIsRLtXlnDzQkv5dTltRJ11BKBBypeeF6689rjcJIDEz9RWdc"
    )
    RS256 = (
        "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVl"
        "fQ.cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7"
        "t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jz"
        "DwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe7"
        "7Rw"
    )

    async def test_a_2_is_signed_to_the_letter(self, signing: Driver) -> None:
        p, q = (int.from_bytes(base64.urlsafe_b64decode(text + "=="), "big") for text in (self.P, self.Q))
        d = pow(65537, -1, (p - 1) * (q - 1))
        numbers = rsa.RSAPrivateNumbers(
            p, q, d, d % (p - 1), d % (q - 1), pow(q, -1, p), rsa.RSAPublicNumbers(65537, p * q)
        )
        await import_private(signing, "rsa-2048", numbers.private_key())
        await signing.write("roles/r", key="example", formats=["jws"], kid="none")
        made = await signing.write("jws/sign/r", payload=encode(self.PAYLOAD))
        assert made["jws"] == self.RS256
        assert (await signing.write("jws/verify/r", jws=self.RS256))["payload"] == encode(self.PAYLOAD)

    async def test_a_3_compact(self, signing: Driver) -> None:
        await import_public(signing, "ecdsa-p256", self.ES256_KEY)
        answer = await signing.write("jws/verify/r", jws=self.ES256)
        assert answer == {
            "valid": True,
            "payload": encode(self.PAYLOAD),
            "header": {"alg": "ES256"},
            "key_version": 1,
        }

    async def test_a_7_flattened(self, signing: Driver) -> None:
        await import_public(signing, "ecdsa-p256", self.ES256_KEY)
        protected, payload, signature = self.ES256.split(".")
        flattened = {
            "payload": payload,
            "protected": protected,
            "header": {"kid": "e9bc097a-ce51-4036-9562-d2ade882db0d"},
            "signature": signature,
        }
        for jws in (flattened, json.dumps(flattened)):
            answer = await signing.write("jws/verify/r", jws=jws)
            assert (answer["valid"], answer["payload"]) == (True, encode(self.PAYLOAD))

    async def test_appendix_f_detached(self, signing: Driver) -> None:
        await import_public(signing, "ecdsa-p256", self.ES256_KEY)
        protected, _, signature = self.ES256.split(".")
        answer = await signing.write("jws/verify/r", jws=f"{protected}..{signature}", payload=encode(self.PAYLOAD))
        assert answer["valid"]
        answer = await signing.write("jws/verify/r", jws=f"{protected}..{signature}", payload=encode(b"x"))
        assert answer["error"] == "the signature is not one of this role's key"
        answer = await signing.write("jws/verify/r", jws=self.ES256, payload=encode(b"x"))
        assert answer["error"] == "its payload is another one"


class TestEd25519:
    """RFC 8037, appendix A: the signature is determined, so ours is the same to the letter."""

    SEED = "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A"
    KEY_ID = "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"
    JWS = (
        "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc.hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR"
        "4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg"
    )

    async def test_a_4_and_a_5(self, signing: Driver) -> None:
        private = Ed25519PrivateKey.from_private_bytes(base64.urlsafe_b64decode(self.SEED + "="))
        await import_private(signing, "ed25519", private)
        await signing.write("roles/r", key="example", formats=["jws"], kid="none")
        made = await signing.write("jws/sign/r", payload=encode(b"Example of Ed25519 signing"))
        assert made == {"jws": self.JWS, "kid": "", "key_version": 1}
        assert (await signing.write("jws/verify/r", jws=self.JWS))["valid"]
        assert (await signing.read("roles/r/jwks"))["keys"][0]["kid"] == self.KEY_ID


async def test_rfc_9964_names_a_key_of_ml_dsa(signing: Driver) -> None:
    """The example of ML-DSA-44, whose seed is 32 zeros: its public key and its thumbprint."""
    await import_private(signing, "mldsa-44", mldsa.MLDSA44PrivateKey.from_seed_bytes(bytes(32)))
    (jwk,) = (await signing.read("keys/example/jwks"))["keys"]
    assert (jwk["kty"], jwk["alg"], jwk["use"]) == ("AKP", "ML-DSA-44", "sig")
    assert jwk["pub"].startswith(
        "unH59k4RuutY-pxvu24U5h8YZD2rSVtHU5qRZsoBmBMcRPgmu9VuNOVdteXi1zNIXjnqJg_GAAxepLqA00Vc3lO0"
    )
    assert jwk["kid"] == "T4xl70S7MT6Zeq6r9V9fPJGVn76wfnXJ21-gyo0Gu6o"


@pytest.mark.parametrize(("type_", "name"), KNOWN_ELSEWHERE)
@pytest.mark.parametrize("detached", [False, True])
async def test_another_library_verifies_it(signing: Driver, type_: str, name: str, detached: bool) -> None:
    await prepare(signing, type_, algorithm=name)
    jwk = (await signing.read("roles/r/jwks"))["keys"][0]
    key = import_key({member: value for member, value in jwk.items() if member != "key_version"})
    payload = b"any. bytes \x00\xff" if not detached else b"any text"
    for serialization_ in ("compact", "flattened"):
        made = await signing.write(
            "jws/sign/r", payload=encode(payload), serialization=serialization_, detached=detached
        )
        again = await signing.write(
            "jws/verify/r", jws=made["jws"], **({"payload": encode(payload)} if detached else {})
        )
        assert (again["valid"], again["payload"]) == (True, encode(payload))
        if serialization_ == "compact":
            beside = payload if detached else None
            assert (
                joserfc_jws.deserialize_compact(made["jws"], key, payload=beside, registry=REGISTRY).payload == payload
            )
        elif not detached:
            assert joserfc_jws.deserialize_json(made["jws"], key, registry=REGISTRY).payload == payload


@pytest.mark.parametrize(("type_", "name"), KNOWN_ELSEWHERE)
async def test_another_library_s_is_verified(signing: Driver, type_: str, name: str) -> None:
    await prepare(signing, type_, algorithm=name)
    pem = (await signing.read(f"export/signing-key/{type_}", format="pem"))["keys"]["1"]
    key = KEY_TYPES[type_.split("-")[0]].import_key(pem)
    compact = joserfc_jws.serialize_compact({"alg": name}, b"hello", key, registry=REGISTRY)
    assert (await signing.write("jws/verify/r", jws=compact))["payload"] == encode(b"hello")
    unencoded = joserfc_jws.serialize_compact(
        {"alg": name, "b64": False, "crit": ["b64"]}, b"he.llo", key, registry=REGISTRY
    )
    protected, signature = unencoded.partition(".")[0], unencoded.rpartition(".")[2]
    answer = await signing.write("jws/verify/r", jws=f"{protected}..{signature}", payload=encode(b"he.llo"))
    assert (answer["valid"], answer["payload"]) == (True, encode(b"he.llo"))


async def test_ml_dsa_is_signed_and_verified(signing: Driver) -> None:
    await prepare(signing, "mldsa-44", typ="note")
    made = await signing.write("jws/sign/r", payload=encode(b"hello"), detached=True)
    answer = await signing.write("jws/verify/r", jws=made["jws"], payload=encode(b"hello"))
    assert answer["header"] == {
        "alg": "ML-DSA-44",
        "b64": False,
        "crit": ["b64"],
        "typ": "note",
        "kid": made["kid"],
    }
    await signing.write("roles/r", key="mldsa-44", formats=["jws"], typ="other")
    answer = await signing.write("jws/verify/r", jws=made["jws"], payload=encode(b"hello"))
    assert answer == {"valid": False, "error": "its typ is not the role's"}


def protected_of(header: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(header).encode()).rstrip(b"=").decode()


@pytest.mark.parametrize(
    ("jws", "error"),
    [
        ("a.b", "it does not have three parts"),
        ("{", "it is not a JSON object"),
        ([1], "it is neither a compact nor a flattened serialization"),
        ({"signatures": []}, "it is neither a compact nor a flattened serialization"),
        ({"protected": 1}, "it is neither a compact nor a flattened serialization"),
        ({"protected": "", "header": {"alg": "ES256"}}, "a part of its header is not protected"),
        ({"signature": "AA"}, "its header is not a JSON object"),
        (protected_of({"alg": "none"}) + "..", "its algorithm is not ES256"),
        (protected_of({"alg": "ES256", "crit": ["x"]}) + "..", "its header demands what is not understood"),
        (protected_of({"alg": "ES256", "b64": False}) + "..", "its header demands what is not understood"),
        (protected_of({"alg": "ES256", "b64": 0, "crit": ["b64"]}) + "..", "its header demands what is not understood"),
        (protected_of({"alg": "ES256", "b64": False, "crit": ["b64"]}) + "..", "its payload must be given beside it"),
        (protected_of({"alg": "ES256", "b64": False, "crit": ["b64"]}) + ".x.", "its payload must be given beside it"),
        ("x" * 2_000_000, "it is longer than 1048576 characters"),
        ({"protected": "x" * 2_000_000}, "it is longer than 1048576 characters"),
        ("{" + "x" * 2_000_000, "it is longer than 1048576 characters"),
    ],
)
async def test_what_is_not_valid(signing: Driver, jws: Any, error: str) -> None:
    await prepare(signing)
    assert await signing.write("jws/verify/r", jws=jws) == {"valid": False, "error": error}


async def test_mistakes_in_the_request(signing: Driver) -> None:
    await prepare(signing)
    for path, parameters, text in (
        ("sign", {}, "missing payload to sign"),
        ("sign", {"payload": "!"}, "illegal base64 data at input byte 0"),
        ("sign", {"payload": "", "serialization": "x"}, 'unknown serialization "x"; must be "compact" or "flattened"'),
        ("verify", {}, "missing jws to verify"),
        ("verify", {"jws": {}}, "missing jws to verify"),
        ("verify", {"jws": "a.b.c", "payload": "!"}, "illegal base64 data at input byte 0"),
    ):
        assert (await message_of(signing, UPDATE, f"jws/{path}/r", **parameters))[1] == text
