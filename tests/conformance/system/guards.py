"""What stands before requests, and what is written down of them: cross-origin rules, quotas, audited headers."""

from __future__ import annotations

from tests.conformance.steps import NO_TOKEN, Json, Scenario, Servers, Step

_A = {"Origin": "http://a.example"}
_B = {"Origin": "http://b.example"}
_PREFLIGHT = {**_A, "Access-Control-Request-Method": "PUT"}

_cors = Scenario(
    "sys-cors",
    servers=Servers.FRESH,
    steps=(
        Step("off", "GET sys/config/cors", 200),
        Step("another origin while off", "GET sys/health", 200, token=NO_TOKEN, headers=_A, ignores=("*",)),
        Step("no origins", "POST sys/config/cors", 500, {}),
        Step("no origins but headers", "POST sys/config/cors", 500, {"allowed_headers": "x"}),
        Step("all and one", "POST sys/config/cors", 500, {"allowed_origins": "*,http://a.example"}),
        Step(
            "two origins",
            "POST sys/config/cors",
            204,
            {
                "allowed_origins": ["http://a.example", "http://c.example:8080"],
                "allowed_headers": "X-Custom,x-other, X-Vault-Token",
                "allow_credentials": True,
            },
        ),
        Step("read", "GET sys/config/cors", 200),
        Step("list", "LIST sys/config/cors", 404),
        Step("allowed", "GET sys/policies/acl/nope", 404, headers=_A),
        Step("allowed without a token", "GET sys/mounts", 403, token=NO_TOKEN, headers=_A),
        Step("refused", "GET sys/policies/acl/nope", 403, headers=_B),
        Step("in other letters", "GET sys/policies/acl/nope", 403, headers={"Origin": "http://A.example"}),
        Step("no origin", "GET sys/policies/acl/nope", 404),
        Step("preflight", "OPTIONS sys/mounts", 200, token=NO_TOKEN, headers=_PREFLIGHT),
        Step("preflight of an open path", "OPTIONS sys/health", 200, token=NO_TOKEN, headers=_PREFLIGHT),
        Step("preflight for nothing", "OPTIONS sys/mounts", 405, token=NO_TOKEN, headers=_A),
        Step(
            "preflight for a trace",
            "OPTIONS sys/mounts",
            405,
            token=NO_TOKEN,
            headers={**_A, "Access-Control-Request-Method": "TRACE"},
        ),
        Step(
            "preflight from elsewhere",
            "OPTIONS sys/mounts",
            403,
            token=NO_TOKEN,
            headers={**_B, "Access-Control-Request-Method": "PUT"},
        ),
        Step("all origins", "POST sys/config/cors", 204, {"allowed_origins": "*"}),
        Step("read all origins", "GET sys/config/cors", 200),
        Step("anybody", "GET sys/policies/acl/nope", 404, headers=_B),
        Step(
            "all origins and credentials",
            "POST sys/config/cors",
            204,
            {"allowed_origins": "*", "allow_credentials": True},
        ),
        Step("anybody with credentials", "GET sys/policies/acl/nope", 404, headers=_B),
        Step("turn off", "DELETE sys/config/cors", 204),
        Step("turn off again", "DELETE sys/config/cors", 204),
        Step("off again", "GET sys/config/cors", 200),
        Step("anybody when off", "GET sys/policies/acl/nope", 404, headers=_B),
    ),
)

_HEADERS = "sys/config/auditing/request-headers"

