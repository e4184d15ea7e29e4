"""Access control: policies, and a table of requests that they allow or deny."""

from __future__ import annotations

from tests.conformance.steps import NO_TOKEN, Json, Scenario, Step

_Request = tuple[str, int] | tuple[str, int, dict[str, Json]]


def _acl(name: str, policies: tuple[str, ...], requests: tuple[_Request, ...]) -> Scenario:
    """A mount with the keys a, b and secret; a token with ``policies``; and what its requests are answered."""
    return Scenario(
        f"acl-{name}",
        engine="transit",
        steps=(
            *(Step(f"create key {key}", f"POST {{m}}/keys/{key}", 200) for key in ("a", "b", "secret")),
            *(
                Step(f"policy {index}", f"POST sys/policies/acl/{{m}}-{index}", 204, {"policy": policy})
                for index, policy in enumerate(policies)
            ),
            Step(
                "token",
                "POST auth/token/create",
                200,
                {"policies": [f"{{m}}-{index}" for index in range(len(policies))], "ttl": "1h"},
                saves={"token": "auth.client_token"},
            ),
            *(
                Step(
                    f"{index} {request[0]}",
                    request[0],
                    request[1],
                    request[2] if len(request) == 3 else None,
                    token="{token}",
                )
                for index, request in enumerate(requests, 1)
            ),
            Step("resultant acl", "GET sys/internal/ui/resultant-acl", 200, token="{token}"),
        ),
    )


_PLAINTEXT: dict[str, Json] = {"plaintext": "YQ=="}

_WITH_DEFAULT: tuple[tuple[str, int, dict[str, Json] | None, tuple[str, ...]], ...] = (
    ("GET auth/token/lookup-self", 200, None, ()),
    ("POST auth/token/lookup-self", 403, {}, ()),
    ("POST auth/token/renew-self", 200, {}, ()),
    ("POST auth/token/lookup", 403, {}, ()),
    ("POST auth/token/create", 403, {}, ()),
    ("LIST auth/token/accessors", 403, None, ()),
    ("POST sys/capabilities-self", 200, {"paths": ["a"]}, ()),
    ("PUT sys/capabilities-self", 200, {"path": "a", "token": "anybody's"}, ()),
    ("POST sys/capabilities", 403, {"paths": ["a"], "token": "{token}"}, ()),
    ("POST sys/leases/revoke", 403, {"lease_id": "x"}, ()),
    ("POST sys/tools/hash", 200, {"input": "YQ=="}, ()),
    ("POST sys/tools/hash/sha2-512", 200, {"input": "YQ=="}, ()),
    ("POST sys/tools/random", 403, {}, ()),
    ("GET sys/internal/ui/resultant-acl", 200, None, ()),
    ("GET sys/mounts", 403, None, ()),
    ("GET sys/auth", 403, None, ()),
    ("GET sys/policies/acl/default", 403, None, ()),
    ("LIST sys/policies/acl", 403, None, ()),
    ("GET sys/key-status", 403, None, ()),
    ("GET sys/nope", 403, None, ()),
    ("GET nope/x", 403, None, ()),
    ("POST nope/x", 403, {}, ()),
    ("LIST nope", 403, None, ()),
    ("GET {m}/keys/k", 403, None, ()),
    ("LIST {m}/keys", 403, None, ()),
    ("DELETE {m}/keys/k", 403, None, ()),
    ("GET {m}/keys/k?help=1", 200, None, ("help", "openapi")),
    ("HEAD {m}/keys/k", 403, None, ()),
    ("OPTIONS {m}/keys/k", 400, None, ()),
    ("GET sys/seal-status", 200, None, ()),
    ("GET sys/health", 200, None, ()),
    ("GET sys/leader", 200, None, ()),
)

