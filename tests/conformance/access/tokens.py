"""Tokens: creation with all its parameters, lookup, renewal, revocation and what children may do."""

from __future__ import annotations

from tests.conformance.steps import NO_TOKEN, Json, Scenario, Servers, Step

_SAVED = {"token": "auth.client_token", "accessor": "auth.accessor"}

_CREATIONS: tuple[tuple[str, dict[str, Json], int], ...] = (
    ("no parameters", {}, 200),
    ("one policy", {"policies": ["default"]}, 200),
    ("policies unsorted and repeated", {"policies": ["b", "a", "B", "default", "a"]}, 200),
    ("policy in upper case", {"policies": ["ABC"]}, 200),
    ("unknown policies", {"policies": ["zz", "yy"]}, 200),
    ("root among others", {"policies": ["a", "root"]}, 200),
    ("policies as text", {"policies": "a,b"}, 200),
    ("policies null", {"policies": None}, 200),
    ("policies empty", {"policies": []}, 200),
    ("policies a number", {"policies": 12}, 200),
    ("policies with an empty name", {"policies": [""]}, 200),
    ("policies with spaces", {"policies": [" a "]}, 200),
    ("without default", {"policies": ["a"], "no_default_policy": True}, 200),
    ("without default as text", {"policies": ["a"], "no_default_policy": "true"}, 200),
    ("only without default", {"no_default_policy": True}, 200),
    ("response-wrapping", {"policies": ["response-wrapping"]}, 400),
    ("control-group", {"policies": ["control-group"]}, 200),
    ("ttl", {"policies": ["a"], "ttl": "1h"}, 200),
    ("ttl in seconds", {"policies": ["a"], "ttl": 60}, 200),
    ("ttl in seconds as text", {"policies": ["a"], "ttl": "90"}, 200),
    ("ttl in days", {"policies": ["a"], "ttl": "1d"}, 200),
    ("ttl of several units", {"policies": ["a"], "ttl": "1h30m"}, 200),
    ("ttl empty", {"policies": ["a"], "ttl": ""}, 200),
    ("ttl null", {"policies": ["a"], "ttl": None}, 200),
    ("ttl 0", {"policies": ["a"], "ttl": 0}, 200),
    ("ttl negative", {"policies": ["a"], "ttl": "-1h"}, 400),
    ("ttl garbage", {"policies": ["a"], "ttl": "abc"}, 400),
    ("ttl without a unit", {"policies": ["a"], "ttl": "1.5"}, 400),
    ("ttl too long", {"policies": ["a"], "ttl": "10000h"}, 200),
    ("lease", {"policies": ["a"], "lease": "1h"}, 200),
    ("lease and ttl", {"policies": ["a"], "lease": "1h", "ttl": "2h"}, 200),
    ("root with a ttl", {"ttl": "1h"}, 200),
    ("root with uses", {"num_uses": 5}, 200),
    ("explicit maximum", {"policies": ["a"], "explicit_max_ttl": "1h"}, 200),
    ("explicit maximum and ttl", {"policies": ["a"], "explicit_max_ttl": "1h", "ttl": "30m"}, 200),
    ("explicit maximum below ttl", {"policies": ["a"], "explicit_max_ttl": "30m", "ttl": "1h"}, 200),
    ("explicit maximum too long", {"policies": ["a"], "explicit_max_ttl": "10000h"}, 200),
    ("explicit maximum negative", {"policies": ["a"], "explicit_max_ttl": "-1h"}, 400),
    ("explicit maximum garbage", {"policies": ["a"], "explicit_max_ttl": "abc"}, 400),
    ("period", {"policies": ["a"], "period": "1h"}, 200),
    ("period and ttl", {"policies": ["a"], "period": "1h", "ttl": "2h"}, 200),
    ("period and explicit maximum", {"policies": ["a"], "period": "1h", "explicit_max_ttl": "30m"}, 200),
    ("period too long", {"policies": ["a"], "period": "10000h"}, 200),
    ("period 0", {"policies": ["a"], "period": 0}, 200),
    ("period negative", {"policies": ["a"], "period": "-1h"}, 400),
    ("period garbage", {"policies": ["a"], "period": "abc"}, 400),
    ("not renewable", {"policies": ["a"], "renewable": False}, 200),
    ("renewable as text", {"policies": ["a"], "renewable": "false"}, 200),
    ("renewable no boolean", {"policies": ["a"], "renewable": "abc"}, 400),
    ("uses", {"policies": ["a"], "num_uses": 3}, 200),
    ("uses as text", {"policies": ["a"], "num_uses": "3"}, 200),
    ("uses negative", {"policies": ["a"], "num_uses": -1}, 400),
    ("uses no number", {"policies": ["a"], "num_uses": "abc"}, 400),
    ("orphan", {"policies": ["a"], "no_parent": True}, 200),
    ("metadata", {"policies": ["a"], "meta": {"b": "2", "a": "1"}}, 200),
    ("metadata with a number", {"policies": ["a"], "meta": {"a": 1}}, 200),
    ("metadata null", {"policies": ["a"], "meta": None}, 200),
    ("metadata as text", {"policies": ["a"], "meta": "a=b"}, 200),
    ("metadata by another name", {"policies": ["a"], "metadata": {"a": "b"}}, 200),
    ("display name", {"policies": ["a"], "display_name": "me & you."}, 200),
    ("type service", {"policies": ["a"], "type": "service"}, 200),
    ("type empty", {"policies": ["a"], "type": ""}, 200),
    ("type unknown", {"policies": ["a"], "type": "nope"}, 400),
    ("type default", {"policies": ["a"], "type": "default-service"}, 400),
    ("id with a prefix", {"policies": ["a"], "id": "s.abc"}, 400),
    ("id with a dot", {"policies": ["a"], "id": "a.b"}, 400),
    ("entity alias", {"policies": ["a"], "entity_alias": "x"}, 400),
    ("unknown parameters", {"policies": ["a"], "foo": 1, "bar": 2}, 200),
)

