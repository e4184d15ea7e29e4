"""Ways to a token: roles of the token method, userpass, approle."""

from __future__ import annotations

from tests.conformance.steps import NO_TOKEN, Json, Scenario, Step

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
    ("service", {"token_type": "service"}, 204),
    ("bad-type", {"token_type": "nope"}, 400),
    ("uses", {"token_num_uses": 3}, 204),
    ("cidrs", {"token_bound_cidrs": ["127.0.0.0/8"]}, 204),
    ("bad-cidrs", {"token_bound_cidrs": ["nope"]}, 400),
    ("aliases", {"allowed_entity_aliases": ["A", "b"]}, 204),
    ("no-default", {"token_no_default_policy": True}, 204),
    ("bad-boolean", {"orphan": "abc"}, 400),
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

SCENARIOS = (_roles, _userpass, _approle)
