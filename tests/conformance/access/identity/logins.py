"""Identity of logins and child tokens, and in templates of policies."""

from __future__ import annotations

from tests.conformance.access.identity.steps import MOUNTS, NAME, UNMOUNT, policy
from tests.conformance.steps import NO_TOKEN, Json, Scenario, Step

_logins = Scenario(
    "identity-logins",
    steps=(
        *MOUNTS,
        policy("lo-group", "lo/group"),
        policy("lo-above", "lo/above"),
        policy("lo-own", "auth/token/create"),
        Step("user", "POST auth/{m}/users/ann", 204, {"password": "pw", "token_policies": "lo-own", "token_ttl": "1h"}),
        Step(
            "log in",
            "POST auth/{m}/login/ann",
            200,
            {"password": "pw"},
            token=NO_TOKEN,
            saves={"token": "auth.client_token", "ann": "auth.entity_id", "accessor": "auth.accessor"},
        ),
        Step("entity", "GET identity/entity/id/{ann}", 200, random=NAME),
        Step("log in again", "POST auth/{m}/login/ann", 200, {"password": "pw"}, token=NO_TOKEN),
        Step("look up", "GET auth/token/lookup-self", 200, token="{token}"),
        Step("before", "POST sys/capabilities-self", 200, {"paths": "lo/above"}, token="{token}"),
        Step("policies", "POST identity/entity/id/{ann}", 204, {"policies": ["lo-entity", "lo-own"]}),
        Step(
            "group",
            "POST identity/group",
            200,
            {"name": "lo-g", "policies": ["lo-group"], "member_entity_ids": ["{ann}"]},
            saves={"group": "data.id"},
        ),
        Step(
            "group above",
            "POST identity/group",
            200,
            {"name": "lo-a", "policies": ["lo-above", "lo-entity"], "member_group_ids": ["{group}"]},
        ),
        Step("after", "POST sys/capabilities-self", 200, {"paths": "lo/above,lo/group"}, token="{token}"),
        Step("after, by the token", "POST sys/capabilities", 200, {"paths": "lo/above", "token": "{token}"}),
        Step(
            "after, by the accessor",
            "POST sys/capabilities-accessor",
            200,
            {"paths": "lo/above", "accessor": "{accessor}"},
        ),
        Step(
            "resultant",
            "GET sys/internal/ui/resultant-acl",
            200,
            token="{token}",
            ignores=("data.exact_paths", "data.glob_paths"),
        ),
        Step("look up with policies", "GET auth/token/lookup-self", 200, token="{token}"),
        Step("look up by the accessor", "POST auth/token/lookup-accessor", 200, {"accessor": "{accessor}"}),
        Step("renew", "POST auth/token/renew-self", 200, {}, token="{token}"),
        Step("log in with policies", "POST auth/{m}/login/ann", 200, {"password": "pw"}, token=NO_TOKEN),
        Step("batch tokens", "POST sys/auth/{m}/tune", 204, {"token_type": "batch"}),
        Step(
            "log in for a batch token",
            "POST auth/{m}/login/ann",
            200,
            {"password": "pw"},
            token=NO_TOKEN,
            saves={"batch": "auth.client_token"},
        ),
        Step("look up the batch token", "GET auth/token/lookup-self", 200, token="{batch}"),
        Step("rights of the batch token", "POST sys/capabilities-self", 200, {"paths": "lo/above"}, token="{batch}"),
        Step("service tokens", "POST sys/auth/{m}/tune", 204, {"token_type": "default-service"}),
        Step("empty the group", "POST identity/group/id/{group}", 204, {"member_entity_ids": []}),
        Step("without the group", "POST sys/capabilities-self", 200, {"paths": "lo/above"}, token="{token}"),
        Step("look up without the group", "GET auth/token/lookup-self", 200, token="{token}"),
        Step("disable", "POST identity/entity/id/{ann}", 204, {"disabled": True}),
        Step("use of a disabled one", "GET auth/token/lookup-self", 403, token="{token}"),
        Step("use of a disabled one's batch token", "GET auth/token/lookup-self", 403, token="{batch}"),
        Step("public path for a disabled one", "GET sys/internal/ui/mounts", 403, token="{token}"),
        Step("login of a disabled one", "POST auth/{m}/login/ann", 403, {"password": "pw"}, token=NO_TOKEN),
        Step("rights of a disabled one", "POST sys/capabilities", 400, {"token": "{token}", "paths": "lo/above"}),
        Step("look up of a disabled one", "POST auth/token/lookup", 200, {"token": "{token}"}),
        Step("enable the entity", "POST identity/entity/id/{ann}", 204, {"disabled": False}),
        Step("use again", "GET auth/token/lookup-self", 200, token="{token}"),
        Step("delete the entity", "DELETE identity/entity/id/{ann}", 204),
        Step("use of a deleted one", "GET auth/token/lookup-self", 403, token="{token}"),
        Step("use of a deleted one's batch token", "GET auth/token/lookup-self", 403, token="{batch}"),
        Step("look up of a deleted one", "POST auth/token/lookup", 200, {"token": "{token}"}),
        Step("rights of a deleted one", "POST sys/capabilities", 400, {"token": "{token}", "paths": "lo/above"}),
        Step(
            "log in anew",
            "POST auth/{m}/login/ann",
            200,
            {"password": "pw"},
            token=NO_TOKEN,
            saves={"anew": "auth.client_token", "annew": "auth.entity_id"},
        ),
        Step("somebody else", "POST identity/entity", 200, {"name": "lo-other"}, saves={"other": "data.id"}),
        Step("merge", "POST identity/entity/merge", 204, {"from_entity_ids": "{annew}", "to_entity_id": "{other}"}),
        Step("rights of the other", "POST identity/entity/id/{other}", 204, {"policies": "lo-group"}),
        Step("use of a merged one", "POST sys/capabilities-self", 200, {"paths": "lo/group"}, token="{anew}"),
        Step("look up of a merged one", "GET auth/token/lookup-self", 200, token="{anew}"),
        Step("log in as the other", "POST auth/{m}/login/ann", 200, {"password": "pw"}, token=NO_TOKEN),
        *UNMOUNT,
    ),
)

