"""AppRole in depth: what roles may be, their properties one by one, what secret ids are bound to, who is let in."""

from __future__ import annotations

from tests.conformance.steps import NO_TOKEN, Json, Scenario, Step

_ENABLE = Step("enable", "POST sys/auth/{m}", 204, {"type": "approle"})
_DISABLE = Step("disable", "DELETE sys/auth/{m}", 204)

_ROLES: tuple[tuple[str, dict[str, Json], int], ...] = (
    ("old names", {"policies": "b,A,b", "period": "1h", "bound_cidr_list": "127.0.0.0/8", "role_id": "roleid"}, 204),
    ("a role id that is taken", {"role_id": "roleid-taken"}, 500),
    ("an empty role id", {"role_id": ""}, 400),
    ("no constraint", {"bind_secret_id": False}, 500),
    ("addresses instead of a secret", {"bind_secret_id": False, "token_bound_cidrs": "127.0.0.1"}, 204),
    ("networks instead of a secret", {"bind_secret_id": False, "secret_id_bound_cidrs": "127.0.0.0/8"}, 204),
    ("a secret's network that is none", {"secret_id_bound_cidrs": "nope"}, 500),
    ("a secret's network that is an address", {"secret_id_bound_cidrs": "127.0.0.1"}, 500),
    ("secret's networks", {"secret_id_bound_cidrs": ["127.0.0.1/32", "10.1.1.1/8", "::1/128"]}, 204),
    ("no secret's networks", {"secret_id_bound_cidrs": []}, 204),
    ("a token's address that is none", {"token_bound_cidrs": "nope"}, 400),
    ("a token's address with zeros", {"token_bound_cidrs": "010.0.0.1"}, 400),
    ("a token's address that is empty", {"token_bound_cidrs": ["10.0.0.1", ""]}, 400),
    (
        "token's addresses",
        {"token_bound_cidrs": ["127.0.0.1/32", "10.1.1.1/8", "::1/128", "2001:DB8::1/32", "::ffff:10.0.0.1"]},
        204,
    ),
    ("token's addresses as text", {"token_bound_cidrs": "10.0.0.1, 10.0.0.2/32"}, 204),
    ("ttl over the maximum", {"token_ttl": "2h", "token_max_ttl": "1h"}, 400),
    ("ttl over the mount's", {"token_ttl": "2000h"}, 204),
    ("maximum over the mount's", {"token_max_ttl": "2000h"}, 200),
    ("old period over the mount's", {"period": "2000h"}, 400),
    ("period over the mount's", {"token_period": "2000h"}, 204),
    ("type service", {"token_type": "service"}, 204),
    ("type default", {"token_type": "default"}, 204),
    ("type nothing", {"token_type": ""}, 204),
    ("type default-service", {"token_type": "default-service"}, 200),
    ("type default-batch", {"token_type": "default-batch"}, 200),
    ("type that is none", {"token_type": "zzz"}, 400),
    ("batch with uses", {"token_type": "batch", "token_num_uses": 3}, 400),
    ("batch with a period", {"token_type": "batch", "token_period": "1h"}, 400),
    ("batch with an old period", {"token_type": "batch", "period": "1h"}, 204),
    ("negative uses of tokens", {"token_num_uses": -1}, 400),
    ("negative uses of secrets", {"secret_id_num_uses": -1}, 400),
    ("negative ttl", {"token_ttl": -1}, 400),
    ("negative ttl of secrets", {"secret_id_ttl": -5}, 400),
    ("a period that is none", {"token_period": "abc"}, 400),
    ("a boolean that is none", {"bind_secret_id": "abc"}, 400),
    ("both names", {"period": "1h", "token_period": "2h", "policies": "x", "token_policies": ["Y", "a"]}, 204),
    ("bound to the client", {"token_strictly_bind_ip": True}, 204),
    ("bound to the client and others", {"token_strictly_bind_ip": True, "token_bound_cidrs": "10.0.0.1"}, 400),
    (
        "everything",
        {
            "local_secret_ids": True,
            "secret_id_num_uses": "5",
            "secret_id_ttl": "10m",
            "token_explicit_max_ttl": "3h",
            "token_max_ttl": "2h",
            "token_no_default_policy": True,
            "token_num_uses": "4",
            "token_ttl": "30m",
        },
        204,
    ),
    ("unknown parameters", {"nonsense": 1}, 204),
)

