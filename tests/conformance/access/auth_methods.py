"""Ways to a token: roles of the token method, userpass, approle."""

from __future__ import annotations

from tests.conformance.steps import NO_TOKEN, Json, Scenario, Servers, Step

_ROLE_BODIES: tuple[tuple[str, dict[str, Json], int], ...] = (
    ("empty", {}, 204),
    ("policies", {"allowed_policies": ["a", "b"], "disallowed_policies": "c"}, 204),
    ("globs", {"allowed_policies_glob": ["g*"], "disallowed_policies_glob": ["h*"]}, 204),
    ("orphan", {"orphan": True}, 204),
    ("period", {"token_period": "1h"}, 204),
    ("old-period", {"period": "1h"}, 204),
    ("both-periods", {"period": "1h", "token_period": "2h"}, 200),
    ("explicit", {"token_explicit_max_ttl": "1h"}, 204),
    ("fixed", {"renewable": False}, 204),
    ("suffix", {"path_suffix": "abc"}, 204),
    ("bad-suffix", {"path_suffix": "-a"}, 400),
    ("batch", {"token_type": "batch", "orphan": True, "renewable": False}, 204),
    ("batch-child", {"token_type": "batch"}, 400),
    ("letters", {"allowed_policies": " B,A,b", "disallowed_policies": "X ,D,d,,"}, 204),
    ("service", {"token_type": "service"}, 204),
    ("bad-type", {"token_type": "nope"}, 400),
    ("empty-type", {"token_type": ""}, 400),
    ("uses", {"token_num_uses": 3}, 204),
    ("cidrs", {"token_bound_cidrs": ["127.0.0.0/8"]}, 204),
    ("bad-cidrs", {"token_bound_cidrs": ["nope"]}, 400),
    ("bad-old-cidrs", {"bound_cidrs": ["nope"]}, 400),
    ("bad-both-cidrs", {"bound_cidrs": ["127.0.0.1"], "token_bound_cidrs": ["nope"]}, 400),
    ("aliases", {"allowed_entity_aliases": ["A", "b"]}, 204),
    ("no-default", {"token_no_default_policy": True}, 204),
    ("bad-boolean", {"orphan": "abc"}, 400),
)

_MORE_ROLES: tuple[tuple[str, dict[str, Json]], ...] = (
    ("marked", {"allowed_policies_glob": ["G*", "a*", " H*"], "disallowed_policies_glob": ["Z*", "*Q"]}),
    ("silent", {"disallowed_policies": "Admin"}),
    ("root", {"allowed_policies": "root,a", "disallowed_policies": "root,A"}),
    ("default", {"token_type": "default-batch"}),
)

_NOT_OF_BATCHES: tuple[dict[str, Json], ...] = (
    {"token_period": "1h"},
    {"explicit_max_ttl": "1h"},
    {"token_num_uses": 3},
    {"renewable": True},
    {"orphan": False},
    {"token_explicit_max_ttl": "1h"},
)

_roles = Scenario(
    "auth-token-roles",
    steps=(
        Step("read none", "GET auth/token/roles/nope", 404),
        Step("delete none", "DELETE auth/token/roles/nope", 204),
        *(
            step
            for name, body, status in _ROLE_BODIES
            for step in (
                Step(f"write {name}", f"POST auth/token/roles/r-{name}", status, body),
                Step(f"read {name}", f"GET auth/token/roles/r-{name}", 404 if status == 400 else 200),
                Step(
                    f"create with {name}",
                    f"POST auth/token/create/r-{name}",
                    400 if status == 400 else 200,
                    {"policies": ["a"]} if name == "batch" else {},
                ),
            )
        ),
        Step("list", "LIST auth/token/roles", 200),
        Step("allowed policy", "POST auth/token/create/r-policies", 200, {"policies": ["a"]}),
        Step("policy that isn't allowed", "POST auth/token/create/r-policies", 400, {"policies": ["z"]}),
        Step("disallowed policy", "POST auth/token/create/r-policies", 400, {"policies": ["c"]}),
        Step("policy by glob", "POST auth/token/create/r-globs", 200, {"policies": ["good"]}),
        Step("policy by no glob", "POST auth/token/create/r-globs", 400, {"policies": ["y"]}),
        Step("disallowed by glob", "POST auth/token/create/r-globs", 400, {"policies": ["hot"]}),
        Step("too long a maximum", "POST auth/token/roles/r-long", 200, {"token_explicit_max_ttl": "2000h"}),
        Step("another setting of it", "POST auth/token/roles/r-long", 204, {"path_suffix": "abc"}),
        Step("disallowed in other letters", "POST auth/token/create/r-letters", 400, {"policies": ["X"]}),
        *(
            step
            for name, body in _MORE_ROLES
            for step in (
                Step(f"write {name}", f"POST auth/token/roles/r-{name}", 204, body),
                Step(f"read {name}", f"GET auth/token/roles/r-{name}", 200),
            )
        ),
        Step("allowed by a glob in other letters", "POST auth/token/create/r-marked", 200, {"policies": ["good"]}),
        Step("disallowed by such a glob", "POST auth/token/create/r-marked", 400, {"policies": ["GQ"]}),
        Step("nothing but what is disallowed", "POST auth/token/create/r-silent", 400, {"policies": ["admin"]}),
        *(
            Step(f"batch with {next(iter(body))}", "POST auth/token/roles/r-batch", 400, body)
            for body in _NOT_OF_BATCHES
        ),
        *(
            Step(f"default batch with {next(iter(body))}", "POST auth/token/roles/r-default", status, body)
            for body, status in zip(_NOT_OF_BATCHES, (400, 204, 400, 204, 204, 204), strict=True)
        ),
        Step("beyond a role's limit", "POST auth/token/create/r-default", 200, {"policies": ["a"]}),
        Step("delete", "DELETE auth/token/roles/r-empty", 204),
        Step("read after deletion", "GET auth/token/roles/r-empty", 404),
    ),
)

