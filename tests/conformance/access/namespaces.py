"""Namespaces: how they are made, named, nested, locked and deleted, and which tokens are good for what in which."""

from __future__ import annotations

from tests.conformance.access.nested import EVERYTHING, ID, IN, NO_SUDO, give_token, inside, make, write_policy
from tests.conformance.steps import NO_TOKEN, Scenario, Servers, Step

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
        Step("mounts", "GET sys/mounts", 200, headers=IN),
        Step("mounts by path", "GET one/sys/mounts", 200),
        Step("auth methods", "GET sys/auth", 200, headers=IN),
        Step("policies", "LIST sys/policies/acl", 200, headers=IN),
        Step(
            "policies in detail",
            "LIST sys/policies/detailed/acl",
            200,
            headers=IN,
            ignores=("data.key_info.default.policy",),
        ),
        Step("policies below a name in detail", "LIST sys/policies/detailed/acl/x", 404, headers=IN),
        Step("mount", "POST sys/mounts/t", 204, {"type": "transit"}, headers=IN),
        Step("not in root", "LIST t/keys", 404),
        Step("key", "POST one/t/keys/k", 200),
        Step("encrypt", "POST t/encrypt/k", 200, {"plaintext": "YQ=="}, headers=IN),
        Step(
            "token",
            "POST auth/token/create",
            200,
            {"policies": ["default"]},
            headers=IN,
            saves={"token": "auth.client_token"},
        ),
        Step(
            "token in its namespace",
            "GET auth/token/lookup-self",
            200,
            headers=IN,
            token="{token}",
            random=("data.namespace_id",),
        ),
        # Like OpenBao, the answer is found in the namespace that the token names.
        Step("token elsewhere", "GET auth/token/lookup-self", 200, token="{token}", random=("data.namespace_id",)),
        Step("token elsewhere on other paths", "GET sys/mounts", 403, token="{token}"),
        Step("nested", "POST one/sys/namespaces/inner", 200, {}, random=("data.id",)),
        Step("header and path add up", "GET inner/sys/mounts", 200, headers=IN),
        Step("delete with a child", "DELETE sys/namespaces/one", 400),
        Step("seal in a namespace", "POST sys/seal", 400, {}, headers=IN),
        Step("audit in a namespace", "GET sys/audit", 400, headers=IN),
        Step("unknown", "GET sys/mounts", 404, headers={"X-Vault-Namespace": "nope"}),
        Step("delete none", "DELETE sys/namespaces/nope", 200),
        Step("delete", "DELETE sys/namespaces/two", 200),
        Step("gone", "GET sys/namespaces/two", 404, until=True),
    ),
)


_PATCH = {"Content-Type": "application/merge-patch+json"}


_RESERVED = ("root", "sys", "audit", "auth", "cubbyhole", "identity")

_names = Scenario(
    "namespaces-names",
    servers=Servers.FRESH,
    steps=(
        *(Step(f"make {name}", f"POST sys/namespaces/{name}", 400, {}) for name in _RESERVED),
        *(Step(f"read {name}", f"GET sys/namespaces/{name}", 400) for name in ("root", "sys")),
        Step("delete root", "DELETE sys/namespaces/root", 400),
        Step("an escaped root", "POST sys/namespaces/%72oot", 400, {}),
        Step("a blank and root", "POST sys/namespaces/%20root", 400, {}),
        Step("root and a blank", "POST sys/namespaces/root%20", 400, {}),
        Step("root by a dot", "POST sys/namespaces/./root", 307, {}),
        Step("root with a slash", "POST sys/namespaces/root/", 400, {}),
        *(
            Step(f"make {name}", f"POST sys/namespaces/{name}", 200, {}, random=ID)
            for name in ("ROOT", "Root", "SYS", "a.b", "a..b", "a-b", "_", "~", "a:b", "{a}", "%C3%A9", "x" * 200)
        ),
        Step("a star", "POST sys/namespaces/a*", 400, {}),
        Step("just a plus", "POST sys/namespaces/+", 400, {}),
        Step("an escaped slash", "POST sys/namespaces/a%2Fb", 400, {}),
        Step("read a blank", "GET sys/namespaces/a%20b", 404),
        Step("delete a blank", "DELETE sys/namespaces/a%20b", 200),
        Step("read a slash", "GET sys/namespaces/a/b", 400),
        Step("delete a slash", "DELETE sys/namespaces/a/b", 400),
        Step("patch a slash", "PATCH sys/namespaces/a/b", 400, {}, headers=_PATCH),
        Step("read with a slash behind", "GET sys/namespaces/a.b/", 200, random=ID),
        Step("no name", "POST sys/namespaces", 405, {}),
        Step("delete without a name", "DELETE sys/namespaces", 405),
        Step("read without a name", "GET sys/namespaces", 405),
        Step("list below a name", "LIST sys/namespaces/a.b", 405),
        Step("without a token", "GET sys/namespaces/a.b", 403, token=NO_TOKEN),
        Step("mount", "POST sys/mounts/taken", 204, {"type": "transit"}),
        Step("mount deep", "POST sys/mounts/deep/er", 204, {"type": "transit"}),
        Step("over a mount", "POST sys/namespaces/taken", 400, {}),
        Step("above a mount", "POST sys/namespaces/deep", 400, {}),
        Step("a mount below a namespace", "POST sys/mounts/a.b/x", 400, {"type": "transit"}),
    ),
)