_roles = Scenario(
    "auth-approle-roles",
    steps=(
        _ENABLE,
        Step("taken", "POST auth/{m}/role/taken", 204, {"role_id": "roleid-taken"}),
        *(
            step
            for number, (name, body, status) in enumerate(_ROLES)
            for step in (
                Step(f"write {name}", f"POST auth/{{m}}/role/Role-{number}", status, body),
                Step(f"read {name}", f"GET auth/{{m}}/role/role-{number}", 404 if status >= 400 else 200),
            )
        ),
        Step("list", "LIST auth/{m}/role?limit=3", 200),
        Step("list behind", "LIST auth/{m}/role?after=role-1&limit=2", 200),
        Step("new role id", "POST auth/{m}/role/role-0", 204, {"role_id": "other"}),
        Step("read the role id", "GET auth/{m}/role/role-0/role-id", 200),
        Step("old name later", "POST auth/{m}/role/role-0", 204, {"policies": "z"}),
        Step("read old name later", "GET auth/{m}/role/role-0", 200),
        Step("new name later", "POST auth/{m}/role/role-0", 204, {"token_policies": "w"}),
        Step("read new name later", "GET auth/{m}/role/role-0", 200),
        Step("local again", "POST auth/{m}/role/role-0", 400, {"local_secret_ids": True}),
        Step("bad name", "POST auth/{m}/role/-bad", 404, {}),
        Step("deep name", "GET auth/{m}/role/a/b", 404),
        Step("get the list", "GET auth/{m}/role", 405),
        Step("delete none", "DELETE auth/{m}/role/nope", 204),
        _DISABLE,
    ),
)

_PROPERTIES: tuple[tuple[str, str, Json, Json], ...] = (
    ("policies", "policies", "B,a", {"a": 1}),
    ("policies", "token_policies", "Z,y", {"a": 1}),
    ("period", "period", "30m", "abc"),
    ("period", "token_period", "40m", -1),
    ("role-id", "role_id", "new-role-id", {"a": 1}),
    ("secret-id-bound-cidrs", "secret_id_bound_cidrs", "10.0.0.0/8,127.0.0.0/8", "127.0.0.1"),
    ("secret-id-num-uses", "secret_id_num_uses", "7", -7),
    ("secret-id-ttl", "secret_id_ttl", "7m", -7),
    ("token-bound-cidrs", "token_bound_cidrs", "10.0.0.0/8,10.1.1.1", "nope"),
    ("token-max-ttl", "token_max_ttl", "50m", "abc"),
    ("token-num-uses", "token_num_uses", 6, "abc"),
    ("token-ttl", "token_ttl", "40m", "abc"),
    ("bound-cidr-list", "bound_cidr_list", "10.0.0.0/8", "nope"),
)

