"""JSON Web Tokens beyond what is held against OpenBao: confusion of algorithms, ids that are used once."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from auth_methods.jwt.claims import InvalidClaims, check_bound, claim
from auth_methods.jwt.keys import (
    ALGORITHMS,
    MIN_RSA_BITS,
    BadSignature,
    InvalidKeys,
    key_from_pem,
    keys_from_set,
    read_header,
    verified_claims,
)
from auth_methods.jwt.state import Jwt
from auth_methods.names import matches_glob
from tests.support.systems import Server

KEY = ec.generate_private_key(ec.SECP256R1())
PEM = KEY.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def _encoded(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()


def _by_hand(header: object, payload: object, key: bytes | None) -> str:
    text = f"{_encoded(json.dumps(header).encode())}.{_encoded(json.dumps(payload).encode())}"
    signature = b"" if key is None else hmac.digest(key, text.encode(), hashlib.sha256)
    return f"{text}.{_encoded(signature)}"


async def _enable(server: Server, **role: Any) -> Jwt:
    assert (await server.ask("POST", "sys/auth/jwt", {"type": "jwt"}))[0] == 204
    assert (await server.ask("POST", "auth/jwt/config", {"jwt_validation_pubkeys": PEM.decode()}))[0] == 204
    body = {"role_type": "jwt", "user_claim": "sub", "bound_audiences": "aud", **role}
    assert (await server.ask("POST", "auth/jwt/role/r", body))[0] == 204
    assert server.core.unsealed is not None
    engine = (await server.core.unsealed.root.mounts.router()).mounts["auth/jwt/"].engine
    assert isinstance(engine, Jwt)
    return engine


def _claims(server: Server, **claims: Any) -> dict[str, Any]:
    now = int(server.clock())
    return {"sub": "alice", "aud": "aud", "iss": "me", "iat": now, "exp": now + 600} | claims


async def _log_in(server: Server, token: str) -> tuple[int, str]:
    status, answer = await server.ask("POST", "auth/jwt/login", {"role": "r", "jwt": token}, token="")
    return status, answer["errors"][0] if status != 200 else ""


async def test_a_public_key_is_no_secret(server: Server) -> None:
    await _enable(server)
    claims = _claims(server)
    assert (await _log_in(server, jwt.encode(claims, KEY, "ES256")))[0] == 200
    for algorithm, key in (("HS256", PEM), ("HS256", PEM.strip()), ("HS256", b""), ("none", None), ("None", None)):
        status, text = await _log_in(server, _by_hand({"alg": algorithm}, claims, key))
        assert (status, text.endswith("no known key successfully validated the token signature")) == (400, True)


@pytest.mark.parametrize("name", ["a//b", "/", "a/", "../r", "\x00", "a\nb", " ", "é", "r" * 5000])
async def test_a_role_that_could_not_be_one_is_not_found(server: Server, name: str) -> None:
    await _enable(server)
    for path in ("auth/jwt/login", "auth/jwt/oidc/auth_url"):
        body = {"role": name, "jwt": "a.b.c", "redirect_uri": "http://localhost/"}
        status, _ = await server.ask("POST", path, body, token="")
        assert status == 400


@pytest.mark.parametrize(
    "header",
    [
        [],
        "alg",
        {},
        {"alg": 5},
        {"alg": ["ES256"]},
        {"alg": "ES384"},
        {"alg": "ES256", "crit": ["exp"]},
        {"alg": "ES256", "b64": False, "crit": ["b64"]},
        {"alg": "ES256", "kid": {"a": 1}},
    ],
)
async def test_odd_headers(server: Server, header: object) -> None:
    await _enable(server)
    status, text = await _log_in(server, _by_hand(header, _claims(server), b"key"))
    assert status == 400 and text.startswith("error validating token: error verifying token signature: ")


@pytest.mark.parametrize("token", ["", ".", "..", "a.b", "ä.b.c", "....", "x" * 70_000 + ".b.c"])
def test_what_is_no_token(token: str) -> None:
    with pytest.raises(BadSignature):
        read_header(token)


def test_deep_documents_are_refused() -> None:
    deep = _encoded(b"[" * 20_000 + b"]" * 20_000)
    with pytest.raises(BadSignature):
        read_header(f"{deep}.b.c")
    token = jwt.api_jws.encode(b'{"a":' + b"[" * 20_000 + b"]" * 20_000 + b"}", KEY, "ES256")
    with pytest.raises(BadSignature):
        verified_claims(token, read_header(token), [key_from_pem(PEM.decode())])


@pytest.mark.parametrize("payload", [b"[1]", b"zzz", b"", b"null", b'{"exp": NaN}'])
async def test_payloads_that_are_no_claims(server: Server, payload: bytes) -> None:
    await _enable(server)
    status, text = await _log_in(server, jwt.api_jws.encode(payload, KEY, "ES256"))
    assert status == 400 and text.startswith("error validating token")


@pytest.mark.parametrize("claims", [{"exp": "zz"}, {"exp": True}, {"iat": [1]}, {"aud": 5}, {"aud": ["aud", 5]}])
async def test_claims_of_wrong_types(server: Server, claims: dict[str, Any]) -> None:
    await _enable(server)
    status, text = await _log_in(server, _signed(_claims(server, **claims)))
    assert status == 400 and text.startswith("error validating token")


def _signed(claims: dict[str, Any]) -> str:
    """Signed as it is, without the library's own checks."""
    return jwt.api_jws.encode(json.dumps(claims).encode(), KEY, "ES256")


