"""Namespaces: how they are made, named, nested, locked and deleted, and which tokens are good for what in which."""

from __future__ import annotations

from tests.conformance.steps import NO_TOKEN, Json, Scenario, Servers, Step

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
        Step(
            "policies in detail",
            "LIST sys/policies/detailed/acl",
            200,
            headers=_IN,
            ignores=("data.key_info.default.policy",),
        ),
        Step("policies below a name in detail", "LIST sys/policies/detailed/acl/x", 404, headers=_IN),
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


_PATCH = {"Content-Type": "application/merge-patch+json"}
_ID = ("data.id",)
_EVERYTHING = 'path "*" { capabilities = ["create", "read", "update", "delete", "list", "patch", "scan", "sudo"] }'
_INTO = 'path "a/t/*" { capabilities = ["read"] } path "a/c/sys/auth" { capabilities = ["read"] }'
_NO_SUDO = 'path "*" { capabilities = ["create", "read", "update", "delete", "list", "patch"] }'


def _in(namespace: str, **more: str) -> dict[str, str]:
    return {"X-Vault-Namespace": namespace, **{name.replace("_", "-"): value for name, value in more.items()}}


def _made(*paths: str) -> tuple[Step, ...]:
    """Steps that make namespaces."""
    return tuple(
        Step(
            f"make {path}",
            f"POST sys/namespaces/{path.rpartition('/')[2]}",
            200,
            {},
            headers=_in(path.rpartition("/")[0]) if "/" in path else {},
            random=_ID,
        )
        for path in paths
    )


def _token(name: str, namespace: str, policy: str, *, token: str = "{root}", **more: Json) -> Step:
    """A step that makes a token, saved as ``name`` and ``name_accessor``."""
    return Step(
        f"token {name}",
        "POST auth/token/create",
        200,
        {"policies": [policy], **more},
        token=token,
        headers=_in(namespace) if namespace else {},
        saves={name: "auth.client_token", f"{name}_accessor": "auth.accessor"},
    )


def _policy(namespace: str, name: str, text: str) -> Step:
    headers = _in(namespace) if namespace else {}
    return Step(
        f"policy {name} in {namespace}", f"POST sys/policies/acl/{name}", 204, {"policy": text}, headers=headers
    )


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
            Step(f"make {name}", f"POST sys/namespaces/{name}", 200, {}, random=_ID)
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
        Step("read with a slash behind", "GET sys/namespaces/a.b/", 200, random=_ID),
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
        Step("make", "POST sys/namespaces/m", 200, {"custom_metadata": {"a": "b", "c": "d"}}, random=_ID),
        Step("read", "GET sys/namespaces/m", 200, random=_ID),
        Step("set and remove", "PATCH sys/namespaces/m", 200, {"custom_metadata": {"a": None, "e": "f"}},
             headers=_PATCH, random=_ID),
        Step("patch nothing", "PATCH sys/namespaces/m", 200, {}, headers=_PATCH, random=_ID),
        Step("patch with more", "PATCH sys/namespaces/m", 200, {"custom_metadata": {"g": "h"}, "foo": 1},
             headers=_PATCH, random=_ID),
        Step("patch with a number", "PATCH sys/namespaces/m", 400, {"custom_metadata": {"a": 1}}, headers=_PATCH),
        Step("patch with true", "PATCH sys/namespaces/m", 400, {"custom_metadata": {"a": True}}, headers=_PATCH),
        Step("patch with a list", "PATCH sys/namespaces/m", 400, {"custom_metadata": {"a": ["b"]}}, headers=_PATCH),
        Step("patch with a text", "PATCH sys/namespaces/m", 400, {"custom_metadata": "a=b"}, headers=_PATCH),
        Step("patch another type", "PATCH sys/namespaces/m", 415, {}, headers={"Content-Type": "application/json"}),
        Step("patch none", "PATCH sys/namespaces/none", 400, {"custom_metadata": {"a": "b"}}, headers=_PATCH),
        Step("patch root", "PATCH sys/namespaces/root", 400, {}, headers=_PATCH),
        Step("patch all away", "PATCH sys/namespaces/m", 200, {"custom_metadata": None}, headers=_PATCH, random=_ID),
        Step("replace", "POST sys/namespaces/m", 200, {"custom_metadata": {"x": "y"}}, random=_ID),
        Step("write without", "POST sys/namespaces/m", 200, {}, random=_ID),
        Step("read after that", "GET sys/namespaces/m", 200, random=_ID),
        Step("write null", "POST sys/namespaces/m", 200, {"custom_metadata": None}, random=_ID),
        Step("an unknown parameter", "POST sys/namespaces/m", 200, {"foo": "bar"}, random=_ID),
        Step("list", "LIST sys/namespaces", 200, random=("data.key_info.*.id",)),
        Step("a page", "GET sys/namespaces?list=true&limit=1&after=x", 200, random=("data.key_info.*.id",)),
    ),
)  # fmt: skip

