"""Tokens: what a role lets them say, that others verify them, and that nothing else than ours is valid."""

from __future__ import annotations

import base64
import hmac
import json
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from engines.base import Caller, Operation
from engines.faults import InvalidRequest
from tests.engines.driver import Driver, make_keys, message_of
from tests.engines.signing.conftest import EVERY, KEYS
from tests.engines.signing.outside import verify_key_pair

UPDATE = Operation.UPDATE


def unpadded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def encoded(data: bytes | dict[str, Any]) -> str:
    raw = data if isinstance(data, bytes) else json.dumps(data).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


async def prepare(driver: Driver, key: str = "ecdsa-p256", **role: Any) -> None:
    await make_keys(driver, {key: KEYS[key]})
    await driver.write("roles/r", **{"key": key, "allowed_claims": ["*"], **role})


async def token_of(driver: Driver, **parameters: Any) -> str:
    return str((await driver.write("jwt/sign/r", **parameters))["token"])


async def verdict(driver: Driver, token: str, **parameters: Any) -> Any:
    return await driver.write("jwt/verify/r", token=token, **parameters)


async def private_key(driver: Driver, name: str) -> Any:
    text = (await driver.read(f"export/signing-key/{name}", format="pem"))["keys"]["1"]
    return serialization.load_pem_private_key(text.encode(), None)


def options(driver: Driver, **more: Any) -> Any:
    return {"verify_exp": False, "verify_nbf": False, "verify_iat": False, "verify_aud": False, **more}


@pytest.mark.parametrize(("type_", "name"), EVERY)
async def test_what_is_signed_is_verified_here_and_elsewhere(signing: Driver, type_: str, name: str) -> None:
    await prepare(signing, type_, algorithm=name)
    made = await signing.write("jwt/sign/r", claims={"sub": "alice", "n": 1})
    jwks = await signing.read("roles/r/jwks")
    assert made["kid"] == jwks["keys"][0]["kid"]
    assert jwks["keys"][0]["alg"] == name
    assert jwt.get_unverified_header(made["token"]) == {"alg": name, "typ": "JWT", "kid": made["kid"]}
    if name in jwt.algorithms.get_default_algorithms():
        key = jwt.PyJWKSet.from_dict(dict(jwks))[made["kid"]]
        claims = jwt.decode(made["token"], key.key, algorithms=[name], options=options(signing))
    else:
        claims = verified_by_hand(made["token"], jwks["keys"][0])
    assert claims == {
        "sub": "alice",
        "n": 1,
        "iat": 1_800_000_000,
        "nbf": 1_800_000_000,
        "exp": made["expires"],
        "jti": claims["jti"],
    }
    assert made["expires"] == 1_800_000_900
    assert await verdict(signing, made["token"]) == {
        "valid": True,
        "claims": claims,
        "header": {"alg": name, "typ": "JWT", "kid": made["kid"]},
        "key_version": 1,
    }


def verified_by_hand(token: str, jwk: dict[str, str]) -> Any:
    """The claims of ``token``, verified as RFC 9864, RFC 9964 and docs/signing.md have it, with nothing of ours."""
    signed, _, signature = token.rpartition(".")
    if jwk["kty"] == "OKP":
        Ed25519PublicKey.from_public_bytes(unpadded(jwk["x"])).verify(unpadded(signature), signed.encode())
        return json.loads(unpadded(signed.split(".")[1]))
    assert jwk["kty"] == "AKP"
    required = {name: jwk[name] for name in ("alg", "kty", "pub")}
    digest = hashes.Hash(hashes.SHA256())
    digest.update(json.dumps(required, separators=(",", ":")).encode())
    assert jwk["kid"] == encoded(digest.finalize())
    verify_key_pair(jwk["alg"], unpadded(jwk["pub"]), unpadded(signature), signed.encode())
    return json.loads(unpadded(signed.split(".")[1]))


@pytest.mark.parametrize(
    ("type_", "name"), [pair for pair in EVERY if pair[1] in jwt.algorithms.get_default_algorithms()]
)
async def test_what_others_sign_with_the_key_is_verified(signing: Driver, type_: str, name: str) -> None:
    await prepare(signing, type_, algorithm=name)
    key = await private_key(signing, type_)
    claims = {"sub": "bob", "exp": 1_800_000_001}
    token = jwt.encode(claims, key, algorithm=name, headers={"kid": "their own name for it"})
    assert (await verdict(signing, token))["claims"] == claims