async def test_a_token_is_good_once_if_the_role_says_so(server: Server) -> None:
    engine = await _enable(server, jti_single_use=True)
    _, shown = await server.ask("GET", "auth/jwt/role/r")
    assert shown["data"]["jti_single_use"] is True and "jti_required" not in shown["data"]
    status, text = await _log_in(server, _signed(_claims(server)))
    assert status == 400 and "(jti)" in text
    token = _signed(_claims(server, jti="one"))
    answers = await asyncio.gather(*(_log_in(server, token) for _ in range(5)))
    assert sorted(status for status, _ in answers) == [200, 400, 400, 400, 400]
    assert (await _log_in(server, _signed(_claims(server, jti="one", sub="bob"))))[0] == 400
    assert (await _log_in(server, _signed(_claims(server, jti="one", iss="another"))))[0] == 200
    assert (await _log_in(server, _signed(_claims(server, jti="two"))))[0] == 200
    view = engine.mount.storage
    await engine.tick(server.clock() + 600)
    assert len(await view.list("jti/")) == 3
    await engine.tick(server.clock() + 800)
    assert await view.list("jti/") == await view.list("jti-expiry/") == []


async def test_a_refused_token_is_not_used_up(server: Server) -> None:
    await _enable(server, jti_single_use=True, bound_claims={"team": "red"})
    assert (await _log_in(server, _signed(_claims(server, jti="one"))))[0] == 400
    assert (await _log_in(server, _signed(_claims(server, jti="one", team="red"))))[0] == 200


async def test_an_id_may_be_required_without_being_used_once(server: Server) -> None:
    await _enable(server, jti_required=True)
    for jti in (None, 5, "", "x" * 2_000):
        assert (await _log_in(server, _signed(_claims(server, jti=jti))))[0] == 400
    token = _signed(_claims(server, jti="one"))
    assert [(await _log_in(server, token))[0] for _ in range(2)] == [200, 200]


async def test_absurd_times_do_no_harm(server: Server) -> None:
    engine = await _enable(server, jti_single_use=True)
    assert (await _log_in(server, _signed(_claims(server, jti="a", exp=1e300))))[0] == 200
    assert (await _log_in(server, _signed(_claims(server, jti="b", exp=-1e300))))[0] == 400
    await engine.tick(server.clock())
    assert len(await engine.mount.storage.list("jti/")) == 1


def test_tokens_are_signed_by_approved_algorithms_alone() -> None:
    """All of them are in FIPS 186-5, so no FIPS mode has to refuse one; another one needs a check of the mode."""
    approved = {f"{family}{bits}" for family in ("RS", "PS", "ES") for bits in (256, 384, 512)} | {"EdDSA"}
    assert approved >= ALGORITHMS
    assert MIN_RSA_BITS >= 2048


