"""sys: secrets engines and auth methods, mounted, tuned, moved and shown."""

from __future__ import annotations

from tests.conformance.steps import NO_TOKEN, Json, Scenario, Servers, Step

_ENABLE_ERRORS: tuple[tuple[str, str, dict[str, Json], int], ...] = (
    ("no type", "{m}", {}, 400),
    ("empty type", "{m}", {"type": ""}, 400),
    ("unknown type", "{m}", {"type": "nope"}, 400),
    ("type a list", "{m}", {"type": []}, 400),
    ("sys", "sys", {"type": "transit"}, 400),
    ("below sys", "sys/x", {"type": "transit"}, 400),
    ("auth", "auth", {"type": "transit"}, 400),
    ("below auth", "auth/x", {"type": "transit"}, 400),
    ("cubbyhole", "cubbyhole", {"type": "transit"}, 400),
    ("identity", "identity", {"type": "transit"}, 400),
    ("type cubbyhole", "{m}", {"type": "cubbyhole"}, 400),
    (
        "default above maximum",
        "{m}",
        {"type": "transit", "config": {"default_lease_ttl": "2h", "max_lease_ttl": "1h"}},
        400,
    ),
    ("default above the system's", "{m}", {"type": "transit", "config": {"default_lease_ttl": "10000h"}}, 400),
    ("default garbage", "{m}", {"type": "transit", "config": {"default_lease_ttl": "abc"}}, 400),
    ("maximum garbage", "{m}", {"type": "transit", "config": {"max_lease_ttl": "abc"}}, 400),
    ("visibility", "{m}", {"type": "transit", "config": {"listing_visibility": "zz"}}, 400),
    ("config a string", "{m}", {"type": "transit", "config": "abc"}, 400),
    ("description a list", "{m}", {"type": "transit", "description": []}, 400),
    ("local no boolean", "{m}", {"type": "transit", "local": "abc"}, 400),
)

_TUNINGS: tuple[tuple[str, dict[str, Json], int], ...] = (
    ("nothing", {}, 204),
    ("description", {"description": "second"}, 204),
    ("default", {"default_lease_ttl": "1h"}, 204),
    ("maximum", {"max_lease_ttl": 7200}, 204),
    ("maximum below default", {"max_lease_ttl": "30m"}, 400),
    ("default above maximum", {"default_lease_ttl": "3h"}, 400),
    ("default garbage", {"default_lease_ttl": "abc"}, 400),
    ("default back to the system's", {"default_lease_ttl": "0"}, 204),
    ("maximum back to the system's", {"max_lease_ttl": "system"}, 204),
    ("visibility", {"listing_visibility": "unauth"}, 204),
    ("visibility hidden", {"listing_visibility": "hidden"}, 204),
    ("visibility wrong", {"listing_visibility": "zz"}, 400),
    ("visibility empty", {"listing_visibility": ""}, 204),
    ("request keys", {"audit_non_hmac_request_keys": ["a", "b"]}, 204),
    ("request keys as text", {"audit_non_hmac_request_keys": "c,d"}, 204),
    ("response keys", {"audit_non_hmac_response_keys": ["a"]}, 204),
    ("request headers", {"passthrough_request_headers": ["X-A", "X-B"]}, 204),
    ("response headers", {"allowed_response_headers": ["X-C"]}, 204),
    ("options", {"options": {"a": "b"}}, 204),
    ("token type", {"token_type": "batch"}, 400),
    ("lockout", {"user_lockout_config": {"lockout_threshold": "5"}}, 400),
    ("unknown", {"foo": 1}, 204),
)

