"""The jwt method: where keys come from, what roles ask for, which tokens are taken, and the words for the others."""

from __future__ import annotations

import functools
import json
import time
from collections.abc import Callable, Mapping
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tests.conformance.steps import NO_TOKEN, Json, Scenario, Step

_NOWHERE = "http://127.0.0.1:1/keys"


@functools.cache
def _keys() -> dict[str, Any]:
    return {
        "RS256": rsa.generate_private_key(65537, 2048),
        "ES256": ec.generate_private_key(ec.SECP256R1()),
        "EdDSA": ed25519.Ed25519PrivateKey.generate(),
        "other": ec.generate_private_key(ec.SECP256R1()),
    }


def _pems(saved: Mapping[str, str]) -> Mapping[str, str]:
    names = {"RS256": "rsa", "ES256": "ec", "EdDSA": "ed"}
    return {
        name: _keys()[algorithm].public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
        for algorithm, name in names.items()
    }


Claims = Mapping[str, Any]


def _token(
    claims: Claims, algorithm: str = "ES256", key: str | None = None, headers: dict[str, Any] | None = None
) -> Callable[[Mapping[str, str]], Mapping[str, str]]:
    """Makes a token when it is needed; numbers of claims that are times count from then, and None leaves one out."""

    def prepare(saved: Mapping[str, str]) -> Mapping[str, str]:
        now = int(time.time())
        made = {"sub": "s", "aud": "aud", "iss": "me", "iat": 0, "exp": 600, **claims}
        for name in ("iat", "exp", "nbf"):
            if isinstance(made.get(name), int):
                made[name] += now
        payload = {name: value for name, value in made.items() if value is not None}
        secret = {"HS256": "x" * 40, "none": None}.get(algorithm, _keys().get(key or algorithm, _keys()["RS256"]))
        return {"made": jwt.api_jws.encode(json.dumps(payload).encode(), secret, algorithm, headers)}

    return prepare


def _login(name: str, claims: Claims, status: int = 400, **made: Any) -> Step:
    return Step(
        f"log in {name}",
        "POST auth/{m}/login",
        status,
        {"role": "r", "jwt": "{made}"},
        token=NO_TOKEN,
        prepares=_token(claims, **made),
    )


def _role(name: str, **settings: Json) -> tuple[Step, Step]:
    body: dict[str, Json] = {"role_type": "jwt", "user_claim": "sub", "bound_audiences": "aud", **settings}
    return (
        Step(f"no role before {name}", "DELETE auth/{m}/role/r", 204),
        Step(f"role {name}", "POST auth/{m}/role/r", 204, body),
    )


_ENABLE = Step("enable", "POST sys/auth/{m}", 204, {"type": "jwt"})
_DISABLE = Step("disable", "DELETE sys/auth/{m}", 204)
_CONFIGURE = Step(
    "configure",
    "POST auth/{m}/config",
    204,
    {"jwt_validation_pubkeys": ["{rsa}", "{ec}", "{ed}"], "bound_issuer": "me", "default_role": "R"},
    prepares=_pems,
)