_audited = Scenario(
    "sys-audited-headers",
    servers=Servers.FRESH,
    steps=(
        Step("none", f"GET {_HEADERS}", 200),
        Step("read none", f"GET {_HEADERS}/X-Foo", 400),
        Step("write", f"POST {_HEADERS}/X-Foo", 204, {}),
        Step("read", f"GET {_HEADERS}/X-Foo", 200),
        Step("read in other letters", f"GET {_HEADERS}/x-FOO", 200),
        Step("write again", f"POST {_HEADERS}/x-foo", 204, {"hmac": True}),
        Step("write garbage", f"POST {_HEADERS}/x-foo", 400, {"hmac": "zz"}),
        Step("write another", f"POST {_HEADERS}/a/b", 204, {"hmac": True}),
        Step("all", f"GET {_HEADERS}", 200),
        Step("list", f"LIST {_HEADERS}", 404),
        Step("write all", f"POST {_HEADERS}", 405, {}),
        Step("delete", f"DELETE {_HEADERS}/X-FOO", 204),
        Step("delete again", f"DELETE {_HEADERS}/x-foo", 204),
        Step("gone", f"GET {_HEADERS}/x-foo", 400),
        Step("what is left", f"GET {_HEADERS}", 200),
    ),
)

_QUOTAS = "sys/quotas/rate-limit"
_LONG: dict[str, Json] = {"rate": 2, "interval": "10m"}

_WRITES: tuple[tuple[str, str, dict[str, Json], int], ...] = (
    ("a path below a mount", "p1", {"rate": 5000, "path": "t/keys/a"}, 204),
    ("a path with a glob", "p2", {"rate": 5000, "path": "t/encrypt/*"}, 204),
    ("a path with a slash at its end", "p3", {"rate": 5000, "path": "t/a/"}, 204),
    ("a path with a slash in front", "p4", {"rate": 5000, "interval": "10m", "path": "/sys"}, 204),
    ("an inherited mount", "p5", {"rate": 5000, "path": "auth/token", "inheritable": True}, 204),
    ("a fraction", "p6", {"rate": "2.5", "interval": "90s", "block_interval": 3, "path": "t/x"}, 204),
    ("a part of a mount's name", "p7", {"rate": 5000, "path": "t*"}, 400),
    ("auth alone", "p7", {"rate": 5000, "path": "auth/"}, 400),
    ("the namespace spelled out", "p7", {"rate": 5000, "path": "root/t"}, 400),
    ("a role without a mount", "p7", {"rate": 5000, "role": "x"}, 400),
    ("a role of tokens", "p7", {"rate": 5000, "path": "auth/token", "role": "x"}, 400),
    ("a role and a path", "p7", {"rate": 5000, "path": "auth/token/create", "role": "x"}, 400),
    ("an interval below nothing", "p7", {"rate": 5000, "interval": -3}, 400),
    ("a type that is ignored", "p8", {"rate": 5000, "path": "t/y", "type": "lease-count"}, 204),
    ("another path", "p8", {"rate": 7, "path": "t/z"}, 204),
)

_quota_writes = Scenario(
    "sys-quotas-writes",
    servers=Servers.FRESH,
    steps=(
        Step("mount", "POST sys/mounts/t", 204, {"type": "transit"}),
        *(Step(name, f"POST {_QUOTAS}/{quota}", status, body) for name, quota, body, status in _WRITES),
        *(Step(f"read {quota}", f"GET {_QUOTAS}/{quota}", 200) for quota in ("p1", "p2", "p3", "p4", "p5", "p6", "p8")),
        Step("the same subject", f"POST {_QUOTAS}/p9", 400, {"rate": 1, "path": "t/keys/a/"}),
        Step("a global one", f"POST {_QUOTAS}/g", 204, {"rate": 1000}),
        Step("another global one", f"POST {_QUOTAS}/g2", 400, {"rate": 1000}),
        Step("read the global one", f"GET {_QUOTAS}/g", 200),
        Step("not inherited", f"POST {_QUOTAS}/g", 204, {"rate": 1000, "inheritable": False}),
        Step("read the global one again", f"GET {_QUOTAS}/g", 200),
        Step("read all", f"GET {_QUOTAS}", 405),
        Step("list deeper", "LIST sys/quotas", 404),
        Step("a blank in the name", f"POST {_QUOTAS}/a%20b", 404, {"rate": 1}),
        Step("a deeper name", f"GET {_QUOTAS}/a/b", 404),
        Step("delete none", f"DELETE {_QUOTAS}/nope", 204),
        Step("unmount", "DELETE sys/mounts/t", 204),
        Step("gone with the mount", f"GET {_QUOTAS}/p1", 404),
        Step("config", "GET sys/quotas/config", 200),
        Step("write config", "POST sys/quotas/config", 204, {"enable_rate_limit_audit_logging": True}),
        Step("config is replaced", "GET sys/quotas/config", 200),
        Step(
            "write config again",
            "POST sys/quotas/config",
            204,
            {"rate_limit_exempt_paths": ["sys/health", "/a/*"], "enable_rate_limit_response_headers": True},
        ),
        Step("config is replaced again", "GET sys/quotas/config", 200),
        Step("delete config", "DELETE sys/quotas/config", 405),
    ),
)