_BATCH_CREATIONS: tuple[tuple[str, dict[str, Json], int], ...] = (
    ("type batch", {"policies": ["a"], "type": "batch", "ttl": "1h"}, 200),
    ("type batch without a ttl", {"policies": ["a"], "type": "batch"}, 200),
    ("batch of root", {"type": "batch"}, 400),
    ("batch with a period", {"policies": ["a"], "type": "batch", "period": "1h"}, 400),
    ("batch with an explicit maximum", {"policies": ["a"], "type": "batch", "explicit_max_ttl": "1h"}, 400),
    ("batch with uses", {"policies": ["a"], "type": "batch", "num_uses": 1}, 400),
    ("batch that is renewable", {"policies": ["a"], "type": "batch", "renewable": True}, 200),
    ("batch with an id", {"policies": ["a"], "type": "batch", "id": "batch-id"}, 200),
)

_creation = Scenario(
    "tokens-creation",
    steps=(
        *(Step(name, "POST auth/token/create", status, body) for name, body, status in _CREATIONS),
        Step(
            "with an id",
            "POST auth/token/create",
            200,
            {"policies": ["a"], "id": "conformance-own-id"},
        ),
        Step("with the same id", "POST auth/token/create", 400, {"policies": ["a"], "id": "conformance-own-id"}),
        Step("look up the own id", "POST auth/token/lookup", 200, {"token": "conformance-own-id"}),
        Step("root with an end", "POST auth/token/create", 200, {"explicit_max_ttl": "9999h"}),
        Step("without a body", "POST auth/token/create", 200),
        Step("by put", "PUT auth/token/create", 200, {"policies": ["a"]}),
        Step("by get", "GET auth/token/create", 405),
        Step("by delete", "DELETE auth/token/create", 405),
        Step("without a token", "POST auth/token/create", 403, {}, token=NO_TOKEN),
        Step("create-orphan", "POST auth/token/create-orphan", 200, {"policies": ["a"]}),
        Step("create-orphan without parameters", "POST auth/token/create-orphan", 200),
        Step("create-orphan by get", "GET auth/token/create-orphan", 405),
    ),
)

_LOOKUPS: tuple[tuple[str, dict[str, Json]], ...] = (
    ("plain", {"policies": ["a"], "ttl": "1h"}),
    ("periodic", {"policies": ["a"], "period": "1h"}),
    ("limited", {"policies": ["a"], "num_uses": 5, "ttl": "1h"}),
    ("explicit", {"policies": ["a"], "explicit_max_ttl": "2h", "ttl": "1h"}),
    ("orphan", {"policies": ["a"], "no_parent": True, "ttl": "1h"}),
    ("described", {"policies": ["a"], "meta": {"k": "v"}, "display_name": "a b.c-", "ttl": "1h"}),
    ("root", {}),
    ("root_ttl", {"ttl": "1h"}),
    ("fixed", {"policies": ["a"], "renewable": False, "ttl": "1h"}),
    ("bare", {"policies": ["a"], "no_default_policy": True, "ttl": "1h"}),
)