_CONFIGS: tuple[tuple[str, dict[str, Json], int], ...] = (
    ("nothing", {}, 400),
    ("a key that is none", {"jwt_validation_pubkeys": "zz"}, 400),
    ("two sources", {"jwt_validation_pubkeys": "{ec}", "jwks_url": _NOWHERE}, 400),
    ("two urls", {"oidc_discovery_url": "x", "jwks_url": "y"}, 400),
    ("a url that is none", {"jwks_url": "zz"}, 400),
    ("a url of nobody", {"jwks_url": _NOWHERE}, 400),
    ("a url of nobody, unchecked", {"jwks_url": _NOWHERE, "skip_jwks_validation": True}, 200),
    ("a certificate that is none", {"jwks_url": _NOWHERE, "jwks_ca_pem": "zz"}, 400),
    ("a provider that is nobody", {"oidc_discovery_url": _NOWHERE}, 400),
    ("a provider that is nobody, unchecked", {"oidc_discovery_url": _NOWHERE, "skip_jwks_validation": True}, 200),
    ("a provider's certificate that is none", {"oidc_discovery_url": _NOWHERE, "oidc_discovery_ca_pem": "zz"}, 400),
    ("hs256", {"jwt_validation_pubkeys": "{ec}", "jwt_supported_algs": "HS256"}, 400),
    ("none", {"jwt_validation_pubkeys": "{ec}", "jwt_supported_algs": ["ES256", "none"]}, 400),
    ("a client id alone", {"jwt_validation_pubkeys": "{ec}", "oidc_client_id": "x"}, 400),
    ("a secret alone", {"jwt_validation_pubkeys": "{ec}", "oidc_client_secret": "x"}, 400),
    ("a bad response mode", {"jwt_validation_pubkeys": "{ec}", "oidc_response_mode": "zz"}, 400),
    ("a provider without a name", {"jwt_validation_pubkeys": "{ec}", "provider_config": {"a": "b"}}, 400),
    (
        "a provider's settings that aren't any",
        {"jwt_validation_pubkeys": "{ec}", "provider_config": {"provider": "zz"}},
        400,
    ),
    ("a provider that is a number", {"jwt_validation_pubkeys": "{ec}", "provider_config": {"provider": 1}}, 400),
    ("azure", {"jwt_validation_pubkeys": "{ec}", "provider_config": {"provider": "azure"}}, 204),
    ("one key", {"jwt_validation_pubkeys": "{ec}", "jwt_supported_algs": "ES256", "default_role": "DEF"}, 204),
)

_BEFORE_ANY = {name for name, _, _ in _CONFIGS[:6]}

_config = Scenario(
    "auth-jwt-config",
    steps=(
        _ENABLE,
        Step("read none", "GET auth/{m}/config", 404),
        Step("delete", "DELETE auth/{m}/config", 405),
        Step("log in before", "POST auth/{m}/login", 400, {"role": "r", "jwt": "x"}, token=NO_TOKEN),
        *(
            step
            for name, body, status in _CONFIGS
            for step in (
                Step(f"write {name}", "POST auth/{m}/config", status, body, prepares=_pems),
                Step(f"read after {name}", "GET auth/{m}/config", 404 if name in _BEFORE_ANY else 200),
            )
        ),
        Step("get login", "GET auth/{m}/login", 405, token=NO_TOKEN),
        Step("unknown path", "GET auth/{m}/nothing", 404),
        _DISABLE,
    ),
)