_nested = Scenario(
    "namespaces-nested",
    servers=Servers.FRESH,
    steps=(
        *_made("a", "a/b", "a/b/c", "z"),
        Step("read by header", "GET sys/namespaces/b", 200, headers=_in("a"), random=_ID),
        Step("read by path", "GET a/sys/namespaces/b", 200, random=_ID),
        Step("read by both", "GET b/sys/namespaces/c", 200, headers=_in("a"), random=_ID),
        Step("not from above", "GET sys/namespaces/b", 404),
        Step("list", "LIST sys/namespaces", 200, headers=_in("a"), random=("data.key_info.*.id",)),
        Step("scan", "SCAN sys/namespaces", 200, headers=_in("a"), random=("data.key_info.*.id",)),
        Step("scan by query", "GET sys/namespaces?scan=true", 200, headers=_in("a"), random=("data.key_info.*.id",)),
        Step("list none", "LIST sys/namespaces", 404, headers=_in("z")),
        Step("scan none", "SCAN sys/namespaces", 200, headers=_in("z")),
        Step("mount in a", "POST sys/mounts/t", 204, {"type": "transit"}, headers=_in("a")),
        Step("mount in c", "POST a/b/c/sys/mounts/t", 204, {"type": "transit"}),
        Step("key in a", "POST a/t/keys/k", 200),
        Step("key in c", "POST t/keys/k", 200, headers=_in("a/b/c")),
        Step("list keys in c", "LIST a/b/c/t/keys", 200),
        Step("nothing in b", "GET t/keys/k", 404, headers=_in("a/b")),
        Step("nothing in b by path", "LIST a/b/t/keys", 404),
        Step("just the namespace", "GET a", 404),
        Step("just the namespace and a slash", "GET a/", 404),
        Step("an escaped slash", "GET a%2Ft/keys/k", 200),
        Step("an escaped name", "GET %61/t/keys/k", 200),
        Step("another case", "GET A/t/keys/k", 404),
        Step("dots", "GET a/%2e%2e/z/sys/mounts", 400),
        Step("two slashes", "GET a//t/keys/k", 307),
        Step("root in front", "GET root/a/t/keys/k", 404),
        Step("itself twice", "GET a/t/keys/k", 404, headers=_in("a")),
        *(
            Step(f"header {header}", "GET t/keys/k", 200, headers=_in(header))
            for header in ("a/", "/a", "/a/", "./a", "a/./")
        ),
        Step("header with slashes", "GET t/keys/k", 200, headers=_in("a//b/c")),
        *(Step(f"header {header}", "GET sys/policies/acl/default", 200, headers=_in(header), ignores=("data.*",))
          for header in ("root", "root/", "/", ".")),
        *(Step(f"header {header}", "GET sys/mounts", 404, headers=_in(header))
          for header in ("nope", "A", "%61", "root/a", "..", "b", "a/nope")),
        Step("auth methods", "GET sys/auth", 200, headers=_in("a/b")),
        Step("tuning", "GET sys/auth/token/tune", 200, headers=_in("a/b")),
        Step("policies", "GET sys/policy", 200, headers=_in("a/b")),
        Step("the policy root", "GET sys/policies/acl/root", 200, headers=_in("a/b")),
        Step("write the policy root", "POST sys/policies/acl/root", 400, {"policy": _NO_SUDO}, headers=_in("a/b")),
        Step("delete the policy root", "DELETE sys/policies/acl/root", 400, headers=_in("a/b")),
        Step("delete the default", "DELETE sys/policies/acl/default", 400, headers=_in("a/b")),
        Step("unmount sys", "DELETE sys/mounts/sys", 400, headers=_in("a/b")),
        Step("unmount tokens", "DELETE sys/auth/token", 400, headers=_in("a/b")),
        Step("unmount the cubbyhole", "DELETE sys/mounts/cubbyhole", 400, headers=_in("a/b")),
        Step("tune tokens", "POST sys/auth/token/tune", 204, {"default_lease_ttl": "1h"}, headers=_in("a/b")),
        Step("remount", "POST sys/remount", 200, {"from": "t", "to": "t2"}, headers=_in("a"),
             random=("data.migration_id", "migration_id")),
        Step("remounted", "GET t2/keys/k", 200, headers=_in("a"), until=True),
        Step("remount back", "POST sys/remount", 200, {"from": "t2", "to": "t"}, headers=_in("a"),
             random=("data.migration_id", "migration_id")),
        Step("remounted back", "GET t/keys/k", 200, headers=_in("a"), until=True),
        Step("locked users", "GET sys/locked-users", 200, headers=_in("z"),
             random=("data.by_namespace.*.namespace_id",)),
        Step("password policies", "LIST sys/policies/password", 404, headers=_in("a/b")),
        Step("openapi of none", "GET sys/nope", 404, headers=_in("a/b")),
        Step("tokens counted", "GET sys/internal/counters/tokens", 200, headers=_in("z")),
        Step("a mount over a namespace", "POST sys/mounts/b/x", 400, {"type": "transit"}, headers=_in("a")),
        Step("a mount in a namespace from above", "POST sys/mounts/a/x", 400, {"type": "transit"}),
        Step("over a mount", "POST sys/namespaces/t", 400, {}, headers=_in("a")),
        Step("ui namespaces", "GET sys/internal/ui/namespaces", 200, headers=_in("a")),
        Step("ui namespaces in z", "GET sys/internal/ui/namespaces", 200, headers=_in("z")),
        Step("ui namespaces without a token", "GET sys/internal/ui/namespaces", 500, token=NO_TOKEN),
        Step("ui mounts without a token", "GET sys/internal/ui/mounts", 200, headers=_in("a"), token=NO_TOKEN),
        Step("ui mount", "GET sys/internal/ui/mounts/t", 200, headers=_in("a")),
        Step("write to a folder", "POST a/t/keys/", 400, {}),
        Step("no such path", "GET a/t/nope/x/y", 404),
        Step("no such mount", "GET a/nope/x", 404),
    ),
)  # fmt: skip