_lookup = Scenario(
    "tokens-lookup",
    steps=(
        *(
            step
            for name, body in _LOOKUPS
            for step in (
                Step(
                    f"create {name}",
                    "POST auth/token/create",
                    200,
                    body,
                    saves={f"t_{name}": "auth.client_token", f"a_{name}": "auth.accessor"},
                ),
                Step(f"look up {name}", "POST auth/token/lookup", 200, {"token": f"{{t_{name}}}"}),
                Step(
                    f"look up self {name}",
                    "GET auth/token/lookup-self",
                    403 if name == "bare" else 200,
                    token=f"{{t_{name}}}",
                ),
                Step(f"look up accessor {name}", "POST auth/token/lookup-accessor", 200, {"accessor": f"{{a_{name}}}"}),
            )
        ),
        Step("post lookup-self", "POST auth/token/lookup-self", 200, {}),
        Step("post lookup-self with default", "POST auth/token/lookup-self", 403, {}, token="{t_plain}"),
        Step("lookup-self with a token", "POST auth/token/lookup-self", 200, {"token": "{t_plain}"}),
        Step("get lookup", "GET auth/token/lookup", 200),
        Step("get lookup with default", "GET auth/token/lookup", 403, token="{t_plain}"),
        Step("get lookup of a token", "GET auth/token/lookup?token={t_plain}", 200),
        Step("lookup of nothing", "POST auth/token/lookup", 200, {}),
        Step("lookup of an empty token", "POST auth/token/lookup", 200, {"token": ""}),
        Step("lookup of a wrong token", "POST auth/token/lookup", 403, {"token": "nope"}),
        Step("lookup of a wrong service token", "POST auth/token/lookup", 403, {"token": "s.AAAAAAAAAAAAAAAAAAAAAAAA"}),
        Step("lookup of a wrong batch token", "POST auth/token/lookup", 403, {"token": "b.AAAA"}),
        Step("lookup of a list", "POST auth/token/lookup", 403, {"token": []}),
        Step("lookup by url", "GET auth/token/lookup/{t_plain}", 404),
        Step("accessor missing", "POST auth/token/lookup-accessor", 400, {}),
        Step("accessor empty", "POST auth/token/lookup-accessor", 400, {"accessor": ""}),
        Step("accessor unknown", "POST auth/token/lookup-accessor", 400, {"accessor": "nope"}),
        Step("accessor in the url", "POST auth/token/lookup-accessor/{a_plain}", 404, {}),
        Step("get lookup-accessor", "GET auth/token/lookup-accessor", 405),
        Step("lookup-self without a token", "GET auth/token/lookup-self", 403, token=NO_TOKEN),
        Step("lookup-self with a wrong token", "GET auth/token/lookup-self", 403, token="nope"),
        Step("delete lookup-self", "DELETE auth/token/lookup-self", 405),
    ),
)

_CAPPED = ("auth.lease_duration", "warnings.*")

