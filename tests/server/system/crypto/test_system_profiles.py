"""``sys/crypto-profiles`` and ``sys/crypto-policies/matrix``."""

from __future__ import annotations

from typing import Any

import pytest

from engines.algorithms.registry import ALGORITHMS
from engines.crypto_policy.profiles.catalogue import all_profiles
from tests.support.systems import Server

MATRIX = "sys/crypto-policies/matrix"


async def data_of(server: Server, method: str, path: str, body: object = None, **options: Any) -> dict[str, Any]:
    status, answer = await server.ask(method, path, body, **options)
    assert status == 200, answer
    data: dict[str, Any] = answer["data"]
    return data


async def errors_of(server: Server, path: str) -> list[str]:
    status, answer = await server.ask("GET", path)
    assert status == 400
    errors: list[str] = answer["errors"]
    return errors


async def test_profiles_are_listed_by_id(server: Server) -> None:
    data = await data_of(server, "LIST", "sys/crypto-profiles")
    assert data["keys"] == list(all_profiles())
    assert data["key_info"]["cnsa-2.0@2025-05"] == {
        "id": "cnsa-2.0@2025-05",
        "name": "cnsa-2.0",
        "date": "2025-05",
        "title": "CNSA 2.0",
        "scope": "US national security systems. NSA asks nothing of others.",
    }


async def test_a_profile_shows_its_rules_with_their_sources(server: Server) -> None:
    data = await data_of(server, "GET", "sys/crypto-profiles/nist-transition@2024-11")
    rule = next(rule for rule in data["rules"] if rule["name"] == "nist-transition/rsa-112-deprecated")
    title = rule["source"]
    assert rule == {
        "name": "nist-transition/rsa-112-deprecated",
        "topic": "algorithm",
        "conditions": {"families": ["RSA"], "uses": ["protect"], "min_bits": 2048},
        "from": None,
        "until": "2036-01-01",
        "verdict": "warn",
        "text": "RSA of 2048 to 3071 bits, 112 bits of strength, is deprecated after 2030.",
        "source": title,
        "section": "3, table 3; 7, table 7",
        "binding": "draft",
        "checked": "2026-11-27",
        "unconfirmed": False,
        "unconfirmed_reason": "",
    }
    assert title in {source["title"] for source in data["sources"].values()}


async def test_parameters_and_what_is_unconfirmed_are_shown(server: Server) -> None:
    data = await data_of(server, "GET", "sys/crypto-profiles/cnsa-2.0")
    assert data["parameters"]["category"]["default"] == "cloud-services"
    assert data["parameters"]["category"]["choices"]["networking"]["dates"] == {"end": "2031-01-01"}
    assert set(data["parameters"]["not_listed"]["choices"]) == {"warn", "refuse", "allow"}
    rule = next(rule for rule in data["rules"] if rule["name"] == "cnsa-2.0/ecdsa")
    assert (rule["until"], rule["unconfirmed"]) == ("category.end", True)
    assert rule["unconfirmed_reason"].startswith("The original couldn't be fetched")


async def test_a_name_alone_is_the_newest(server: Server) -> None:
    for profile in all_profiles().values():
        named = await data_of(server, "GET", f"sys/crypto-profiles/{profile.name}")
        assert named == await data_of(server, "GET", f"sys/crypto-profiles/{profile.id}")
        assert named["id"] == profile.id


@pytest.mark.parametrize("name", ["cnsa", "cnsa-2.0@1999-01", "x" * 500])
async def test_other_profiles_are_not_found(server: Server, name: str) -> None:
    assert await server.ask("GET", f"sys/crypto-profiles/{name}") == (404, {"errors": []})


async def test_profiles_are_only_read(server: Server) -> None:
    for method in ("POST", "DELETE"):
        status, _ = await server.ask(method, "sys/crypto-profiles/cnsa-2.0", {"rules": []})
        assert status == 405
    assert (await data_of(server, "GET", "sys/crypto-profiles/cnsa-2.0"))["rules"]