_metadata = Scenario(
    "namespaces-metadata",
    servers=Servers.FRESH,
    steps=(
        Step("a number", "POST sys/namespaces/m", 400, {"custom_metadata": {"a": 1}}),
        Step("not made", "GET sys/namespaces/m", 404),
        Step("a text", "POST sys/namespaces/m", 400, {"custom_metadata": "a=b"}),
        Step("a list", "POST sys/namespaces/m", 400, {"custom_metadata": ["a"]}),
        Step("make", "POST sys/namespaces/m", 200, {"custom_metadata": {"a": "b", "c": "d"}}, random=ID),
        Step("read", "GET sys/namespaces/m", 200, random=ID),
        Step("set and remove", "PATCH sys/namespaces/m", 200, {"custom_metadata": {"a": None, "e": "f"}},
             headers=_PATCH, random=ID),
        Step("patch nothing", "PATCH sys/namespaces/m", 200, {}, headers=_PATCH, random=ID),
        Step("patch with more", "PATCH sys/namespaces/m", 200, {"custom_metadata": {"g": "h"}, "foo": 1},
             headers=_PATCH, random=ID),
        Step("patch with a number", "PATCH sys/namespaces/m", 400, {"custom_metadata": {"a": 1}}, headers=_PATCH),
        Step("patch with true", "PATCH sys/namespaces/m", 400, {"custom_metadata": {"a": True}}, headers=_PATCH),
        Step("patch with a list", "PATCH sys/namespaces/m", 400, {"custom_metadata": {"a": ["b"]}}, headers=_PATCH),
        Step("patch with a text", "PATCH sys/namespaces/m", 400, {"custom_metadata": "a=b"}, headers=_PATCH),
        Step("patch another type", "PATCH sys/namespaces/m", 415, {}, headers={"Content-Type": "application/json"}),
        Step("patch none", "PATCH sys/namespaces/none", 400, {"custom_metadata": {"a": "b"}}, headers=_PATCH),
        Step("patch root", "PATCH sys/namespaces/root", 400, {}, headers=_PATCH),
        Step("patch all away", "PATCH sys/namespaces/m", 200, {"custom_metadata": None}, headers=_PATCH, random=ID),
        Step("replace", "POST sys/namespaces/m", 200, {"custom_metadata": {"x": "y"}}, random=ID),
        Step("write without", "POST sys/namespaces/m", 200, {}, random=ID),
        Step("read after that", "GET sys/namespaces/m", 200, random=ID),
        Step("write null", "POST sys/namespaces/m", 200, {"custom_metadata": None}, random=ID),
        Step("an unknown parameter", "POST sys/namespaces/m", 200, {"foo": "bar"}, random=ID),
        Step("list", "LIST sys/namespaces", 200, random=("data.key_info.*.id",)),
        Step("a page", "GET sys/namespaces?list=true&limit=1&after=x", 200, random=("data.key_info.*.id",)),
    ),
)  # fmt: skip