_renewal = Scenario(
    "tokens-renewal",
    steps=(
        *(
            Step(
                f"create {name}",
                "POST auth/token/create",
                200,
                body,
                saves={f"t_{name}": "auth.client_token", f"a_{name}": "auth.accessor"},
            )
            for name, body in _LOOKUPS
        ),
        *(
            step
            for name, status in (
                ("plain", 200),
                ("periodic", 200),
                ("explicit", 200),
                ("orphan", 200),
                ("described", 200),
                ("root", 400),
                ("root_ttl", 200),
                ("fixed", 400),
            )
            for step in (
                Step(f"renew {name}", "POST auth/token/renew", status, {"token": f"{{t_{name}}}"}),
                Step(f"renew {name} by", "POST auth/token/renew", status, {"token": f"{{t_{name}}}", "increment": 600}),
                Step(f"renew self {name}", "POST auth/token/renew-self", status, {}, token=f"{{t_{name}}}"),
                Step(
                    f"renew self {name} by",
                    "PUT auth/token/renew-self",
                    status,
                    {"increment": "20m"},
                    token=f"{{t_{name}}}",
                ),
                Step(f"look up {name}", "POST auth/token/lookup", 200, {"token": f"{{t_{name}}}"}),
                Step(
                    f"renew accessor {name}",
                    "POST auth/token/renew-accessor",
                    status,
                    {"accessor": f"{{a_{name}}}", "increment": "30m"},
                ),
            )
        ),
        # The limits count from the creation. What is left of them is no good as the TTL of a further renewal.
        *(
            Step(f"create {name} anew", "POST auth/token/create", 200, body, saves={f"t_{name}": "auth.client_token"})
            for name, body in _LOOKUPS
            if name in ("plain", "explicit")
        ),
        Step("increment 0", "POST auth/token/renew", 200, {"token": "{t_plain}", "increment": 0}),
        Step("increment negative", "POST auth/token/renew", 400, {"token": "{t_plain}", "increment": "-1h"}),
        Step("increment garbage", "POST auth/token/renew", 400, {"token": "{t_plain}", "increment": "abc"}),
        Step("unknown parameter", "POST auth/token/renew", 200, {"token": "{t_plain}", "foo": 1}),
        Step(
            "far too long",
            "POST auth/token/renew",
            200,
            {"token": "{t_plain}", "increment": "10000h"},
            countdowns=_CAPPED,
        ),
        Step(
            "beyond the explicit maximum",
            "POST auth/token/renew",
            200,
            {"token": "{t_explicit}", "increment": "9h"},
            countdowns=_CAPPED,
        ),
        Step("nothing", "POST auth/token/renew", 400, {}),
        Step("empty", "POST auth/token/renew", 400, {"token": ""}),
        Step("unknown", "POST auth/token/renew", 400, {"token": "nope"}),
        Step("unknown service token", "POST auth/token/renew", 400, {"token": "s.AAAAAAAAAAAAAAAAAAAAAAAA"}),
        Step("token by url", "POST auth/token/renew/{t_plain}", 404, {}),
        Step("accessor missing", "POST auth/token/renew-accessor", 400, {}),
        Step("accessor unknown", "POST auth/token/renew-accessor", 400, {"accessor": "nope"}),
        Step("get renew-self", "GET auth/token/renew-self", 405),
        Step("get renew", "GET auth/token/renew", 405),
        Step("renew-self without a token", "POST auth/token/renew-self", 403, {}, token=NO_TOKEN),
        Step("renew with default", "POST auth/token/renew", 403, {"token": "{t_plain}"}, token="{t_plain}"),
    ),
)

_revocation = Scenario(
    "tokens-revocation",
    steps=(
        Step(
            "policy",
            "POST sys/policies/acl/tokens-revocation",
            204,
            {"policy": 'path "auth/*" {\n capabilities = ["create", "update", "read"]\n}'},
        ),
        *(
            Step(
                f"create {name}",
                "POST auth/token/create",
                200,
                {"policies": ["tokens-revocation"], "ttl": "1h"},
                token=token,
                saves={f"t_{name}": "auth.client_token", f"a_{name}": "auth.accessor"},
            )
            for name, token in (
                ("parent", "{root}"),
                ("child", "{t_parent}"),
                ("grandchild", "{t_child}"),
                ("other", "{root}"),
                ("other_child", "{t_other}"),
                ("third", "{root}"),
                ("fourth", "{root}"),
            )
        ),
        Step("revoke the parent", "POST auth/token/revoke", 204, {"token": "{t_parent}"}),
        *(
            Step(f"{name} is gone", "GET auth/token/lookup-self", 403, token=f"{{t_{name}}}", until=True)
            for name in ("parent", "child", "grandchild")
        ),
        Step("accessor is gone", "POST auth/token/lookup-accessor", 400, {"accessor": "{a_child}"}),
        Step("revoke again", "POST auth/token/revoke", 204, {"token": "{t_parent}"}),
        Step("revoke unknown", "POST auth/token/revoke", 204, {"token": "nope"}),
        Step("revoke nothing", "POST auth/token/revoke", 400, {}),
        Step("revoke empty", "POST auth/token/revoke", 400, {"token": ""}),
        Step("revoke by url", "POST auth/token/revoke/{t_other}", 404, {}),
        Step(
            "revoke-orphan without sudo",
            "POST auth/token/revoke-orphan",
            400,
            {"token": "{t_other}"},
            token="{t_third}",
        ),
        Step("revoke-orphan", "POST auth/token/revoke-orphan", 204, {"token": "{t_other}"}),
        Step("other is gone", "GET auth/token/lookup-self", 403, token="{t_other}", until=True),
        Step("its child is an orphan", "GET auth/token/lookup-self", 200, token="{t_other_child}"),
        Step("revoke-orphan unknown", "POST auth/token/revoke-orphan", 400, {"token": "nope"}),
        Step("revoke-orphan nothing", "POST auth/token/revoke-orphan", 400, {}),
        Step("revoke-accessor", "POST auth/token/revoke-accessor", 204, {"accessor": "{a_third}"}),
        Step("third is gone", "GET auth/token/lookup-self", 403, token="{t_third}", until=True),
        Step("revoke-accessor again", "POST auth/token/revoke-accessor", 200, {"accessor": "{a_third}"}),
        Step("revoke-accessor unknown", "POST auth/token/revoke-accessor", 200, {"accessor": "nope"}),
        Step("revoke-accessor nothing", "POST auth/token/revoke-accessor", 400, {}),
        Step("revoke-self", "POST auth/token/revoke-self", 204, {}, token="{t_fourth}"),
        Step("fourth is gone", "GET auth/token/lookup-self", 403, token="{t_fourth}", until=True),
        Step("revoke-self again", "POST auth/token/revoke-self", 403, {}, token="{t_fourth}"),
        Step("revoke-self by get", "GET auth/token/revoke-self", 405),
        Step("revoke by get", "GET auth/token/revoke", 405),
        Step("revoke without a token", "POST auth/token/revoke", 403, {"token": "nope"}, token=NO_TOKEN),
    ),
)