async def test_numbers_and_text_stay_as_they_are(signing: Driver) -> None:
    await prepare(signing)
    claims = {"big": 2**70, "half": 0.5, "text": "é<\u2028>𝄞", "none": None, "list": [1, {"a": []}]}
    token = await token_of(signing, claims=claims)
    assert (await verdict(signing, token))["claims"].items() >= claims.items()
    token = await token_of(signing, claims=json.dumps(claims))
    assert (await verdict(signing, token))["claims"].items() >= claims.items()


class TestConstraints:
    async def test_nothing_is_allowed_unless_the_role_says_so(self, signing: Driver) -> None:
        await prepare(signing, allowed_claims=["sub", "scope"])
        await token_of(signing, claims={"sub": "a", "scope": "b"})
        assert await message_of(signing, UPDATE, "jwt/sign/r", claims={"admin": True}) == (
            InvalidRequest,
            'claim "admin" is not allowed',
        )

    async def test_forbidden_and_required(self, signing: Driver) -> None:
        await prepare(signing, forbidden_claims=["admin"], required_claims=["sub"])
        _, text = await message_of(signing, UPDATE, "jwt/sign/r", claims={"sub": "a", "admin": 1})
        assert text == 'claim "admin" is forbidden'
        _, text = await message_of(signing, UPDATE, "jwt/sign/r", claims={})
        assert text == 'claim "sub" is required'

    @pytest.mark.parametrize("name", ["iss", "exp", "iat", "nbf", "jti", "team"])
    async def test_what_the_role_makes_nobody_else_does(self, signing: Driver, name: str) -> None:
        await prepare(signing, issuer="https://issuer.example", claims={"team": "blue"})
        _, text = await message_of(signing, UPDATE, "jwt/sign/r", claims={name: 1})
        assert text == f'claim "{name}" is made by the role'

    async def test_fixed_claims_and_templates(self, signing: Driver) -> None:
        await prepare(
            signing,
            issuer="https://issuer.example",
            claims={
                "sub": "user:{{caller.entity_id}}",
                "who": ["{{ caller.display_name }}", {"policies": "{{caller.policies}}"}],
                "team": "blue",
            },
        )
        claims = (await verdict(signing, await token_of(signing)))["claims"]
        assert claims["iss"] == "https://issuer.example"
        assert claims["sub"] == "user:11111111-2222-3333-4444-555555555555"
        assert claims["who"] == ["userpass-alice", {"policies": ["default", "tokens"]}]
        assert claims["team"] == "blue"

    async def test_a_caller_can_not_write_json_or_templates_by_its_name(self, signing: Driver) -> None:
        await prepare(signing, claims={"sub": "{{caller.display_name}}"})
        name = '","admin":true,"x":"{{caller.entity_id}}'
        signing.caller = Caller(name, ())
        claims = (await verdict(signing, await token_of(signing)))["claims"]
        assert claims["sub"] == name
        assert "admin" not in claims

    async def test_a_token_for_nobody_is_not_made(self, signing: Driver) -> None:
        await prepare(signing, claims={"sub": "{{caller.entity_id}}"})
        signing.caller = Caller("token", ("root",))
        _, text = await message_of(signing, UPDATE, "jwt/sign/r")
        assert text == "the role needs caller.entity_id, which the caller hasn't"

    async def test_audiences(self, signing: Driver) -> None:
        await prepare(signing, audiences=["a", "b"], allowed_claims=[])
        _, text = await message_of(signing, UPDATE, "jwt/sign/r")
        assert text == 'claim "aud" is required, since the role allows several audiences'
        wrong: Any
        for wrong in ("c", ["a", "c"], [], 1, {}):
            _, text = await message_of(signing, UPDATE, "jwt/sign/r", claims={"aud": wrong})
            assert text == 'claim "aud" names an audience that the role does not allow'
        token = await token_of(signing, claims={"aud": ["a"]})
        assert (await verdict(signing, token, audience="a"))["valid"]
        assert (await verdict(signing, token, audience="b"))["error"] == "it is not for this audience"
        await prepare(signing, audiences=["b"], allowed_claims=[])
        assert (await verdict(signing, token))["error"] == "it is for none of the role's audiences"
        assert (await verdict(signing, await token_of(signing)))["claims"]["aud"] == "b"

    async def test_lifetimes(self, signing: Driver) -> None:
        await prepare(signing, ttl=600, max_ttl=1200, nbf_skew=60, jti=False)
        claims = (await verdict(signing, await token_of(signing)))["claims"]
        assert claims == {"iat": 1_800_000_000, "nbf": 1_799_999_940, "exp": 1_800_000_600}
        claims = (await verdict(signing, await token_of(signing, ttl=1200)))["claims"]
        assert claims["exp"] == 1_800_001_200
        _, text = await message_of(signing, UPDATE, "jwt/sign/r", ttl=1201)
        assert text == "ttl is greater than the role's max_ttl of 1200 seconds"

    async def test_headers(self, signing: Driver) -> None:
        await prepare(signing, typ="at+jwt", kid="version")
        token = await token_of(signing)
        assert jwt.get_unverified_header(token) == {"alg": "ES256", "typ": "at+jwt", "kid": "ecdsa-p256-v1"}
        assert (await signing.read("roles/r/jwks"))["keys"][0]["kid"] == "ecdsa-p256-v1"
        assert (await verdict(signing, token))["valid"]
        await prepare(signing, kid="none")
        assert jwt.get_unverified_header(await token_of(signing)) == {"alg": "ES256", "typ": "JWT"}
        assert (await verdict(signing, token))["error"] == "its typ is not the role's"
        await prepare(signing, x5c=True)
        _, text = await message_of(signing, UPDATE, "jwt/sign/r")
        assert text == "version 1 of the key has no certificate"

    async def test_claims_are_an_object_of_bounded_size(self, signing: Driver) -> None:
        await prepare(signing)
        deep: Any = {}
        for _ in range(40):
            deep = {"a": deep}
        wrong: Any
        for wrong in ([], 1, "x", '{"a":1,"a":2}', '{"a":NaN}', '{"a":1e999}', '{"a":"\\ud800"}', "[1]", deep):
            _, text = await message_of(signing, UPDATE, "jwt/sign/r", claims=wrong)
            assert text == "claims must be a JSON object, without members of the same name"
        _, text = await message_of(signing, UPDATE, "jwt/sign/r", claims={"a": "x" * 70_000})
        assert text == "claims take more than 65536 bytes"