_tokens = Scenario(
    "namespaces-tokens",
    servers=Servers.FRESH,
    steps=(
        *_made("a", "b", "a/c"),
        *(Step(f"mount in {name or 'root'}", "POST sys/mounts/t", 204, {"type": "transit"}, headers=_in(name))
          for name in ("root", "a", "b", "a/c")),
        *(Step(f"key in {name or 'root'}", "POST t/keys/k", 200, headers=_in(name))
          for name in ("root", "a", "b", "a/c")),
        _policy("a", "all", _EVERYTHING),
        _policy("a", "plain", _NO_SUDO),
        _policy("a", "down", 'path "c/t/*" { capabilities = ["read"] }'),
        _policy("", "into", _INTO),
        _token("mine", "a", "all", ttl="1h"),
        _token("plain", "a", "plain"),
        _token("down", "a", "down"),
        _token("into", "", "into"),
        _token("batch", "a", "plain", type="batch"),
        *(
            Step(f"{name} in {where}", "GET t/keys/k", status, token=f"{{{name}}}", headers=_in(where))
            for name, statuses in (
                ("mine", (403, 200, 403, 200)),
                ("down", (403, 403, 403, 200)),
                ("into", (403, 200, 403, 403)),
                ("batch", (403, 200, 403, 200)),
                ("root", (200, 200, 200, 200)),
            )
            for where, status in zip(("root", "a", "b", "a/c"), statuses, strict=True)
        ),
        Step("mine by path", "GET a/t/keys/k", 200, token="{mine}"),
        Step("into by path", "GET a/c/sys/auth", 200, token="{into}"),
        Step("mine where nothing is", "GET nope/x", 403, token="{mine}"),
        Step("mine's own from a", "GET auth/token/lookup-self", 200, token="{mine}", headers=_in("a")),
        Step("mine's own from b", "GET auth/token/lookup-self", 200, token="{mine}", headers=_in("b")),
        Step("mine's own from root", "POST auth/token/renew-self", 200, {}, token="{mine}"),
        Step("batch's own", "GET auth/token/lookup-self", 200, token="{batch}"),
        Step("mine's own from nowhere", "GET auth/token/lookup-self", 404, token="{mine}", headers=_in("nope")),
        Step("into's own from a", "GET auth/token/lookup-self", 200, token="{into}", headers=_in("a")),
        Step("look up", "POST auth/token/lookup", 200, {"token": "{mine}"}, headers=_in("a")),
        Step("look up by accessor", "POST auth/token/lookup-accessor", 200, {"accessor": "{mine_accessor}"},
             headers=_in("a")),
        Step("renew", "POST auth/token/renew", 200, {"token": "{mine}"}, headers=_in("a")),
        Step("look up garbage", "POST auth/token/lookup", 403, {"token": "garbage"}, headers=_in("a")),
        Step("accessors", "LIST auth/token/accessors", 404, headers=_in("b")),
        Step("capabilities in a", "POST sys/capabilities-self", 200, {"paths": ["t/x", "c/t/x"]}, token="{mine}",
             headers=_in("a")),
        Step("capabilities in b", "POST sys/capabilities-self", 403, {"paths": ["t/x"]}, token="{mine}",
             headers=_in("b")),
        Step("capabilities of into", "POST sys/capabilities", 200, {"paths": ["t/x"], "token": "{mine}"},
             headers=_in("a")),
        Step("capabilities below", "POST sys/capabilities-self", 200, {"paths": ["t/x", "nope"]}, token="{mine}",
             headers=_in("a/c")),
        Step("resultant below", "GET sys/internal/ui/resultant-acl", 200, token="{mine}", headers=_in("a/c")),
        Step("mounts seen by a stranger", "GET sys/internal/ui/mounts", 200, token="{mine}", headers=_in("b")),
        Step("namespaces seen by a stranger", "GET sys/internal/ui/namespaces", 200, token="{mine}", headers=_in("b")),
        Step("namespaces seen from above", "GET sys/internal/ui/namespaces", 200, token="{mine}"),
        Step("root token in a", "POST auth/token/create", 400, {"policies": ["root"]}, headers=_in("a")),
        Step("root token by a", "POST auth/token/create", 400, {"policies": ["root"]}, token="{mine}",
             headers=_in("a")),
        Step("id of one's own", "POST auth/token/create", 400, {"id": "x", "policies": ["default"]}, headers=_in("a")),
        Step("no policies", "POST auth/token/create", 200, {}, headers=_in("a")),
        Step("below without sudo", "POST auth/token/create", 400, {"policies": ["default"]}, token="{plain}",
             headers=_in("a/c")),
        _token("child", "a/c", "default", token="{mine}"),
        Step("child's own", "GET auth/token/lookup-self", 200, token="{child}", headers=_in("a/c")),
        Step("unknown policy below", "POST auth/token/create", 200, {"policies": ["all"]}, token="{mine}",
             headers=_in("a/c")),
        Step("revoke the parent", "POST auth/token/revoke-self", 204, {}, token="{mine}"),
        Step("the parent is gone", "GET t/keys/k", 403, token="{mine}", headers=_in("a")),
        Step("the child is gone", "GET auth/token/lookup-self", 403, token="{child}", headers=_in("a/c")),
        Step("users", "POST sys/auth/userpass", 204, {"type": "userpass"}, headers=_in("a")),
        Step("user", "POST auth/userpass/users/u", 204, {"password": "p", "policies": "all"}, headers=_in("a")),
        Step("log in", "POST a/auth/userpass/login/u", 200, {"password": "p"}, token=NO_TOKEN,
             saves={"user": "auth.client_token"}, random=("auth.entity_id",)),
        Step("the user", "GET auth/token/lookup-self", 200, token="{user}", headers=_in("a"),
             random=("data.entity_id",)),
        Step("the user elsewhere", "POST auth/userpass/login/u", 403, {"password": "p"}, token=NO_TOKEN,
             headers=_in("b")),
        Step("leases", "LIST sys/leases/lookup", 200, headers=_in("a")),
        Step("leases deeper", "LIST sys/leases/lookup/auth", 200, headers=_in("a")),
        Step("leases from above", "LIST sys/leases/lookup/a/auth", 404),
        Step("lease of none", "POST sys/leases/lookup", 400, {"lease_id": "auth/token/create/h1"}, headers=_in("a")),
        Step("revoke all leases of b", "PUT sys/leases/revoke-prefix/auth", 204, {}, headers=_in("b")),
        Step("the user is still there", "GET auth/token/lookup-self", 200, token="{user}", headers=_in("a"),
             random=("data.entity_id",)),
        Step("keep", "POST cubbyhole/x", 204, {"a": "b"}, token="{user}", headers=_in("a")),
        Step("kept", "GET cubbyhole/x", 200, token="{user}", headers=_in("a")),
        Step("kept, from b", "GET cubbyhole/x", 403, token="{user}", headers=_in("b")),
        Step("wrap", "POST sys/wrapping/wrap", 200, {"x": "y"}, token="{user}",
             headers=_in("a", X_Vault_Wrap_TTL="100"), saves={"wrapped": "wrap_info.token"}),
        Step("look at it", "POST sys/wrapping/lookup", 200, {"token": "{wrapped}"}, token=NO_TOKEN, headers=_in("a")),
        Step("unwrap without a namespace", "POST sys/wrapping/unwrap", 200, {}, token="{wrapped}"),
        Step("unwrap again", "POST sys/wrapping/unwrap", 400, {}, token="{wrapped}"),
    ),
)  # fmt: skip

