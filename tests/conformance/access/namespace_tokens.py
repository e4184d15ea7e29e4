"""Namespaces and tokens: the namespaces in which a token is valid, locks, and tokens named from another namespace."""

from __future__ import annotations

from tests.conformance.access.nested import EVERYTHING, ID, INTO, NO_SUDO, give_token, inside, make, write_policy
from tests.conformance.steps import NO_TOKEN, Scenario, Servers, Step

_tokens = Scenario(
    "namespaces-tokens",
    servers=Servers.FRESH,
    steps=(
        *make("a", "b", "a/c"),
        *(Step(f"mount in {name or 'root'}", "POST sys/mounts/t", 204, {"type": "transit"}, headers=inside(name))
          for name in ("root", "a", "b", "a/c")),
        *(Step(f"key in {name or 'root'}", "POST t/keys/k", 200, headers=inside(name))
          for name in ("root", "a", "b", "a/c")),
        write_policy("a", "all", EVERYTHING),
        write_policy("a", "plain", NO_SUDO),
        write_policy("a", "down", 'path "c/t/*" { capabilities = ["read"] }'),
        write_policy("", "into", INTO),
        give_token("mine", "a", "all", ttl="1h"),
        give_token("plain", "a", "plain"),
        give_token("down", "a", "down"),
        give_token("into", "", "into"),
        give_token("batch", "a", "plain", type="batch"),
        *(
            Step(f"{name} in {where}", "GET t/keys/k", status, token=f"{{{name}}}", headers=inside(where))
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
        Step("mine's own from a", "GET auth/token/lookup-self", 200, token="{mine}", headers=inside("a")),
        Step("mine's own from b", "GET auth/token/lookup-self", 200, token="{mine}", headers=inside("b")),
        Step("mine's own from root", "POST auth/token/renew-self", 200, {}, token="{mine}"),
        Step("batch's own", "GET auth/token/lookup-self", 200, token="{batch}"),
        Step("mine's own from nowhere", "GET auth/token/lookup-self", 404, token="{mine}", headers=inside("nope")),
        Step("into's own from a", "GET auth/token/lookup-self", 200, token="{into}", headers=inside("a")),
        Step("look up", "POST auth/token/lookup", 200, {"token": "{mine}"}, headers=inside("a")),
        Step("look up by accessor", "POST auth/token/lookup-accessor", 200, {"accessor": "{mine_accessor}"},
             headers=inside("a")),
        Step("renew", "POST auth/token/renew", 200, {"token": "{mine}"}, headers=inside("a")),
        Step("look up garbage", "POST auth/token/lookup", 403, {"token": "garbage"}, headers=inside("a")),
        Step("accessors", "LIST auth/token/accessors", 404, headers=inside("b")),
        Step("capabilities in a", "POST sys/capabilities-self", 200, {"paths": ["t/x", "c/t/x"]}, token="{mine}",
             headers=inside("a")),
        Step("capabilities in b", "POST sys/capabilities-self", 403, {"paths": ["t/x"]}, token="{mine}",
             headers=inside("b")),
        Step("capabilities of into", "POST sys/capabilities", 200, {"paths": ["t/x"], "token": "{mine}"},
             headers=inside("a")),
        Step("capabilities below", "POST sys/capabilities-self", 200, {"paths": ["t/x", "nope"]}, token="{mine}",
             headers=inside("a/c")),
        Step("resultant below", "GET sys/internal/ui/resultant-acl", 200, token="{mine}", headers=inside("a/c")),
        Step("mounts seen by a stranger", "GET sys/internal/ui/mounts", 200, token="{mine}", headers=inside("b")),
        Step("namespaces seen by a stranger", "GET sys/internal/ui/namespaces", 200, token="{mine}",
             headers=inside("b")),
        Step("namespaces seen from above", "GET sys/internal/ui/namespaces", 200, token="{mine}"),
        Step("root token in a", "POST auth/token/create", 400, {"policies": ["root"]}, headers=inside("a")),
        Step("root token by a", "POST auth/token/create", 400, {"policies": ["root"]}, token="{mine}",
             headers=inside("a")),
        Step("id of one's own", "POST auth/token/create", 400, {"id": "x", "policies": ["default"]},
             headers=inside("a")),
        Step("no policies", "POST auth/token/create", 200, {}, headers=inside("a")),
        Step("below without sudo", "POST auth/token/create", 400, {"policies": ["default"]}, token="{plain}",
             headers=inside("a/c")),
        give_token("child", "a/c", "default", token="{mine}"),
        Step("child's own", "GET auth/token/lookup-self", 200, token="{child}", headers=inside("a/c")),
        Step("unknown policy below", "POST auth/token/create", 200, {"policies": ["all"]}, token="{mine}",
             headers=inside("a/c")),
        Step("revoke the parent", "POST auth/token/revoke-self", 204, {}, token="{mine}"),
        Step("the parent is gone", "GET t/keys/k", 403, token="{mine}", headers=inside("a")),
        Step("the child is gone", "GET auth/token/lookup-self", 403, token="{child}", headers=inside("a/c")),
        Step("users", "POST sys/auth/userpass", 204, {"type": "userpass"}, headers=inside("a")),
        Step("user", "POST auth/userpass/users/u", 204, {"password": "p", "policies": "all"}, headers=inside("a")),
        Step("log in", "POST a/auth/userpass/login/u", 200, {"password": "p"}, token=NO_TOKEN,
             saves={"user": "auth.client_token"}, random=("auth.entity_id",)),
        Step("the user", "GET auth/token/lookup-self", 200, token="{user}", headers=inside("a"),
             random=("data.entity_id",)),
        Step("the user elsewhere", "POST auth/userpass/login/u", 403, {"password": "p"}, token=NO_TOKEN,
             headers=inside("b")),
        Step("leases", "LIST sys/leases/lookup", 200, headers=inside("a")),
        Step("leases deeper", "LIST sys/leases/lookup/auth", 200, headers=inside("a")),
        Step("leases from above", "LIST sys/leases/lookup/a/auth", 404),
        Step("lease of none", "POST sys/leases/lookup", 400, {"lease_id": "auth/token/create/h1"}, headers=inside("a")),
        Step("revoke all leases of b", "PUT sys/leases/revoke-prefix/auth", 204, {}, headers=inside("b")),
        Step("the user is still there", "GET auth/token/lookup-self", 200, token="{user}", headers=inside("a"),
             random=("data.entity_id",)),
        Step("keep", "POST cubbyhole/x", 204, {"a": "b"}, token="{user}", headers=inside("a")),
        Step("kept", "GET cubbyhole/x", 200, token="{user}", headers=inside("a")),
        Step("kept, from b", "GET cubbyhole/x", 403, token="{user}", headers=inside("b")),
        Step("wrap", "POST sys/wrapping/wrap", 200, {"x": "y"}, token="{user}",
             headers=inside("a", X_Vault_Wrap_TTL="100"), saves={"wrapped": "wrap_info.token"}),
        Step("look at it", "POST sys/wrapping/lookup", 200, {"token": "{wrapped}"}, token=NO_TOKEN,
             headers=inside("a")),
        Step("unwrap without a namespace", "POST sys/wrapping/unwrap", 200, {}, token="{wrapped}"),
        Step("unwrap again", "POST sys/wrapping/unwrap", 400, {}, token="{wrapped}"),
    ),
)  # fmt: skip

_lock = Scenario(
    "namespaces-lock",
    servers=Servers.FRESH,
    steps=(
        *make("a", "a/c", "b"),
        write_policy("a", "plain", NO_SUDO),
        write_policy("a", "all", EVERYTHING),
        give_token("plain", "a", "plain"),
        Step("lock root", "POST sys/namespaces/api-lock/lock", 400, {}),
        Step("unlock root", "POST sys/namespaces/api-lock/unlock", 400, {}),
        Step("lock none", "POST sys/namespaces/api-lock/lock/nope", 400, {}),
        Step("unlock none", "POST sys/namespaces/api-lock/unlock/nope", 400, {}),
        Step("lock the word root", "POST sys/namespaces/api-lock/lock/root", 400, {}),
        Step("read", "GET sys/namespaces/api-lock/lock", 405),
        Step("unlock what isn't locked", "POST sys/namespaces/api-lock/unlock/a", 400, {}),
        Step("lock", "POST sys/namespaces/api-lock/lock/a", 200, {}, saves={"key": "data.unlock_key"}),
        Step("lock again", "POST sys/namespaces/api-lock/lock/a", 400, {}),
        Step("shown", "GET sys/namespaces/a", 200, random=ID),
        Step("in it", "GET sys/mounts", 503, headers=inside("a")),
        Step("below it", "GET sys/mounts", 503, headers=inside("a/c")),
        Step("by path", "GET a/nope", 503),
        Step("without a token", "GET sys/internal/ui/mounts", 503, headers=inside("a"), token=NO_TOKEN),
        Step("beside it", "GET sys/policies/acl/default", 200, headers=inside("b"), ignores=("data.*",)),
        Step("change it", "POST sys/namespaces/a", 200, {"custom_metadata": {"x": "y"}}, random=ID),
        Step("unlock what lies in it", "POST sys/namespaces/api-lock/unlock/c", 503, {}, headers=inside("a")),
        Step("a wrong key", "POST sys/namespaces/api-lock/unlock/a", 400, {"unlock_key": "wrong"}),
        Step("no key and no sudo", "POST sys/namespaces/api-lock/unlock", 500, {},
             headers=inside("a"), token="{plain}"),
        Step("no token", "POST sys/namespaces/api-lock/unlock", 403, {"unlock_key": "{key}"}, headers=inside("a"),
             token=NO_TOKEN),
        Step("the key", "POST a/sys/namespaces/api-lock/unlock", 204, {"unlock_key": "{key}"}, token="{plain}"),
        Step("unlocked", "GET sys/policies/acl/default", 200, headers=inside("a"), ignores=("data.*",)),
        Step("lock from inside", "POST sys/namespaces/api-lock/lock", 200, {}, headers=inside("a"), token="{plain}",
             random=("data.unlock_key",)),
        Step("unlock by right", "POST sys/namespaces/api-lock/unlock/a", 200, {}),
        Step("lock deep", "POST sys/namespaces/api-lock/lock/a/c", 200, {}, random=("data.unlock_key",)),
        Step("above is open", "GET sys/policies/acl/default", 200, headers=inside("a"), ignores=("data.*",)),
        Step("deep is not", "GET sys/mounts", 503, headers=inside("a/c")),
        Step("lock above", "POST sys/namespaces/api-lock/lock/a", 200, {}, random=("data.unlock_key",)),
        Step("the upper is named", "GET sys/mounts", 503, headers=inside("a/c")),
        Step("delete a locked one", "DELETE sys/namespaces/a", 400),
    ),
)  # fmt: skip

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
                 {"policies": ["default"], "ttl": "1h"}, headers=inside(owner), saves={"it": "auth.client_token"}),
            Step(f"{name}: {about}", f"POST auth/token/{path}", status or allowed, body, token=f"{{{caller}}}",
                 headers=inside(where)),
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
        *make("a", "b", "a/c"),
        *(write_policy(name, "all", EVERYTHING) for name in ("a", "b", "a/c")),
        write_policy("a", "below", _LOOKING),
        write_policy("a", "here", _LOOKING_HERE),
        give_token("mine", "a", "all"),
        give_token("theirs", "b", "all"),
        give_token("child", "a/c", "all"),
        give_token("below", "a", "below"),
        give_token("here", "a", "here"),
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
             headers=inside("a")),
        Step("renew from a namespace", "POST auth/token/renew", 500, {"token": "{top}"}, token="{mine}",
             headers=inside("a")),
        *(
            Step(f"{path} by accessor from {where or 'the root'}", f"POST auth/token/{path}", 500,
                 {"accessor": "{mine_accessor}"}, headers=inside(where))
            for path in ("lookup-accessor", "renew-accessor", "revoke-accessor")
            for where in ("", "b", "a/c")
        ),
        *(
            Step(f"capabilities of {name} in {where or 'the root'}", "POST sys/capabilities", 200,
                 {"paths": ["auth/token/lookup"], "token": f"{{{name}}}"}, headers=inside(where))
            for name in ("top", "mine", "below", "child")
            for where in ("", "a", "a/c", "b")
        ),
        Step("look up by query", "GET auth/token/lookup?token={mine}", 200),
        Step("look up where nothing is", "POST auth/token/lookup", 404, {"token": "{mine}"}, headers=inside("nope")),
        Step("of no namespace", "POST auth/token/lookup", 403, {"token": "s.abcdefghijklmnopqrstuvwx.QQQQQQ"}),
        Step("role", "POST auth/token/roles/r", 204, {"orphan": True}, headers=inside("a/c")),
        Step("leased", "POST auth/token/create/r", 200, {"ttl": "1h", "policies": ["default"]}, headers=inside("a/c"),
             saves={"leased": "auth.client_token"}),
        Step("its lease", "LIST sys/leases/lookup/auth/token/create/r", 200, headers=inside("a/c"),
             saves={"lease": "data.keys.0"}),
        *(
            Step(f"{name} the lease: {caller} in {where or 'the root'}", f"POST sys/leases/{name}", status,
                 {"lease_id": "auth/token/create/r/{lease}"}, token=f"{{{caller}}}", headers=inside(where))
            for name in ("lookup", "renew")
            for caller, where, status in (
                ("root", "", 400 if name == "renew" else 200), ("root", "b", 400 if name == "renew" else 200),
                ("mine", "a", 400 if name == "renew" else 200), ("here", "a", 403), ("theirs", "b", 403),
            )
        ),
        Step("renew by path", "POST sys/leases/renew/auth/token/create/r/{lease}", 400, {}),
        Step("revoke by path from beside", "POST sys/leases/revoke/auth/token/create/r/{lease}", 403, {},
             token="{theirs}", headers=inside("b")),
        Step("revoke from beside", "POST sys/leases/revoke", 403, {"lease_id": "auth/token/create/r/{lease}"},
             token="{theirs}", headers=inside("b")),
        Step("it stands", "GET auth/token/lookup-self", 200, token="{leased}"),
        Step("revoke by path", "POST sys/leases/revoke/auth/token/create/r/{lease}", 204, {}),
        Step("it ended", "GET auth/token/lookup-self", 403, token="{leased}", until=True),
    ),
)  # fmt: skip

SCENARIOS = (
    _tokens,
    _lock,
    _named,
)
