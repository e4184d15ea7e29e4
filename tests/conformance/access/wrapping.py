"""Response wrapping, and the cubbyhole it rests on."""

from __future__ import annotations

from tests.conformance.steps import NO_TOKEN, Scenario, Step


def _wrap(ttl: str) -> dict[str, str]:
    return {"X-Vault-Wrap-TTL": ttl}


_SAVED = {"wrapped": "wrap_info.token", "accessor": "wrap_info.accessor"}

_wrapping = Scenario(
    "wrapping",
    engine="transit",
    steps=(
        Step("create", "POST {m}/keys/k", 200),
        Step("read wrapped", "GET {m}/keys/k", 200, headers=_wrap("60"), saves=_SAVED),
        Step("look up", "POST sys/wrapping/lookup", 200, {"token": "{wrapped}"}),
        Step("look up without a token", "POST sys/wrapping/lookup", 200, {"token": "{wrapped}"}, token=NO_TOKEN),
        Step("get lookup", "GET sys/wrapping/lookup", 200, token="{wrapped}"),
        Step("unwrap", "POST sys/wrapping/unwrap", 200, {"token": "{wrapped}"}),
        Step("unwrap again", "POST sys/wrapping/unwrap", 400, {"token": "{wrapped}"}),
        Step("look up what is gone", "POST sys/wrapping/lookup", 400, {"token": "{wrapped}"}),
        Step("read wrapped again", "GET {m}/keys/k", 200, headers=_wrap("1m"), saves=_SAVED),
        Step("unwrap by header", "POST sys/wrapping/unwrap", 200, {}, token="{wrapped}"),
        Step("unwrap by header again", "POST sys/wrapping/unwrap", 400, {}, token="{wrapped}"),
        *(Step(f"ttl {ttl}", "GET {m}/keys/k", 200, headers=_wrap(ttl)) for ttl in ("1h", "1h30m", "1.5m", "100000h")),
        *(Step(f"ttl {ttl!r} isn't wrapped", "GET {m}/keys/k", 200, headers=_wrap(ttl)) for ttl in ("0", "", "0s")),
        *(
            Step(f"ttl {ttl} is wrong", "GET {m}/keys/k", 400, headers=_wrap(ttl))
            for ttl in ("-1", "abc", "-1h", "1x", "1.5")
        ),
        Step("an error", "POST {m}/encrypt/k", 400, {}, headers=_wrap("60")),
        Step("not found", "GET {m}/keys/nope", 404, headers=_wrap("60")),
        Step("no content", "POST sys/policies/acl/wrapping", 204, {"policy": "# x"}, headers=_wrap("60")),
        Step("denied", "GET {m}/keys/k", 403, headers=_wrap("60"), token="nope"),
        Step("a list", "LIST {m}/keys", 200, headers=_wrap("60"), saves=_SAVED),
        Step("unwrap the list", "POST sys/wrapping/unwrap", 200, {"token": "{wrapped}"}),
        Step(
            "a token",
            "POST auth/token/create",
            200,
            {"policies": ["default"], "ttl": "1h"},
            headers=_wrap("60"),
            saves=_SAVED,
        ),
        Step(
            "unwrap the token",
            "POST sys/wrapping/unwrap",
            200,
            {"token": "{wrapped}"},
            saves={"token": "auth.client_token"},
        ),
        Step("the token works", "GET auth/token/lookup-self", 200, token="{token}"),
        Step(
            "wrap",
            "POST sys/wrapping/wrap",
            200,
            {"a": "b", "n": 1, "f": 1.5, "l": [1, "x"]},
            headers=_wrap("60"),
            saves=_SAVED,
        ),
        Step("look it up", "POST sys/wrapping/lookup", 200, {"token": "{wrapped}"}),
        Step("unwrap it", "POST sys/wrapping/unwrap", 200, {"token": "{wrapped}"}),
        Step("wrap nothing", "POST sys/wrapping/wrap", 200, {}, headers=_wrap("60"), saves=_SAVED),
        Step("unwrap nothing", "POST sys/wrapping/unwrap", 200, {"token": "{wrapped}"}),
        Step("wrap without a ttl", "POST sys/wrapping/wrap", 400, {"a": "b"}),
        Step("get wrap", "GET sys/wrapping/wrap", 405, headers=_wrap("60")),
        Step("wrap to rewrap", "POST sys/wrapping/wrap", 200, {"a": "b"}, headers=_wrap("60"), saves=_SAVED),
        Step(
            "rewrap",
            "POST sys/wrapping/rewrap",
            200,
            {"token": "{wrapped}"},
            saves={"second": "wrap_info.token"},
        ),
        Step("the first is gone", "POST sys/wrapping/lookup", 400, {"token": "{wrapped}"}),
        Step("look up the second", "POST sys/wrapping/lookup", 200, {"token": "{second}"}),
        Step("unwrap the second", "POST sys/wrapping/unwrap", 200, {"token": "{second}"}),
        Step("rewrap what is gone", "POST sys/wrapping/rewrap", 400, {"token": "{second}"}),
        Step("burn", "POST sys/wrapping/wrap", 200, {"a": "b"}, headers=_wrap("60"), saves=_SAVED),
        Step("use it for something else", "GET {m}/keys/k", 403, token="{wrapped}"),
        Step("it is burnt", "POST sys/wrapping/unwrap", 400, {"token": "{wrapped}"}),
        Step("unwrap nonsense", "POST sys/wrapping/unwrap", 400, {"token": "nope"}),
        Step("unwrap an empty token", "POST sys/wrapping/unwrap", 403, {"token": ""}),
        Step("unwrap with nothing", "POST sys/wrapping/unwrap", 403, {}, token=NO_TOKEN),
        Step("unwrap with a service token", "POST sys/wrapping/unwrap", 400, {"token": "{token}"}),
        Step(
            "unwrap nonsense without a client token", "POST sys/wrapping/unwrap", 400, {"token": "nope"}, token=NO_TOKEN
        ),
        Step("wrap for nobody", "POST sys/wrapping/wrap", 200, {"a": "b"}, headers=_wrap("60"), saves=_SAVED),
        Step("unwrap without a client token", "POST sys/wrapping/unwrap", 403, {"token": "{wrapped}"}, token=NO_TOKEN),
        Step("that did it no harm", "POST sys/wrapping/unwrap", 200, {"token": "{wrapped}"}),
        Step("wrap for itself", "POST sys/wrapping/wrap", 200, {"a": "b"}, headers=_wrap("60"), saves=_SAVED),
        Step("unwrap by body and header", "POST sys/wrapping/unwrap", 500, {"token": "{wrapped}"}, token="{wrapped}"),
        Step("lookup with nothing", "POST sys/wrapping/lookup", 400, {}),
        Step("lookup nonsense", "POST sys/wrapping/lookup", 400, {"token": "nope"}),
        Step("get unwrap", "GET sys/wrapping/unwrap", 400),
        Step("as jwt", "GET {m}/keys/k", 200, headers={**_wrap("60"), "X-Vault-Wrap-Format": "jwt"}, saves=_SAVED),
        Step("look up the jwt", "POST sys/wrapping/lookup", 200, {"token": "{wrapped}"}),
        Step("unwrap the jwt", "POST sys/wrapping/unwrap", 200, {"token": "{wrapped}"}),
        Step("unknown format", "GET {m}/keys/k", 200, headers={**_wrap("60"), "X-Vault-Wrap-Format": "nope"}),
        Step("revoke by accessor", "GET {m}/keys/k", 200, headers=_wrap("60"), saves=_SAVED),
        Step("revoke", "POST auth/token/revoke-accessor", 204, {"accessor": "{accessor}"}),
        Step("revoked", "POST sys/wrapping/unwrap", 400, {"token": "{wrapped}"}, until=True),
    ),
)