_ROLES: tuple[tuple[dict[str, Json], int], ...] = (
    ({}, 400),
    ({"role_type": "zz"}, 400),
    ({"role_type": "jwt"}, 400),
    ({"role_type": "jwt", "user_claim": "sub"}, 400),
    ({"role_type": "jwt", "user_claim": "sub", "claim_mappings": {"a": "b"}}, 400),
    ({"role_type": "oidc", "user_claim": "sub"}, 400),
    ({"role_type": "jwt", "user_claim": "sub", "bound_audiences": "aud"}, 204),
    ({"role_type": "jwt", "bound_subject": "s"}, 204),
    ({"bound_subject": "t"}, 400),
    ({"role_type": "jwt", "bound_claims": {"a": ["b", 2, True], "c": 1}}, 204),
    ({"role_type": "jwt", "bound_claims": "zz"}, 400),
    ({"role_type": "jwt", "bound_claims_type": "zz"}, 400),
    ({"role_type": "jwt", "bound_claims": {"a": 1}, "bound_claims_type": "glob"}, 400),
    ({"role_type": "jwt", "bound_claims": {"a": ["x*", True]}, "bound_claims_type": "glob"}, 400),
    ({"role_type": "jwt", "bound_claims": {"a": ["x*"]}, "bound_claims_type": "glob"}, 204),
    ({"role_type": "jwt", "claim_mappings": {"a": "b", "c": "b"}}, 400),
    ({"role_type": "jwt", "claim_mappings": {"a": "role"}}, 400),
    ({"role_type": "jwt", "claim_mappings": {"a": "x"}}, 204),
    ({"role_type": "jwt", "clock_skew_leeway": -5, "expiration_leeway": "5m", "not_before_leeway": -1}, 204),
    ({"role_type": "jwt", "expiration_leeway": "zz"}, 400),
    ({"role_type": "jwt", "user_claim": ""}, 400),
    ({"role_type": "jwt", "user_claim": "/a", "user_claim_json_pointer": True, "groups_claim": "g"}, 204),
    ({"role_type": "jwt", "max_age": "1h", "oidc_scopes": "a,b", "allowed_redirect_uris": "x"}, 204),
    ({"role_type": "jwt", "oauth2_metadata": "zz"}, 400),
    ({"role_type": "jwt", "callback_mode": "zz"}, 400),
    ({"role_type": "jwt", "callback_mode": "direct"}, 204),
    ({"role_type": "jwt", "callback_mode": "device", "poll_interval": 7, "oidc_disable_confirmation": True}, 204),
    ({"role_type": "jwt", "token_ttl": "2h", "token_max_ttl": "1h"}, 400),
    ({"role_type": "jwt", "period": "2000h"}, 400),
    ({"role_type": "jwt", "token_period": "2000h"}, 400),
    ({"role_type": "jwt", "token_type": "default-batch"}, 400),
    ({"role_type": "jwt", "token_bound_cidrs": "nope"}, 400),
    ({"role_type": "jwt", "policies": "A,b", "ttl": "5m", "max_ttl": "10m", "period": "1m", "num_uses": 3}, 204),
    ({"role_type": "jwt", "token_policies": "Z", "bound_cidrs": "10.0.0.0/8", "bound_audiences": ""}, 204),
    ({"role_type": "jwt", "verbose_oidc_logging": True}, 200),
    ({"role_type": "oidc"}, 200),
)

_roles = Scenario(
    "auth-jwt-roles",
    steps=(
        _ENABLE,
        Step("list none", "LIST auth/{m}/role", 404),
        *(
            step
            for number, (body, status) in enumerate(_ROLES)
            for step in (
                Step(f"write {number}", "POST auth/{m}/role/Role", status, body),
                Step(f"read after {number}", "GET auth/{m}/role/role", 404 if number < 6 else 200),
            )
        ),
        Step("list", "LIST auth/{m}/role", 200),
        Step("read none", "GET auth/{m}/role/nope", 404),
        Step("get the list", "GET auth/{m}/role", 405),
        Step("bad name", "POST auth/{m}/role/-x", 404, {"role_type": "jwt"}),
        Step("delete", "DELETE auth/{m}/role/role", 204),
        Step("delete again", "DELETE auth/{m}/role/role", 204),
        _DISABLE,
    ),
)

