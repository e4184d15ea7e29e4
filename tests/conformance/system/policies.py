"""sys: policies in their two forms, and what a token may do."""

from __future__ import annotations

import base64
import json

from tests.conformance.steps import NO_TOKEN, Json, Scenario, Servers, Step

_READ = 'path "secret/*" { capabilities = ["read"] }'

_TEXTS: tuple[tuple[str, str, int], ...] = (
    ("plain", _READ, 204),
    ("two paths", _READ + '\npath "b" {\n  capabilities = ["create", "list"]\n}\n', 204),
    ("only a comment", "# nothing\n", 204),
    ("comments", "// a\n/* b */\n" + _READ + " # c", 204),
    (
        "every capability",
        'path "a" { capabilities = ["create","read","update","patch","delete","list","scan","sudo"] }',
        204,
    ),
    ("deny with others", 'path "a" { capabilities = ["deny", "read"] }', 204),
    ("no capabilities", 'path "a" { capabilities = [] }', 204),
    ("an empty path block", 'path "a" {}', 204),
    ("old policy", 'path "a" { policy = "write" }', 204),
    ("old policy deny", 'path "a" { policy = "deny" }', 204),
    ("old policy wrong", 'path "a" { policy = "fly" }', 400),
    ("subscribe", 'path "a" { capabilities = ["subscribe"] }', 400),
    ("unknown capability", 'path "a" { capabilities = ["fly"] }', 400),
    ("capability in upper case", 'path "a" { capabilities = ["READ"] }', 400),
    ("capabilities as text", 'path "a" { capabilities = "read" }', 400),
    ("unknown key", 'foo = "bar"', 400),
    ("unknown key in a path", 'path "a" { foo = "bar" }', 400),
    ("name", 'name = "other"\n' + _READ, 204),
    ("no path name", 'path { capabilities = ["read"] }', 204),
    ("wildcards", 'path "a/+/b/*" { capabilities = ["read"] }', 204),
    ("plus and star", 'path "a/+*" { capabilities = ["read"] }', 400),
    ("star inside", 'path "a/*/b" { capabilities = ["read"] }', 204),
    ("broken", 'path "a" {', 400),
    ("not hcl", "{{{", 400),
    (
        "parameters",
        'path "a" { capabilities = ["create"]\n allowed_parameters = { "a" = ["1"] }\n'
        ' denied_parameters = { "b" = [] }\n required_parameters = ["c"] }',
        204,
    ),
    ("wrapping", 'path "a" { capabilities = ["read"]\n min_wrapping_ttl = "1m"\n max_wrapping_ttl = 3600 }', 204),
    (
        "wrapping the wrong way round",
        'path "a" { capabilities = ["read"]\n min_wrapping_ttl = "2m"\n max_wrapping_ttl = "1m" }',
        400,
    ),
    ("wrapping garbage", 'path "a" { capabilities = ["read"]\n min_wrapping_ttl = "abc" }', 400),
    ("template", 'path "a/{{identity.entity.id}}" { capabilities = ["read"] }', 204),
    ("unknown template", 'path "a/{{foo.bar}}" { capabilities = ["read"] }', 204),
    ("unbalanced template", 'path "a/{{identity.entity.id" { capabilities = ["read"] }', 400),
    ("base64", base64.b64encode(_READ.encode()).decode(), 204),
    ("json", json.dumps({"path": {"a": {"capabilities": ["read"]}}}), 204),
    ("json with an unknown capability", json.dumps({"path": {"a": {"capabilities": ["fly"]}}}), 400),
    ("the same path twice", _READ + "\n" + _READ, 204),
    ("leading slash", 'path "/a" { capabilities = ["read"] }', 204),
    ("here document", 'path "a" { capabilities = [<<EOT\nread\nEOT\n] }', 400),
)

_texts = Scenario(
    "sys-policies-texts",
    steps=tuple(
        step
        for name, text, status in _TEXTS
        for path in (f"sys/policies/acl/text-{name.replace(' ', '-')}",)
        for step in (
            Step(f"write {name}", f"POST {path}", status, {"policy": text}),
            Step(f"read {name}", f"GET {path}", 200 if status == 204 else 404),
        )
    ),
)