_PLAIN_POLICY = """
path "auth/token/*" { capabilities = ["create", "update", "read"] }
path "auth/token/accessors" { capabilities = ["list"] }
"""
_SUDO_POLICY = 'path "auth/token/*" { capabilities = ["create", "update", "read", "list", "sudo"] }'

_CHILDREN: tuple[tuple[str, dict[str, Json], int, int], ...] = (
    ("no parameters", {}, 200, 200),
    ("the same policies", {"policies": ["{policy}"]}, 200, 200),
    ("only default", {"policies": ["default"]}, 200, 200),
    ("another policy", {"policies": ["other"]}, 400, 200),
    ("root", {"policies": ["root"]}, 400, 400),
    ("id", {"id": "{policy}-id"}, 400, 200),
    ("orphan", {"no_parent": True}, 400, 200),
    ("period", {"period": "1h"}, 400, 200),
    ("without default", {"no_default_policy": True}, 200, 200),
    ("uses", {"num_uses": 1}, 200, 200),
)

_children = Scenario(
    "tokens-children",
    steps=tuple(
        step
        for kind, policy in (("plain", _PLAIN_POLICY), ("sudo", _SUDO_POLICY))
        for name in (f"tokens-children-{kind}",)
        for step in (
            Step(f"policy {kind}", f"POST sys/policies/acl/{name}", 204, {"policy": policy}),
            Step(
                f"create {kind}",
                "POST auth/token/create",
                200,
                {"policies": [name], "ttl": "1h"},
                saves={f"t_{kind}": "auth.client_token"},
            ),
            *(
                Step(
                    f"{kind} creates {title}",
                    "POST auth/token/create",
                    plain if kind == "plain" else sudo,
                    {
                        field: [name if item == "{policy}" else item for item in value]
                        if isinstance(value, list)
                        else (value.replace("{policy}", name) if isinstance(value, str) else value)
                        for field, value in body.items()
                    },
                    token=f"{{t_{kind}}}",
                )
                for title, body, plain, sudo in _CHILDREN
            ),
            Step(f"{kind} creates an orphan", "POST auth/token/create-orphan", 200, {}, token=f"{{t_{kind}}}"),
            Step(
                f"{kind} lists accessors",
                "LIST auth/token/accessors",
                403 if kind == "plain" else 200,
                token=f"{{t_{kind}}}",
                ignores=("data.keys",),
            ),
        )
    ),
)