_logins = Scenario(
    "auth-jwt-logins",
    steps=(
        _ENABLE,
        _CONFIGURE,
        *_role("plain", token_policies="B,a", token_ttl="10m"),
        Step(
            "log in plain",
            "POST auth/{m}/login",
            200,
            {"role": "R", "jwt": "{made}"},
            token=NO_TOKEN,
            prepares=_token({}),
            saves={"token": "auth.client_token"},
        ),
        Step("look up", "GET auth/token/lookup-self", 200, token="{token}"),
        Step("renew", "POST auth/token/renew-self", 200, {}, token="{token}"),
        Step("default role", "POST auth/{m}/login", 200, {"jwt": "{made}"}, token=NO_TOKEN, prepares=_token({})),
        Step("no such role", "POST auth/{m}/login", 400, {"role": "nope", "jwt": "x"}, token=NO_TOKEN),
        Step("no token", "POST auth/{m}/login", 400, {"role": "r"}, token=NO_TOKEN),
        Step("two parts", "POST auth/{m}/login", 400, {"role": "r", "jwt": "a.b"}, token=NO_TOKEN),
        *(_login(f"with {name}", {}, 200, algorithm=name) for name in ("RS256", "RS512", "PS256", "EdDSA")),
        _login("with another's key", {}, key="other"),
        _login("with HS256", {}, algorithm="HS256"),
        _login("with none", {}, algorithm="none"),
        _login("with an unknown key id", {}, 200, headers={"kid": "zz"}),
        _login("for another audience", {"aud": "x"}),
        _login("for one of the audiences", {"aud": ["x", "aud"]}, 200),
        _login("for no audience", {"aud": None}),
        _login("from another issuer", {"iss": "x"}),
        _login("from no issuer", {"iss": None}),
        _login("expired", {"exp": -100}),
        _login("just expired", {"exp": -30}, 200),
        _login("too early", {"nbf": 100}),
        _login("a little early", {"nbf": 30}, 200),
        _login("issued later", {"iat": 100}),
        _login("issued later, valid before", {"iat": 100, "nbf": 0}),
        _login("without an end", {"exp": None}, 200),
        _login("without an end, old", {"exp": None, "iat": -300}),
        _login("without an end, not so old", {"exp": None, "iat": -190}, 200),
        _login("without times", {"exp": None, "iat": None}),
        _login("with a start alone", {"exp": None, "iat": None, "nbf": 0}, 200),
        _login("with a late end alone", {"iat": None}),
        _login("with an end alone", {"iat": None, "exp": 100}, 200),
        _login("everything wrong", {"iss": "z", "aud": "q", "exp": -900}),
        _login("audience and end wrong", {"aud": "q", "exp": -900}),
        _login("start and end wrong", {"nbf": 900, "exp": -900}),
        _login("without a user", {"sub": None}),
        *_role("with a subject", bound_subject="s", bound_audiences=""),
        _login("with an audience that nobody asked for", {}),
        _login("with the subject", {"aud": None}, 200),
        _login("with another subject", {"aud": None, "sub": "t"}),
        *_role("with a user claim", user_claim="u"),
        *(
            _login(f"with {value!r} for a user", {"u": value}, status)
            for value, status in (("al", 200), (5, 400), (5.5, 400), (True, 400), ("", 500), (["a"], 400))
        ),
        *_role("with a user pointer", user_claim="/a/b", user_claim_json_pointer=True),
        _login("with a user below", {"a": {"b": "x"}}, 200),
        _login("with no user below", {"a": {}}),
        *_role("without leeway", clock_skew_leeway=-1, expiration_leeway=-1),
        _login("expired, without leeway", {"exp": -5}),
        _login("without an end, without leeway", {"exp": None, "iat": -5}),
        *_role("with leeway", clock_skew_leeway="5m", expiration_leeway="10m"),
        _login("expired, with leeway", {"exp": -200}, 200),
        _login("without an end, with leeway", {"exp": None, "iat": -800}, 200),
        _login("without an end, with too little leeway", {"exp": None, "iat": -1000}),
        *_role("from elsewhere", token_bound_cidrs="10.0.0.0/8"),
        _login("from elsewhere", {}, 403),
        Step("no token from elsewhere", "POST auth/{m}/login", 400, {"role": "r"}, token=NO_TOKEN),
        *_role("for browsers", role_type="oidc", allowed_redirect_uris="http://x/y"),
        _login("as a browser", {}),
        *_role("root", token_policies="root"),
        _login("as root", {}),
        Step("no role at last", "DELETE auth/{m}/role/r", 204),
        Step("renew when gone", "POST auth/token/renew-self", 500, {}, token="{token}"),
        _DISABLE,
        Step("its token is revoked", "GET auth/token/lookup-self", 403, token="{token}", until=True),
    ),
)

