"""What several users of a server need: namespaces and quotas."""

from __future__ import annotations

from tests.conformance.steps import Json, Scenario, Servers, Step

_IN = {"X-Vault-Namespace": "one"}

_namespaces = Scenario(
    "namespaces",
    servers=Servers.FRESH,
    steps=(
        Step("list none", "LIST sys/namespaces", 404),
        Step("read none", "GET sys/namespaces/one", 404),
        Step("create", "POST sys/namespaces/one", 200, {}, random=("data.id",)),
        Step("create again", "POST sys/namespaces/one", 200, {}, random=("data.id",)),
        Step("read", "GET sys/namespaces/one", 200, random=("data.id",)),
        Step("list", "LIST sys/namespaces", 200, random=("data.key_info.*.id",)),
        Step("a slash in the name", "POST sys/namespaces/a/b", 400, {}),
        Step("root", "POST sys/namespaces/root", 400, {}),
        Step("sys", "POST sys/namespaces/sys", 400, {}),
        Step("a space", "POST sys/namespaces/a%20b", 400, {}),
        Step("a plus", "POST sys/namespaces/a+", 400, {}),
        Step("metadata", "POST sys/namespaces/two", 200, {"custom_metadata": {"a": "b"}}, random=("data.id",)),
        Step("mounts", "GET sys/mounts", 200, headers=_IN),
        Step("mounts by path", "GET one/sys/mounts", 200),
        Step("auth methods", "GET sys/auth", 200, headers=_IN),
        Step("policies", "LIST sys/policies/acl", 200, headers=_IN),
        Step("mount", "POST sys/mounts/t", 204, {"type": "transit"}, headers=_IN),
        Step("not in root", "LIST t/keys", 404),
        Step("key", "POST one/t/keys/k", 200),
        Step("encrypt", "POST t/encrypt/k", 200, {"plaintext": "YQ=="}, headers=_IN),
        Step(
            "token",
            "POST auth/token/create",
            200,
            {"policies": ["default"]},
            headers=_IN,
            saves={"token": "auth.client_token"},
        ),
        Step(
            "token in its namespace",
            "GET auth/token/lookup-self",
            200,
            headers=_IN,
            token="{token}",
            random=("data.namespace_id",),
        ),
        # Like OpenBao, the answer is found in the namespace that the token names.
        Step("token elsewhere", "GET auth/token/lookup-self", 200, token="{token}", random=("data.namespace_id",)),
        Step("token elsewhere on other paths", "GET sys/mounts", 403, token="{token}"),
        Step("nested", "POST one/sys/namespaces/inner", 200, {}, random=("data.id",)),
        Step("header and path add up", "GET inner/sys/mounts", 200, headers=_IN),
        Step("delete with a child", "DELETE sys/namespaces/one", 400),
        Step("seal in a namespace", "POST sys/seal", 400, {}, headers=_IN),
        Step("audit in a namespace", "GET sys/audit", 400, headers=_IN),
        Step("unknown", "GET sys/mounts", 404, headers={"X-Vault-Namespace": "nope"}),
        Step("delete none", "DELETE sys/namespaces/nope", 200),
        Step("delete", "DELETE sys/namespaces/two", 200),
        Step("gone", "GET sys/namespaces/two", 404, until=True),
    ),
)

_QUOTA_ERRORS: tuple[tuple[str, dict[str, Json], int], ...] = (
    ("no rate", {}, 400),
    ("rate 0", {"rate": 0}, 400),
    ("rate negative", {"rate": -1}, 400),
    ("rate garbage", {"rate": "abc"}, 400),
    ("no such mount", {"rate": 10, "path": "nope"}, 400),
    ("role of a secrets engine", {"rate": 10, "path": "{m}", "role": "x"}, 400),
)

_quotas = Scenario(
    "quotas",
    engine="transit",
    steps=(
        Step("key", "POST {m}/keys/k", 200),
        Step("list none", "LIST sys/quotas/rate-limit", 404),
        Step("read none", "GET sys/quotas/rate-limit/q", 404),
        *(Step(name, "POST sys/quotas/rate-limit/q", status, body) for name, body, status in _QUOTA_ERRORS),
        Step(
            "create",
            "POST sys/quotas/rate-limit/q",
            204,
            {"rate": 1, "interval": "10m", "path": "{m}", "block_interval": "10m"},
        ),
        Step("read", "GET sys/quotas/rate-limit/q", 200),
        Step("list", "LIST sys/quotas/rate-limit", 200),
        Step("the same for another name", "POST sys/quotas/rate-limit/r", 400, {"rate": 1, "path": "{m}"}),
        Step("first", "GET {m}/keys/k", 200),
        Step("second", "GET {m}/keys/k", 429),
        Step("elsewhere", "GET sys/mounts/{m}", 200),
        Step("delete", "DELETE sys/quotas/rate-limit/q", 204),
        Step("third", "GET {m}/keys/k", 200),
        Step("config", "GET sys/quotas/config", 200),
    ),
)

SCENARIOS = (_namespaces, _quotas)