_properties = Scenario(
    "auth-approle-properties",
    steps=(
        _ENABLE,
        Step("create", "POST auth/{m}/role/r", 204, {"token_policies": "p", "token_max_ttl": "1h"}),
        *(
            step
            for path, name, good, bad in _PROPERTIES
            for step in (
                Step(f"{name} at first", f"GET auth/{{m}}/role/r/{path}", 200),
                Step(f"{name} of none", f"GET auth/{{m}}/role/none/{path}", 404),
                Step(f"set {name} of none", f"POST auth/{{m}}/role/none/{path}", 404, {name: good}),
                Step(f"set {name}", f"POST auth/{{m}}/role/r/{path}", 204, {name: good}),
                Step(f"{name} then", f"GET auth/{{m}}/role/r/{path}", 200),
                Step(f"role with {name}", "GET auth/{m}/role/r", 200),
                Step(f"set {name} badly", f"POST auth/{{m}}/role/r/{path}", 400, {name: bad}),
                Step(
                    f"set no {name}",
                    f"POST auth/{{m}}/role/r/{path}",
                    204 if name.endswith(("_cidrs", "_list")) else 400,
                    {},
                ),
                Step(f"reset {name}", f"DELETE auth/{{m}}/role/r/{path}", 405 if path == "role-id" else 204),
                Step(f"{name} at last", f"GET auth/{{m}}/role/r/{path}", 200),
                Step(f"reset {name} of none", f"DELETE auth/{{m}}/role/none/{path}", 405 if path == "role-id" else 204),
            )
        ),
        Step("too long a period", "POST auth/{m}/role/r/period", 400, {"period": "2000h"}),
        Step("empty role_id", "POST auth/{m}/role/r/role-id", 400, {"role_id": ""}),
        Step("no networks", "POST auth/{m}/role/r/secret-id-bound-cidrs", 400, {"secret_id_bound_cidrs": []}),
        Step("no networks by the old name", "POST auth/{m}/role/r/bound-cidr-list", 400, {"bound_cidr_list": ""}),
        Step("no networks for tokens", "POST auth/{m}/role/r/token-bound-cidrs", 204, {"token_bound_cidrs": []}),
        Step("set a ttl", "POST auth/{m}/role/r/token-ttl", 204, {"token_ttl": "10m"}),
        Step("set a lower maximum", "POST auth/{m}/role/r/token-max-ttl", 400, {"token_max_ttl": "5m"}),
        Step("set a maximum", "POST auth/{m}/role/r/token-max-ttl", 204, {"token_max_ttl": "10m"}),
        Step("set a higher ttl", "POST auth/{m}/role/r/token-ttl", 400, {"token_ttl": "11m"}),
        Step("negative token_num_uses", "POST auth/{m}/role/r/token-num-uses", 204, {"token_num_uses": -1}),
        Step("local secret ids", "GET auth/{m}/role/r/local-secret-ids", 200),
        Step("set local secret ids", "POST auth/{m}/role/r/local-secret-ids", 405, {"local_secret_ids": True}),
        Step("bind secret id", "GET auth/{m}/role/r/bind-secret-id", 404),
        _DISABLE,
    ),
)

_SECRETS: tuple[tuple[str, dict[str, Json], int], ...] = (
    ("nothing", {}, 200),
    ("metadata", {"metadata": '{"a": "b"}'}, 200),
    ("metadata as pairs", {"metadata": "a=b,c=d"}, 200),
    ("metadata in base64", {"metadata": "eyJhIjoiYiJ9"}, 200),
    ("metadata of a number", {"metadata": '{"a": 1}'}, 400),
    ("metadata that is none", {"metadata": "zzz"}, 400),
    ("metadata as an object", {"metadata": {"a": "b"}}, 400),
    ("networks", {"cidr_list": "127.0.0.0/8", "token_bound_cidrs": "127.0.0.1/32"}, 200),
    ("networks that are none", {"cidr_list": "nope"}, 500),
    ("an address for a network", {"cidr_list": "127.0.0.1"}, 500),
    ("a wider network", {"cidr_list": "0.0.0.0/0"}, 500),
    ("token's networks that are none", {"token_bound_cidrs": "nope"}, 500),
    ("a token's wider network", {"token_bound_cidrs": "0.0.0.0/0"}, 500),
    ("limits", {"ttl": "5m", "num_uses": 2}, 200),
    ("too long a ttl", {"ttl": "11m"}, 400),
    ("no ttl", {"ttl": 0}, 400),
    ("negative ttl", {"ttl": "-1"}, 400),
    ("too many uses", {"num_uses": 6}, 400),
    ("any number of uses", {"num_uses": 0}, 400),
    ("negative uses", {"num_uses": -1}, 400),
    ("uses that are none", {"num_uses": "abc"}, 400),
    ("unknown parameters", {"x": "abc"}, 200),
)

