"""Leases of tokens, and what wrapping, cubbyholes and roles do at their edges."""

from __future__ import annotations

from tests.conformance.steps import NO_TOKEN, Json, Scenario, Servers, Step

_KEYS = ("data.keys.*",)
_CREATED = "auth/token/create-orphan"

_leases = Scenario(
    "leases",
    servers=Servers.FRESH,
    steps=(
        Step("none yet", f"LIST sys/leases/lookup/{_CREATED}", 404),
        Step(
            "create",
            f"POST {_CREATED}",
            200,
            {"policies": ["default"], "ttl": "1h"},
            saves={"token": "auth.client_token"},
        ),
        Step("list", f"LIST sys/leases/lookup/{_CREATED}", 200, random=_KEYS, saves={"lease": "data.keys.0"}),
        Step("list with a slash", f"LIST sys/leases/lookup/{_CREATED}/", 200),
        Step("list the folder", "LIST sys/leases/lookup/auth/token", 200),
        Step("list all", "LIST sys/leases/lookup", 200),
        Step("list nothing", "LIST sys/leases/lookup/nope", 404),
        Step("look up", "POST sys/leases/lookup", 200, {"lease_id": f"{_CREATED}/{{lease}}"}),
        Step("put look up", "PUT sys/leases/lookup", 200, {"lease_id": f"{_CREATED}/{{lease}}", "x": 1}),
        Step(
            "look up with default",
            "POST sys/leases/lookup",
            200,
            {"lease_id": f"{_CREATED}/{{lease}}"},
            token="{token}",
        ),
        Step("look up unknown", "POST sys/leases/lookup", 400, {"lease_id": "nope"}),
        Step("look up nothing", "POST sys/leases/lookup", 400, {}),
        Step("get look up", "GET sys/leases/lookup", 405),
        Step("renew", "POST sys/leases/renew", 400, {"lease_id": f"{_CREATED}/{{lease}}"}),
        Step("renew by url", f"POST sys/leases/renew/{_CREATED}/{{lease}}", 400, {}),
        Step("renew by url and body", f"POST sys/leases/renew/{_CREATED}/{{lease}}", 400, {"lease_id": "x"}),
        Step("renew by garbage", "POST sys/leases/renew", 400, {"lease_id": "x", "increment": "abc"}),
        Step("renew unknown", "POST sys/leases/renew", 400, {"lease_id": "nope"}),
        Step("renew nothing", "POST sys/leases/renew", 400, {}),
        Step("renew by the url's name", "POST sys/leases/renew", 400, {"url_lease_id": f"{_CREATED}/{{lease}}"}),
        Step("renew the token", "POST auth/token/renew-self", 200, {}, token="{token}"),
        Step("look up renewed", "POST sys/leases/lookup", 200, {"lease_id": f"{_CREATED}/{{lease}}"}),
        Step("revoke nothing", "POST sys/leases/revoke", 400, {}),
        Step("revoke by the url's name", "POST sys/leases/revoke", 400, {"url_lease_id": f"{_CREATED}/{{lease}}"}),
        Step("revoke unknown", "POST sys/leases/revoke", 204, {"lease_id": "nope"}),
        Step("revoke unknown without waiting", "POST sys/leases/revoke", 202, {"lease_id": "nope", "sync": False}),
        Step("revoke", "POST sys/leases/revoke", 204, {"lease_id": f"{_CREATED}/{{lease}}"}),
        Step("revoked", "GET auth/token/lookup-self", 403, token="{token}", until=True),
        Step("gone", "POST sys/leases/lookup", 400, {"lease_id": f"{_CREATED}/{{lease}}"}, until=True),
        Step("again", f"POST {_CREATED}", 200, {"policies": ["default"]}, saves={"second": "auth.client_token"}),
        Step("prefix without a path", "POST sys/leases/revoke-prefix", 404),
        Step("prefix with a slash", f"POST sys/leases/revoke-prefix/{_CREATED}/", 400),
        Step("get prefix", f"GET sys/leases/revoke-prefix/{_CREATED}", 405),
        Step("prefix without sudo", f"POST sys/leases/revoke-prefix/{_CREATED}", 403, token="{second}"),
        Step("prefix of nothing", "POST sys/leases/revoke-prefix/nope", 204),
        Step("prefix without waiting", "POST sys/leases/revoke-prefix/nope", 202, {"sync": False}),
        Step("force without waiting", "POST sys/leases/revoke-force/nope", 204, {"sync": False}),
        Step("prefix", f"PUT sys/leases/revoke-prefix/{_CREATED}", 204, {"sync": True}),
        Step("gone with the prefix", "GET auth/token/lookup-self", 403, token="{second}", until=True),
        Step("third", f"POST {_CREATED}", 200, {"policies": ["default"]}, saves={"third": "auth.client_token"}),
        Step("force", f"PUT sys/leases/revoke-force/{_CREATED}", 204),
        Step("gone by force", "GET auth/token/lookup-self", 403, token="{third}", until=True),
        Step("count", "GET sys/leases/count?type=irrevocable", 200),
        Step("count nothing", "GET sys/leases/count", 404),
        Step("count another", "GET sys/leases/count?type=token", 404),
        Step("list irrevocable", "GET sys/leases?type=irrevocable&limit=10", 200),
        Step("list irrevocable without a limit", "GET sys/leases?type=irrevocable&limit=none", 200),
        Step("list irrevocable by a wrong limit", "GET sys/leases?type=irrevocable&limit=abc", 500),
        Step("list another", "GET sys/leases?type=token", 404),
        Step("tidy", "POST sys/leases/tidy", 202),
        Step("get tidy", "GET sys/leases/tidy", 405),
        Step("old renew", "POST sys/renew", 404, {"lease_id": "x"}),
        Step("old revoke", "POST sys/revoke", 404, {"lease_id": "x"}),
    ),
)