_policies = Scenario(
    "wrapping-policies",
    engine="transit",
    steps=(
        Step("create", "POST {m}/keys/k", 200),
        Step(
            "policy",
            "POST sys/policies/acl/{m}",
            204,
            {
                "policy": 'path "wrapping-policies/keys/k" {\n capabilities = ["read"]\n min_wrapping_ttl = "1m"\n'
                ' max_wrapping_ttl = "1h"\n}'
            },
        ),
        Step("token", "POST auth/token/create", 200, {"policies": ["{m}"]}, saves={"token": "auth.client_token"}),
        Step("unwrapped", "GET {m}/keys/k", 403, token="{token}"),
        Step("too short", "GET {m}/keys/k", 403, token="{token}", headers=_wrap("30")),
        Step("shortest", "GET {m}/keys/k", 200, token="{token}", headers=_wrap("60")),
        Step("longest", "GET {m}/keys/k", 200, token="{token}", headers=_wrap("1h")),
        Step("too long", "GET {m}/keys/k", 403, token="{token}", headers=_wrap("2h")),
    ),
)

_cubbyhole = Scenario(
    "cubbyhole",
    steps=(
        Step("token", "POST auth/token/create", 200, {"policies": ["default"]}, saves={"token": "auth.client_token"}),
        Step("read nothing", "GET cubbyhole/a", 404, token="{token}"),
        Step("list nothing", "LIST cubbyhole", 404, token="{token}"),
        Step("write", "POST cubbyhole/a", 204, {"x": "y", "n": 1}, token="{token}"),
        Step("read", "GET cubbyhole/a", 200, token="{token}"),
        Step("write deeper", "PUT cubbyhole/b/c", 204, {"x": "z"}, token="{token}"),
        Step("list", "LIST cubbyhole", 200, token="{token}"),
        Step("list deeper", "LIST cubbyhole/b", 200, token="{token}"),
        Step("write nothing", "POST cubbyhole/a", 500, {}, token="{token}"),
        Step("another token sees nothing", "GET cubbyhole/a", 404),
        Step("delete", "DELETE cubbyhole/a", 204, token="{token}"),
        Step("delete again", "DELETE cubbyhole/a", 204, token="{token}"),
        Step("gone", "GET cubbyhole/a", 404, token="{token}"),
        Step(
            "batch token",
            "POST auth/token/create",
            200,
            {"policies": ["default"], "type": "batch"},
            saves={"batch": "auth.client_token"},
        ),
        Step("batch tokens have none", "POST cubbyhole/a", 400, {"x": "y"}, token="{batch}"),
        Step("read the mount", "GET cubbyhole", 403, token="{token}"),
    ),
)