_lock = Scenario(
    "namespaces-lock",
    servers=Servers.FRESH,
    steps=(
        *_made("a", "a/c", "b"),
        _policy("a", "plain", _NO_SUDO),
        _policy("a", "all", _EVERYTHING),
        _token("plain", "a", "plain"),
        Step("lock root", "POST sys/namespaces/api-lock/lock", 400, {}),
        Step("unlock root", "POST sys/namespaces/api-lock/unlock", 400, {}),
        Step("lock none", "POST sys/namespaces/api-lock/lock/nope", 400, {}),
        Step("unlock none", "POST sys/namespaces/api-lock/unlock/nope", 400, {}),
        Step("lock the word root", "POST sys/namespaces/api-lock/lock/root", 400, {}),
        Step("read", "GET sys/namespaces/api-lock/lock", 405),
        Step("unlock what isn't locked", "POST sys/namespaces/api-lock/unlock/a", 400, {}),
        Step("lock", "POST sys/namespaces/api-lock/lock/a", 200, {}, saves={"key": "data.unlock_key"}),
        Step("lock again", "POST sys/namespaces/api-lock/lock/a", 400, {}),
        Step("shown", "GET sys/namespaces/a", 200, random=_ID),
        Step("in it", "GET sys/mounts", 503, headers=_in("a")),
        Step("below it", "GET sys/mounts", 503, headers=_in("a/c")),
        Step("by path", "GET a/nope", 503),
        Step("without a token", "GET sys/internal/ui/mounts", 503, headers=_in("a"), token=NO_TOKEN),
        Step("beside it", "GET sys/policies/acl/default", 200, headers=_in("b"), ignores=("data.*",)),
        Step("change it", "POST sys/namespaces/a", 200, {"custom_metadata": {"x": "y"}}, random=_ID),
        Step("unlock what lies in it", "POST sys/namespaces/api-lock/unlock/c", 503, {}, headers=_in("a")),
        Step("a wrong key", "POST sys/namespaces/api-lock/unlock/a", 400, {"unlock_key": "wrong"}),
        Step("no key and no sudo", "POST sys/namespaces/api-lock/unlock", 500, {}, headers=_in("a"), token="{plain}"),
        Step("no token", "POST sys/namespaces/api-lock/unlock", 403, {"unlock_key": "{key}"}, headers=_in("a"),
             token=NO_TOKEN),
        Step("the key", "POST a/sys/namespaces/api-lock/unlock", 204, {"unlock_key": "{key}"}, token="{plain}"),
        Step("unlocked", "GET sys/policies/acl/default", 200, headers=_in("a"), ignores=("data.*",)),
        Step("lock from within", "POST sys/namespaces/api-lock/lock", 200, {}, headers=_in("a"), token="{plain}",
             random=("data.unlock_key",)),
        Step("unlock by right", "POST sys/namespaces/api-lock/unlock/a", 200, {}),
        Step("lock deep", "POST sys/namespaces/api-lock/lock/a/c", 200, {}, random=("data.unlock_key",)),
        Step("above is open", "GET sys/policies/acl/default", 200, headers=_in("a"), ignores=("data.*",)),
        Step("deep is not", "GET sys/mounts", 503, headers=_in("a/c")),
        Step("lock above", "POST sys/namespaces/api-lock/lock/a", 200, {}, random=("data.unlock_key",)),
        Step("the upper is named", "GET sys/mounts", 503, headers=_in("a/c")),
        Step("delete a locked one", "DELETE sys/namespaces/a", 400),
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
        *_made("a"),
        *(
            Step(f"{method} {path} by header", f"{method} {path}", 400, {} if method == "POST" else None,
                 headers=_in("a"))
            for method, path in _ONLY_IN_ROOT
        ),
        *(
            Step(f"{method} {path} by path", f"{method} a/{path}", 400, {} if method == "POST" else None)
            for method, path in _ONLY_IN_ROOT
        ),
        Step("rotate root", "POST sys/rotate/root", 500, {}, headers=_in("a")),
        Step("audit without a token", "GET sys/audit", 400, headers=_in("a"), token=NO_TOKEN),
        Step("key status without a token", "GET sys/key-status", 403, headers=_in("a"), token=NO_TOKEN),
        Step("seal status", "GET sys/seal-status", 200, headers=_in("a"), ignores=("cluster_name",)),
        Step("seal status by path", "GET a/sys/seal-status", 200, ignores=("cluster_name",)),
        Step("leader", "GET sys/leader", 200, headers=_in("a")),
        Step("random", "POST sys/tools/random", 200, {}, headers=_in("a"), random=("data.random_bytes",)),
        Step("no such path", "GET sys/nope", 404, headers=_in("a")),
    ),
)  # fmt: skip

