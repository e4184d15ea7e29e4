"""Roles: written as a whole, read, listed, removed; what contradicts itself is refused."""

from __future__ import annotations

from typing import Any

import pytest

from engines.base import Operation
from engines.faults import NotFound
from tests.engines.driver import Driver, message_of

UPDATE, READ, LIST, DELETE = Operation.UPDATE, Operation.READ, Operation.LIST, Operation.DELETE


async def test_a_role_is_what_was_written_and_no_more(signing: Driver) -> None:
    await signing.write("keys/k")
    made = await signing.write("roles/r", key="k")
    assert made == await signing.read("roles/r")
    assert made == {
        "name": "r",
        "key": "k",
        "formats": ["jwt"],
        "algorithm": "ES256",
        "issuer": "",
        "audiences": [],
        "claims": {},
        "allowed_claims": [],
        "required_claims": [],
        "forbidden_claims": [],
        "ttl": 900,
        "max_ttl": 3600,
        "nbf_skew": 0,
        "jti": True,
        "typ": "",
        "kid": "thumbprint",
        "x5c": False,
        "leeway": 30,
        "max_age": 0,
    }
    await signing.write("roles/r", key="k", issuer="i", claims='{"a":"{{caller.entity_id}}"}', formats=["cose", "jwt"])
    read = await signing.read("roles/r")
    assert (read["issuer"], read["claims"]) == ("i", {"a": "{{caller.entity_id}}"})
    assert read["formats"] == ["jwt", "cose"]
    await signing.write("roles/r", key="k", max_age=60)
    assert (await signing.read("roles/r"))["issuer"] == ""


async def test_roles_are_listed_and_removed(signing: Driver) -> None:
    assert await message_of(signing, LIST, "roles") == (NotFound, "")
    assert await message_of(signing, READ, "roles/a") == (NotFound, "")
    await signing.write("keys/k")
    for name in ("a", "b", "c"):
        await signing.write(f"roles/{name}", key="k")
    answer = await signing.invoke(LIST, "roles", after="a", limit=1)
    assert answer.data == {"keys": ["b"]}
    await signing.invoke(DELETE, "roles/b")
    await signing.invoke(DELETE, "roles/b")
    answer = await signing.invoke(LIST, "roles")
    assert answer.data == {"keys": ["a", "c"]}


@pytest.mark.parametrize(
    ("parameters", "text"),
    [
        ({"key": ""}, "missing key"),
        ({"key": "nope"}, 'there is no key "nope"'),
        ({"formats": ["pgp"]}, 'unknown format "pgp"; must be one of jwt, jws, cose, cms'),
        ({"algorithm": "RS256"}, "keys of type ecdsa-p256 sign by ES256, not by RS256"),
        ({"algorithm": "none"}, "keys of type ecdsa-p256 sign by ES256, not by none"),
        ({"ttl": 0}, "ttl must be at least a second and not greater than max_ttl"),
        ({"ttl": 7200}, "ttl must be at least a second and not greater than max_ttl"),
        ({"leeway": 90_000}, "nbf_skew and leeway must not be greater than 86400 seconds"),
        ({"kid": "mine"}, 'unknown kid "mine"; must be one of thumbprint, version, none'),
        ({"claims": []}, "claims must be a JSON object, without members of the same name"),
        ({"claims": {"exp": 1}}, 'claim "exp" is made by the role itself and can be neither in claims nor allowed'),
        (
            {"issuer": "i", "allowed_claims": ["iss"]},
            'claim "iss" is made by the role itself and can be neither in claims nor allowed',
        ),
        (
            {"audiences": ["a"], "claims": {"aud": "b"}},
            'claim "aud" is made by the role itself and can be neither in claims nor allowed',
        ),
        ({"claims": {"a": 1}, "allowed_claims": ["a"]}, 'claim "a" is both in claims and allowed'),
        (
            {"forbidden_claims": ["a"], "required_claims": ["a"]},
            'claim "a" is forbidden, and in claims, allowed or required',
        ),
        ({"claims": {"a": "{{caller.password}}"}}, "unknown template {{caller.password}}"),
        ({"claims": {"a": ["{{ x"]}}, "malformed template in a claim"),
        ({"claims": {"a": "{{CALLER}}"}}, "malformed template in a claim"),
        ({"claims": {"{{caller.entity_id}}": 1}}, "the names of claims can't be templates"),
        ({"claims": {"a": "x{{caller.policies}}"}}, "{{caller.policies}} is a list and must stand alone in its text"),
        ({"audiences": ["a"] * 300}, "audiences has more than 256 entries"),
        ({"issuer": "x" * 2000}, "issuer is longer than 1024 characters"),
        ({"issuer": "\ud800"}, "issuer is not Unicode"),
    ],
)
async def test_what_can_not_be_is_refused(signing: Driver, parameters: dict[str, Any], text: str) -> None:
    await signing.write("keys/k")
    assert (await message_of(signing, UPDATE, "roles/r", **{"key": "k", **parameters}))[1] == text
    assert await message_of(signing, READ, "roles/r") == (NotFound, "")


async def test_what_may_hurt_is_warned_of(signing: Driver) -> None:
    await signing.write("keys/k", keep_published=3600)
    answer = await signing.invoke(UPDATE, "roles/r", key="k", formats=["jwt", "jws"])
    assert answer.warnings == [
        "tokens may be valid for 3600 seconds, longer than key 'k' keeps its old versions published (3600 seconds)",
        'signers of JWS by role "r" can make any token that role "r" makes, since both have the same key; '
        "use a key for each format",
    ]


async def test_a_key_for_tokens_and_for_any_payload_is_warned_of(signing: Driver) -> None:
    for key in ("k", "other"):
        await signing.write(f"keys/{key}")
    assert (await signing.invoke(UPDATE, "roles/tokens", key="k")).warnings == []
    assert (await signing.invoke(UPDATE, "roles/elsewhere", key="other", formats=["jws"])).warnings == []
    for name, formats in (("payloads", ["jws"]), ("tokens", ["jwt"])):
        (warning,) = (await signing.invoke(UPDATE, f"roles/{name}", key="k", formats=formats)).warnings
        assert 'by role "payloads" can make any token that role "tokens" makes' in warning
    assert (await signing.invoke(UPDATE, "roles/third", key="k", formats=["cms"])).warnings == []


async def test_a_role_is_for_its_formats_and_its_key(signing: Driver) -> None:
    await signing.write("keys/k")
    await signing.write("roles/r", key="k", formats=["cose"])
    assert (await message_of(signing, UPDATE, "jwt/sign/r"))[1] == 'role "r" does not allow the format "jwt"'
    assert (await message_of(signing, UPDATE, "jwt/sign/none"))[1] == 'there is no role "none"'
    await signing.write("roles/r", key="k")
    await signing.write("keys/k/config", deletion_allowed=True)
    await signing.invoke(DELETE, "keys/k")
    assert (await message_of(signing, UPDATE, "jwt/sign/r"))[1] == 'there is no key "k"'
    await signing.write("keys/k", type="ed25519")
    assert (await message_of(signing, UPDATE, "jwt/sign/r"))[1] == "keys of type ed25519 do not sign by ES256"