_userpass = Scenario(
    "auth-userpass",
    steps=(
        Step("enable", "POST sys/auth/{m}", 204, {"type": "userpass"}),
        Step("show", "GET sys/auth/{m}", 200),
        Step("list none", "LIST auth/{m}/users", 404),
        Step("no password", "POST auth/{m}/users/a", 400, {}),
        Step("bad name", "POST auth/{m}/users/-a", 404, {"password": "x"}),
        Step("create", "POST auth/{m}/users/Alice", 204, {"password": "secret", "policies": "p,q", "token_ttl": "1h"}),
        Step("read", "GET auth/{m}/users/alice", 200),
        Step("list", "LIST auth/{m}/users", 200),
        Step("read none", "GET auth/{m}/users/nope", 404),
        Step("wrong password", "POST auth/{m}/login/alice", 400, {"password": "nope"}, token=NO_TOKEN),
        Step("wrong user", "POST auth/{m}/login/nope", 400, {"password": "secret"}, token=NO_TOKEN),
        Step("missing password", "POST auth/{m}/login/alice", 500, {}, token=NO_TOKEN),
        Step(
            "log in",
            "POST auth/{m}/login/ALICE",
            200,
            {"password": "secret"},
            token=NO_TOKEN,
            saves={"token": "auth.client_token"},
        ),
        Step("look up", "GET auth/token/lookup-self", 200, token="{token}"),
        Step("renew", "POST auth/token/renew-self", 200, {}, token="{token}"),
        Step("log in with a wrong token", "POST auth/{m}/login/alice", 200, {"password": "secret"}, token="nope"),
        Step("get login", "GET auth/{m}/login/alice", 405, token=NO_TOKEN),
        Step("new password", "POST auth/{m}/users/alice/password", 204, {"password": "other"}),
        Step("old password", "POST auth/{m}/login/alice", 400, {"password": "secret"}, token=NO_TOKEN),
        Step("log in with the new one", "POST auth/{m}/login/alice", 200, {"password": "other"}, token=NO_TOKEN),
        Step("new policies", "POST auth/{m}/users/alice/policies", 204, {"token_policies": ["z"]}),
        Step("password of nobody", "POST auth/{m}/users/nope/password", 500, {"password": "x"}),
        Step("delete", "DELETE auth/{m}/users/alice", 204),
        Step("log in when gone", "POST auth/{m}/login/alice", 400, {"password": "other"}, token=NO_TOKEN),
        Step("disable", "DELETE sys/auth/{m}", 204),
        Step("log in when disabled", "POST auth/{m}/login/alice", 403, {"password": "other"}, token=NO_TOKEN),
        Step("its token is revoked", "GET auth/token/lookup-self", 403, token="{token}", until=True),
    ),
)