_deleted = Scenario(
    "namespaces-deleted",
    servers=Servers.FRESH,
    steps=(
        *_made("a", "a/c"),
        _policy("a", "all", _EVERYTHING),
        _token("mine", "a", "all"),
        Step("quota", "POST sys/quotas/rate-limit/q", 204, {"rate": 1000, "path": "a"}),
        Step("read the quota", "GET sys/quotas/rate-limit/q", 200),
        Step("with a child", "DELETE sys/namespaces/a", 400),
        Step("the child", "DELETE sys/namespaces/c", 200, headers=_in("a"), token="{mine}"),
        Step("the child is gone", "GET sys/namespaces/c", 404, headers=_in("a"), until=True),
        Step("the child again", "DELETE sys/namespaces/c", 200, headers=_in("a")),
        Step("itself", "DELETE sys/namespaces/a", 200),
        Step("gone", "GET sys/namespaces/a", 404, until=True),
        Step("in it", "GET sys/mounts", 404, headers=_in("a"), until=True),
        Step("by path", "GET a/sys/mounts", 404),
        Step("its token", "GET auth/token/lookup-self", 403, token="{mine}"),
        Step("its quota", "GET sys/quotas/rate-limit/q", 404, until=True),
        Step("make it again", "POST sys/namespaces/a", 200, {}, random=_ID),
        Step("nothing is left", "GET sys/policies/acl/all", 404, headers=_in("a")),
        Step("its old token", "GET sys/mounts", 403, token="{mine}", headers=_in("a")),
    ),
)

