"""JSON Web Tokens of this server: who gets them, who verifies them, how they end, and how keys follow each other."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from auth_methods.token.jwt_issuer import DAY_SECONDS
from auth_methods.token.signing_keys import MAX_RETIRED, SIGNATURES
from tests.support.systems import Server

BILLING = 'path "auth/token/jwt/billing" { capabilities = ["update"] }\n'
REVOKE = 'path "auth/token/revoke-jwt" { capabilities = ["update"] }\n'


async def _ready(server: Server, **role: Any) -> None:
    body = {"jwt_audiences": "ledger,shop", **role}
    assert (await server.ask("POST", "auth/token/roles/billing", body))[0] == 204


async def _issue(server: Server, token: str | None = None, **body: Any) -> dict[str, Any]:
    status, answer = await server.ask("POST", "auth/token/jwt/billing", body, token=token)
    assert status == 200, answer
    data: dict[str, Any] = answer["data"]
    return data


async def _trusting(server: Server, **role: Any) -> None:
    """A mount of the JWT method that takes the server's own tokens."""
    assert (await server.ask("POST", "sys/auth/jwt", {"type": "jwt"}))[0] == 204
    assert (await server.ask("POST", "auth/jwt/config", {"local_issuer": True}))[0] == 204
    body = {"role_type": "jwt", "user_claim": "sub", "bound_audiences": "ledger", "token_policies": "books", **role}
    assert (await server.ask("POST", "auth/jwt/role/r", body))[0] == 204


async def _log_in(server: Server, token: str) -> tuple[int, Any]:
    status, answer = await server.ask("POST", "auth/jwt/login", {"role": "r", "jwt": token}, token="")
    return status, answer["auth"] if status == 200 else answer["errors"][0]


async def _published(server: Server) -> list[dict[str, str]]:
    status, answer = await server.ask("GET", "auth/token/.well-known/keys", token="")
    assert status == 200
    keys: list[dict[str, str]] = answer["keys"]
    return keys


async def _rotate(server: Server, **body: Any) -> str:
    status, answer = await server.ask("POST", "auth/token/rotate/jwt", body)
    assert status == 200, answer
    key_id: str = answer["data"]["kid"]
    return key_id


def _decoded(server: Server, token: str, keys: list[dict[str, str]], audience: str = "ledger") -> dict[str, Any]:
    """As a third party verifies it, who knows nothing but the published keys."""
    header = jwt.get_unverified_header(token)
    key = next(jwt.PyJWK(key) for key in keys if key["kid"] == header["kid"])
    options: Any = {"verify_exp": False, "verify_nbf": False, "verify_iat": False}
    claims: dict[str, Any] = jwt.decode(
        token, key, algorithms=[header["alg"]], audience=audience, options=options | {"require": ["exp", "iss", "jti"]}
    )
    return claims


async def test_a_third_party_verifies_it_with_what_is_published(server: Server) -> None:
    await _ready(server)
    made = await _issue(server, audience="ledger")
    claims = _decoded(server, made["jwt"], await _published(server))
    now = int(server.clock())
    assert claims["iss"].startswith("urn:uuid:")
    assert claims == {
        "iss": claims["iss"],
        "sub": "billing",
        "aud": ["ledger"],
        "iat": now,
        "nbf": now,
        "exp": now + DAY_SECONDS,
        "jti": made["jti"],
    }
    status, discovered = await server.ask("GET", "auth/token/.well-known/openid-configuration", token="")
    assert (status, discovered["issuer"]) == (200, claims["iss"])
    assert all(not {"d", "p", "q"} & key.keys() for key in await _published(server))


async def test_the_role_says_for_whom_and_for_how_long(server: Server) -> None:
    await _ready(server, jwt_ttl="2h")
    assert (await _issue(server))["ttl"] == 7200
    assert (await _issue(server, ttl="10m"))["ttl"] == 600
    assert (await _issue(server, ttl="5h"))["ttl"] == 7200
    status, answer = await server.ask("POST", "auth/token/jwt/billing", {"audience": "bank"})
    assert (status, answer) == (400, {"errors": ["audience must be among the role's jwt_audiences"]})
    await _ready(server, token_explicit_max_ttl="30m")
    assert (await _issue(server))["ttl"] == 1800
    shown = (await server.ask("GET", "auth/token/roles/billing"))[1]["data"]
    assert (shown["jwt_audiences"], shown["jwt_ttl"]) == (["ledger", "shop"], 7200)
    await _ready(server, jwt_ttl="100000h", token_explicit_max_ttl=0)
    assert (await _issue(server))["ttl"] == server.core.runtime.settings.max_lease_ttl_seconds
    assert (await server.ask("POST", "auth/token/roles/plain", {}))[0] == 204
    for name, said in (("plain", "role plain gives out no JSON Web Tokens"), ("none", "unknown role none")):
        status, answer = await server.ask("POST", f"auth/token/jwt/{name}", {})
        assert (status, answer["errors"][0].startswith(said)) == (400, True)