def _wrap(ttl: str) -> dict[str, str]:
    return {"X-Vault-Wrap-TTL": ttl}


_SAVED = {"wrapped": "wrap_info.token", "accessor": "wrap_info.accessor"}

_wrapping = Scenario(
    "wrapping-edges",
    engine="transit",
    steps=(
        Step("create", "POST {m}/keys/k", 200),
        Step("a list", "LIST {m}/keys", 200, headers=_wrap("60"), saves=_SAVED),
        Step("look up the token", "POST auth/token/lookup", 200, {"token": "{wrapped}"}),
        Step("look up the accessor", "POST auth/token/lookup-accessor", 200, {"accessor": "{accessor}"}),
        Step("renew the token", "POST auth/token/renew", 400, {"token": "{wrapped}"}),
        Step("renew the accessor", "POST auth/token/renew-accessor", 400, {"accessor": "{accessor}"}),
        Step("look up by a wrong client token", "POST sys/wrapping/lookup", 200, {"token": "{wrapped}"}, token="nope"),
        Step("rewrap by a wrong client token", "POST sys/wrapping/rewrap", 403, {"token": "{wrapped}"}, token="nope"),
        Step("unwrap by a wrong client token", "POST sys/wrapping/unwrap", 403, {"token": "{wrapped}"}, token="nope"),
        Step("delete", "DELETE sys/wrapping/unwrap", 400),
        Step("read the response", "GET cubbyhole/response", 200, token="{wrapped}", ignores=("data.response",)),
        Step("read it again", "GET cubbyhole/response", 403, token="{wrapped}"),
        Step("fractions", "GET {m}/keys/k", 200, headers=_wrap("90.5s"), saves=_SAVED),
        Step("look up fractions", "POST sys/wrapping/lookup", 200, {"token": "{wrapped}"}),
        Step("rewrap by itself", "POST sys/wrapping/rewrap", 403, {}, token="{wrapped}"),
        Step("that burnt it", "POST sys/wrapping/unwrap", 400, {"token": "{wrapped}"}),
        Step("wrap to unwrap wrapped", "POST sys/wrapping/wrap", 200, {"a": "b"}, headers=_wrap("60"), saves=_SAVED),
        Step(
            "unwrap wrapped", "POST sys/wrapping/unwrap", 200, {"token": "{wrapped}"}, headers=_wrap("60"), saves=_SAVED
        ),
        Step("unwrap that", "POST sys/wrapping/unwrap", 200, {"token": "{wrapped}"}),
        Step("wrap to rewrap wrapped", "POST sys/wrapping/wrap", 200, {"a": "b"}, headers=_wrap("60"), saves=_SAVED),
        Step("rewrap wrapped", "POST sys/wrapping/rewrap", 200, {"token": "{wrapped}"}, headers=_wrap("600")),
        Step("wrap without a body", "POST sys/wrapping/wrap", 200, headers=_wrap("60")),
        Step(
            "with warnings",
            "POST {m}/hash",
            200,
            {"input": "YQ==", "x": 1},
            headers=_wrap("60"),
            saves=_SAVED,
        ),
        Step("unwrap warnings", "POST sys/wrapping/unwrap", 200, {"token": "{wrapped}"}),
        Step("encrypt", "POST {m}/encrypt/k", 200, {"plaintext": "YQ=="}, saves={"ciphertext": "data.ciphertext"}),
        Step(
            "partly wrong",
            "POST {m}/decrypt/k",
            200,
            {"batch_input": [{"ciphertext": "{ciphertext}"}, {"ciphertext": "vault:v1:AAAA"}]},
            headers=_wrap("60"),
            saves=_SAVED,
        ),
        Step("unwrap the partly wrong", "POST sys/wrapping/unwrap", 400, {"token": "{wrapped}"}),
        Step("batch token", "POST auth/token/create", 200, {"policies": ["a"], "type": "batch"}, headers=_wrap("60")),
        Step("without a token", "GET sys/internal/ui/mounts", 200, headers=_wrap("60"), token=NO_TOKEN),
        Step("too long", "POST sys/wrapping/wrap", 400, {"a": "b"}, headers=_wrap("99999999999")),
        Step("number", "POST sys/wrapping/unwrap", 403, {"token": 5}),
        Step("list as a token", "POST sys/wrapping/unwrap", 403, {"token": ["x"]}),
        Step("lookup without anything", "POST sys/wrapping/lookup", 403, {}, token=NO_TOKEN),
        Step("get lookup without anything", "GET sys/wrapping/lookup", 403, token=NO_TOKEN),
        Step("unwrap with a wrong header", "POST sys/wrapping/unwrap", 400, {}, token="nope"),
    ),
)