_default = Scenario(
    "acl-default",
    engine="transit",
    steps=(
        Step(
            "token",
            "POST auth/token/create",
            200,
            {"policies": ["default"], "ttl": "1h"},
            saves={"token": "auth.client_token"},
        ),
        *(
            Step(request, request, status, body, token="{token}", ignores=ignores)
            for request, status, body, ignores in _WITH_DEFAULT
        ),
        Step("revoke", "POST auth/token/revoke-self", 204, {}, token="{token}"),
        Step("after that", "GET auth/token/lookup-self", 403, token="{token}"),
        Step("without a token", "GET {m}/keys/k", 403, token=NO_TOKEN),
    ),
)

_exact = _acl(
    "exact",
    ('path "acl-exact/keys/a" { capabilities = ["read"] }\npath "acl-exact/encrypt/a" { capabilities = ["update"] }',),
    (
        ("GET {m}/keys/a", 200),
        ("GET {m}/keys/b", 403),
        ("GET {m}/keys/a/", 403),
        ("GET {m}/keys", 403),
        ("LIST {m}/keys", 403),
        ("LIST {m}/keys/a", 403),
        ("HEAD {m}/keys/a", 403),
        ("POST {m}/keys/a", 403, {}),
        ("DELETE {m}/keys/a", 403),
        ("POST {m}/keys/a/rotate", 403, {}),
        ("POST {m}/encrypt/a", 200, _PLAINTEXT),
        ("PUT {m}/encrypt/a", 200, _PLAINTEXT),
        ("GET {m}/encrypt/a", 403),
        ("POST {m}/encrypt/b", 403, _PLAINTEXT),
        ("GET {m}/KEYS/a", 403),
    ),
)

_globs = _acl(
    "globs",
    (
        """
        path "acl-globs/keys/*" { capabilities = ["read"] }
        path "acl-globs/keys/secret" { capabilities = ["deny"] }
        path "acl-globs/encrypt/a*" { capabilities = ["create", "update"] }
        path "acl-globs/encrypt/ab*" { capabilities = ["read"] }
        path "acl-globs/decrypt/*/x" { capabilities = ["update"] }
        """,
    ),
    (
        ("GET {m}/keys/a", 200),
        ("GET {m}/keys/b", 200),
        ("GET {m}/keys/secret", 403),
        ("GET {m}/keys/secrets", 404),
        ("GET {m}/keys/nope", 404),
        ("GET {m}/keys/nope/deeper", 404),
        ("GET {m}/keys/", 405),
        ("GET {m}/keys", 403),
        ("LIST {m}/keys", 403),
        ("POST {m}/keys/a", 403, {}),
        ("POST {m}/encrypt/a", 200, _PLAINTEXT),
        ("POST {m}/encrypt/ac", 200, _PLAINTEXT),
        ("POST {m}/encrypt/ab", 403, _PLAINTEXT),
        ("POST {m}/encrypt/abc", 403, _PLAINTEXT),
        ("POST {m}/encrypt/b", 403, _PLAINTEXT),
        ("POST {m}/decrypt/a", 403, {"ciphertext": "x"}),
        ("POST {m}/decrypt/a/x", 403, {"ciphertext": "x"}),
    ),
)

_plus = _acl(
    "plus",
    (
        """
        path "acl-plus/+/a" { capabilities = ["read", "update"] }
        path "acl-plus/keys/*" { capabilities = ["list"] }
        path "acl-plus/+/+/rotate" { capabilities = ["update"] }
        path "acl-plus/encrypt/b+" { capabilities = ["update"] }
        path "acl-plus/hmac/+" { capabilities = ["update"] }
        path "acl-plus/hmac/secret" { capabilities = ["deny"] }
        path "acl-plus/hash/+/*" { capabilities = ["update"] }
        """,
    ),
    (
        ("GET {m}/keys/a", 403),
        ("POST {m}/encrypt/a", 200, _PLAINTEXT),
        ("POST {m}/encrypt/b", 403, _PLAINTEXT),
        ("POST {m}/encrypt/bb", 403, _PLAINTEXT),
        ("POST {m}/keys/a/rotate", 403, {}),
        ("POST {m}/hmac/a", 200, {"input": "YQ=="}),
        ("POST {m}/hmac/b", 200, {"input": "YQ=="}),
        ("POST {m}/hmac/secret", 403, {"input": "YQ=="}),
        ("POST {m}/hmac/a/sha2-512", 403, {"input": "YQ=="}),
        ("POST {m}/hash/sha2-512", 403, {"input": "YQ=="}),
        ("POST {m}/hash/sha2-512/x", 400, {"input": "YQ=="}),
        ("LIST {m}/keys/", 200),
        ("LIST {m}/keys", 200),
    ),
)