_BOUND: tuple[tuple[str, dict[str, Json], tuple[tuple[Claims, int], ...]], ...] = (
    (
        "text",
        {"bound_claims": {"c": "v"}},
        (({"c": "v"}, 200), ({"c": "w"}, 400), ({}, 400), ({"c": ["w", "v"]}, 200), ({"c": 5}, 400)),
    ),
    (
        "texts",
        {"bound_claims": {"c": ["v", "w"]}},
        (({"c": "w"}, 200), ({"c": "x"}, 400), ({"c": ["x", "w"]}, 200)),
    ),
    ("below", {"bound_claims": {"/d/e": "z"}}, (({"d": {"e": "z"}}, 200), ({"d": {"e": ["y"]}}, 400), ({"d": 1}, 400))),
    ("number", {"bound_claims": {"c": 5}}, (({"c": 5}, 200), ({"c": "5"}, 400), ({"c": 5.0}, 200))),
    ("boolean", {"bound_claims": {"c": True}}, (({"c": True}, 200), ({"c": "true"}, 400), ({"c": 1}, 400))),
    ("digits", {"bound_claims": {"c": "5"}}, (({"c": 5}, 400),)),
    ("nothing", {"bound_claims": {"c": []}}, (({"c": "x"}, 400),)),
    ("empty", {"bound_claims": {"c": ""}}, (({"c": ""}, 200), ({}, 400))),
    ("mixed", {"bound_claims": {"c": ["a", 5]}}, (({"c": 5}, 200), ({"c": "5"}, 400))),
    (
        "glob",
        {"bound_claims": {"c": "a*"}, "bound_claims_type": "glob"},
        (({"c": "abc"}, 200), ({"c": "xabc"}, 400), ({"c": ["x", "ab"]}, 200), ({"c": 5}, 400), ({"c": "ABC"}, 400)),
    ),
    (
        "globs",
        {"bound_claims": {"c": ["*a*b?", "x*y"]}, "bound_claims_type": "glob"},
        (({"c": "xaxxb?"}, 200), ({"c": "xaxxbz"}, 400), ({"c": "xy"}, 200), ({"c": "x"}, 400), ({"c": "ab?"}, 200)),
    ),
    (
        "star",
        {"bound_claims": {"c": "*"}, "bound_claims_type": "glob"},
        (({"c": ""}, 200), ({"c": "anything"}, 200)),
    ),
    (
        "metadata",
        {"claim_mappings": {"e": "m", "/n/x": "nx"}},
        (
            ({"e": "1", "n": {"x": "y"}}, 200),
            ({"e": ""}, 200),
            ({"e": 5}, 400),
            ({"e": True}, 400),
            ({"e": ["a"]}, 400),
        ),
    ),
    (
        "groups",
        {"groups_claim": "g"},
        (({"g": ["a", "b"]}, 200), ({"g": "a"}, 200), ({}, 400), ({"g": [1]}, 400), ({"g": {"a": 1}}, 400)),
    ),
    (
        "order",
        {"user_claim": "u", "claim_mappings": {"e": "m"}, "groups_claim": "g", "bound_claims": {"c": "x"}},
        (({"e": 1}, 400), ({"e": 1, "u": "x"}, 400), ({"e": "1", "u": "x"}, 400), ({"u": "x", "g": "a"}, 400)),
    ),
    ("nothing to spare", {"token_num_uses": 3, "token_no_default_policy": True, "token_policies": "p"}, (({}, 200),)),
)

_bound = Scenario(
    "auth-jwt-claims",
    steps=(
        _ENABLE,
        _CONFIGURE,
        *(
            step
            for name, role, logins in _BOUND
            for step in (
                *_role(name, **role),
                *(_login(f"{name} {number}", claims, status) for number, (claims, status) in enumerate(logins)),
            )
        ),
        Step(
            "one algorithm",
            "POST auth/{m}/config",
            204,
            {"jwt_validation_pubkeys": ["{rsa}", "{ec}"], "jwt_supported_algs": "RS256"},
            prepares=_pems,
        ),
        *_role("plain"),
        _login("with the algorithm", {}, 200, algorithm="RS256"),
        _login("with another algorithm", {}),
        _DISABLE,
    ),
)