_approle = Scenario(
    "auth-approle",
    steps=(
        Step("enable", "POST sys/auth/{m}", 204, {"type": "approle"}),
        Step("list none", "LIST auth/{m}/role", 404),
        Step("create", "POST auth/{m}/role/r", 204, {"token_policies": ["p"], "token_ttl": "1h"}),
        Step("read", "GET auth/{m}/role/r", 200),
        Step("list", "LIST auth/{m}/role", 200),
        Step("role id", "GET auth/{m}/role/r/role-id", 200, saves={"role": "data.role_id"}),
        Step(
            "secret id",
            "POST auth/{m}/role/r/secret-id",
            200,
            {"metadata": '{"k": "v"}'},
            saves={"secret": "data.secret_id", "accessor": "data.secret_id_accessor"},
        ),
        Step("list secret ids", "LIST auth/{m}/role/r/secret-id", 200),
        Step("look it up", "POST auth/{m}/role/r/secret-id/lookup", 200, {"secret_id": "{secret}"}),
        Step(
            "look its accessor up",
            "POST auth/{m}/role/r/secret-id-accessor/lookup",
            200,
            {"secret_id_accessor": "{accessor}"},
        ),
        Step("nothing", "POST auth/{m}/login", 500, {}, token=NO_TOKEN),
        Step("no secret", "POST auth/{m}/login", 400, {"role_id": "{role}"}, token=NO_TOKEN),
        Step("wrong secret", "POST auth/{m}/login", 400, {"role_id": "{role}", "secret_id": "x"}, token=NO_TOKEN),
        Step("wrong role", "POST auth/{m}/login", 400, {"role_id": "x", "secret_id": "{secret}"}, token=NO_TOKEN),
        Step(
            "log in",
            "POST auth/{m}/login",
            200,
            {"role_id": "{role}", "secret_id": "{secret}"},
            token=NO_TOKEN,
            saves={"token": "auth.client_token"},
        ),
        Step("look up", "GET auth/token/lookup-self", 200, token="{token}"),
        Step("ttl", "GET auth/{m}/role/r/token-ttl", 200),
        Step("set the ttl", "POST auth/{m}/role/r/token-ttl", 204, {"token_ttl": "20m"}),
        Step("read the ttl", "GET auth/{m}/role/r/token-ttl", 200),
        Step("no ttl", "POST auth/{m}/role/r/token-ttl", 400, {}),
        Step("destroy", "POST auth/{m}/role/r/secret-id/destroy", 204, {"secret_id": "{secret}"}),
        Step("destroy again", "POST auth/{m}/role/r/secret-id/destroy", 204, {"secret_id": "{secret}"}),
        Step("look up the destroyed", "POST auth/{m}/role/r/secret-id/lookup", 204, {"secret_id": "{secret}"}),
        Step(
            "log in with the destroyed",
            "POST auth/{m}/login",
            400,
            {"role_id": "{role}", "secret_id": "{secret}"},
            token=NO_TOKEN,
        ),
        Step("secret id of none", "POST auth/{m}/role/nope/secret-id", 404, {}),
        Step("delete", "DELETE auth/{m}/role/r", 204),
        Step("read after deletion", "GET auth/{m}/role/r", 404),
        Step("disable", "DELETE sys/auth/{m}", 204),
    ),
)

_USERS: tuple[tuple[str, dict[str, Json], int], ...] = (
    (
        "old names",
        {"password": "p", "policies": "b,A", "ttl": "1h", "max_ttl": "2h", "bound_cidrs": "127.0.0.1/32"},
        204,
    ),
    ("too long a ttl", {"token_ttl": "3h"}, 400),
    ("a new name", {"token_policies": "x"}, 204),
    ("both names", {"token_ttl": "30m", "ttl": "20m"}, 204),
    ("a type that is none", {"token_type": "zzz"}, 400),
    ("a type of mounts", {"token_type": "default-service"}, 400),
    ("a long period", {"period": "2000h"}, 204),
    ("no period", {"period": 0}, 204),
    ("a ttl that is none", {"token_ttl": "zz"}, 400),
    ("addresses that are none", {"token_bound_cidrs": "zz"}, 400),
    ("a password and its hash", {"password": "p", "password_hash": "x"}, 400),
    ("an empty password", {"password": ""}, 204),
    ("a number for a password", {"password": 123}, 204),
)