def _limited(*requests: tuple[str, int]) -> tuple[Step, ...]:
    return tuple(Step(f"{number} {request}", request, status) for number, (request, status) in enumerate(requests, 1))


_quota_limits = Scenario(
    "sys-quotas-limits",
    servers=Servers.FRESH,
    steps=(
        Step("mount", "POST sys/mounts/t", 204, {"type": "transit"}),
        Step(
            "headers, and exempt paths",
            "POST sys/quotas/config",
            204,
            {
                "enable_rate_limit_response_headers": True,
                "rate_limit_exempt_paths": ["sys/quotas/*", "sys/mount", "!sys/mounts/t"],
            },
        ),
        Step("mount quota", f"POST {_QUOTAS}/m", 204, {**_LONG, "path": "t"}),
        Step("path quota", f"POST {_QUOTAS}/p", 204, {"rate": 1, "interval": "10m", "path": "t/keys/a"}),
        Step("glob quota", f"POST {_QUOTAS}/e", 204, {"rate": 0.3, "interval": "10m", "path": "t/encrypt/*"}),
        Step("blocking quota", f"POST {_QUOTAS}/b", 204,
             {"rate": 1, "interval": "5m", "block_interval": "10m", "path": "auth/token"}),
        *_limited(
            ("GET t/keys/a", 404),
            ("GET t/keys/a", 429),
            ("LIST t/keys/a", 429),
            ("GET t/keys/a/", 429),
            ("GET t/keys/b", 404),
            ("GET t", 404),
            ("GET t/keys/a/x", 404),
            ("GET t/keys/b", 429),
            ("HEAD t/keys/b", 429),
            ("OPTIONS t/keys/b", 429),
            ("GET t/keys/b?help=1", 429),
            ("GET t/keys?list=true", 429),
            ("POST t/encrypt/k", 400),
            ("POST t/encrypt/k", 429),
            ("GET auth/token/lookup-self", 200),
            ("GET auth/token/lookup-self", 429),
            ("GET auth/token/lookup-self", 429),
        ),
        Step("without a token", "GET t/keys/b", 429, token=NO_TOKEN),
        Step("with a bad token", "GET t/keys/b", 429, token="bad"),
        Step("elsewhere", "GET sys/policies/acl/nope", 404),
        Step("mount quota again", f"POST {_QUOTAS}/m", 204, {**_LONG, "path": "t"}),
        Step("counting starts again", "GET t/keys/b", 404),
        Step("global quota", f"POST {_QUOTAS}/g", 204, {"rate": 2, "interval": "10m"}),
        Step("exempt", "GET sys/mounts/nope", 400),
        Step("not exempt after all", "GET sys/mounts/t/tune", 200),
        Step("unmounted", "GET nope/x", 404),
        Step("too often", "GET nope/x", 429),
        Step("an open path", "GET sys/leader", 429, token=NO_TOKEN),
        Step("outside", "GET /v2/x", 404),
        Step("more specific ones go on", "GET t/keys/b", 404),
    ),
)  # fmt: skip