_NAMED = (
    ("look up", "lookup", 200, {"token": "{it}"}),
    ("renew", "renew", 200, {"token": "{it}"}),
    ("revoke", "revoke", 204, {"token": "{it}"}),
    ("revoke as an orphan", "revoke-orphan", 204, {"token": "{it}"}),
)


def _naming(where: str, owner: str, caller: str, status: int | None = None) -> tuple[Step, ...]:
    """Steps with ``caller`` in the namespace ``where``, about tokens of ``owner`` that are named by their value.

    ``status`` is that of a refusal.
    """
    about = f"{caller}, in {where}, of {owner}"
    return tuple(
        step
        for name, path, allowed, body in _NAMED
        for step in (
            Step(f"make to {name}: {about}", "POST auth/token/create-orphan", 200,
                 {"policies": ["default"], "ttl": "1h"}, headers=_in(owner), saves={"it": "auth.client_token"}),
            Step(f"{name}: {about}", f"POST auth/token/{path}", status or allowed, body, token=f"{{{caller}}}",
                 headers=_in(where)),
            Step(f"after {name}: {about}", "GET auth/token/lookup-self",
                 403 if allowed == 204 and status is None else 200, token="{it}"),
        )
    )  # fmt: skip


_LOOKING = 'path "c/auth/token/*" { capabilities = ["update", "sudo"] }'
_LOOKING_HERE = 'path "auth/token/*" { capabilities = ["update", "sudo"] }'