_users = Scenario(
    "auth-userpass-users",
    steps=(
        Step("enable", "POST sys/auth/{m}", 204, {"type": "userpass"}),
        *(
            step
            for name, body, status in _USERS
            for step in (
                Step(f"write {name}", "POST auth/{m}/users/Alice", status, body),
                Step(f"read after {name}", "GET auth/{m}/users/alice", 200),
            )
        ),
        Step("log in with the number", "POST auth/{m}/login/alice", 200, {"password": "123"}, token=NO_TOKEN),
        Step("create without a password", "POST auth/{m}/users/b", 400, {"token_ttl": "1h"}),
        Step("create with an empty password", "POST auth/{m}/users/b", 400, {"password": ""}),
        Step("create with an empty hash", "POST auth/{m}/users/b", 400, {"password_hash": ""}),
        Step("create", "POST auth/{m}/users/b", 204, {"password": "p", "token_bound_cidrs": "10.0.0.0/8"}),
        Step("log in from elsewhere", "POST auth/{m}/login/b", 403, {"password": "p"}, token=NO_TOKEN),
        Step("log in wrongly from elsewhere", "POST auth/{m}/login/b", 400, {"password": "q"}, token=NO_TOKEN),
        Step("no new password", "POST auth/{m}/users/b/password", 400, {}),
        Step("no new policies", "POST auth/{m}/users/b/policies", 204, {}),
        Step("read with no policies", "GET auth/{m}/users/b", 200),
        Step("policies by the old name", "POST auth/{m}/users/b/policies", 204, {"policies": "q,A"}),
        Step("read with the old name", "GET auth/{m}/users/b", 200),
        Step("policies by both", "POST auth/{m}/users/b/policies", 204, {"policies": "q,A", "token_policies": "zz"}),
        Step("read with both", "GET auth/{m}/users/b", 200),
        Step("policies by the new name", "POST auth/{m}/users/b/policies", 204, {"token_policies": "Z,a"}),
        Step("read with the new name", "GET auth/{m}/users/b", 200),
        Step("policies of nobody", "POST auth/{m}/users/nope/policies", 500, {"policies": "a"}),
        Step("get a password", "GET auth/{m}/users/b/password", 405),
        Step("delete policies", "DELETE auth/{m}/users/b/policies", 405),
        Step("list", "LIST auth/{m}/users?limit=1", 200),
        Step("list behind", "LIST auth/{m}/users?after=alice", 200),
        Step("get the list", "GET auth/{m}/users", 405),
        Step("no password of nobody", "POST auth/{m}/login/nope", 500, {}, token=NO_TOKEN),
        Step("bad name", "POST auth/{m}/login/-nope", 404, {"password": "a"}, token=NO_TOKEN),
        Step("deep name", "POST auth/{m}/login/a/b", 404, {"password": "a"}, token=NO_TOKEN),
        Step(
            "name in the body too",
            "POST auth/{m}/login/alice",
            200,
            {"password": "123", "username": "b"},
            token=NO_TOKEN,
        ),
        Step("root", "POST auth/{m}/users/c", 204, {"password": "p", "token_policies": "root"}),
        Step("log in as root", "POST auth/{m}/login/c", 400, {"password": "p"}, token=NO_TOKEN),
        Step("d", "POST auth/{m}/users/d", 204, {"password": "p", "token_ttl": "10m", "token_max_ttl": "200m"}),
        Step(
            "log in",
            "POST auth/{m}/login/d",
            200,
            {"password": "p"},
            token=NO_TOKEN,
            saves={"token": "auth.client_token"},
        ),
        Step("shorter", "POST auth/{m}/users/d", 204, {"token_ttl": "5m", "token_max_ttl": "100m"}),
        Step("renew", "POST auth/token/renew-self", 200, {}, token="{token}"),
        Step("renew for longer", "POST auth/token/renew-self", 200, {"increment": "18m"}, token="{token}"),
        Step("other policies", "POST auth/{m}/users/d", 204, {"token_policies": "other"}),
        Step("renew with other policies", "POST auth/token/renew-self", 500, {}, token="{token}"),
        Step("the same policies", "POST auth/{m}/users/d", 204, {"token_policies": "", "token_period": "7m"}),
        Step("renew with a period", "POST auth/token/renew-self", 200, {}, token="{token}"),
        Step("look up", "GET auth/token/lookup-self", 200, token="{token}"),
        Step("delete", "DELETE auth/{m}/users/d", 204),
        Step("renew when gone", "POST auth/token/renew-self", 204, {}, token="{token}"),
        Step("disable", "DELETE sys/auth/{m}", 204),
    ),
)


def _wrong(count: int, name: str, what: str = "wrong") -> tuple[Step, ...]:
    return tuple(
        Step(f"{what} {number}", f"POST auth/{{m}}/login/{name}", 400, {"password": "wrong"}, token=NO_TOKEN)
        for number in range(1, count + 1)
    )