_shared = Scenario(
    "sys-mounts",
    steps=(
        *(
            Step(f"enable {name}", f"POST sys/mounts/{path}", status, body)
            for name, path, body, status in _ENABLE_ERRORS
        ),
        Step("read one that isn't there", "GET sys/mounts/{m}", 400),
        Step("read the tuning of none", "GET sys/mounts/{m}/tune", 400),
        Step("tune none", "POST sys/mounts/{m}/tune", 400, {"description": "x"}),
        Step("disable none", "DELETE sys/mounts/{m}", 204),
        Step("enable", "POST sys/mounts/{m}", 204, {"type": "transit", "description": "first"}),
        Step("read", "GET sys/mounts/{m}", 200),
        Step("read with a slash", "GET sys/mounts/{m}/", 200),
        Step("enable again", "POST sys/mounts/{m}", 400, {"type": "transit"}),
        Step("enable below", "POST sys/mounts/{m}/below", 400, {"type": "transit"}),
        Step("read below", "GET sys/mounts/{m}/below", 200),
        Step("read the tuning", "GET sys/mounts/{m}/tune", 200),
        *(
            step
            for name, body, status in _TUNINGS
            for step in (
                Step(f"tune {name}", "POST sys/mounts/{m}/tune", status, body),
                Step(f"tuned {name}", "GET sys/mounts/{m}/tune", 200),
            )
        ),
        Step("read after all that", "GET sys/mounts/{m}", 200),
        Step("use it", "POST {m}/keys/k", 200),
        Step("disable", "DELETE sys/mounts/{m}", 204),
        Step("use it no more", "GET {m}/keys/k", 404),
        Step(
            "enable with everything",
            "POST sys/mounts/{m}/deeper/path",
            204,
            {
                "type": "transit",
                "description": "all of it",
                "config": {
                    "default_lease_ttl": "1h",
                    "max_lease_ttl": "48h",
                    "force_no_cache": True,
                    "listing_visibility": "unauth",
                    "audit_non_hmac_request_keys": ["a"],
                    "audit_non_hmac_response_keys": ["b"],
                    "passthrough_request_headers": ["X-A"],
                    "allowed_response_headers": ["X-B"],
                },
                "options": {"x": "y"},
                "seal_wrap": True,
                "local": True,
                "plugin_version": "v9.9.9",
            },
        ),
        Step("read everything", "GET sys/mounts/{m}/deeper/path", 200),
        Step("read its tuning", "GET sys/mounts/{m}/deeper/path/tune", 200),
        Step("enable above", "POST sys/mounts/{m}", 400, {"type": "transit"}),
        Step("keys are empty on a new mount", "LIST {m}/deeper/path/keys", 404),
        Step("disable everything", "DELETE sys/mounts/{m}/deeper/path", 204),
        Step(
            "enable with a negative maximum",
            "POST sys/mounts/{m}",
            400,
            {"type": "transit", "config": {"max_lease_ttl": "-1h"}},
        ),
        Step("enable in upper case", "POST sys/mounts/{m}/UPPER", 204, {"type": "transit"}),
        Step("the case counts", "GET sys/mounts/{m}/upper", 400),
        Step("disable upper case", "DELETE sys/mounts/{m}/UPPER", 204),
        Step("disable sys", "DELETE sys/mounts/sys", 400),
        Step("tuning of sys", "GET sys/mounts/sys/tune", 200),
        Step("read sys", "GET sys/mounts/sys", 200),
        Step("list", "LIST sys/mounts", 404),
        Step("post to the list", "POST sys/mounts", 405, {}),
        Step("without a token", "GET sys/mounts", 403, token=NO_TOKEN),
        Step("enable without a token", "POST sys/mounts/x", 403, {"type": "transit"}, token=NO_TOKEN),
    ),
)

_OPTIONS: tuple[tuple[str, Json], ...] = (
    ("null", None),
    ("empty", {}),
    ("some", {"a": "b"}),
    ("a-null", {"a": None}),
    ("an-empty-one", {"a": ""}),
    ("a-number", {"a": 5}),
)


_TUNED_OPTIONS: tuple[Json, ...] = ({"c": "d"}, {}, None, {"c": ""})


def _with_options(kind: str, name: str, engine: str, options: Json) -> tuple[Step, ...]:
    """A mount with options: made, read in all places, given more, and given none."""
    where = f"{kind} {name}"
    paths = (f"sys/{kind}/{name}", f"sys/{kind}/{name}/tune", f"sys/{kind}")
    reading = tuple(Step(f"read {path} of {where}", f"GET {path}", 200) for path in paths)
    return (
        Step(f"enable {where}", f"POST sys/{kind}/{name}", 204, {"type": engine, "options": options}),
        *reading,
        Step(f"show {where}", "GET sys/internal/ui/mounts", 200),
        *(
            step
            for number, tuned in enumerate(_TUNED_OPTIONS)
            for step in (
                Step(f"tune {where} {number}", f"POST sys/{kind}/{name}/tune", 204, {"options": tuned}),
                Step(f"tuned {where} {number}", f"GET sys/{kind}/{name}", 200),
                Step(f"tuning of {where} {number}", f"GET sys/{kind}/{name}/tune", 200),
            )
        ),
        Step(f"disable {where}", f"DELETE sys/{kind}/{name}", 204),
    )