_FORBIDDEN = "Response-Wrapping"

_assignment = Scenario(
    "wrapping-assignment",
    steps=(
        Step("enable", "POST sys/auth/{m}", 204, {"type": "userpass"}),
        Step("a user", "POST auth/{m}/users/u", 204, {"password": "p", "token_policies": f"x, {_FORBIDDEN}"}),
        Step("read the user", "GET auth/{m}/users/u", 200),
        Step("log in", "POST auth/{m}/login/u", 400, {"password": "p"}, token=NO_TOKEN),
        Step("other policies", "POST auth/{m}/users/u/policies", 204, {"policies": "x"}),
        Step("log in with these", "POST auth/{m}/login/u", 200, {"password": "p"}, token=NO_TOKEN),
        Step("create a token", "POST auth/token/create", 400, {"policies": [_FORBIDDEN]}),
        Step("create an orphan", "POST auth/token/create-orphan", 400, {"policies": ["x", _FORBIDDEN]}),
        Step("a role", "POST auth/token/roles/{m}", 204, {"allowed_policies": _FORBIDDEN}),
        Step("create by the role", "POST auth/token/create/{m}", 400, {"policies": [_FORBIDDEN]}),
        Step("create by the role alone", "POST auth/token/create/{m}", 400, {}),
        Step(
            "a role for all", "POST auth/token/roles/{m}", 204, {"allowed_policies": "", "allowed_policies_glob": "*"}
        ),
        Step("create by that", "POST auth/token/create/{m}", 400, {"policies": [_FORBIDDEN]}),
        Step("an entity", "POST identity/entity", 200, {"name": "{m}", "policies": [_FORBIDDEN]}),
        Step("a group", "POST identity/group", 200, {"name": "{m}", "policies": [_FORBIDDEN]}),
    ),
)

SCENARIOS = (_wrapping, _policies, _assignment, _cubbyhole)