class TestVerification:
    """Whatever isn't a token of the role is not valid, and says nothing."""

    async def sign(self, driver: Driver, header: dict[str, Any], claims: Any, key: str = "ecdsa-p256") -> str:
        signed = f"{encoded(header)}.{encoded(claims)}"
        r, s = decode_dss_signature((await private_key(driver, key)).sign(signed.encode(), ec.ECDSA(hashes.SHA256())))
        return f"{signed}.{encoded(r.to_bytes(32, 'big') + s.to_bytes(32, 'big'))}"

    @pytest.mark.parametrize(
        ("claims", "error"),
        [
            ({}, "it never expires"),
            ({"exp": 1_799_999_970}, "it has expired"),
            ({"exp": "1900000000"}, "its exp is not a number"),
            ({"exp": True}, "its exp is not a number"),
            ({"exp": 1_900_000_000, "nbf": 1_800_000_031}, "it is not valid yet"),
            ({"exp": 1_900_000_000, "iat": 1_800_000_031}, "it was issued in the future"),
            ({"exp": 1_900_000_000, "aud": [1]}, "its audience is malformed"),
            ({"exp": 1_900_000_000, "aud": {"a": 1}}, "its audience is malformed"),
            (b"[]", "its claims are not a JSON object"),
            (b'{"exp":1900000000,"exp":1900000001}', "its claims are not a JSON object"),
            (b'{"exp":1e999}', "its claims are not a JSON object"),
            (b"\xff", "its claims are not a JSON object"),
        ],
    )
    async def test_claims(self, signing: Driver, claims: Any, error: str) -> None:
        await prepare(signing)
        assert await verdict(signing, await self.sign(signing, {"alg": "ES256"}, claims)) == {
            "valid": False,
            "error": error,
        }

    async def test_leeway_and_age(self, signing: Driver) -> None:
        await prepare(signing, leeway=30, max_age=100)
        token = await self.sign(signing, {"alg": "ES256"}, {"exp": 1_799_999_971, "iat": 1_799_999_871.0})
        assert (await verdict(signing, token))["valid"]
        token = await self.sign(signing, {"alg": "ES256"}, {"exp": 1_900_000_000, "iat": 1_799_999_870})
        assert (await verdict(signing, token))["error"] == "it is older than the role allows"
        token = await self.sign(signing, {"alg": "ES256"}, {"exp": 1_900_000_000})
        assert (await verdict(signing, token))["error"] == "it is older than the role allows"

    async def test_issuer_and_required_claims(self, signing: Driver) -> None:
        await prepare(signing, issuer="https://a", required_claims=["sub"])
        token = await self.sign(signing, {"alg": "ES256"}, {"exp": 1_900_000_000, "iss": "https://b", "sub": "x"})
        assert (await verdict(signing, token))["error"] == "its issuer is not the role's"
        token = await self.sign(signing, {"alg": "ES256"}, {"exp": 1_900_000_000, "iss": "https://a"})
        assert (await verdict(signing, token))["error"] == 'it lacks the claim "sub"'

    @pytest.mark.parametrize(
        ("header", "error"),
        [
            ({"alg": "none"}, "its algorithm is not ES256"),
            ({"alg": "es256"}, "its algorithm is not ES256"),
            ({"alg": "ES384"}, "its algorithm is not ES256"),
            ({}, "its algorithm is not ES256"),
            ({"alg": ["ES256"]}, "its algorithm is not ES256"),
            ({"alg": "ES256", "crit": ["exp"], "exp": 1}, "its header demands what tokens don't have"),
            ({"alg": "ES256", "crit": ["b64"], "b64": False}, "its header demands what tokens don't have"),
            ({"alg": "ES256", "typ": "at+jwt"}, "its typ is not the role's"),
            ({"alg": "ES256", "typ": 1}, "its typ is not the role's"),
        ],
    )
    async def test_headers(self, signing: Driver, header: dict[str, Any], error: str) -> None:
        await prepare(signing)
        token = await self.sign(signing, header, {"exp": 1_900_000_000})
        assert await verdict(signing, token) == {"valid": False, "error": error}

    async def test_a_key_in_the_header_is_not_listened_to(self, signing: Driver) -> None:
        await prepare(signing)
        await signing.write("keys/other", type="ecdsa-p256", exportable=True)
        jwk = (await signing.read("keys/other/jwks"))["keys"][0]
        token = await self.sign(
            signing, {"alg": "ES256", "jwk": jwk, "kid": jwk["kid"]}, {"exp": 1_900_000_000}, "other"
        )
        assert (await verdict(signing, token))["error"] == "the signature is not one of this role's key"

    async def test_a_public_key_is_no_secret_to_authenticate_by(self, signing: Driver) -> None:
        """The confusion of algorithms: HS256 keyed with the text of the public key."""
        await prepare(signing, "rsa-2048")
        public = (await signing.read("keys/rsa-2048"))["keys"]["1"]["public_key"]
        signed = f"{encoded({'alg': 'HS256'})}.{encoded({'exp': 1_900_000_000})}"
        token = f"{signed}.{encoded(hmac.digest(public.encode(), signed.encode(), 'sha256'))}"
        assert (await verdict(signing, token))["error"] == "its algorithm is not RS256"

    async def test_another_algorithm_of_the_same_key_is_refused(self, signing: Driver) -> None:
        await prepare(signing, "rsa-2048", algorithm="PS256")
        token = jwt.encode({"exp": 1_900_000_000}, await private_key(signing, "rsa-2048"), algorithm="RS256")
        assert (await verdict(signing, token))["error"] == "its algorithm is not PS256"

    async def test_what_is_no_token(self, signing: Driver) -> None:
        await prepare(signing)
        token = await token_of(signing)
        header, payload, signature = token.split(".")
        last = "B" if signature[-1] == "A" else "A"
        for broken in (
            "x",
            ".",
            "..",
            "...",
            f"{header}.{payload}",
            f"{header}.{payload}.",
            f"{header}.{payload}.{signature}=",
            f"{header}.{payload}.{signature}.",
            f"{header}.{payload}.{signature}\n",
            f" {token}",
            f"{header}\n.{payload}.{signature}",
            f"{header}.{payload}.{last}{signature[1:]}x"[:-1] if signature[0] != last else f"{header}.{payload}.C",
            f"{header}.{encoded(b'{}')}.{signature}",
            f"{encoded(b'x')}.{payload}.{signature}",
            f"{encoded(b'[' * 5000)}.{payload}.{signature}",
            "\ud800.é.\x00",
            "a" * 2_000_000,
        ):
            answer = await verdict(signing, broken)
            assert not answer["valid"]
            assert set(answer) == {"valid", "error"}
        assert await message_of(signing, UPDATE, "jwt/verify/r") == (InvalidRequest, "missing token to verify")

    async def test_spare_bits_of_base64_are_refused(self, signing: Driver) -> None:
        await prepare(signing)
        token = await self.sign(signing, {"alg": "ES256"}, {"exp": 1_900_000_000})
        alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
        other = token[:-1] + alphabet[alphabet.index(token[-1]) + 1]
        assert unpadded(other.split(".")[2]) == unpadded(token.split(".")[2])
        assert (await verdict(signing, other))["error"] == "a part of it is not base64url"

    async def test_the_key_s_state_and_versions_count(self, signing: Driver) -> None:
        await prepare(signing)
        token = await token_of(signing)
        await signing.write("keys/ecdsa-p256/config", not_after="1800000000")
        assert (await verdict(signing, token))["valid"]
        _, text = await message_of(signing, UPDATE, "jwt/sign/r")
        assert "was deactivated" in text
        await signing.write("keys/ecdsa-p256/config", disabled=True)
        _, text = await message_of(signing, UPDATE, "jwt/verify/r", token=token)
        assert text == "key 'ecdsa-p256' is disabled"
        await signing.write("keys/ecdsa-p256/config", disabled=False, not_after="")
        await signing.write("keys/ecdsa-p256/rotate")
        assert (await verdict(signing, token))["key_version"] == 1
        await signing.write("keys/ecdsa-p256/config", min_decryption_version=2)
        assert (await verdict(signing, token))["error"] == "the signature is not one of this role's key"