async def test_the_right_to_be_a_role_is_a_policy(server: Server) -> None:
    await _ready(server)
    token, _ = await server.token_for(BILLING)
    assert (await _issue(server, token))["jti"]
    assert (await server.ask("POST", "auth/token/jwt/other", {}, token=token))[0] == 403
    assert (await server.ask("POST", "auth/token/jwt/billing", {}, token=""))[0] == 403
    for limited in ({"num_uses": 3}, {"type": "batch"}):
        made = (await server.ask("POST", "auth/token/create", {"policies": "tested", **limited}))[1]["auth"]
        status, _ = await server.ask("POST", "auth/token/jwt/billing", {}, token=made["client_token"])
        assert status == 400


async def test_ids_are_never_the_same(server: Server) -> None:
    await _ready(server)
    ids = [(await _issue(server))["jti"] for _ in range(200)]
    assert len(set(ids)) == 200


async def test_it_logs_in_here_without_a_fetch(server: Server) -> None:
    await _ready(server)
    await _trusting(server)
    made = await _issue(server, audience="ledger")
    status, auth = await _log_in(server, made["jwt"])
    assert (status, auth["policies"], auth["metadata"]) == (200, ["books", "default"], {"role": "r"})
    assert (await server.ask("GET", "auth/jwt/config"))[1]["data"]["local_issuer"] is True
    both = {"local_issuer": True, "jwks_url": "https://example.com/keys"}
    assert (await server.ask("POST", "auth/jwt/config", both))[0] == 400


async def test_the_wrong_audience_is_refused(server: Server) -> None:
    await _ready(server)
    await _trusting(server)
    status, said = await _log_in(server, (await _issue(server, audience="shop"))["jwt"])
    assert (status, "invalid audience (aud) claim" in said) == (400, True)


async def test_an_expired_one_is_refused_and_swept(server: Server) -> None:
    await _ready(server)
    await _trusting(server)
    made = await _issue(server, ttl="10m")
    server.clock.now += 599
    assert (await _log_in(server, made["jwt"]))[0] == 200
    server.clock.now += 2
    # Not even within the leeway for other people's clocks, since it was this clock that said when it ends.
    assert (await _log_in(server, made["jwt"]))[0] == 400
    server.clock.now += 120
    assert "token is expired" in (await _log_in(server, made["jwt"]))[1]
    assert server.core.unsealed is not None
    accessors = (await server.ask("LIST", "auth/token/accessors"))[1]["data"]["keys"]
    assert made["jti"] in accessors
    assert await server.core.unsealed.root.tokens.sweep(server.clock())
    assert made["jti"] not in (await server.ask("LIST", "auth/token/accessors"))[1]["data"]["keys"]


async def test_no_other_signature_passes(server: Server) -> None:
    await _ready(server)
    await _trusting(server)
    made = (await _issue(server))["jwt"]
    header, payload, signature = made.split(".")
    claims = json.loads(base64.urlsafe_b64decode(payload + "=="))
    key_id = jwt.get_unverified_header(made)["kid"]
    (public,) = (key for key in await _published(server) if key["kid"] == key_id)
    stranger = ec.generate_private_key(ec.SECP256R1())
    forged = [
        jwt.encode(claims, stranger, "ES256", headers={"kid": key_id}),
        _by_hand({"alg": "none", "kid": key_id}, claims, None),
        _by_hand({"alg": "HS256", "kid": key_id}, claims, json.dumps(public).encode()),
        _by_hand({"alg": "HS256", "kid": key_id}, claims, base64.urlsafe_b64decode(public["x"] + "==")),
        f"{header}.{_encoded(json.dumps(claims | {'sub': 'root'}).encode())}.{signature}",
        f"{_encoded(json.dumps({'alg': 'ES384', 'kid': key_id}).encode())}.{payload}.{signature}",
    ]
    for token in forged:
        status, said = await _log_in(server, token)
        assert (status, "no known key successfully validated the token signature" in said) == (400, True)
        answer = (await server.ask("POST", "auth/token/lookup-jwt", {"jwt": token}))[1]
        assert answer["data"] == {"active": False}
        assert (await server.ask("POST", "auth/token/revoke-jwt", {"jwt": token}))[0] == 400
    assert (await _log_in(server, made))[0] == 200