_union = _acl(
    "union",
    (
        'path "acl-union/keys/a" { capabilities = ["read"] }\npath "acl-union/keys/b" { capabilities = ["read"] }',
        'path "acl-union/keys/a" { capabilities = ["update"] }\npath "acl-union/keys/b" { capabilities = ["deny"] }',
        'path "acl-union/keys/*" { capabilities = ["deny"] }\npath "acl-union/keys/secret" { capabilities = ["read"] }',
        'path "/acl-union/keys" { capabilities = ["list"] }\npath "acl-union/keys/c" { capabilities = [] }',
    ),
    (
        ("GET {m}/keys/a", 200),
        ("POST {m}/keys/a", 200, {}),
        ("GET {m}/keys/b", 403),
        ("GET {m}/keys/secret", 200),
        ("GET {m}/keys/other", 403),
        ("GET {m}/keys/c", 403),
        ("LIST {m}/keys", 200),
        ("LIST {m}/keys/", 200),
        ("GET {m}/keys?list=true", 200),
        ("GET {m}/keys", 403),
    ),
)

_create = _acl(
    "create",
    (
        """
        path "acl-create/encrypt/u*" { capabilities = ["update"] }
        path "acl-create/encrypt/c*" { capabilities = ["create"] }
        path "acl-create/encrypt/b*" { capabilities = ["create", "update"] }
        path "acl-create/encrypt/a" { capabilities = ["create"] }
        path "acl-create/keys/c*" { capabilities = ["create"] }
        path "acl-create/keys/u*" { capabilities = ["update"] }
        """,
    ),
    (
        ("POST {m}/encrypt/unew", 403, _PLAINTEXT),
        ("POST {m}/encrypt/cnew", 200, _PLAINTEXT),
        ("POST {m}/encrypt/cnew", 403, _PLAINTEXT),
        ("POST {m}/encrypt/bnew", 200, _PLAINTEXT),
        ("POST {m}/encrypt/bnew", 200, _PLAINTEXT),
        ("POST {m}/encrypt/a", 403, _PLAINTEXT),
        ("POST {m}/keys/cnew2", 403, {}),
        ("POST {m}/keys/unew2", 200, {}),
    ),
)

_list = _acl(
    "list",
    (
        """
        path "acl-list/keys/" { capabilities = ["list"] }
        path "sys/policies/acl" { capabilities = ["list"] }
        path "sys/policies/acl/*" { capabilities = ["read"] }
        path "auth/token/accessors/" { capabilities = ["list"] }
        path "sys/mounts" { capabilities = ["read"] }
        path "sys/audit" { capabilities = ["read"] }
        """,
    ),
    (
        ("LIST {m}/keys", 200),
        ("LIST {m}/keys/", 200),
        ("GET {m}/keys?list=true", 200),
        ("GET {m}/keys/?list=true", 200),
        ("GET {m}/keys/", 403),
        ("LIST auth/token/accessors", 403),
        ("GET sys/audit", 403),
        ("GET sys/policies/acl/acl-list-0", 200),
        ("POST sys/policies/acl/acl-list-0", 403, {"policy": "# x"}),
    ),
)