def test_keys_in_pem() -> None:
    assert key_from_pem(PEM.decode()).algorithms == {"ES256"}
    small = rsa.generate_private_key(65537, 1024).public_key()  # noqa: S505
    odd = ec.generate_private_key(ec.SECP256K1()).public_key()
    for public in (small, odd):
        with pytest.raises(InvalidKeys):
            key_from_pem(public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode())
    with pytest.raises(InvalidKeys):
        key_from_pem("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----")


def test_keys_of_a_set_that_are_of_no_use_are_passed_over() -> None:
    good = json.loads(jwt.algorithms.ECAlgorithm.to_jwk(KEY.public_key())) | {"kid": "good"}
    others: list[Any] = [
        {"kty": "oct", "k": "c2VjcmV0"},
        {"kty": "EC", "crv": "P-256"},
        {"kty": "zz"},
        {},
        5,
        good | {"use": "enc"},
        good | {"key_ops": ["deriveKey"]},
        good | {"alg": "HS256"},
        good | {"crv": "P-384"},
    ]
    keys = keys_from_set({"keys": [*others, good, good | {"alg": "ES256", "use": "sig", "key_ops": ["verify"]}]})
    assert [(key.id, sorted(key.algorithms)) for key in keys] == [("good", ["ES256"])] * 2
    refused: list[object] = [None, [], {}, {"keys": 5}, {"keys": others}, {"keys": [good] * 101}]
    for document in refused:
        with pytest.raises(InvalidKeys):
            keys_from_set(document)


def test_an_index_that_no_list_has_is_no_claim() -> None:
    """However many digits it has: Python refuses to read more than some thousands."""
    for index in ("3", "9" * 20, "9" * 5000, "0" * 5000, "-1", "x", ""):
        assert claim({"a": [1, 2, 3]}, f"/a/{index}") is None
    assert claim({"a": [1, 2, 3]}, "/a/2") == 3


def test_many_values_are_held_against_many_in_one_go(monkeypatch: pytest.MonkeyPatch) -> None:
    """Texts are looked up; only globs are tried on each value."""
    tried = []

    def fitting(value: str, one: str) -> bool:
        tried.append(one)
        return matches_glob(value, one)

    monkeypatch.setattr("auth_methods.jwt.claims.matches_glob", fitting)
    values, wanted = [f"a{number}" for number in range(1000)], [f"b{number}" for number in range(1000)]
    for glob in (False, True):
        with pytest.raises(InvalidClaims):
            check_bound({"groups": values}, {"groups": wanted}, glob=glob)
        check_bound({"groups": values}, {"groups": [*wanted, "a7"]}, glob=glob)
    assert not tried
    check_bound({"groups": values}, {"groups": [*wanted, "a99*"]}, glob=True)
    assert len(tried) <= len(values)


@pytest.mark.parametrize(
    ("value", "wanted", "matches"),
    [(1, 1, True), (1, "1", False), (True, 1, False), (1.0, 1, True), ("a", "a", True), ({"a": 1}, "a", False)],
)
def test_values_of_claims_match_with_their_type(value: Any, wanted: Any, matches: bool) -> None:
    if matches:
        check_bound({"a": [value]}, {"a": wanted}, glob=False)
    else:
        with pytest.raises(InvalidClaims):
            check_bound({"a": [value]}, {"a": wanted}, glob=False)


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ({"bound_audiences": ["a" * 1000] * 1100}, "take at most 1048576 bytes"),
        ({"bound_claims_type": "glob", "bound_claims": {"a": ["*"] * 101}}, "more than 100 globs"),
    ],
)
async def test_a_role_is_never_slow_to_read(server: Server, fields: dict[str, Any], text: str) -> None:
    """Anybody may name it in a login."""
    await server.ask("POST", "sys/auth/jwt", {"type": "jwt"})
    body = {"role_type": "jwt", "user_claim": "sub", "bound_audiences": "a", **fields}
    status, answer = await server.ask("POST", "auth/jwt/role/r", body)
    assert status == 400 and text in answer["errors"][0]