def _encoded(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()


def _by_hand(header: object, payload: object, key: bytes | None) -> str:
    text = f"{_encoded(json.dumps(header).encode())}.{_encoded(json.dumps(payload).encode())}"
    return f"{text}.{_encoded(b'' if key is None else hmac.digest(key, text.encode(), hashlib.sha256))}"


async def test_its_bearer_ends_it(server: Server) -> None:
    await _ready(server)
    await _trusting(server)
    made = await _issue(server)
    token, _ = await server.token_for(REVOKE)
    looked_up = (await server.ask("POST", "auth/token/lookup-jwt", {"jwt": made["jwt"]}))[1]["data"]
    assert (looked_up["active"], looked_up["sub"]) == (True, "billing")
    assert (await server.ask("POST", "auth/token/revoke-jwt", {"jwt": made["jwt"]}, token=token))[0] == 204
    assert (await server.ask("POST", "auth/token/lookup-jwt", {"jwt": made["jwt"]}))[1]["data"] == {"active": False}
    status, said = await _log_in(server, made["jwt"])
    assert (status, "the token has ended" in said) == (400, True)
    assert (await server.ask("POST", "auth/token/revoke-jwt", {"jwt": made["jwt"]}, token=token))[0] == 204


async def test_a_foreign_one_is_ended_by_its_id_only_with_sudo(server: Server) -> None:
    await _ready(server)
    owner, _ = await server.token_for(BILLING + REVOKE)
    made = await _issue(server, owner)
    other = (await server.ask("POST", "auth/token/create", {"policies": "tested"}))[1]["auth"]["client_token"]
    for wanted in (made["jti"], "nobody"):
        status, _ = await server.ask("POST", "auth/token/revoke-jwt", {"jti": wanted}, token=other)
        assert status == 403
    assert (await server.ask("POST", "auth/token/revoke-jwt", {"jti": made["jti"]}, token=owner))[0] == 204
    assert (await server.ask("POST", "auth/token/lookup-jwt", {"jwt": made["jwt"]}))[1]["data"] == {"active": False}
    second = await _issue(server, owner)
    assert (await server.ask("POST", "auth/token/revoke-jwt", {"jti": second["jti"]}))[0] == 204  # The root token.
    assert (await server.ask("POST", "auth/token/lookup-jwt", {"jwt": second["jwt"]}))[1]["data"] == {"active": False}
    # A token that isn't of this kind can't be ended here.
    _, accessor = await server.token_for(BILLING)
    await server.ask("POST", "auth/token/revoke-jwt", {"jti": accessor})
    assert (await server.ask("POST", "auth/token/lookup-accessor", {"accessor": accessor}))[0] == 200
    for body in ({}, {"jwt": made["jwt"], "jti": made["jti"]}):
        assert (await server.ask("POST", "auth/token/revoke-jwt", body))[0] == 400


@pytest.mark.parametrize(("orphan", "left"), [(False, False), (True, True)])
async def test_it_ends_with_the_token_that_it_was_made_with_unless_the_role_says_orphan(
    server: Server, orphan: bool, left: bool
) -> None:
    await _ready(server, orphan=orphan)
    owner, _ = await server.token_for(BILLING)
    made = await _issue(server, owner)
    assert (await server.ask("POST", "auth/token/revoke", {"token": owner}))[0] == 204
    active = (await server.ask("POST", "auth/token/lookup-jwt", {"jwt": made["jwt"]}))[1]["data"]["active"]
    assert active is left


async def test_it_is_found_among_the_tokens_but_is_none(server: Server) -> None:
    await _ready(server)
    made = await _issue(server, audience="ledger")
    shown = (await server.ask("POST", "auth/token/lookup-accessor", {"accessor": made["jti"]}))[1]["data"]
    assert (shown["type"], shown["path"], shown["policies"], shown["id"]) == ("jwt", "auth/token/jwt/billing", [], "")
    assert shown["meta"] == {"audience": "ledger"}
    assert (await server.ask("POST", "auth/token/renew-accessor", {"accessor": made["jti"]}))[0] == 400
    for token in (made["jwt"], made["jti"]):
        assert (await server.ask("GET", "auth/token/lookup-self", token=token))[0] == 403


async def test_bound_addresses_hold_for_the_login(server: Server) -> None:
    await _ready(server, token_bound_cidrs="10.0.0.0/8")
    await _trusting(server)
    made = await _issue(server)
    assert (await _log_in(server, made["jwt"]))[0] == 400
    body = {"role": "r", "jwt": made["jwt"]}
    assert (await server.ask("POST", "auth/jwt/login", body, token="", address="10.1.1.1"))[0] == 200


async def test_the_next_key_is_known_before_it_signs_and_old_ones_until_their_tokens_end(server: Server) -> None:
    await _ready(server)
    await _trusting(server)
    first = await _issue(server, ttl="2h")
    before = [key["kid"] for key in await _published(server)]
    assert len(before) == 2
    assert await _rotate(server) == before[1]
    second = await _issue(server)
    assert jwt.get_unverified_header(second["jwt"])["kid"] == before[1]
    assert [key["kid"] for key in await _published(server)][::2] == [before[1], before[0]]
    for made in (first, second):
        assert (await _log_in(server, made["jwt"]))[0] == 200
    issuer = _issuer(server)
    server.clock.now += 2 * 3600
    await issuer.tick(server.clock())
    assert before[0] in {key["kid"] for key in await _published(server)}
    server.clock.now += 600
    await issuer.tick(server.clock())
    assert before[0] not in {key["kid"] for key in await _published(server)}
    assert (await _log_in(server, second["jwt"]))[0] == 200


def _issuer(server: Server) -> Any:
    assert server.core.unsealed is not None
    return server.core.unsealed.root.jwt_issuer


async def test_keys_rotate_by_themselves(server: Server) -> None:
    await _ready(server)
    assert (await server.ask("POST", "auth/token/config/jwt", {"rotation_period": "1h"}))[0] == 204
    (current, following) = [key["kid"] for key in await _published(server)]
    server.clock.now += 3599
    await _issuer(server).tick(server.clock())
    assert (await _published(server))[0]["kid"] == current
    server.clock.now += 1
    await _issuer(server).tick(server.clock())
    assert (await _published(server))[0]["kid"] == following


async def test_withdrawn_keys_verify_nothing(server: Server) -> None:
    await _ready(server)
    await _trusting(server)
    made = await _issue(server)
    before = {key["kid"] for key in await _published(server)}
    await _rotate(server, withdraw=True)
    assert not before & {key["kid"] for key in await _published(server)}
    assert (await _log_in(server, made["jwt"]))[0] == 400
    assert (await _log_in(server, (await _issue(server))["jwt"]))[0] == 200


async def test_keys_are_bounded(server: Server) -> None:
    await _ready(server)
    for _ in range(MAX_RETIRED):
        await _rotate(server)
    assert (await server.ask("POST", "auth/token/rotate/jwt", {}))[0] == 400
    assert len(await _published(server)) == MAX_RETIRED + 2
    await _rotate(server, withdraw=True)
    assert len(await _published(server)) == 2


@pytest.mark.parametrize("algorithm", SIGNATURES)
async def test_algorithms(server: Server, algorithm: str) -> None:
    await _ready(server)
    await _trusting(server)
    body = {"algorithm": algorithm, "issuer": "https://crypto.example.com/v1/auth/token"}
    assert (await server.ask("POST", "auth/token/config/jwt", body))[0] == 204
    made = await _issue(server, audience="ledger")
    assert jwt.get_unverified_header(made["jwt"])["alg"] == algorithm
    assert _decoded(server, made["jwt"], await _published(server))["iss"] == body["issuer"]
    assert (await _log_in(server, made["jwt"]))[0] == 200
    status, discovered = await server.ask("GET", "auth/token/.well-known/openid-configuration", token="")
    assert (status, discovered["jwks_uri"]) == (200, f"{body['issuer']}/.well-known/keys")


@pytest.mark.parametrize(
    "body", [{"algorithm": "HS256"}, {"algorithm": "none"}, {"rotation_period": 60}, {"issuer": "a\nb"}]
)
async def test_settings_that_are_none(server: Server, body: dict[str, Any]) -> None:
    assert (await server.ask("POST", "auth/token/config/jwt", body))[0] == 400


async def test_it_can_be_handed_on_wrapped_and_ended_unseen(server: Server) -> None:
    await _ready(server)
    status, answer = await server.ask("POST", "auth/token/jwt/billing", {}, wrap="60")
    assert status == 200
    inner = answer["wrap_info"]["wrapped_accessor"]
    assert (await server.ask("POST", "auth/token/revoke-accessor", {"accessor": inner}))[0] == 204
    made = (await server.ask("POST", "sys/wrapping/unwrap", {"token": answer["wrap_info"]["token"]}))[1]["data"]
    assert (await server.ask("POST", "auth/token/lookup-jwt", {"jwt": made["jwt"]}))[1]["data"] == {"active": False}