_children = Scenario(
    "identity-children",
    steps=(
        *MOUNTS,
        Step(
            "policy",
            "POST sys/policies/acl/ch-own",
            204,
            {"policy": 'path "auth/token/*" { capabilities = ["create", "update", "sudo"] }'},
        ),
        Step("user", "POST auth/{m}/users/kid", 204, {"password": "pw", "token_policies": "ch-own"}),
        Step(
            "log in",
            "POST auth/{m}/login/kid",
            200,
            {"password": "pw"},
            token=NO_TOKEN,
            saves={"token": "auth.client_token", "kid": "auth.entity_id"},
        ),
        Step("policies", "POST identity/entity/id/{kid}", 204, {"policies": ["ch-entity"]}),
        Step("child", "POST auth/token/create", 200, {}, token="{token}", saves={"child": "auth.client_token"}),
        Step("look up the child", "GET auth/token/lookup-self", 200, token="{child}"),
        Step(
            "child with the entity's policy",
            "POST auth/token/create",
            200,
            {"policies": ["ch-entity"]},
            token="{token}",
        ),
        Step("orphan", "POST auth/token/create-orphan", 200, {}, token="{token}"),
        Step("without a parent", "POST auth/token/create", 200, {"no_parent": True}, token="{token}"),
        Step(
            "role",
            "POST auth/token/roles/ch-role",
            204,
            {"allowed_entity_aliases": "ch-A*,kid", "allowed_policies": "x"},
        ),
        Step("child by a role", "POST auth/token/create/ch-role", 200, {}, token="{token}"),
        Step("by a role of a root token", "POST auth/token/create/ch-role", 200, {}),
        Step(
            "with an alias",
            "POST auth/token/create/ch-role",
            200,
            {"entity_alias": "Ch-Alias"},
            token="{token}",
            saves={"aliased": "auth.client_token", "entity": "auth.entity_id"},
        ),
        Step("token mount", "GET sys/auth/token", 200, saves={"tokens": "data.accessor"}),
        Step("read the alias", "GET identity/entity/id/{entity}", 200, random=NAME),
        Step("look up with an alias", "GET auth/token/lookup-self", 200, token="{aliased}"),
        Step("with the same alias", "POST auth/token/create/ch-role", 200, {"entity_alias": "ch-alias"}),
        Step(
            "with an alias in a batch token",
            "POST auth/token/create/ch-role",
            200,
            {"entity_alias": "ch-alias", "type": "batch"},
        ),
        Step("disable the alias's entity", "POST identity/entity/id/{entity}", 204, {"disabled": True}),
        Step(
            "with the alias of a disabled entity",
            "POST auth/token/create/ch-role",
            403,
            {"entity_alias": "ch-alias"},
        ),
        Step("renew a disabled one's token", "POST auth/token/renew-self", 403, {}, token="{aliased}"),
        Step("with an alias that isn't allowed", "POST auth/token/create/ch-role", 400, {"entity_alias": "zzz"}),
        Step("app role", "POST auth/{m}-2/role/r", 204, {"token_policies": "x"}),
        Step("role id", "GET auth/{m}-2/role/r/role-id", 200, saves={"role_id": "data.role_id"}),
        Step(
            "secret id",
            "POST auth/{m}-2/role/r/secret-id",
            200,
            {"metadata": '{"a": "b"}'},
            saves={"secret_id": "data.secret_id"},
        ),
        Step(
            "log in by a role",
            "POST auth/{m}-2/login",
            200,
            {"role_id": "{role_id}", "secret_id": "{secret_id}"},
            token=NO_TOKEN,
            saves={"robot": "auth.entity_id"},
        ),
        Step("read the role's entity", "GET identity/entity/id/{robot}", 200, random=NAME),
        Step(
            "wrapped",
            "POST auth/{m}/login/kid",
            200,
            {"password": "pw"},
            token=NO_TOKEN,
            headers={"X-Vault-Wrap-TTL": "60"},
            saves={"wrapping": "wrap_info.token"},
        ),
        Step("unwrap", "POST sys/wrapping/unwrap", 200, {}, token="{wrapping}"),
        *UNMOUNT,
    ),
)