_groups = Scenario(
    "identity-jwt-groups",
    steps=(
        _ENABLE,
        _CONFIGURE,
        Step("mount", "GET sys/auth/{m}", 200, saves={"accessor": "data.accessor"}),
        *(
            step
            for name in ("dev", "ops")
            for step in (
                Step(
                    f"group {name}",
                    "POST identity/group",
                    200,
                    {"name": f"jg-{name}", "type": "external", "policies": f"p-{name}"},
                    saves={name: "data.id"},
                ),
                Step(
                    f"alias {name}",
                    "POST identity/group-alias",
                    200,
                    {"name": name, "mount_accessor": "{accessor}", "canonical_id": f"{{{name}}}"},
                ),
            )
        ),
        *_role("with groups", groups_claim="g", claim_mappings={"e": "mail"}, token_ttl="10m"),
        _login("as dev", {"g": ["dev", "unknown"], "e": "a@example.com"}, 200),
        Step("dev has a member", "GET identity/group/id/{dev}", 200),
        _login("as ops", {"g": ["ops"], "e": "b@example.com"}, 200),
        Step(
            "find",
            "POST identity/lookup/entity",
            200,
            {"alias_name": "s", "alias_mount_accessor": "{accessor}"},
            random=("data.name",),
        ),
        Step("dev has none", "GET identity/group/id/{dev}", 200),
        _login("as both", {"g": ["ops", "dev"]}, 200),
        _login("as nothing", {"g": []}, 200),
        *(Step(f"delete {name}", f"DELETE identity/group/id/{{{name}}}", 204) for name in ("dev", "ops")),
        _DISABLE,
    ),
)

_TEMPLATES: tuple[tuple[str, Json, Claims, int], ...] = (
    ("a claim", ["p-{{.team}}"], {"team": "blue"}, 200),
    ("blanks and case", ["P-{{ .Team }}", "q"], {"Team": " Blue ", "team": "red"}, 200),
    ("a member", ["{{.team.name}}"], {"team": {"name": "blue"}}, 200),
    ("two claims", ["{{.team}}{{.sub}}-{{.iss}}"], {"team": "blue"}, 200),
    ("an underscore", ["{{.cost_center}}"], {"cost_center": "c1"}, 200),
    ("letters of any script", ["{{.équipe}}"], {"équipe": "bleue"}, 200),
    ("an index", ['{{index . "cost-center"}}'], {"cost-center": "c1"}, 200),
    ("an index of a member", ['{{index .team "a.b"}}'], {"team": {"a.b": "x"}}, 200),
    ("an index of two", ['{{index . "team" "name"}}'], {"team": {"name": "blue"}}, 200),
    ("an index of a list", ["{{index .groups 1}}"], {"groups": ["a", "b"]}, 200),
    ("blanks that go", ["a {{- .team -}} b"], {"team": "x"}, 200),
    ("a comma", ["p-{{.team}}"], {"team": "a,b"}, 200),
    ("a template in a claim", ["{{.team}}"], {"team": "{{.sub}}"}, 200),
    ("an empty claim", ["{{.team}}"], {"team": ""}, 200),
    ("a small number", ["n-{{.level}}"], {"level": 5}, 200),
    ("a boolean", ["b-{{.admin}}"], {"admin": True}, 200),
    ("closing braces", ["a}}b"], {}, 200),
    ("no policies", [], {}, 200),
    ("root", ["{{.team}}"], {"team": "ROOT"}, 400),
    ("the policy of wrapping", ["{{.team}}"], {"team": "response-wrapping"}, 400),
    ("no such claim", ["{{.team}}"], {}, 500),
    ("no such member", ["q", "{{.team.name}}"], {"team": {}}, 500),
    ("a member of a text", ["{{.team.name}}"], {"team": "blue"}, 500),
    ("an element beyond", ["{{index .groups 2}}"], {"groups": ["a"]}, 500),
    ("a list", ["{{.groups}}"], {"groups": ["a", "b"]}, 200),
    ("null", ["{{.team}}"], {"team": None, "x": None}, 500),
)