_forms = Scenario(
    "sys-policies",
    steps=(
        Step("read none", "GET sys/policies/acl/{m}", 404),
        Step("read none the old way", "GET sys/policy/{m}", 404),
        Step("delete none", "DELETE sys/policies/acl/{m}", 204),
        Step("nothing", "POST sys/policies/acl/{m}", 400, {}),
        Step("empty", "POST sys/policies/acl/{m}", 400, {"policy": ""}),
        Step("null", "POST sys/policies/acl/{m}", 400, {"policy": None}),
        Step("a list", "POST sys/policies/acl/{m}", 400, {"policy": []}),
        Step("write", "POST sys/policies/acl/{m}", 204, {"policy": _READ}),
        Step("read", "GET sys/policies/acl/{m}", 200),
        Step("read the old way", "GET sys/policy/{m}", 200),
        Step("read in upper case", "GET sys/policies/acl/SYS-POLICIES", 200),
        Step("write in upper case", "PUT sys/policies/acl/SYS-POLICIES", 204, {"policy": "# two"}),
        Step("read two", "GET sys/policies/acl/{m}", 200),
        Step("write the old way", "PUT sys/policy/{m}", 204, {"policy": "# three"}),
        Step("write by rules", "PUT sys/policy/{m}", 200, {"rules": "# four"}),
        Step("rules in the new way", "PUT sys/policies/acl/{m}", 400, {"rules": "# five"}),
        Step("read four", "GET sys/policies/acl/{m}", 200),
        Step("write the same", "PUT sys/policies/acl/{m}", 204, {"policy": "# four"}),
        Step("read the same", "GET sys/policies/acl/{m}", 200),
        Step("unknown parameter", "PUT sys/policies/acl/{m}", 204, {"policy": "# five", "foo": 1}),
        Step("create only", "PUT sys/policies/acl/{m}", 400, {"policy": "# x", "cas": -1}),
        Step("wrong version", "PUT sys/policies/acl/{m}", 400, {"policy": "# x", "cas": 1}),
        Step("required", "PUT sys/policies/acl/{m}-cas", 204, {"policy": "# x", "cas_required": True, "cas": -1}),
        Step("read required", "GET sys/policies/acl/{m}-cas", 200),
        Step("without", "PUT sys/policies/acl/{m}-cas", 400, {"policy": "# y"}),
        Step("right version", "PUT sys/policies/acl/{m}-cas", 204, {"policy": "# y", "cas": 1}),
        Step("read right", "GET sys/policies/acl/{m}-cas", 200),
        Step("a slash in the name", "PUT sys/policies/acl/{m}/a/b", 204, {"policy": "# x"}),
        Step("read with a slash", "GET sys/policies/acl/{m}/a/b", 200),
        Step("a space in the name", "PUT sys/policies/acl/{m}%20x", 204, {"policy": "# x"}),
        Step("read with a space", "GET sys/policies/acl/{m}%20x", 200),
        Step("delete", "DELETE sys/policies/acl/{m}", 204),
        Step("read after deletion", "GET sys/policies/acl/{m}", 404),
        Step("delete the old way", "DELETE sys/policy/{m}-cas", 204),
        Step("read root", "GET sys/policies/acl/root", 200),
        Step("read root the old way", "GET sys/policy/root", 200),
        Step("write root", "PUT sys/policies/acl/root", 400, {"policy": "# x"}),
        Step("delete root", "DELETE sys/policies/acl/root", 400),
        Step("delete default", "DELETE sys/policies/acl/default", 400),
        Step("write response-wrapping", "PUT sys/policies/acl/response-wrapping", 400, {"policy": "# x"}),
        Step("delete response-wrapping", "DELETE sys/policies/acl/response-wrapping", 400),
        Step("get the list", "GET sys/policies/acl", 405),
        Step("post the list", "POST sys/policies/acl", 405, {}),
        Step("unknown kind", "GET sys/policies/nope/x", 404),
        Step("without a token", "GET sys/policies/acl/root", 403, token=NO_TOKEN),
    ),
)