_options = Scenario(
    "sys-mounts-options",
    servers=Servers.FRESH,
    steps=(
        *(step for name, options in _OPTIONS for step in _with_options("mounts", name, "transit", options)),
        *(step for name, options in _OPTIONS for step in _with_options("auth", name, "approle", options)),
        *(
            Step(f"version {number} of {kind}", f"POST sys/{kind}/v", 400,
                 {"type": engine, "options": {"version": number}})
            for kind, engine in (("mounts", "transit"), ("auth", "approle"))
            for number in ("1", 2, "0")
        ),
        Step("version of an unknown method", "POST sys/auth/v", 400, {"type": "nope", "options": {"version": "2"}}),
        Step("a bad TTL and a version", "POST sys/auth/v", 400,
             {"type": "approle", "options": {"version": "2"}, "config": {"default_lease_ttl": "x"}}),
        *(
            Step(f"no version of {kind}", f"POST sys/{kind}/none", 204, {"type": engine, "options": {"version": ""}})
            for kind, engine in (("mounts", "transit"), ("auth", "approle"))
        ),
    ),
)  # fmt: skip

_listing = Scenario(
    "sys-mounts-listing",
    servers=Servers.FRESH,
    steps=(
        Step("list", "GET sys/mounts", 200),
        Step("list with a slash", "GET sys/mounts/", 404),
        Step("enable", "POST sys/mounts/one", 204, {"type": "transit"}),
        Step("enable another", "POST sys/mounts/a/b", 204, {"type": "transit", "description": "two"}),
        Step("list again", "GET sys/mounts", 200),
        Step("show", "GET sys/internal/ui/mounts", 200),
        Step("show without a token", "GET sys/internal/ui/mounts", 200, token=NO_TOKEN),
        Step("show with a wrong token", "GET sys/internal/ui/mounts", 403, token="nope"),
        Step("show one", "GET sys/internal/ui/mounts/one", 200),
        Step("show one with a slash", "GET sys/internal/ui/mounts/one/", 200),
        Step("show below one", "GET sys/internal/ui/mounts/one/keys/k", 200),
        Step("show a missing one", "GET sys/internal/ui/mounts/nope", 403),
        Step("show an auth method", "GET sys/internal/ui/mounts/auth/token", 200),
        Step("visible", "POST sys/mounts/one/tune", 204, {"listing_visibility": "unauth"}),
        Step("show the visible without a token", "GET sys/internal/ui/mounts", 200, token=NO_TOKEN),
        Step("token", "POST auth/token/create", 200, {"policies": ["default"]}, saves={"plain": "auth.client_token"}),
        Step("show with default", "GET sys/internal/ui/mounts", 200, token="{plain}"),
        Step("show one with default", "GET sys/internal/ui/mounts/one", 403, token="{plain}"),
        Step("show a hidden one with default", "GET sys/internal/ui/mounts/a/b", 403, token="{plain}"),
        Step("policy", "POST sys/policies/acl/p", 204, {"policy": 'path "a/b/keys/*" { capabilities = ["read"] }'}),
        Step(
            "token with that",
            "POST auth/token/create",
            200,
            {"policies": ["p"]},
            saves={"granted": "auth.client_token"},
        ),
        Step("show with a policy", "GET sys/internal/ui/mounts", 200, token="{granted}"),
        Step("show one with a policy", "GET sys/internal/ui/mounts/a/b", 200, token="{granted}"),
        Step("resultant acl", "GET sys/internal/ui/resultant-acl", 200, token="{granted}"),
        Step("resultant acl of default", "GET sys/internal/ui/resultant-acl", 200, token="{plain}"),
        Step("resultant acl of root", "GET sys/internal/ui/resultant-acl", 200),
        Step("resultant acl without a token", "GET sys/internal/ui/resultant-acl", 403, token=NO_TOKEN),
        Step("feature flags", "GET sys/internal/ui/feature-flags", 403, token=NO_TOKEN),
        Step("auth methods", "GET sys/auth", 200),
    ),
)