_cubbyhole = Scenario(
    "cubbyhole-edges",
    steps=(
        Step("token", "POST auth/token/create", 200, {"policies": ["root"]}, saves={"token": "auth.client_token"}),
        Step("read the mount", "GET cubbyhole", 500, token="{token}"),
        Step("write the mount", "POST cubbyhole", 500, {"a": 1}, token="{token}"),
        Step("delete the mount", "DELETE cubbyhole", 204, token="{token}"),
        Step("write", "POST cubbyhole/a", 204, {"path": "zz", "b": None}, token="{token}"),
        Step("read", "GET cubbyhole/a", 200, token="{token}"),
        Step("read with a query", "GET cubbyhole/a?x=1", 200, token="{token}"),
        Step("read a folder", "GET cubbyhole/a/", 404, token="{token}"),
        Step("write deeper", "POST cubbyhole/b/c", 204, {"a": 1}, token="{token}"),
        Step("list one", "LIST cubbyhole?limit=1", 200, token="{token}"),
        Step("list after", "LIST cubbyhole?after=a", 200, token="{token}"),
        Step("list an entry", "LIST cubbyhole/a", 404, token="{token}"),
        Step("list a folder", "LIST cubbyhole/b/", 200, token="{token}"),
        Step("delete a folder", "DELETE cubbyhole/b/", 204, token="{token}"),
        Step("it is still there", "GET cubbyhole/b/c", 200, token="{token}"),
        Step("scan", "SCAN cubbyhole", 405, token="{token}"),
        Step("response", "GET cubbyhole/response", 404, token="{token}"),
    ),
)