_list = Scenario(
    "sys-policies-listing",
    servers=Servers.FRESH,
    steps=(
        Step("list", "LIST sys/policies/acl", 200),
        Step("list the old way", "GET sys/policy", 200),
        Step("list the old way by list", "LIST sys/policy", 200),
        Step("write", "POST sys/policies/acl/abc", 204, {"policy": _READ}),
        Step("write another", "POST sys/policies/acl/x/y", 204, {"policy": _READ}),
        Step("list again", "LIST sys/policies/acl", 200),
        Step("list a folder", "LIST sys/policies/acl/x", 200),
        Step("list with details", "LIST sys/policies/detailed/acl", 200, ignores=("data.key_info.default.policy",)),
        Step("list a folder with details", "LIST sys/policies/detailed/acl/x", 200),
        Step("get details", "GET sys/policies/detailed/acl", 405),
        Step("list with a limit", "LIST sys/policies/acl?limit=1", 200),
        Step("list after", "LIST sys/policies/acl?after=abc", 200),
        Step("list the old way again", "GET sys/policy", 200),
        Step("write default", "POST sys/policies/acl/default", 204, {"policy": _READ}),
        Step("read default", "GET sys/policies/acl/default", 200),
        # The text of the default policy is each server's own; what it grants is compared in acl.py.
        Step("read response-wrapping", "GET sys/policies/acl/response-wrapping", 200, ignores=("data.policy",)),
    ),
)

_CAPABILITIES: tuple[tuple[str, dict[str, Json], int], ...] = (
    ("one path", {"paths": ["secret/a"]}, 200),
    ("one path as text", {"paths": "secret/a"}, 200),
    ("old name", {"path": "secret/a"}, 200),
    ("old name as a list", {"path": ["secret/a", "sys/mounts"]}, 200),
    ("two paths", {"paths": ["secret/a", "sys/mounts"]}, 200),
    ("two as text", {"paths": "secret/a,sys/mounts"}, 200),
    ("the same twice", {"paths": ["secret/a", "secret/a"]}, 200),
    ("leading slash", {"paths": ["/secret/a"]}, 200),
    ("everything", {"paths": ["all/x"]}, 200),
    ("deny", {"paths": ["deny/x"]}, 200),
    ("nothing granted", {"paths": ["nope/x"]}, 200),
    ("empty path", {"paths": [""]}, 400),
    ("no paths", {}, 400),
    ("empty list", {"paths": []}, 400),
    ("null", {"paths": None}, 400),
    ("a path named capabilities", {"paths": ["capabilities"]}, 200),
)

_capabilities = Scenario(
    "sys-capabilities",
    steps=(
        Step(
            "policy",
            "POST sys/policies/acl/{m}",
            204,
            {
                "policy": _READ
                + '\npath "all/*" { capabilities = ["update","sudo","list","create","read","delete","patch","scan"] }'
                + '\npath "deny/*" { capabilities = ["deny", "read"] }'
            },
        ),
        Step(
            "token",
            "POST auth/token/create",
            200,
            {"policies": ["{m}"], "ttl": "1h"},
            saves={"token": "auth.client_token", "accessor": "auth.accessor"},
        ),
        *(
            step
            for name, body, status in _CAPABILITIES
            for step in (
                Step(f"own {name}", "POST sys/capabilities-self", status, body, token="{token}"),
                Step(f"root {name}", "POST sys/capabilities-self", status, body),
                Step(f"of the token {name}", "POST sys/capabilities", status, {**body, "token": "{token}"}),
                Step(
                    f"of the accessor {name}",
                    "POST sys/capabilities-accessor",
                    status,
                    {**body, "accessor": "{accessor}"},
                ),
            )
        ),
        Step("no token", "POST sys/capabilities", 500, {"paths": ["a"]}),
        Step("bad token", "POST sys/capabilities", 400, {"paths": ["a"], "token": "nope"}),
        Step("no accessor", "POST sys/capabilities-accessor", 400, {"paths": ["a"]}),
        Step("bad accessor", "POST sys/capabilities-accessor", 400, {"paths": ["a"], "accessor": "nope"}),
        Step("of root", "POST sys/capabilities", 200, {"paths": ["a"], "token": "{root}"}),
        Step("get", "GET sys/capabilities-self", 405),
        Step("get of a token", "GET sys/capabilities", 405),
        Step("without a token", "POST sys/capabilities-self", 403, {"paths": ["a"]}, token=NO_TOKEN),
        Step(
            "others' with default", "POST sys/capabilities", 403, {"paths": ["a"], "token": "{token}"}, token="{token}"
        ),
    ),
)

SCENARIOS = (_forms, _texts, _list, _capabilities)