_uses = Scenario(
    "tokens-uses",
    steps=(
        Step("policy", "POST sys/policies/acl/tokens-uses", 204, {"policy": _PLAIN_POLICY}),
        Step(
            "create with three uses",
            "POST auth/token/create",
            200,
            {"policies": ["tokens-uses"], "num_uses": 3, "ttl": "1h"},
            saves=_SAVED,
        ),
        Step("first use", "GET auth/token/lookup-self", 200, token="{token}"),
        Step("a lookup by another doesn't count", "POST auth/token/lookup", 200, {"token": "{token}"}),
        Step("second use creates", "POST auth/token/create", 400, {}, token="{token}"),
        Step("last use", "GET auth/token/lookup-self", 200, token="{token}"),
        Step("used up", "GET auth/token/lookup-self", 403, token="{token}"),
        Step("gone", "POST auth/token/lookup", 403, {"token": "{token}"}, until=True),
        Step(
            "create with one use",
            "POST auth/token/create",
            200,
            {"policies": ["a"], "num_uses": 1},
            saves={"one": "auth.client_token"},
        ),
        Step("a denied use counts", "GET sys/mounts", 403, token="{one}"),
        Step("used up by that", "GET auth/token/lookup-self", 403, token="{one}"),
    ),
)

_accessors = Scenario(
    "tokens-accessors",
    servers=Servers.FRESH,
    steps=(
        Step("list", "LIST auth/token/accessors", 200, random=("data.keys.*",)),
        Step("list with a slash", "LIST auth/token/accessors/", 200, random=("data.keys.*",)),
        Step("create", "POST auth/token/create", 200, {"policies": ["a"]}, saves=_SAVED),
        Step("list two", "LIST auth/token/accessors", 200, random=("data.keys.*",)),
        Step("get", "GET auth/token/accessors", 405),
        Step("revoke", "POST auth/token/revoke-accessor", 204, {"accessor": "{accessor}"}),
        Step("list one", "LIST auth/token/accessors", 200, random=("data.keys.*",)),
        Step("look up root", "GET auth/token/lookup-self", 200),
    ),
)

_batch = Scenario(
    "tokens-batch",
    servers=Servers.FRESH,
    steps=(
        *(Step(name, "POST auth/token/create", status, body) for name, body, status in _BATCH_CREATIONS),
        Step("policy", "POST sys/policies/acl/p", 204, {"policy": _PLAIN_POLICY}),
        Step("parent", "POST auth/token/create", 200, {"policies": ["p"]}, saves={"parent": "auth.client_token"}),
        Step(
            "child",
            "POST auth/token/create",
            200,
            {"type": "batch", "ttl": "1h"},
            token="{parent}",
            saves={"child": "auth.client_token"},
        ),
        Step(
            "batch",
            "POST auth/token/create",
            200,
            {"policies": ["p"], "type": "batch", "ttl": "1h"},
            saves={"batch": "auth.client_token"},
        ),
        Step("no accessors", "LIST auth/token/accessors", 200, random=("data.keys.*",)),
        Step("look up", "POST auth/token/lookup", 200, {"token": "{batch}"}),
        Step("look up self", "GET auth/token/lookup-self", 200, token="{batch}"),
        Step("a child lives", "GET auth/token/lookup-self", 200, token="{child}"),
        Step("create with it", "POST auth/token/create", 400, {}, token="{batch}"),
        Step("renew", "POST auth/token/renew", 400, {"token": "{batch}"}),
        Step("renew self", "POST auth/token/renew-self", 400, {}, token="{batch}"),
        Step("revoke", "POST auth/token/revoke", 400, {"token": "{batch}"}),
        Step("revoke-orphan", "POST auth/token/revoke-orphan", 400, {"token": "{batch}"}),
        Step("revoke-self", "POST auth/token/revoke-self", 400, {}, token="{batch}"),
        Step("revoke the parent", "POST auth/token/revoke", 204, {"token": "{parent}"}),
        Step("its child is gone", "GET auth/token/lookup-self", 403, token="{child}", until=True),
        Step("the other isn't", "GET auth/token/lookup-self", 200, token="{batch}"),
    ),
)

_later = Scenario(
    "tokens-tidy",
    servers=Servers.FRESH,
    steps=(
        Step("roles", "LIST auth/token/roles", 404),
        Step("an unknown role", "POST auth/token/create/nope", 400, {}),
        Step("tidy", "POST auth/token/tidy", 202, {}),
    ),
)

SCENARIOS = (_creation, _lookup, _renewal, _revocation, _children, _uses, _accessors, _batch, _later)