_ROLES: tuple[tuple[str, dict[str, Json]], ...] = (
    ("plain", {}),
    ("periodic", {"token_period": "2h"}),
    ("explicit", {"token_explicit_max_ttl": "2h"}),
    ("suffix", {"path_suffix": "abc"}),
    ("limited", {"token_num_uses": 3}),
    ("allowed", {"allowed_policies": ["a", "b"]}),
    ("undefault", {"disallowed_policies": ["default"]}),
    ("aliases", {"allowed_entity_aliases": ["A", "b"]}),
    ("batch", {"token_type": "default-batch", "orphan": True}),
    ("batch-only", {"token_type": "batch", "orphan": True, "renewable": False}),
    ("rooted", {"allowed_policies": ["root"]}),
    ("long", {"period": "5000h"}),
    ("addresses", {"bound_cidrs": "10.0.0.0/8, 127.0.0.1/32,::1,10.1.2.3/8"}),
)

_CREATIONS: tuple[tuple[str, dict[str, Json], int], ...] = (
    ("plain", {"policies": ["x"]}, 200),
    ("plain", {"type": "batch", "policies": ["x"]}, 200),
    ("plain", {"type": "nope"}, 400),
    ("plain", {"no_parent": True, "policies": ["x"]}, 200),
    ("plain", {"num_uses": 2, "period": "3h", "explicit_max_ttl": "4h", "policies": ["x"]}, 200),
    ("plain", {"entity_alias": "a"}, 400),
    ("plain", {"role_name": "other", "policies": ["x"]}, 200),
    ("periodic", {"period": "1h", "policies": ["x"]}, 200),
    ("periodic", {"period": "9h", "policies": ["x"]}, 200),
    ("periodic", {"ttl": "9h", "policies": ["x"]}, 200),
    ("explicit", {"explicit_max_ttl": "1h", "policies": ["x"]}, 200),
    ("explicit", {"explicit_max_ttl": "9h", "policies": ["x"]}, 200),
    ("explicit", {"ttl": "9h", "policies": ["x"]}, 200),
    ("explicit", {}, 200),
    ("limited", {"num_uses": 5, "policies": ["x"]}, 200),
    ("limited", {"num_uses": 1, "policies": ["x"]}, 200),
    ("allowed", {"policies": ["a", "default"]}, 200),
    ("undefault", {"policies": ["x"]}, 200),
    ("undefault", {"policies": ["x", "default"]}, 400),
    ("aliases", {"entity_alias": "zz"}, 400),
    ("batch", {"policies": ["x"]}, 200),
    ("batch", {"policies": ["x"], "type": "service"}, 200),
    ("batch", {}, 400),
    ("batch-only", {"policies": ["x"], "period": "1h"}, 400),
    ("batch-only", {"policies": ["x"], "num_uses": 1}, 400),
    ("long", {"policies": ["x"]}, 200),
)

_BY_MAKER: tuple[tuple[str, dict[str, Json], int], ...] = (
    ("plain", {}, 200),
    ("plain", {"policies": ["x"]}, 400),
    ("plain", {"period": "1h"}, 400),
    ("plain", {"id": "own"}, 400),
    ("plain", {"no_parent": True}, 200),
    ("periodic", {}, 200),
    ("batch", {}, 200),
    ("allowed", {}, 200),
    ("undefault", {}, 400),
    ("rooted", {"policies": ["root"]}, 400),
)