_sudo = _acl(
    "sudo",
    (
        """
        path "sys/audit" { capabilities = ["read", "sudo"] }
        path "sys/audit/*" { capabilities = ["update"] }
        path "sys/rotate" { capabilities = ["update"] }
        path "sys/rotate/config" { capabilities = ["read", "update"] }
        path "sys/auth" { capabilities = ["read"] }
        path "sys/auth/*" { capabilities = ["read", "update", "create", "delete"] }
        path "sys/mounts/*" { capabilities = ["update", "read", "delete"] }
        path "sys/policies/acl/*" { capabilities = ["update", "delete"] }
        path "sys/seal" { capabilities = ["update"] }
        path "sys/remount" { capabilities = ["update"] }
        path "sys/key-status" { capabilities = ["read"] }
        path "sys/host-info" { capabilities = ["update"] }
        path "auth/token/revoke-orphan" { capabilities = ["update"] }
        path "auth/token/create-orphan" { capabilities = ["update"] }
        """,
    ),
    (
        ("GET sys/audit", 200),
        ("POST sys/audit/x", 403, {"type": "file"}),
        ("POST sys/rotate", 403, {}),
        ("GET sys/rotate/config", 200),
        ("GET sys/auth", 200),
        ("GET sys/auth/token", 403),
        ("POST sys/auth/{m}", 403, {"type": "nope"}),
        ("DELETE sys/auth/{m}", 403),
        ("POST sys/mounts/{m}-more", 204, {"type": "transit"}),
        ("GET sys/mounts/{m}-more", 200),
        ("DELETE sys/mounts/{m}-more", 204),
        ("POST sys/policies/acl/{m}-more", 204, {"policy": "# x"}),
        ("DELETE sys/policies/acl/{m}-more", 204),
        ("POST sys/seal", 403, {}),
        ("POST sys/remount", 403, {"from": "a", "to": "b"}),
        ("POST auth/token/revoke-orphan", 400, {"token": "nope"}),
        ("POST auth/token/create-orphan", 200, {"policies": ["default"]}),
        ("GET sys/host-info", 403),
    ),
)

_parameters = _acl(
    "parameters",
    (
        """
        path "acl-parameters/encrypt/a" {
          capabilities = ["update"]
          allowed_parameters = { "plaintext" = [], "key_version" = ["1", "2"] }
        }
        path "acl-parameters/encrypt/b" {
          capabilities = ["update"]
          denied_parameters = { "context" = [], "plaintext" = ["bad*", "*bad", "ex*ct"] }
        }
        path "acl-parameters/hmac/a" {
          capabilities = ["update"]
          required_parameters = ["input", "algorithm"]
        }
        path "acl-parameters/hmac/b" {
          capabilities = ["update"]
          allowed_parameters = { "*" = [] }
          denied_parameters = { "algorithm" = [] }
        }
        path "acl-parameters/hmac/secret" {
          capabilities = ["update"]
          denied_parameters = { "*" = [] }
        }
        path "acl-parameters/random" {
          capabilities = ["update"]
          allowed_parameters = { "bytes" = [1, 2], "format" = ["hex", "base*"] }
        }
        path "acl-parameters/keys/a" {
          capabilities = ["read"]
          required_parameters = ["context"]
        }
        path "acl-parameters/hash" {
          capabilities = ["update"]
          allowed_parameters = { "input" = [], "format" = [], "*" = ["x"] }
        }
        """,
    ),
    (
        ("POST {m}/encrypt/a", 200, _PLAINTEXT),
        ("POST {m}/encrypt/a", 200, {"PLAINTEXT": "YQ==", "plaintext": "YQ=="}),
        ("POST {m}/encrypt/a", 400, {}),
        ("POST {m}/encrypt/a", 200, {"plaintext": "YQ==", "key_version": "1"}),
        ("POST {m}/encrypt/a", 403, {"plaintext": "YQ==", "key_version": 1}),
        ("POST {m}/encrypt/a", 403, {"plaintext": "YQ==", "key_version": "3"}),
        ("POST {m}/encrypt/a", 403, {"plaintext": "YQ==", "other": "x"}),
        ("POST {m}/encrypt/b", 200, _PLAINTEXT),
        ("POST {m}/encrypt/b", 403, {"plaintext": "YQ==", "context": "YQ=="}),
        ("POST {m}/encrypt/b", 403, {"plaintext": "YQ==", "Context": "YQ=="}),
        ("POST {m}/encrypt/b", 403, {"plaintext": "YQ==", "context": None}),
        ("POST {m}/encrypt/b", 403, {"plaintext": "badA"}),
        ("POST {m}/encrypt/b", 403, {"plaintext": "Abad"}),
        ("POST {m}/encrypt/b", 200, {"plaintext": "exct"}),
        ("POST {m}/hmac/a", 403, {"input": "YQ=="}),
        ("POST {m}/hmac/a", 200, {"input": "YQ==", "algorithm": "sha2-256"}),
        ("POST {m}/hmac/a", 403, {}),
        ("POST {m}/hmac/b", 200, {"input": "YQ==", "anything": 1}),
        ("POST {m}/hmac/b", 403, {"input": "YQ==", "algorithm": "sha2-256"}),
        ("POST {m}/hmac/secret", 403, {"input": "YQ=="}),
        ("POST {m}/hmac/secret", 400, {}),
        ("POST {m}/random", 403, {"bytes": 1}),
        ("POST {m}/random", 403, {"bytes": "1"}),
        ("POST {m}/random", 403, {"format": "hexx"}),
        ("GET {m}/keys/a", 403),
        ("GET {m}/keys/a?context=YQ==", 200),
        ("POST {m}/hash", 200, {"input": "YQ==", "format": "hex"}),
        ("POST {m}/hash", 200, {"input": "YQ==", "algorithm": "sha2-512"}),
    ),
)