_NO_TEMPLATES: tuple[tuple[str, Json], ...] = (
    ("unclosed", ["a{{.team"]),
    ("a word", ["{{claims.team}}"]),
    ("nothing", ["{{ }}"]),
    ("a hyphen", ["{{.cost-center}}"]),
    ("a digit first", ["{{.1a}}"]),
    ("a dot behind", ["{{.team.}}"]),
    ("in the third", ["a", "b{{.x}}", "c{{"]),
)

_policy_templates = Scenario(
    "auth-jwt-templates",
    steps=(
        _ENABLE,
        _CONFIGURE,
        *(
            Step(f"refuse {name}", "POST auth/{m}/role/r", 500,
                 {"role_type": "jwt", "user_claim": "sub", "bound_audiences": "aud", "token_policies": policies,
                  "token_policies_template_claims": True})
            for name, policies in _NO_TEMPLATES
        ),
        Step("none is there", "GET auth/{m}/role/r", 404),
        *(
            step
            for name, policies, claims, status in _TEMPLATES
            for step in (
                *_role(name, token_policies=policies, token_policies_template_claims=True),
                _login(name, claims, status),
            )
        ),
        *_role("for changes", token_policies=["{{.team}}"], token_policies_template_claims="true"),
        _login("for changes", {"team": "blue"}, 200),
        Step("change another setting", "POST auth/{m}/role/r", 204, {"role_type": "jwt", "token_ttl": "1h"}),
        Step("still templates", "GET auth/{m}/role/r", 200),
        Step("change to what is none", "POST auth/{m}/role/r", 500, {"role_type": "jwt", "token_policies": ["{{bad"]}),
        Step("no templates", "POST auth/{m}/role/r", 204,
             {"role_type": "jwt", "token_policies": ["{{bad"], "token_policies_template_claims": False}),
        Step("read no templates", "GET auth/{m}/role/r", 200),
        _login("without templates", {}, 200),
        Step("templates again", "POST auth/{m}/role/r", 500,
             {"role_type": "jwt", "token_policies_template_claims": True}),
        Step("a text that is no boolean", "POST auth/{m}/role/r", 400,
             {"role_type": "jwt", "token_policies_template_claims": "zz"}),
        _DISABLE,
    ),
)  # fmt: skip

_browsers = Scenario(
    "auth-jwt-browsers",
    steps=(
        Step("enable", "POST sys/auth/{m}", 204, {"type": "oidc"}),
        Step("begin too early", "POST auth/{m}/oidc/auth_url", 400, {}, token=NO_TOKEN),
        Step("end too early", "GET auth/{m}/oidc/callback?state=a&code=b", 400, token=NO_TOKEN),
        Step("an id without a provider", "POST auth/{m}/config", 400, {
            "jwks_url": _NOWHERE, "oidc_client_id": "a", "oidc_client_secret": "b", "skip_jwks_validation": True}),
        Step("configure", "POST auth/{m}/config", 204, {"jwt_validation_pubkeys": "{ec}", "default_role": "r"},
             prepares=_pems),
        Step("role", "POST auth/{m}/role/r", 204, {"user_claim": "sub", "allowed_redirect_uris": "http://localhost/"}),
        Step("begin without a provider", "POST auth/{m}/oidc/auth_url", 400, {"redirect_uri": "http://localhost/"},
             token=NO_TOKEN),
        *(
            Step(f"end with {name}", f"GET auth/{{m}}/oidc/callback?{query}", 400, token=NO_TOKEN)
            for name, query in (("nothing", ""), ("a state", "state=a"), ("both", "state=a&code=b"))
        ),
        Step("poll for nothing", "POST auth/{m}/oidc/poll", 400, {}, token=NO_TOKEN),
        Step("post an answer", "POST auth/{m}/oidc/callback", 405, {"state": "a"}, token=NO_TOKEN),
        Step("log in by a token", "POST auth/{m}/login", 400, {"jwt": "a.b.c"}, token=NO_TOKEN),
        _DISABLE,
    ),
)  # fmt: skip

SCENARIOS = (_config, _roles, _logins, _bound, _groups, _policy_templates, _browsers)