_VALUES: tuple[str, ...] = (
    "identity.entity.id",
    "identity.entity.name",
    " identity.entity.name ",
    "identity.entity.metadata.k",
    "identity.entity.metadata.Mixed",
    "identity.entity.metadata.missing",
    "identity.entity.metadata.empty",
    "identity.entity.metadata.braces",
    "identity.entity.metadata",
    "identity.entity.aliases.{up}.id",
    "identity.entity.aliases.{up}.name",
    "identity.entity.aliases.{up}.metadata.k",
    "identity.entity.aliases.{up}.custom_metadata.team",
    "identity.entity.aliases.{up}.custom_metadata.none",
    "identity.entity.aliases.nope.name",
    "identity.groups.names.te-g.id",
    "identity.groups.names.te-g.name",
    "identity.groups.names.te-g.metadata.gk",
    "identity.groups.names.te-above.id",
    "identity.groups.names.te-other.id",
    "identity.groups.ids.{group}.name",
    "identity.groups.ids.{group}.metadata.gk",
    "identity.groups.ids.{other}.name",
    "identity.entity.nope",
    "nope",
)


def _templated(name: str, value: str, shape: str = "te/%s/z", **allowed: Json) -> Step:
    text = 'path "%s" { capabilities = ["read"] }' % (shape % ("{{" + value + "}}"))
    return Step(f"policy of {name}", "POST sys/policies/acl/te", 204, {"policy": text, **allowed})


_SHAPES = ("te/%s", "te/%s/*", "te/p%s", "te/x%s*")
_PATHS = "te/x/y,te/x/y/z,te/px/y,te/xx/y1,te/x,te/a,te/x/q"

_templates = Scenario(
    "identity-templates",
    steps=(
        *MOUNTS,
        Step(
            "user",
            "POST auth/{m}/users/tpl",
            204,
            {"password": "pw", "token_policies": "te,te-own", "token_no_default_policy": True},
        ),
        policy("te-own", "sys/internal/ui/resultant-acl"),
        Step(
            "log in",
            "POST auth/{m}/login/tpl",
            200,
            {"password": "pw"},
            token=NO_TOKEN,
            saves={"token": "auth.client_token", "ann": "auth.entity_id"},
        ),
        Step("find the alias", "GET identity/entity/id/{ann}", 200, saves={"alias": "data.aliases.0.id"}, random=NAME),
        Step("values of the alias", "POST identity/entity-alias/id/{alias}", 200, {"custom_metadata": {"team": "red"}}),
        Step(
            "values",
            "POST identity/entity/id/{ann}",
            204,
            {
                "name": "te-name",
                "metadata": {
                    "k": "v1",
                    "Mixed": "M",
                    "empty": "",
                    "star": "a*",
                    "plus": "+",
                    "slash": "x/y",
                    "braces": "{{identity.entity.id}}",
                },
            },
        ),
        Step(
            "group",
            "POST identity/group",
            200,
            {"name": "te-g", "member_entity_ids": ["{ann}"], "metadata": {"gk": "gv"}},
            saves={"group": "data.id"},
        ),
        Step(
            "above",
            "POST identity/group",
            200,
            {"name": "te-above", "member_group_ids": ["{group}"]},
            saves={"above": "data.id"},
        ),
        Step("other group", "POST identity/group", 200, {"name": "te-other"}, saves={"other": "data.id"}),
        *(
            step
            for number, value in enumerate(_VALUES)
            for step in (
                _templated(f"value {number}", value),
                Step(f"value {number}", "GET sys/internal/ui/resultant-acl", 200, token="{token}"),
            )
        ),
        *(
            step
            for value in ("star", "plus", "slash")
            for step in (
                _templated(f"refused {value}", f"identity.entity.metadata.{value}"),
                Step(f"refused {value}", "GET sys/internal/ui/resultant-acl", 400, token="{token}"),
            )
        ),
        *(
            step
            for shape in _SHAPES
            for step in (
                _templated(
                    f"slash in {shape}",
                    "identity.entity.metadata.slash",
                    shape,
                    allow_slashes_in_identity_templates=True,
                ),
                Step(f"slash in {shape}", "POST sys/capabilities", 200, {"paths": _PATHS, "token": "{token}"}),
            )
        ),
        _templated(
            "wildcards that are allowed",
            "identity.entity.metadata.star",
            "te/%s",
            allow_wildcards_in_identity_templates=True,
        ),
        Step(
            "wildcards that are allowed",
            "POST sys/capabilities",
            200,
            {"paths": ["te/a*", "te/ab", "te/a"], "token": "{token}"},
        ),
        _templated(
            "a plus that is allowed",
            "identity.entity.metadata.plus",
            "te/%s/x",
            allow_wildcards_in_identity_templates=True,
        ),
        Step(
            "a plus that is allowed",
            "POST sys/capabilities",
            200,
            {"paths": ["te/+/x", "te/a/x", "te/x"], "token": "{token}"},
        ),
        *UNMOUNT,
    ),
)

SCENARIOS = (
    _logins,
    _children,
    _templates,
)