_secrets = Scenario(
    "auth-approle-secrets",
    steps=(
        _ENABLE,
        Step(
            "create",
            "POST auth/{m}/role/r",
            204,
            {
                "secret_id_num_uses": 5,
                "secret_id_ttl": "10m",
                "secret_id_bound_cidrs": "127.0.0.0/8",
                "token_bound_cidrs": "127.0.0.0/8",
            },
        ),
        Step("other", "POST auth/{m}/role/other", 204, {}),
        Step("list none", "LIST auth/{m}/role/r/secret-id", 404),
        Step("list of no role", "LIST auth/{m}/role/none/secret-id", 400),
        *(
            Step(f"generate with {name}", "POST auth/{m}/role/r/secret-id", status, body)
            for name, body, status in _SECRETS
        ),
        Step("generate for no role", "POST auth/{m}/role/none/secret-id", 404, {}),
        Step("get", "GET auth/{m}/role/r/secret-id", 405),
        Step("custom without", "POST auth/{m}/role/r/custom-secret-id", 400, {}),
        Step("custom for no role", "POST auth/{m}/role/none/custom-secret-id", 404, {"secret_id": "abc"}),
        Step(
            "custom",
            "POST auth/{m}/role/r/custom-secret-id",
            200,
            {"secret_id": "custom-secret-id-1", "metadata": '{"a": "b"}'},
            saves={"accessor": "data.secret_id_accessor"},
        ),
        Step(
            "wrapped",
            "POST auth/{m}/role/r/secret-id",
            200,
            {},
            headers={"X-Vault-Wrap-TTL": "60"},
            saves={"inner": "wrap_info.wrapped_accessor", "wrapping": "wrap_info.token"},
        ),
        Step(
            "look up what is wrapped",
            "POST auth/{m}/role/r/secret-id-accessor/lookup",
            200,
            {"secret_id_accessor": "{inner}"},
        ),
        Step("unwrap", "POST sys/wrapping/unwrap", 200, {"token": "{wrapping}"}),
        Step(
            "custom, wrapped",
            "POST auth/{m}/role/other/custom-secret-id",
            200,
            {"secret_id": "custom-secret-id-2"},
            headers={"X-Vault-Wrap-TTL": "60"},
            saves={"inner": "wrap_info.wrapped_accessor"},
        ),
        Step(
            "look up the wrapped other",
            "POST auth/{m}/role/other/secret-id-accessor/lookup",
            200,
            {"secret_id_accessor": "{inner}"},
        ),
        Step("custom again", "POST auth/{m}/role/r/custom-secret-id", 500, {"secret_id": "custom-secret-id-1"}),
        Step("same for another", "POST auth/{m}/role/other/custom-secret-id", 200, {"secret_id": "custom-secret-id-1"}),
        Step("look up", "POST auth/{m}/role/r/secret-id/lookup", 200, {"secret_id": "custom-secret-id-1"}),
        Step(
            "look up the other", "POST auth/{m}/role/other/secret-id/lookup", 200, {"secret_id": "custom-secret-id-1"}
        ),
        Step("look up none", "POST auth/{m}/role/r/secret-id/lookup", 204, {"secret_id": "nope"}),
        Step("look up nothing", "POST auth/{m}/role/r/secret-id/lookup", 400, {}),
        Step("look up of no role", "POST auth/{m}/role/none/secret-id/lookup", 500, {"secret_id": "nope"}),
        *(
            Step(f"{name} by accessor", f"POST auth/{{m}}/role/{role}/secret-id-accessor/lookup", status, body)
            for name, role, body, status in (
                ("look up", "r", {"secret_id_accessor": "{accessor}"}, 200),
                ("look up none", "r", {"secret_id_accessor": "nope"}, 404),
                ("look up nothing", "r", {}, 400),
                ("look up of no role", "none", {"secret_id_accessor": "{accessor}"}, 500),
                ("look up of another", "other", {"secret_id_accessor": "{accessor}"}, 204),
            )
        ),
        *(
            Step(f"{name} by accessor", f"POST auth/{{m}}/role/{role}/secret-id-accessor/destroy", status, body)
            for name, role, body, status in (
                ("destroy of another", "other", {"secret_id_accessor": "{accessor}"}, 403),
                ("destroy of no role", "none", {"secret_id_accessor": "{accessor}"}, 500),
                ("destroy nothing", "r", {}, 400),
                ("destroy", "r", {"secret_id_accessor": "{accessor}"}, 204),
                ("destroy again", "r", {"secret_id_accessor": "{accessor}"}, 500),
            )
        ),
        Step(
            "look up the destroyed", "POST auth/{m}/role/r/secret-id/lookup", 204, {"secret_id": "custom-secret-id-1"}
        ),
        Step("destroy none", "POST auth/{m}/role/r/secret-id/destroy", 204, {"secret_id": "nope"}),
        Step("destroy nothing", "POST auth/{m}/role/r/secret-id/destroy", 400, {}),
        Step("destroy of no role", "POST auth/{m}/role/none/secret-id/destroy", 500, {"secret_id": "nope"}),
        Step("delete by query", "DELETE auth/{m}/role/r/secret-id/destroy?secret_id=nope", 204),
        Step("tidy", "POST auth/{m}/tidy/secret-id", 202),
        Step("get tidy", "GET auth/{m}/tidy/secret-id", 405),
        Step("delete", "DELETE auth/{m}/role/r", 204),
        Step("create again", "POST auth/{m}/role/r", 204, {}),
        Step("its secrets are gone", "LIST auth/{m}/role/r/secret-id", 404),
        Step("unbound role", "POST auth/{m}/role/u", 204, {"bind_secret_id": False, "token_bound_cidrs": "127.0.0.1"}),
        Step("secret of an unbound role", "POST auth/{m}/role/u/secret-id", 400, {}),
        _DISABLE,
    ),
)