class TestBatches:
    async def test_signing(self, signing: Driver) -> None:
        await prepare(signing, allowed_claims=["sub"])
        items = [
            {"claims": {"sub": "a"}, "reference": "first"},
            {"claims": {"x": 1}},
            {"claims": [1]},
            {"ttl": 60},
            {"ttl": 10**9},
            {"ttl": -1},
        ]
        results = (await signing.write("jwt/sign/r", batch_input=items))["batch_results"]
        assert [result.get("error") for result in results] == [
            None,
            'claim "x" is not allowed',
            "claims must be a JSON object, without members of the same name",
            None,
            "ttl is greater than the role's max_ttl of 3600 seconds",
            "ttl must not be negative",
        ]
        assert results[0]["reference"] == "first"
        assert results[3]["expires"] == 1_800_000_060
        tokens = [{"token": results[0]["token"], "reference": "x"}, {"token": "no"}]
        verified = (await signing.write("jwt/verify/r", batch_input=tokens))["batch_results"]
        assert verified[0]["claims"]["sub"] == "a"
        assert verified[0]["reference"] == "x"
        assert verified[1] == {"valid": False, "error": "it does not have three parts", "reference": ""}

    async def test_limits_and_shapes(self, signing: Driver) -> None:
        await prepare(signing)
        wrong: Any
        for path in ("jwt/sign/r", "jwt/verify/r"):
            _, text = await message_of(signing, UPDATE, path, batch_input=[])
            assert text == "missing batch input to process"
            for wrong in ("x", {}, [1], [{"ttl": "x", "token": 1}]):
                _, text = await message_of(signing, UPDATE, path, batch_input=wrong)
                assert text.startswith("failed to parse batch input: ")
            signing.engine.max_batch_items = 2
            _, text = await message_of(signing, UPDATE, path, batch_input=[{}, {}, {}])
            assert text == "batch_input holds 3 items, more than the 2 that max_batch_items allows"