_nested = Scenario(
    "namespaces-nested",
    servers=Servers.FRESH,
    steps=(
        *make("a", "a/b", "a/b/c", "z"),
        Step("read by header", "GET sys/namespaces/b", 200, headers=inside("a"), random=ID),
        Step("read by path", "GET a/sys/namespaces/b", 200, random=ID),
        Step("read by both", "GET b/sys/namespaces/c", 200, headers=inside("a"), random=ID),
        Step("not from above", "GET sys/namespaces/b", 404),
        Step("list", "LIST sys/namespaces", 200, headers=inside("a"), random=("data.key_info.*.id",)),
        Step("scan", "SCAN sys/namespaces", 200, headers=inside("a"), random=("data.key_info.*.id",)),
        Step("scan by query", "GET sys/namespaces?scan=true", 200, headers=inside("a"), random=("data.key_info.*.id",)),
        Step("list none", "LIST sys/namespaces", 404, headers=inside("z")),
        Step("scan none", "SCAN sys/namespaces", 200, headers=inside("z")),
        Step("mount in a", "POST sys/mounts/t", 204, {"type": "transit"}, headers=inside("a")),
        Step("mount in c", "POST a/b/c/sys/mounts/t", 204, {"type": "transit"}),
        Step("key in a", "POST a/t/keys/k", 200),
        Step("key in c", "POST t/keys/k", 200, headers=inside("a/b/c")),
        Step("list keys in c", "LIST a/b/c/t/keys", 200),
        Step("nothing in b", "GET t/keys/k", 404, headers=inside("a/b")),
        Step("nothing in b by path", "LIST a/b/t/keys", 404),
        Step("just the namespace", "GET a", 404),
        Step("just the namespace and a slash", "GET a/", 404),
        Step("an escaped slash", "GET a%2Ft/keys/k", 200),
        Step("an escaped name", "GET %61/t/keys/k", 200),
        Step("another case", "GET A/t/keys/k", 404),
        Step("dots", "GET a/%2e%2e/z/sys/mounts", 400),
        Step("two slashes", "GET a//t/keys/k", 307),
        Step("root in front", "GET root/a/t/keys/k", 404),
        Step("itself twice", "GET a/t/keys/k", 404, headers=inside("a")),
        *(
            Step(f"header {header}", "GET t/keys/k", 200, headers=inside(header))
            for header in ("a/", "/a", "/a/", "./a", "a/./")
        ),
        Step("header with slashes", "GET t/keys/k", 200, headers=inside("a//b/c")),
        *(Step(f"header {header}", "GET sys/policies/acl/default", 200, headers=inside(header), ignores=("data.*",))
          for header in ("root", "root/", "/", ".")),
        *(Step(f"header {header}", "GET sys/mounts", 404, headers=inside(header))
          for header in ("nope", "A", "%61", "root/a", "..", "b", "a/nope")),
        Step("auth methods", "GET sys/auth", 200, headers=inside("a/b")),
        Step("tuning", "GET sys/auth/token/tune", 200, headers=inside("a/b")),
        Step("policies", "GET sys/policy", 200, headers=inside("a/b")),
        Step("the policy root", "GET sys/policies/acl/root", 200, headers=inside("a/b")),
        Step("write the policy root", "POST sys/policies/acl/root", 400, {"policy": NO_SUDO}, headers=inside("a/b")),
        Step("delete the policy root", "DELETE sys/policies/acl/root", 400, headers=inside("a/b")),
        Step("delete the default", "DELETE sys/policies/acl/default", 400, headers=inside("a/b")),
        Step("unmount sys", "DELETE sys/mounts/sys", 400, headers=inside("a/b")),
        Step("unmount tokens", "DELETE sys/auth/token", 400, headers=inside("a/b")),
        Step("unmount the cubbyhole", "DELETE sys/mounts/cubbyhole", 400, headers=inside("a/b")),
        Step("tune tokens", "POST sys/auth/token/tune", 204, {"default_lease_ttl": "1h"}, headers=inside("a/b")),
        Step("remount", "POST sys/remount", 200, {"from": "t", "to": "t2"}, headers=inside("a"),
             random=("data.migration_id", "migration_id")),
        Step("remounted", "GET t2/keys/k", 200, headers=inside("a"), until=True),
        Step("remount back", "POST sys/remount", 200, {"from": "t2", "to": "t"}, headers=inside("a"),
             random=("data.migration_id", "migration_id")),
        Step("remounted back", "GET t/keys/k", 200, headers=inside("a"), until=True),
        Step("locked users", "GET sys/locked-users", 200, headers=inside("z"),
             random=("data.by_namespace.*.namespace_id",)),
        Step("password policies", "LIST sys/policies/password", 404, headers=inside("a/b")),
        Step("openapi of none", "GET sys/nope", 404, headers=inside("a/b")),
        Step("tokens counted", "GET sys/internal/counters/tokens", 200, headers=inside("z")),
        Step("a mount over a namespace", "POST sys/mounts/b/x", 400, {"type": "transit"}, headers=inside("a")),
        Step("a mount in a namespace from above", "POST sys/mounts/a/x", 400, {"type": "transit"}),
        Step("over a mount", "POST sys/namespaces/t", 400, {}, headers=inside("a")),
        Step("ui namespaces", "GET sys/internal/ui/namespaces", 200, headers=inside("a")),
        Step("ui namespaces in z", "GET sys/internal/ui/namespaces", 200, headers=inside("z")),
        Step("ui namespaces without a token", "GET sys/internal/ui/namespaces", 500, token=NO_TOKEN),
        Step("ui mounts without a token", "GET sys/internal/ui/mounts", 200, headers=inside("a"), token=NO_TOKEN),
        Step("ui mount", "GET sys/internal/ui/mounts/t", 200, headers=inside("a")),
        Step("write to a folder", "POST a/t/keys/", 400, {}),
        Step("no such path", "GET a/t/nope/x/y", 404),
        Step("no such mount", "GET a/nope/x", 404),
    ),
)  # fmt: skip