_named = Scenario(
    "namespaces-named",
    servers=Servers.FRESH,
    steps=(
        *_made("a", "b", "a/c"),
        *(_policy(name, "all", _EVERYTHING) for name in ("a", "b", "a/c")),
        _policy("a", "below", _LOOKING),
        _policy("a", "here", _LOOKING_HERE),
        _token("mine", "a", "all"),
        _token("theirs", "b", "all"),
        _token("child", "a/c", "all"),
        _token("below", "a", "below"),
        _token("here", "a", "here"),
        *_naming("root", "a", "root"),
        *_naming("b", "a/c", "root"),
        *_naming("a", "a/c", "mine"),
        *_naming("b", "a/c", "mine"),
        *_naming("a", "a/c", "below"),
        *_naming("a", "a/c", "here", 403),
        *_naming("b", "a", "theirs", 403),
        *_naming("root", "a", "theirs", 403),
        *_naming("a/c", "a", "child", 403),
        # What OpenBao finds in any namespace: tokens of the root.
        Step("of the root", "POST auth/token/create-orphan", 200, {"policies": ["default"]},
             saves={"top": "auth.client_token", "top_accessor": "auth.accessor"}),
        Step("look up from a namespace", "POST auth/token/lookup", 200, {"token": "{top}"}, token="{mine}",
             headers=_in("a")),
        Step("renew from a namespace", "POST auth/token/renew", 500, {"token": "{top}"}, token="{mine}",
             headers=_in("a")),
        *(
            Step(f"{path} by accessor from {where or 'the root'}", f"POST auth/token/{path}", 500,
                 {"accessor": "{mine_accessor}"}, headers=_in(where))
            for path in ("lookup-accessor", "renew-accessor", "revoke-accessor")
            for where in ("", "b", "a/c")
        ),
        *(
            Step(f"capabilities of {name} in {where or 'the root'}", "POST sys/capabilities", 200,
                 {"paths": ["auth/token/lookup"], "token": f"{{{name}}}"}, headers=_in(where))
            for name in ("top", "mine", "below", "child")
            for where in ("", "a", "a/c", "b")
        ),
        Step("look up by query", "GET auth/token/lookup?token={mine}", 200),
        Step("look up where nothing is", "POST auth/token/lookup", 404, {"token": "{mine}"}, headers=_in("nope")),
        Step("of no namespace", "POST auth/token/lookup", 403, {"token": "s.abcdefghijklmnopqrstuvwx.QQQQQQ"}),
        Step("role", "POST auth/token/roles/r", 204, {"orphan": True}, headers=_in("a/c")),
        Step("leased", "POST auth/token/create/r", 200, {"ttl": "1h", "policies": ["default"]}, headers=_in("a/c"),
             saves={"leased": "auth.client_token"}),
        Step("its lease", "LIST sys/leases/lookup/auth/token/create/r", 200, headers=_in("a/c"),
             saves={"lease": "data.keys.0"}),
        *(
            Step(f"{name} the lease: {caller} in {where or 'the root'}", f"POST sys/leases/{name}", status,
                 {"lease_id": "auth/token/create/r/{lease}"}, token=f"{{{caller}}}", headers=_in(where))
            for name in ("lookup", "renew")
            for caller, where, status in (
                ("root", "", 400 if name == "renew" else 200), ("root", "b", 400 if name == "renew" else 200),
                ("mine", "a", 400 if name == "renew" else 200), ("here", "a", 403), ("theirs", "b", 403),
            )
        ),
        Step("renew by path", "POST sys/leases/renew/auth/token/create/r/{lease}", 400, {}),
        Step("revoke by path from beside", "POST sys/leases/revoke/auth/token/create/r/{lease}", 403, {},
             token="{theirs}", headers=_in("b")),
        Step("revoke from beside", "POST sys/leases/revoke", 403, {"lease_id": "auth/token/create/r/{lease}"},
             token="{theirs}", headers=_in("b")),
        Step("it stands", "GET auth/token/lookup-self", 200, token="{leased}"),
        Step("revoke by path", "POST sys/leases/revoke/auth/token/create/r/{lease}", 204, {}),
        Step("it ended", "GET auth/token/lookup-self", 403, token="{leased}", until=True),
    ),
)  # fmt: skip

SCENARIOS = (_namespaces, _names, _metadata, _nested, _tokens, _lock, _only_in_root, _deleted, _named)