_sudo_later = _acl(
    "sudo-more",
    (
        """
        path "sys/leases/revoke-prefix/*" { capabilities = ["update"] }
        path "sys/leases/lookup/*" { capabilities = ["list"] }
        path "sys/config/cors" { capabilities = ["read"] }
        path "sys/config/auditing/*" { capabilities = ["read"] }
        """,
    ),
    (
        ("POST sys/leases/revoke-prefix/x", 403, {}),
        ("LIST sys/leases/lookup/x", 403),
        ("GET sys/config/cors", 403),
        ("GET sys/config/auditing/request-headers", 403),
        ("POST sys/leases/renew", 400, {"lease_id": "x"}),
        ("POST sys/leases/lookup", 400, {"lease_id": "x"}),
    ),
)

_paging = _acl(
    "paging",
    ('path "acl-paging/keys" { capabilities = ["list"]\n pagination_limit = 2 }',),
    (
        ("LIST {m}/keys", 200),
        ("LIST {m}/keys?limit=1", 200),
        ("LIST {m}/keys?limit=2", 200),
        ("LIST {m}/keys?limit=3", 403),
        ("LIST {m}/keys?limit=0", 200),
        ("LIST {m}/keys?limit=-1", 403),
        ("LIST {m}/keys?after=a", 200),
    ),
)

_expired = _acl(
    "expired",
    (
        'path "acl-expired/keys/a" { capabilities = ["read"]\n expiration = "2020-01-01T00:00:00Z" }\n'
        'path "acl-expired/keys/b" { capabilities = ["read"]\n expiration = "2120-01-01T00:00:00Z" }',
    ),
    (("GET {m}/keys/a", 403), ("GET {m}/keys/b", 200)),
)

_wrapping = _acl(
    "wrapping",
    (
        'path "acl-wrapping/keys/a" { capabilities = ["read"]\n min_wrapping_ttl = "1m" }\n'
        'path "acl-wrapping/keys/b" { capabilities = ["read"]\n max_wrapping_ttl = "1h" }',
    ),
    (("GET {m}/keys/a", 403), ("GET {m}/keys/b", 403)),
)

SCENARIOS = (
    _default,
    _exact,
    _globs,
    _plus,
    _union,
    _create,
    _list,
    _sudo,
    _sudo_later,
    _parameters,
    _paging,
    _expired,
    _wrapping,
)