_LOGINS: tuple[tuple[str, dict[str, Json], dict[str, Json], int], ...] = (
    ("plain", {}, {}, 200),
    ("policies", {"token_policies": "B,a,b"}, {}, 200),
    ("no policies", {"token_no_default_policy": True}, {}, 200),
    ("root", {"token_policies": "root"}, {}, 400),
    (
        "limits",
        {"token_num_uses": 30, "token_period": "10m", "token_explicit_max_ttl": "1h", "token_policies": "default"},
        {},
        200,
    ),
    ("too long a ttl", {"token_ttl": "1000h"}, {}, 200),
    ("a short maximum", {"token_max_ttl": "10m"}, {}, 200),
    ("a short explicit maximum", {"token_explicit_max_ttl": "10m"}, {}, 200),
    ("metadata", {}, {"metadata": '{"role_name": "evil", "b": "c"}'}, 200),
    ("the wrong network of the role", {"secret_id_bound_cidrs": "10.0.0.0/8"}, {}, 400),
    ("the wrong network of the secret", {}, {"cidr_list": "10.0.0.0/8"}, 400),
    ("the right networks", {"secret_id_bound_cidrs": "127.0.0.0/8"}, {"cidr_list": "127.0.0.1/32"}, 200),
    ("the role's token network", {"token_bound_cidrs": "127.0.0.0/8"}, {}, 200),
    ("the secret's token network", {"token_bound_cidrs": "127.0.0.0/8"}, {"token_bound_cidrs": "127.0.0.1/32"}, 200),
)