_ONLY_IN_ROOT = (
    ("GET", "sys/health"), ("GET", "sys/init"), ("POST", "sys/unseal"), ("POST", "sys/seal"), ("POST", "sys/step-down"),
    ("GET", "sys/generate-root/attempt"), ("GET", "sys/rekey/init"), ("GET", "sys/metrics"),
    ("GET", "sys/in-flight-req"), ("GET", "sys/raw/x"), ("GET", "sys/audit"), ("POST", "sys/audit/x"),
    ("POST", "sys/audit-hash/x"), ("GET", "sys/config/auditing/request-headers"), ("GET", "sys/config/cors"),
    ("GET", "sys/config/state/sanitized"), ("GET", "sys/host-info"), ("GET", "sys/loggers"),
    ("POST", "sys/loggers/core"), ("LIST", "sys/quotas/rate-limit"), ("POST", "sys/quotas/rate-limit/q"),
    ("GET", "sys/quotas/config"), ("GET", "sys/key-status"),
    ("POST", "sys/rotate"), ("POST", "sys/rotate/keyring"), ("GET", "sys/rotate/config"),
)  # fmt: skip

_only_in_root = Scenario(
    "namespaces-only-in-root",
    servers=Servers.FRESH,
    steps=(
        *make("a"),
        *(
            Step(f"{method} {path} by header", f"{method} {path}", 400, {} if method == "POST" else None,
                 headers=inside("a"))
            for method, path in _ONLY_IN_ROOT
        ),
        *(
            Step(f"{method} {path} by path", f"{method} a/{path}", 400, {} if method == "POST" else None)
            for method, path in _ONLY_IN_ROOT
        ),
        Step("rotate root", "POST sys/rotate/root", 500, {}, headers=inside("a")),
        Step("audit without a token", "GET sys/audit", 400, headers=inside("a"), token=NO_TOKEN),
        Step("key status without a token", "GET sys/key-status", 403, headers=inside("a"), token=NO_TOKEN),
        Step("seal status", "GET sys/seal-status", 200, headers=inside("a"), ignores=("cluster_name",)),
        Step("seal status by path", "GET a/sys/seal-status", 200, ignores=("cluster_name",)),
        Step("leader", "GET sys/leader", 200, headers=inside("a")),
        Step("random", "POST sys/tools/random", 200, {}, headers=inside("a"), random=("data.random_bytes",)),
        Step("no such path", "GET sys/nope", 404, headers=inside("a")),
    ),
)  # fmt: skip

_deleted = Scenario(
    "namespaces-deleted",
    servers=Servers.FRESH,
    steps=(
        *make("a", "a/c"),
        write_policy("a", "all", EVERYTHING),
        give_token("mine", "a", "all"),
        Step("quota", "POST sys/quotas/rate-limit/q", 204, {"rate": 1000, "path": "a"}),
        Step("read the quota", "GET sys/quotas/rate-limit/q", 200),
        Step("with a child", "DELETE sys/namespaces/a", 400),
        Step("the child", "DELETE sys/namespaces/c", 200, headers=inside("a"), token="{mine}"),
        Step("the child is gone", "GET sys/namespaces/c", 404, headers=inside("a"), until=True),
        Step("the child again", "DELETE sys/namespaces/c", 200, headers=inside("a")),
        Step("itself", "DELETE sys/namespaces/a", 200),
        Step("gone", "GET sys/namespaces/a", 404, until=True),
        Step("in it", "GET sys/mounts", 404, headers=inside("a"), until=True),
        Step("by path", "GET a/sys/mounts", 404),
        Step("its token", "GET auth/token/lookup-self", 403, token="{mine}"),
        Step("its quota", "GET sys/quotas/rate-limit/q", 404, until=True),
        Step("make it again", "POST sys/namespaces/a", 200, {}, random=ID),
        Step("nothing is left", "GET sys/policies/acl/all", 404, headers=inside("a")),
        Step("its old token", "GET sys/mounts", 403, token="{mine}", headers=inside("a")),
    ),
)

SCENARIOS = (
    _namespaces,
    _names,
    _metadata,
    _nested,
    _only_in_root,
    _deleted,
)