_remount = Scenario(
    "sys-remount",
    engine="transit",
    steps=(
        Step("key", "POST {m}/keys/k", 200),
        Step("encrypt", "POST {m}/encrypt/k", 200, {"plaintext": "YQ=="}, saves={"ciphertext": "data.ciphertext"}),
        Step("nothing", "POST sys/remount", 400, {}),
        Step("only from", "POST sys/remount", 400, {"from": "{m}"}),
        Step("no such mount", "POST sys/remount", 400, {"from": "{m}-nope", "to": "{m}-to"}),
        Step("onto itself", "POST sys/remount", 400, {"from": "{m}", "to": "{m}"}),
        Step("from sys", "POST sys/remount", 400, {"from": "sys", "to": "{m}-to"}),
        Step("to sys", "POST sys/remount", 400, {"from": "{m}", "to": "sys"}),
        Step("to below sys", "POST sys/remount", 400, {"from": "{m}", "to": "sys/x"}),
        Step("to an auth path", "POST sys/remount", 400, {"from": "{m}", "to": "auth/x"}),
        Step("from token", "POST sys/remount", 400, {"from": "auth/token", "to": "auth/{m}"}),
        Step("move", "POST sys/remount", 200, {"from": "{m}", "to": "{m}-to"}, saves={"id": "migration_id"}),
        Step("status", "GET sys/remount/status/{id}", 200, ignores=("data.migration_info.status",)),
        Step("there", "POST {m}-to/decrypt/k", 200, {"ciphertext": "{ciphertext}"}, until=True),
        Step("no longer here", "GET {m}/keys/k", 404, until=True),
        Step("status of nothing", "GET sys/remount/status/nope", 404),
        Step("get", "GET sys/remount", 405),
        Step("move back", "POST sys/remount", 200, {"from": "{m}-to/", "to": "{m}/"}),
        Step("here again", "POST {m}/decrypt/k", 200, {"ciphertext": "{ciphertext}"}, until=True),
    ),
)

_AUTH_ERRORS: tuple[tuple[str, str, dict[str, Json], int], ...] = (
    ("no type", "{m}", {}, 400),
    ("unknown type", "{m}", {"type": "nope"}, 400),
    ("token", "{m}", {"type": "token"}, 400),
    ("over token", "token", {"type": "token"}, 400),
    ("a secrets engine", "{m}", {"type": "transit"}, 400),
    ("config garbage", "{m}", {"type": "nope", "config": {"default_lease_ttl": "abc"}}, 400),
)

_auth = Scenario(
    "sys-auth",
    steps=(
        *(Step(f"enable {name}", f"POST sys/auth/{path}", status, body) for name, path, body, status in _AUTH_ERRORS),
        Step("read token", "GET sys/auth/token", 200),
        Step("read one that isn't there", "GET sys/auth/{m}", 400),
        Step("tuning of token", "GET sys/auth/token/tune", 200),
        Step("tuning of none", "GET sys/auth/{m}/tune", 400),
        Step("tuning of token by its mount", "GET sys/mounts/auth/token/tune", 200),
        Step("tune none", "POST sys/auth/{m}/tune", 400, {"description": "x"}),
        Step("tune token type", "POST sys/auth/token/tune", 400, {"token_type": "nope"}),
        Step("disable token", "DELETE sys/auth/token", 400),
        Step("disable none", "DELETE sys/auth/{m}", 204),
        Step("list", "LIST sys/auth", 404),
        Step("post to the list", "POST sys/auth", 405, {}),
        Step("without a token", "GET sys/auth", 403, token=NO_TOKEN),
    ),
)

_auth_tuning = Scenario(
    "sys-auth-tuning",
    servers=Servers.FRESH,
    steps=(
        Step("description", "POST sys/auth/token/tune", 204, {"description": "mine"}),
        Step("shorter", "POST sys/auth/token/tune", 204, {"default_lease_ttl": "1h", "max_lease_ttl": "2h"}),
        Step("tuned", "GET sys/auth/token/tune", 200),
        Step("create", "POST auth/token/create", 200, {"policies": ["a"]}),
        Step("create with a longer ttl", "POST auth/token/create", 200, {"policies": ["a"], "ttl": "3h"}),
        Step("create with a longer period", "POST auth/token/create", 200, {"policies": ["a"], "period": "3h"}),
        Step("list", "GET sys/auth", 200),
    ),
)

_built_in = Scenario(
    "sys-mounts-built-in",
    steps=(
        Step("disable cubbyhole", "DELETE sys/mounts/cubbyhole", 400),
        Step("disable identity", "DELETE sys/mounts/identity", 400),
        Step("tune cubbyhole", "POST sys/mounts/cubbyhole/tune", 400, {"default_lease_ttl": "1h"}),
        Step("tuning of cubbyhole", "GET sys/mounts/cubbyhole/tune", 200),
        Step("read cubbyhole", "GET sys/mounts/cubbyhole", 200),
        Step("namespaces", "GET sys/internal/ui/namespaces", 200),
    ),
)

SCENARIOS = (_shared, _listing, _remount, _auth, _auth_tuning, _built_in, _options)