_logins = Scenario(
    "auth-approle-logins",
    steps=(
        _ENABLE,
        *(
            step
            for number, (name, role, secret, status) in enumerate(_LOGINS)
            for step in (
                Step(f"role with {name}", f"POST auth/{{m}}/role/r{number}", 204, {**role, "role_id": f"id{number}"}),
                Step(
                    f"secret with {name}",
                    f"POST auth/{{m}}/role/r{number}/custom-secret-id",
                    200,
                    {**secret, "secret_id": "s"},
                ),
                Step(
                    f"log in with {name}",
                    "POST auth/{m}/login",
                    status,
                    {"role_id": f"id{number}", "secret_id": "s"},
                    token=NO_TOKEN,
                    saves={f"token{number}": "auth.client_token"},
                ),
                *(
                    (
                        Step(
                            f"look up with {name}",
                            "POST auth/token/lookup",
                            200,
                            {"token": f"{{token{number}}}"},
                        ),
                    )
                    if status == 200
                    else ()
                ),
            )
        ),
        Step("use up", "POST auth/{m}/role/r0/custom-secret-id", 200, {"secret_id": "twice", "num_uses": 2}),
        Step("first use", "POST auth/{m}/login", 200, {"role_id": "id0", "secret_id": "twice"}, token=NO_TOKEN),
        Step("after the first", "POST auth/{m}/role/r0/secret-id/lookup", 200, {"secret_id": "twice"}),
        Step("second use", "POST auth/{m}/login", 200, {"role_id": "id0", "secret_id": "twice"}, token=NO_TOKEN),
        Step("third use", "POST auth/{m}/login", 400, {"role_id": "id0", "secret_id": "twice"}, token=NO_TOKEN),
        Step("after the last", "POST auth/{m}/role/r0/secret-id/lookup", 204, {"secret_id": "twice"}),
        Step("no role id", "POST auth/{m}/login", 500, {"secret_id": "s"}, token=NO_TOKEN),
        Step("blank role id", "POST auth/{m}/login", 500, {"role_id": " \n", "secret_id": "s"}, token=NO_TOKEN),
        Step("blank secret id", "POST auth/{m}/login", 400, {"role_id": "id0", "secret_id": " "}, token=NO_TOKEN),
        Step("lines", "POST auth/{m}/login", 200, {"role_id": "id0\n", "secret_id": "\ts\r\n"}, token=NO_TOKEN),
        Step("renew", "POST auth/token/renew", 200, {"token": "{token0}", "increment": "30m"}),
        Step("ttl", "POST auth/{m}/role/r0", 204, {"token_ttl": "10m", "token_max_ttl": "40m"}),
        Step("renew with the new ttl", "POST auth/token/renew", 200, {"token": "{token0}"}),
        Step("renew for longer", "POST auth/token/renew", 200, {"token": "{token0}", "increment": "20m"}),
        Step("role with networks alone", "POST auth/{m}/role/n", 204, {
            "role_id": "idn", "bind_secret_id": False, "secret_id_bound_cidrs": "10.0.0.0/8"}),
        Step("log in from elsewhere", "POST auth/{m}/login", 400, {"role_id": "idn"}, token=NO_TOKEN),
        Step("other networks", "POST auth/{m}/role/n", 204, {"secret_id_bound_cidrs": "127.0.0.0/8"}),
        Step("log in without a secret", "POST auth/{m}/login", 200, {"role_id": "idn"}, token=NO_TOKEN),
        Step("log in with a needless secret", "POST auth/{m}/login", 200, {"role_id": "idn", "secret_id": "x"},
             token=NO_TOKEN),
        Step("tokens from elsewhere", "POST auth/{m}/role/e", 204, {"role_id": "ide", "token_bound_cidrs": "10.0.0.1"}),
        Step("secret for elsewhere", "POST auth/{m}/role/e/custom-secret-id", 200, {"secret_id": "s"}),
        Step("log in for elsewhere", "POST auth/{m}/login", 200, {"role_id": "ide", "secret_id": "s"}, token=NO_TOKEN,
             saves={"elsewhere": "auth.client_token"}),
        Step("use elsewhere's token", "GET auth/token/lookup-self", 403, token="{elsewhere}"),
        Step("delete", "DELETE auth/{m}/role/r0", 204),
        Step("renew when gone", "POST auth/token/renew", 500, {"token": "{token0}"}),
        Step("renew oneself when gone", "POST auth/token/renew-self", 500, {}, token="{token0}"),
        _DISABLE,
        Step("its token is revoked", "GET auth/token/lookup-self", 403, token="{token0}", until=True),
    ),
)  # fmt: skip

SCENARIOS = (_roles, _properties, _secrets, _logins)