_P = "sys/policies/password"
_RULE = 'rule "charset" { charset = "ab" }'
_PASSWORD_POLICIES: tuple[tuple[str, str, int], ...] = (
    ("nothing", "", 400),
    ("no HCL", "x", 400),
    ("no rule", "length = 5", 400),
    ("no length", _RULE, 400),
    ("too short", f"length = 3\n{_RULE}", 400),
    ("too long", f"length = 101\n{_RULE}", 400),
    ("an empty charset", 'length = 5\nrule "charset" { charset = "" }', 400),
    ("an unknown rule", 'length = 5\nrule "foo" {}', 400),
    ("too many demands", 'length = 4\nrule "charset" { charset = "ab"\n min-chars = 5 }', 400),
    ("a length that is text", f'length = "x"\n{_RULE}', 400),
    ("a demand that is text", 'length = 5\nrule "charset" { charset = "ab"\n min-chars = "2" }', 400),
    ("an unknown word", f"length = 5\nfoo = 1\n{_RULE}", 204),
    ("JSON", '{"length": 8, "rule": [{"charset": {"charset": "abc", "min-chars": 1}}]}', 204),
    ("base64", "bGVuZ3RoPTgKcnVsZSAiY2hhcnNldCIgeyBjaGFyc2V0PSJhYmMiIH0=", 204),
    ("two rules", f'length = 20\n{_RULE}\nrule "charset" {{ charset = "é"\n min-chars = 3 }}', 204),
)

_passwords = Scenario(
    "sys-password-policies",
    servers=Servers.FRESH,
    steps=(
        Step("list none", f"LIST {_P}", 404),
        Step("read none", f"GET {_P}/p", 404),
        Step("generate by none", f"GET {_P}/p/generate", 404),
        *(Step(name, f"POST {_P}/p", status, {"policy": text}) for name, text, status in _PASSWORD_POLICIES),
        Step("read", f"GET {_P}/p", 200),
        Step("generate", f"GET {_P}/p/generate", 200, random=("data.password",)),
        Step("post generate", f"POST {_P}/p/generate", 405, {}),
        Step("another", f"POST {_P}/a%20B", 204, {"policy": f"length = 8\n{_RULE}"}),
        Step("list", f"LIST {_P}", 200),
        Step("read all", f"GET {_P}", 405),
        Step("delete", f"DELETE {_P}/p", 204),
        Step("delete again", f"DELETE {_P}/p", 204),
        Step("gone", f"GET {_P}/p", 404),
    ),
)

_loggers = Scenario(
    "sys-loggers",
    servers=Servers.FRESH,
    steps=(
        Step("no level", "POST sys/loggers", 400, {}),
        Step("unknown level", "POST sys/loggers", 400, {"level": "x"}),
        Step("set all", "POST sys/loggers", 204, {"level": "debug"}),
        Step("reset all", "DELETE sys/loggers", 204),
        Step("no such logger", "GET sys/loggers/nope", 200),
        Step("set no such logger", "POST sys/loggers/nope", 400, {"level": "info"}),
        Step("reset no such logger", "DELETE sys/loggers/nope", 400),
        Step("list", "LIST sys/loggers", 405),
        Step("namespaces", "GET sys/internal/ui/namespaces", 200),
        Step("namespaces without a token", "GET sys/internal/ui/namespaces", 500, token=NO_TOKEN),
        Step("namespaces with a bad token", "GET sys/internal/ui/namespaces", 403, token="bad"),
        Step("metrics of an unknown form", "GET sys/metrics?format=nope", 400),
        Step("post metrics", "POST sys/metrics", 405, {}),
        Step("in flight", "GET sys/in-flight-req", 200, ignores=("*",)),
        Step("in flight without a token", "GET sys/in-flight-req", 403, token=NO_TOKEN),
    ),
)

_UI = "sys/config/ui/headers"

_UI_REQUESTS: tuple[tuple[str, str, dict[str, Json] | None], ...] = (
    ("LIST", "", None),
    ("GET", "/X-A", None),
    ("POST", "/X-A", {"values": ["a"]}),
    ("DELETE", "/X-A", None),
)

