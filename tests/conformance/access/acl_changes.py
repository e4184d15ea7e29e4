"""Access control: changes of policies, and spellings and meanings of paths and parameters."""

from __future__ import annotations

from tests.conformance.steps import Json, Scenario, Step

_changes = Scenario(
    "acl-changes",
    engine="transit",
    steps=(
        Step("create", "POST {m}/keys/a", 200),
        Step(
            "token before the policy",
            "POST auth/token/create",
            200,
            {"policies": ["{m}"], "ttl": "1h"},
            saves={"token": "auth.client_token"},
        ),
        Step("denied", "GET {m}/keys/a", 403, token="{token}"),
        Step(
            "policy",
            "POST sys/policies/acl/{m}",
            204,
            {"policy": 'path "acl-changes/keys/a" { capabilities = ["read"] }'},
        ),
        Step("allowed", "GET {m}/keys/a", 200, token="{token}"),
        Step(
            "policy changes",
            "POST sys/policies/acl/{m}",
            204,
            {"policy": 'path "acl-changes/keys/a" { capabilities = ["list"] }'},
        ),
        Step("denied again", "GET {m}/keys/a", 403, token="{token}"),
        Step(
            "policy back",
            "POST sys/policies/acl/{m}",
            204,
            {"policy": 'path "acl-changes/keys/a" { capabilities = ["read"] }'},
        ),
        Step("allowed again", "GET {m}/keys/a", 200, token="{token}"),
        Step("policy goes", "DELETE sys/policies/acl/{m}", 204),
        Step("denied at last", "GET {m}/keys/a", 403, token="{token}"),
    ),
)

_SPELLINGS = """
path "auth/acl-spellings/users/*" { capabilities = ["create", "read", "update", "delete"] }
path "auth/acl-spellings/users/bob" { capabilities = ["read"] }
path "auth/acl-spellings/users/eve" { capabilities = ["deny"] }
path "auth/acl-spellings/users/Ann" { capabilities = ["deny"] }
path "sys/policies/acl/acl-spellings-*" { capabilities = ["read"] }
path "sys/policies/acl/acl-spellings-denied" { capabilities = ["deny"] }
path "sys/mounts/*" { capabilities = ["read"] }
path "sys/mounts/acl-spellings" { capabilities = ["deny"] }
"""

_spellings = Scenario(
    "acl-spellings",
    engine="transit",
    steps=(
        Step("enable", "POST sys/auth/{m}", 204, {"type": "userpass"}),
        *(
            Step(f"user {name}", f"POST auth/{{m}}/users/{name}", 204, {"password": "p"})
            for name in ("bob", "eve", "ann")
        ),
        Step("policy", "POST sys/policies/acl/{m}", 204, {"policy": _SPELLINGS}),
        Step("token", "POST auth/token/create", 200, {"policies": ["{m}"]}, saves={"token": "auth.client_token"}),
        *(
            Step(request, request, status, None if request.startswith("GET") else {"token_ttl": 60}, token="{token}")
            for request, status in (
                ("GET auth/{m}/users/bob", 200),
                ("GET auth/{m}/users/BOB", 200),
                ("POST auth/{m}/users/BOB", 403),
                ("GET auth/{m}/users/EVE", 403),
                ("GET auth/{m}/users/ann", 200),
                ("GET sys/policies/acl/acl-spellings-Denied", 403),
                ("GET sys/policies/acl/ACL-spellings-x", 404),
                ("GET sys/mounts/{m}", 403),
                ("GET sys/mounts/{m}/", 200),
                ("GET sys/mounts/%2f{m}", 200),
                ("GET sys/mounts/%2f{m}%2f", 200),
            )
        ),
    ),
)

_MEANINGS = """
path "auth/acl-meanings/users/*" {
  capabilities = ["create", "update"]
  denied_parameters = { "token_policies" = ["admin"], "token_ttl" = ["24h"] }
}
path "auth/acl-meanings/users/app" {
  capabilities = ["create", "update"]
  allowed_parameters = { "token_policies" = ["app-*"], "password" = [] }
}
"""
_MEANING_BODIES: tuple[tuple[str, str, int, dict[str, Json]], ...] = (
    ("text", "u", 403, {"token_policies": "admin"}),
    ("list", "u", 204, {"token_policies": ["admin"]}),
    ("case", "u", 204, {"token_policies": "ADMIN"}),
    ("commas", "u", 204, {"token_policies": "x,admin"}),
    ("older name", "u", 204, {"policies": "admin"}),
    ("seconds", "u", 204, {"token_ttl": 86400}),
    ("other", "u", 204, {"token_policies": ["x"], "token_ttl": "1h"}),
    ("allowed", "app", 204, {"token_policies": "app-x"}),
    ("allowed list", "app", 403, {"token_policies": ["app-x", "app-y"]}),
    ("allowed with another", "app", 204, {"token_policies": "app-x,admin"}),
    ("not allowed", "app", 403, {"token_policies": "admin"}),
)

_meanings = Scenario(
    "acl-meanings",
    steps=(
        Step("enable", "POST sys/auth/{m}", 204, {"type": "userpass"}),
        Step("policy", "POST sys/policies/acl/{m}", 204, {"policy": _MEANINGS}),
        Step("token", "POST auth/token/create", 200, {"policies": ["{m}"]}, saves={"token": "auth.client_token"}),
        *(
            Step(name, f"POST auth/{{m}}/users/{user}", status, {"password": "p", **body}, token="{token}")
            for name, user, status, body in _MEANING_BODIES
        ),
    ),
)

SCENARIOS = (
    _changes,
    _spellings,
    _meanings,
)