_CHANGES: tuple[tuple[str, dict[str, Json], int], ...] = (
    ("allowed", {"orphan": True}, 204),
    ("allowed", {"allowed_policies": []}, 204),
    ("periodic", {"period": "3h"}, 204),
    ("addresses", {"bound_cidrs": "10.0.0.0/8", "token_bound_cidrs": "127.0.0.1"}, 200),
    ("explicit", {"explicit_max_ttl": "1h", "token_explicit_max_ttl": "2h"}, 200),
    ("suffix", {"path_suffix": "a"}, 400),
    ("suffix", {"path_suffix": "ab/c"}, 400),
    ("suffix", {"path_suffix": "ab.c"}, 204),
    ("plain", {"token_period": -1}, 400),
    ("plain", {"token_num_uses": -1}, 400),
    ("plain", {"token_type": "batch", "orphan": True}, 400),
    ("plain", {"token_type": "batch", "orphan": True, "renewable": False, "token_period": "1h"}, 400),
    ("plain", {"token_type": "batch", "orphan": True, "renewable": False, "token_explicit_max_ttl": "1h"}, 400),
    ("plain", {"foo": 1}, 204),
)

_roles = Scenario(
    "auth-token-roles-edges",
    servers=Servers.FRESH,
    steps=(
        *(
            step
            for name, body in _ROLES
            for step in (
                Step(f"write {name}", f"POST auth/token/roles/{name}", 204, body),
                Step(f"read {name}", f"GET auth/token/roles/{name}", 200),
            )
        ),
        *(
            Step(f"create {index} with {name}", f"POST auth/token/create/{name}", status, body)
            for index, (name, body, status) in enumerate(_CREATIONS)
        ),
        Step(
            "create with suffix",
            "POST auth/token/create/suffix",
            200,
            {"policies": ["default"]},
            saves={"suffixed": "auth.client_token"},
        ),
        Step("look up with suffix", "POST auth/token/lookup", 200, {"token": "{suffixed}"}),
        Step(
            "policy",
            "POST sys/policies/acl/maker",
            204,
            {"policy": 'path "auth/token/create/*" { capabilities = ["update"] }'},
        ),
        Step("maker", "POST auth/token/create", 200, {"policies": ["maker"]}, saves={"maker": "auth.client_token"}),
        *(
            Step(f"maker creates {index} with {name}", f"POST auth/token/create/{name}", status, body, token="{maker}")
            for index, (name, body, status) in enumerate(_BY_MAKER)
        ),
        *(
            step
            for index, (name, body, status) in enumerate(_CHANGES)
            for step in (
                Step(f"change {index} of {name}", f"POST auth/token/roles/{name}", status, body),
                Step(f"read {name} after {index}", f"GET auth/token/roles/{name}", 200),
            )
        ),
        Step("list", "LIST auth/token/roles", 200),
        Step("list some", "LIST auth/token/roles?limit=2", 200),
        Step("get roles", "GET auth/token/roles", 405),
        Step("a name with a dot", "POST auth/token/roles/x.y", 204, {}),
        Step("a name with a hyphen", "POST auth/token/roles/-x", 404, {}),
        Step("a deeper name", "POST auth/token/roles/a/b", 404, {}),
        Step("an upper name", "POST auth/token/roles/UP", 204, {}),
        Step("the lower name", "GET auth/token/roles/up", 404),
        Step("get create", "GET auth/token/create/plain", 405),
        Step(
            "to renew",
            "POST auth/token/create/plain",
            200,
            {"policies": ["default"], "ttl": "1h"},
            saves={"renewed": "auth.client_token"},
        ),
        Step("a period comes", "POST auth/token/roles/plain", 204, {"token_period": "5m"}),
        Step("renew", "POST auth/token/renew-self", 200, {}, token="{renewed}"),
        Step("delete", "DELETE auth/token/roles/plain", 204),
        Step("renew without a role", "POST auth/token/renew-self", 500, {}, token="{renewed}"),
        Step("tidy", "POST auth/token/tidy", 202, {}),
        Step("get tidy", "GET auth/token/tidy", 405),
    ),
)