_ui_headers = Scenario(
    "sys-ui-headers",
    servers=Servers.FRESH,
    steps=(
        Step("list none", f"LIST {_UI}", 404),
        Step("get none", f"GET {_UI}", 405),
        Step("read none", f"GET {_UI}/X-A", 404),
        Step("delete none", f"DELETE {_UI}/X-A", 204),
        Step("write nothing", f"POST {_UI}/X-A", 400, {}),
        Step("write no values", f"POST {_UI}/X-A", 400, {"values": []}),
        Step("write null", f"POST {_UI}/X-A", 400, {"values": None}),
        Step("write a map", f"POST {_UI}/X-A", 400, {"values": {"a": 1}}),
        Step("write a header of the API", f"POST {_UI}/X-Vault-Any", 400, {"values": ["a"]}),
        Step("write the token's header", f"POST {_UI}/x-vault-token", 400, {"values": ["a"]}),
        Step("write without a name", f"POST {_UI}", 405, {"values": ["a"]}),
        Step("write deeper", f"POST {_UI}/a/b", 404, {"values": ["a"]}),
        Step("write a name with a blank", f"POST {_UI}/a%20b", 404, {"values": ["a"]}),
        Step("still none", f"LIST {_UI}", 404),
        Step("write a text", f"POST {_UI}/X-A", 200, {"values": "a,b"}),
        Step("read a text", f"GET {_UI}/X-A", 200),
        Step("read in lower case", f"GET {_UI}/x-a", 200),
        Step("list", f"LIST {_UI}", 200),
        Step("list a part", f"LIST {_UI}?after=X-A&limit=1", 200),
        Step("write several", f"PUT {_UI}/x-A", 200, {"values": ["c", "d"], "multivalue": True, "foo": 1}),
        Step("read the first", f"GET {_UI}/X-A", 200),
        Step("read all", f"GET {_UI}/X-A?multivalue=true", 200),
        Step("read what is no boolean", f"GET {_UI}/X-A?multivalue=abc", 400),
        Step("write others", f"POST {_UI}/X-A", 200, {"values": [1, True, ""], "header": "X-B"}),
        Step("read others", f"GET {_UI}/X-A?multivalue=1", 200),
        Step("write a line break", f"POST {_UI}/X-A", 200, {"values": ["a\nb"]}),
        Step("delete", f"DELETE {_UI}/x-a", 204),
        Step("read deleted", f"GET {_UI}/X-A", 404),
        Step("write a policy of content", f"POST {_UI}/content-security-policy", 200, {"values": ["default-src *"]}),
        Step("list that", f"LIST {_UI}", 200),
        Step("read that", f"GET {_UI}/Content-Security-Policy", 200),
        Step("list below", f"LIST {_UI}/X-A", 404),
        Step("without a token", f"LIST {_UI}", 403, token=NO_TOKEN),
        Step("policy", "POST sys/policies/acl/p", 204,
             {"policy": f'path "{_UI}*" {{ capabilities = ["read", "list", "update", "delete"] }}'}),
        Step("token", "POST auth/token/create", 200, {"policies": ["p"]}, saves={"plain": "auth.client_token"}),
        *(
            Step(f"{method} without sudo", f"{method} {_UI}{path}", 403, body, token="{plain}")
            for method, path, body in _UI_REQUESTS
        ),
        Step("namespace", "POST sys/namespaces/n", 200, {}, random=("data.id",)),
        Step("in a namespace", f"LIST {_UI}", 400, headers={"X-Vault-Namespace": "n"}),
        Step("write in a namespace", f"POST {_UI}/X-A", 400, {"values": ["a"]}, headers={"X-Vault-Namespace": "n"}),
        Step("below a namespace", f"LIST n/{_UI}", 400),
    ),
)  # fmt: skip

SCENARIOS = (_ui_headers, _cors, _audited, _quota_writes, _quota_limits, _passwords, _loggers)