_LOCKOUT_CONFIGS: tuple[tuple[dict[str, Json], int], ...] = (
    ({"lockout_threshold": "3"}, 204),
    (
        {
            "lockout_threshold": 4,
            "lockout_duration": "5m",
            "lockout_counter_reset_duration": "6m",
            "lockout_disable": False,
        },
        204,
    ),
    ({"lockout_duration": "abc"}, 400),
    ({"lockout_counter_reset_duration": "abc"}, 400),
    ({"lockout_threshold": "abc"}, 400),
    ({"lockout_threshold": "-3"}, 400),
    ({"lockout_disable": "true"}, 400),
    ({"lockout_duration": 300}, 204),
    ({"lockout_duration": "0", "lockout_counter_reset_duration": "0"}, 204),
    ({"nonsense": 1}, 204),
    ({}, 204),
    ({"lockout_threshold": "2"}, 204),
)

_lockout = Scenario(
    "auth-lockout",
    steps=(
        Step("enable", "POST sys/auth/{m}", 204, {"type": "userpass"}),
        Step("nobody", "GET sys/locked-users", 200),
        Step("create", "POST auth/{m}/users/alice", 204, {"password": "right"}),
        *_wrong(4, "alice"),
        Step("right", "POST auth/{m}/login/alice", 200, {"password": "right"}, token=NO_TOKEN),
        *_wrong(5, "Alice", "wrong again"),
        Step("locked", "POST auth/{m}/login/alice", 403, {"password": "right"}, token=NO_TOKEN),
        Step("the mount", "GET sys/auth/{m}", 200, saves={"accessor": "data.accessor"}),
        Step("somebody", "GET sys/locked-users", 200),
        Step("somebody here", "GET sys/locked-users?mount_accessor={accessor}", 200),
        Step("nobody elsewhere", "GET sys/locked-users?mount_accessor=nope", 200),
        Step("unlock nobody", "POST sys/locked-users/{accessor}/unlock/nope", 204),
        Step("unlock elsewhere", "POST sys/locked-users/nope/unlock/alice", 204),
        Step("still locked", "POST auth/{m}/login/alice", 403, {"password": "right"}, token=NO_TOKEN),
        Step("unlock", "POST sys/locked-users/{accessor}/unlock/alice", 204),
        Step("unlocked", "POST auth/{m}/login/alice", 200, {"password": "right"}, token=NO_TOKEN),
        Step("nobody again", "GET sys/locked-users", 200),
        Step("get unlock", "GET sys/locked-users/{accessor}/unlock/alice", 405),
        Step("get a mount", "GET sys/locked-users/{accessor}", 404),
        Step("list", "LIST sys/locked-users", 404),
        Step("post", "POST sys/locked-users", 405),
        Step("without a token", "GET sys/locked-users", 403, token=NO_TOKEN),
        *(
            step
            for number, (body, status) in enumerate(_LOCKOUT_CONFIGS)
            for step in (
                Step(f"tune {number}", "POST sys/auth/{m}/tune", status, {"user_lockout_config": body}),
                Step(f"read after {number}", "GET sys/auth/{m}/tune", 200),
            )
        ),
        Step("the mount then", "GET sys/auth/{m}", 200),
        *_wrong(2, "alice", "wrong after tuning"),
        Step("locked sooner", "POST auth/{m}/login/alice", 403, {"password": "right"}, token=NO_TOKEN),
        *_wrong(3, "nobody", "wrong for nobody"),
        Step("another mount", "POST sys/auth/{m}-approle", 204, {"type": "approle"}),
        Step("role", "POST auth/{m}-approle/role/r", 204, {"role_id": "r"}),
        *(
            Step(
                f"wrong secret {number}",
                "POST auth/{m}-approle/login",
                400,
                {"role_id": "r", "secret_id": "x"},
                token=NO_TOKEN,
            )
            for number in range(5)
        ),
        Step("secret", "POST auth/{m}-approle/role/r/custom-secret-id", 200, {"secret_id": "s"}),
        Step("locked role", "POST auth/{m}-approle/login", 403, {"role_id": "r", "secret_id": "s"}, token=NO_TOKEN),
        Step("a jwt mount", "POST sys/auth/{m}-jwt", 204, {"type": "jwt"}),
        Step(
            "tune a jwt mount",
            "POST sys/auth/{m}-jwt/tune",
            400,
            {"user_lockout_config": {"lockout_threshold": "3"}},
        ),
        Step("disable", "DELETE sys/auth/{m}", 204),
        Step("disable another", "DELETE sys/auth/{m}-approle", 204),
        Step("disable a third", "DELETE sys/auth/{m}-jwt", 204),
    ),
    servers=Servers.FRESH,
)

SCENARIOS = (_roles, _userpass, _users, _approle, _lockout)