_LIMITS: tuple[tuple[str, dict[str, Json], dict[str, Json]], ...] = (
    ("explicit", {"token_explicit_max_ttl": "2h"}, {}),
    ("explicit-older", {"explicit_max_ttl": "2h"}, {}),
    ("period", {"token_period": "1h"}, {}),
    ("period-older", {"period": "1h"}, {}),
    ("both", {"token_period": "1h", "token_explicit_max_ttl": "2h"}, {}),
    ("lesser-period", {"token_period": "1h"}, {"period": "30m"}),
    ("greater-period", {"token_period": "1h"}, {"period": "2h"}),
    ("lesser-explicit", {"token_explicit_max_ttl": "2h"}, {"explicit_max_ttl": "1h"}),
    ("greater-explicit", {"token_explicit_max_ttl": "1h"}, {"explicit_max_ttl": "2h", "ttl": "50m"}),
    ("own", {}, {"period": "1h", "explicit_max_ttl": "3h"}),
    ("beyond", {"token_explicit_max_ttl": "700h"}, {}),
)
"""A name, what the role limits, and what a token of it asks for."""

_AT_THE_LIMIT = ("explicit", "explicit-older", "lesser-explicit", "beyond")
"""Their tokens live as long as they may from the start."""

_limits = Scenario(
    "auth-token-roles-limits",
    servers=Servers.FRESH,
    steps=(
        *(
            step
            for name, role, asked in _LIMITS
            for step in (
                Step(f"role {name}", f"POST auth/token/roles/{name}", 204, role),
                Step(f"create {name}", f"POST auth/token/create/{name}", 200, {"policies": ["default"], **asked},
                     saves={"it": "auth.client_token", "accessor": "auth.accessor"}),
                Step(f"look up {name}", "POST auth/token/lookup", 200, {"token": "{it}"}),
                Step(f"look up {name} by accessor", "POST auth/token/lookup-accessor", 200, {"accessor": "{accessor}"}),
                # Without an increment, a second that has passed decides whether a token at its limit is capped.
                Step(f"renew {name}", "POST auth/token/renew", 200,
                     {"token": "{it}"} | ({"increment": "900h"} if name in _AT_THE_LIMIT else {}),
                     countdowns=("auth.lease_duration", "warnings.*")),
                Step(f"renewed {name}", "POST auth/token/lookup", 200, {"token": "{it}"}),
            )
        ),
        Step("create own again", "POST auth/token/create/own", 200, {"policies": ["default"], "period": "1h"},
             saves={"it": "auth.client_token"}),
        Step("renew own for longer", "POST auth/token/renew", 200, {"token": "{it}", "increment": "5h"}),
        Step("renewed own for longer", "POST auth/token/lookup", 200, {"token": "{it}"}),
        *(
            step
            for name, before, after, asked in (
                ("lengthened", "1h", "9h", {}),
                ("shortened", "9h", "1h", {}),
                ("lifted", "1h", "0", {"explicit_max_ttl": "2h"}),
            )
            for step in (
                Step(f"role {name}", f"POST auth/token/roles/{name}", 204, {"token_explicit_max_ttl": before}),
                Step(f"create {name}", f"POST auth/token/create/{name}", 200,
                     {"policies": ["default"], "ttl": "50m", **asked}, saves={"it": "auth.client_token"}),
                Step(f"role {name} then", f"POST auth/token/roles/{name}", 204, {"token_explicit_max_ttl": after}),
                Step(f"renew {name}", "POST auth/token/renew", 200, {"token": "{it}", "increment": "5h"},
                     ignores=("warnings.*",), countdowns=("auth.lease_duration",)),
                Step(f"renewed {name}", "POST auth/token/lookup", 200, {"token": "{it}"}),
            )
        ),
    ),
)  # fmt: skip

SCENARIOS = (_leases, _wrapping, _cubbyhole, _roles, _limits)