async def test_the_matrix_names_conflicts_and_that_no_kem_suits_both(server: Server) -> None:
    data = await data_of(server, "GET", f"{MATRIX}?profiles=cnsa-2.0,bsi-tr-02102-1@2026-01&at=2026-12-01")
    assert set(data) == {"algorithms", "conflicts", "satisfy_all"}
    assert {cell["algorithm"] for cell in data["algorithms"]} == set(ALGORITHMS)
    disputed = {
        "algorithm": "ml-kem-1024",
        "operation": "encapsulate",
        "verdicts": {"cnsa-2.0@2025-05": "allow", "bsi-tr-02102-1@2026-01": "refuse"},
    }
    assert disputed in data["algorithms"]
    assert disputed in data["conflicts"]
    hybrid = {
        "algorithm": "p384-ml-kem-1024",
        "operation": "encapsulate",
        "verdicts": {"cnsa-2.0@2025-05": "warn", "bsi-tr-02102-1@2026-01": "allow"},
    }
    assert hybrid in data["algorithms"]
    assert hybrid not in data["conflicts"]
    assert data["satisfy_all"]["kem"] == []
    assert data["satisfy_all"]["ae"] == ["aes256-gcm96", "aes256-ccm", "aes256-cbc-hmac-sha512"]


async def test_the_matrix_is_of_today_without_a_day(server: Server) -> None:
    today = await data_of(server, "GET", f"{MATRIX}?profiles=nist-transition")
    assert today == await data_of(server, "GET", f"{MATRIX}?profiles=nist-transition,%20nist-transition@2024-11,&at=")


@pytest.mark.parametrize(
    ("at", "verdict"),
    [
        ("2035-12-31", "allow"),
        ("2035-12-31T23:59:59Z", "allow"),
        ("2036-01-01T00:00:00Z", "refuse"),
        ("2036-01-01T00:59:59%2B01:00", "allow"),
        ("2036-01-01", "refuse"),
    ],
)
async def test_days_begin_at_midnight_in_utc(server: Server, at: str, verdict: str) -> None:
    data = await data_of(server, "GET", f"{MATRIX}?profiles=nist-transition&at={at}")
    (cell,) = (cell for cell in data["algorithms"] if (cell["algorithm"], cell["operation"]) == ("ecdsa-p256", "sign"))
    assert cell["verdicts"] == {"nist-transition@2024-11": verdict}


@pytest.mark.parametrize(
    ("query", "error"),
    [
        ("", "profiles has to name 1 to 16 profiles"),
        ("?profiles=,%20,", "profiles has to name 1 to 16 profiles"),
        ("?profiles=cnsa-2.0,cnsa-3.0", 'no profile "cnsa-3.0"; LIST sys/crypto-profiles has their names'),
        ("?profiles=anssi&at=tomorrow", "at has to be a date, such as 2031-01-01, or a time in RFC 3339"),
        ("?profiles=anssi&at=2031-13-01", "at has to be a date, such as 2031-01-01, or a time in RFC 3339"),
        ("?profiles=anssi&at=1969-12-31", "at has to be a date, such as 2031-01-01, or a time in RFC 3339"),
    ],
)
async def test_wrong_questions_are_refused(server: Server, query: str, error: str) -> None:
    assert await errors_of(server, MATRIX + query) == [error]


async def test_namespaces_answer_alike(server: Server) -> None:
    assert (await server.ask("POST", "sys/namespaces/team", {}))[0] == 200
    for path in ("sys/crypto-profiles/anssi", f"{MATRIX}?profiles=anssi"):
        assert await data_of(server, "GET", f"team/{path}") == await data_of(server, "GET", path)


async def test_a_token_needs_a_policy_for_each_path(server: Server) -> None:
    token, _ = await server.token_for(
        'path "sys/crypto-profiles/*" { capabilities = ["read"] }\n'
        'path "sys/crypto-policies/matrix" { capabilities = ["read"] denied_parameters = { "profiles" = ["anssi"] } }'
    )
    assert (await server.ask("GET", "sys/crypto-profiles/anssi", token=token))[0] == 200
    assert (await server.ask("LIST", "sys/crypto-profiles", token=token))[0] == 403
    assert (await server.ask("GET", f"{MATRIX}?profiles=cnsa-2.0", token=token))[0] == 200
    for profiles in ("anssi", "anssi@2026-03", "cnsa-2.0,anssi"):
        assert (await server.ask("GET", f"{MATRIX}?profiles={profiles}", token=token))[0] == 403
    assert (await server.ask("GET", f"{MATRIX}?profiles=anssi", token=""))[0] == 403
