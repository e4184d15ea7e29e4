"""sys: health, seal and unseal, initialisation, keys of the barrier, and what else the server says of itself."""

from __future__ import annotations

from collections.abc import Mapping

from tests.conformance.steps import INITIALISE, NO_TOKEN, Json, Scenario, Servers, Step

_HEALTH: tuple[tuple[str, int, int, int], ...] = (
    ("", 200, 503, 501),
    ("?standbyok", 200, 503, 501),
    ("?standbyok=true", 200, 503, 501),
    ("?standbyok=abc", 400, 400, 400),
    ("?activecode=299", 299, 503, 501),
    ("?activecode=600", 600, 503, 501),
    ("?activecode=", 400, 400, 400),
    ("?activecode=abc", 400, 400, 400),
    ("?sealedcode=298", 200, 298, 501),
    ("?sealedcode=abc", 400, 400, 400),
    ("?uninitcode=297", 200, 503, 297),
    ("?uninitcode=abc", 400, 400, 400),
    ("?standbycode=296", 200, 503, 501),
    ("?standbycode=abc", 400, 400, 400),
    ("?perfstandbyok=true", 200, 503, 501),
    ("?performancestandbycode=295", 200, 503, 501),
    ("?performancestandbycode=abc", 200, 503, 501),
    ("?drsecondarycode=294", 200, 503, 501),
    ("?foo=bar", 200, 503, 501),
)


def _health(state: int) -> tuple[Step, ...]:
    return tuple(
        Step(
            f"{method} health{query} {('active', 'sealed', 'uninitialised')[state]}",
            f"{method} sys/health{query}",
            codes[state],
            token=NO_TOKEN,
        )
        for query, *codes in _HEALTH
        for method in ("GET", "HEAD")
    )


def _refused(state: str) -> tuple[Step, ...]:
    """What every logical path answers while the server can't work."""
    requests = (
        "GET sys/mounts",
        "POST sys/mounts/x",
        "GET nope",
        "POST auth/token/create",
        "GET transit/keys/k",
        "GET sys/internal/ui/mounts",
        "POST sys/capabilities-self",
        "OPTIONS sys/mounts",
        "HEAD sys/mounts",
        "GET sys/key-status",
        "POST sys/wrapping/lookup",
    )
    return tuple(
        Step(f"{request} {state} {'with' if token else 'without'} a token", request, 503, token=token)
        for request in requests
        for token in (NO_TOKEN, "nope")
    )


def _slashed(state: str, status: int, status_without: int) -> tuple[Step, ...]:
    """Open paths with a slash behind, which are paths like any other."""
    return tuple(
        Step(f"{method} {path} {state} {'with' if token else 'without'} a token", f"{method} sys/{path}",
             status if token else status_without, token=token)
        for path in ("health/", "health/?sealedcode=299", "seal-status/", "init/", "leader/", "unseal/", "metrics/")
        for method in ("GET", "HEAD")
        for token in (NO_TOKEN, "{root}")
    )  # fmt: skip


_unsealed = Scenario(
    "sys-server-active",
    steps=(
        *_health(0),
        *_slashed("active", 404, 403),
        Step("seal status", "GET sys/seal-status", 200, token=NO_TOKEN),
        Step("leader", "GET sys/leader", 200, token=NO_TOKEN),
        Step("init", "GET sys/init", 200, token=NO_TOKEN),
        Step("initialise again", "POST sys/init", 400, {"secret_shares": 1, "secret_threshold": 1}, token=NO_TOKEN),
        Step("initialise again with nothing", "POST sys/init", 400, {}, token=NO_TOKEN),
        Step("delete init", "DELETE sys/init", 405, token=NO_TOKEN),
        Step("unseal with nothing", "POST sys/unseal", 400, {}, token=NO_TOKEN),
        Step("unseal reset", "POST sys/unseal", 400, {"reset": True}, token=NO_TOKEN),
        Step("unseal garbage", "POST sys/unseal", 400, {"key": "zz"}, token=NO_TOKEN),
        Step("unseal hex", "POST sys/unseal", 200, {"key": "00" * 33}, token=NO_TOKEN),
        Step("get unseal", "GET sys/unseal", 405, token=NO_TOKEN),
        Step("unseal with a broken body", "POST sys/unseal", 400, b"{", token=NO_TOKEN),
        Step("get seal", "GET sys/seal", 405),
        Step("seal without a token", "POST sys/seal", 403, {}, token=NO_TOKEN),
        Step("seal with a wrong token", "POST sys/seal", 403, {}, token="nope"),
        Step("token", "POST auth/token/create", 200, {"policies": ["default"]}, saves={"plain": "auth.client_token"}),
        Step("seal without sudo", "POST sys/seal", 403, {}, token="{plain}"),
        Step("key status", "GET sys/key-status", 200, ignores=("encryptions", "data.encryptions")),
        Step("key status without a token", "GET sys/key-status", 403, token=NO_TOKEN),
        Step("post key status", "POST sys/key-status", 405, {}),
        Step("rotate config", "GET sys/rotate/config", 200),
        Step("rotate config by its newer name", "GET sys/rotate/keyring/config", 200),
        Step("audit", "GET sys/audit", 200),
        Step("enable audit", "POST sys/audit/file", 400, {"type": "file", "options": {"file_path": "stdout"}}),
        Step("audit hash of none", "POST sys/audit-hash/nope", 400, {"input": "a"}),
        Step("audit hash of nothing", "POST sys/audit-hash/nope", 400, {}),
        Step("disable no audit", "DELETE sys/audit/nope", 204),
        Step("host info", "GET sys/host-info", 200, ignores=("data.*",)),
        Step("version history", "LIST sys/version-history", 200, ignores=("data.*",)),
        Step("get version history", "GET sys/version-history", 405),
        Step("the old renew", "POST sys/renew", 404, {}),
        Step("generate root status", "GET sys/generate-root/attempt", 405, token=NO_TOKEN),
        Step("rekey status", "GET sys/rekey/init", 405, token=NO_TOKEN),
        Step("in-flight without a token", "GET sys/in-flight-req", 403, token=NO_TOKEN),
        Step("unknown", "GET sys/nope", 404),
        Step("post unknown", "POST sys/nope", 404, {}),
        Step("list unknown", "LIST sys/nope", 404),
    ),
)

_barrier = Scenario(
    "sys-server-barrier",
    servers=Servers.FRESH,
    steps=(
        Step("status", "GET sys/key-status", 200, ignores=("encryptions", "data.encryptions")),
        Step("rotate", "POST sys/rotate", 204, {}),
        Step("status of the second", "GET sys/key-status", 200, ignores=("encryptions", "data.encryptions")),
        Step("rotate the keyring", "POST sys/rotate/keyring", 204, {}),
        Step("rotate by put", "PUT sys/rotate", 204),
        Step("status of the fourth", "GET sys/key-status", 200, ignores=("encryptions", "data.encryptions")),
        Step("get rotate", "GET sys/rotate", 405),
        Step("config", "GET sys/rotate/config", 200),
        Step("too few operations", "POST sys/rotate/config", 400, {"max_operations": 1}),
        Step("too many operations", "POST sys/rotate/config", 400, {"max_operations": 3865470567}),
        Step("interval too short", "POST sys/rotate/config", 400, {"interval": "1h"}),
        Step("interval garbage", "POST sys/rotate/config", 400, {"interval": "abc"}),
        Step(
            "new config",
            "POST sys/rotate/config",
            204,
            {"interval": "48h", "max_operations": 2000000, "enabled": False},
        ),
        Step("read the new config", "GET sys/rotate/config", 200),
        Step("interval off", "POST sys/rotate/config", 204, {"interval": 0}),
        Step("read it again", "GET sys/rotate/config", 200),
        Step("rotate without a token", "POST sys/rotate", 403, {}, token=NO_TOKEN),
        Step("seal", "POST sys/seal", 204, {}),
        Step("sealed", "GET sys/seal-status", 200, token=NO_TOKEN),
    ),
)

_INIT_ERRORS: tuple[tuple[str, dict[str, Json]], ...] = (
    ("nothing", {}),
    ("no threshold", {"secret_shares": 1}),
    ("no shares", {"secret_threshold": 1}),
    ("threshold above shares", {"secret_shares": 2, "secret_threshold": 3}),
    ("threshold one of many", {"secret_shares": 5, "secret_threshold": 1}),
    ("too many shares", {"secret_shares": 256, "secret_threshold": 2}),
    ("negative shares", {"secret_shares": -1, "secret_threshold": 1}),
    ("recovery shares", {"secret_shares": 1, "secret_threshold": 1, "recovery_shares": 1, "recovery_threshold": 1}),
    ("shares as text", {"secret_shares": "abc", "secret_threshold": 1}),
    ("stored shares", {"secret_shares": 1, "secret_threshold": 1, "stored_shares": 1}),
)


def _wrong_share(saved: Mapping[str, str]) -> Mapping[str, str]:
    """A share with one bit changed in its value; its number, the last byte, is still one that hasn't been given."""
    share = bytes.fromhex(saved["share_2"])
    return {"wrong_share": (bytes([share[0] ^ 1]) + share[1:]).hex()}


_initialisation = Scenario(
    "sys-server-initialisation",
    servers=Servers.UNINITIALISED,
    steps=(
        *_health(2),
        *_slashed("uninitialised", 503, 503),
        Step("init", "GET sys/init", 200, token=NO_TOKEN),
        Step("seal status", "GET sys/seal-status", 200, token=NO_TOKEN),
        Step("leader", "GET sys/leader", 200, token=NO_TOKEN),
        *_refused("uninitialised"),
        Step("unseal", "POST sys/unseal", 400, {"key": "00" * 33}, token=NO_TOKEN),
        Step("unseal with nothing", "POST sys/unseal", 400, {}, token=NO_TOKEN),
        Step("reset", "POST sys/unseal", 200, {"reset": True}, token=NO_TOKEN),
        Step("seal", "POST sys/seal", 204, {}, token=NO_TOKEN),
        *(
            Step(f"initialise with {name}", "POST sys/init", 400, body, token=NO_TOKEN)
            for name, body in _INIT_ERRORS[:-1]
        ),
        Step("initialise with a broken body", "POST sys/init", 400, b"{", token=NO_TOKEN),
        Step("initialise without a body", "POST sys/init", 400, token=NO_TOKEN),
        Step("still nothing", "GET sys/init", 200, token=NO_TOKEN),
        Step(
            "initialise",
            "PUT sys/init",
            200,
            {"secret_shares": 5, "secret_threshold": 3},
            token=NO_TOKEN,
            saves={"root": "root_token", **{f"share_{n}": f"keys.{n}" for n in range(4)}, "share_b": "keys_base64.4"},
            random=("keys.*", "keys_base64.*"),
        ),
        Step("initialise again", "POST sys/init", 400, {"secret_shares": 5, "secret_threshold": 3}, token=NO_TOKEN),
        Step("init is done", "GET sys/init", 200, token=NO_TOKEN),
        *_health(1),
        *_slashed("sealed", 503, 503),
        *_refused("sealed"),
        Step("sealed with the root token", "GET sys/mounts", 503),
        Step("seal status while sealed", "GET sys/seal-status", 200, token=NO_TOKEN),
        Step("leader while sealed", "GET sys/leader", 200, token=NO_TOKEN),
        Step("seal the sealed", "POST sys/seal", 204, {}, token=NO_TOKEN),
        Step("no key", "POST sys/unseal", 400, {}, token=NO_TOKEN),
        Step("empty key", "POST sys/unseal", 400, {"key": ""}, token=NO_TOKEN),
        Step("garbage", "POST sys/unseal", 400, {"key": "not a key!"}, token=NO_TOKEN),
        Step("short key", "POST sys/unseal", 400, {"key": "0011"}, token=NO_TOKEN),
        Step("first share", "POST sys/unseal", 200, {"key": "{share_0}"}, token=NO_TOKEN),
        Step("first share again", "POST sys/unseal", 200, {"key": "{share_0}"}, token=NO_TOKEN),
        Step("progress", "GET sys/seal-status", 200, token=NO_TOKEN),
        Step("reset it", "POST sys/unseal", 200, {"reset": True}, token=NO_TOKEN),
        Step("second share first", "PUT sys/unseal", 200, {"key": "{share_1}"}, token=NO_TOKEN),
        Step("a share in base64", "POST sys/unseal", 200, {"key": "{share_b}"}, token=NO_TOKEN),
        Step(
            "a wrong share",
            "POST sys/unseal",
            400,
            {"key": "{wrong_share}"},
            token=NO_TOKEN,
            prepares=_wrong_share,
        ),
        Step("back at the beginning", "GET sys/seal-status", 200, token=NO_TOKEN),
        Step("a share", "POST sys/unseal", 200, {"key": "{share_2}"}, token=NO_TOKEN),
        Step("another share", "POST sys/unseal", 200, {"key": "{share_3}"}, token=NO_TOKEN),
        Step("a share of another length", "POST sys/unseal", 400, {"key": "ab" * 20}, token=NO_TOKEN),
        Step("again a share", "POST sys/unseal", 200, {"key": "{share_2}"}, token=NO_TOKEN),
        Step("again another share", "POST sys/unseal", 200, {"key": "{share_3}"}, token=NO_TOKEN),
        Step("the last share", "POST sys/unseal", 200, {"key": "{share_b}"}, token=NO_TOKEN),
        Step("unsealed", "GET sys/seal-status", 200, token=NO_TOKEN),
        Step("look up root", "GET auth/token/lookup-self", 200),
        Step("mounts", "GET sys/mounts", 200),
        Step("auth methods", "GET sys/auth", 200),
        Step("mount", "POST sys/mounts/t", 204, {"type": "transit"}),
        Step("key", "POST t/keys/k", 200),
        Step("encrypt", "POST t/encrypt/k", 200, {"plaintext": "YQ=="}, saves={"ciphertext": "data.ciphertext"}),
        Step("key status", "GET sys/key-status", 200, ignores=("encryptions", "data.encryptions")),
        Step("seal with the root token", "POST sys/seal", 204, {}),
        Step("health when sealed", "GET sys/health", 503, token=NO_TOKEN),
        Step("decrypt when sealed", "POST t/decrypt/k", 503, {"ciphertext": "{ciphertext}"}),
        *(
            Step(f"unseal again with share {n}", "POST sys/unseal", 200, {"key": f"{{share_{n}}}"}, token=NO_TOKEN)
            for n in range(3)
        ),
        Step("decrypt after all", "POST t/decrypt/k", 200, {"ciphertext": "{ciphertext}"}),
    ),
)

_single_share = Scenario(
    "sys-server-single-share",
    servers=Servers.UNINITIALISED,
    steps=(
        *INITIALISE,
        Step("seal", "POST sys/seal", 204, {}),
        Step("a short key", "POST sys/unseal", 400, {"key": "00" * 15}, token=NO_TOKEN),
        Step("a wrong key", "POST sys/unseal", 400, {"key": "ab" * 32}, token=NO_TOKEN),
        Step("a key that is too long", "POST sys/unseal", 400, {"key": "ab" * 33}, token=NO_TOKEN),
        Step("the right key", "POST sys/unseal", 200, {"key": "{share}"}, token=NO_TOKEN),
        Step("works", "GET auth/token/lookup-self", 200, saves={"accessor": "data.accessor"}),
        # The first root token has no lease; those that it makes have one that never ends.
        Step("renew it", "POST auth/token/renew-self", 400, {}),
        Step("renew it for an hour", "POST auth/token/renew-self", 400, {"increment": "1h"}),
        Step("renew it by name", "POST auth/token/renew", 400, {"token": "{root}"}),
        Step("renew it by accessor", "POST auth/token/renew-accessor", 400, {"accessor": "{accessor}"}),
        Step("another", "POST auth/token/create", 200, {"no_parent": True}, saves={"other": "auth.client_token"}),
        Step("renew another", "POST auth/token/renew-self", 400, {}, token="{other}"),
        Step("revoke root", "POST auth/token/revoke-self", 204, {}),
        Step("works no more", "GET auth/token/lookup-self", 403),
    ),
)

_audit = Scenario(
    "sys-audit",
    servers=Servers.UNINITIALISED,
    settings="unsafe_allow_api_audit_creation = true",
    steps=(
        *INITIALISE,
        Step("none", "GET sys/audit", 200),
        Step("no type", "POST sys/audit/a", 400, {}),
        Step("unknown type", "POST sys/audit/a", 400, {"type": "nope"}),
        Step("no path", "POST sys/audit/a", 400, {"type": "file"}),
        Step(
            "a path that can't be", "POST sys/audit/a", 400, {"type": "file", "options": {"file_path": "/proc/nope/x"}}
        ),
        Step(
            "enable",
            "POST sys/audit/a",
            204,
            {"type": "file", "description": "first", "options": {"file_path": "/dev/null"}},
        ),
        Step("enable again", "POST sys/audit/a", 400, {"type": "file", "options": {"file_path": "/dev/null"}}),
        Step("list", "GET sys/audit", 200),
        Step("get list by list", "LIST sys/audit", 404),
        Step("read one", "GET sys/audit/a", 405),
        Step("hash", "POST sys/audit-hash/a", 200, {"input": "abc"}),
        Step("hash nothing", "POST sys/audit-hash/a", 400, {}),
        Step("hash empty", "POST sys/audit-hash/a", 400, {"input": ""}),
        Step("hash by another", "POST sys/audit-hash/b", 400, {"input": "abc"}),
        Step("get hash", "GET sys/audit-hash/a", 405),
        Step("disable", "DELETE sys/audit/a", 204),
        Step("disable again", "DELETE sys/audit/a", 204),
        Step("none again", "GET sys/audit", 200),
    ),
)

_plugins = Scenario(
    "sys-plugins",
    steps=(
        # Which plugins there are is each server's own affair; how they are shown isn't.
        Step("catalog", "GET sys/plugins/catalog", 200, ignores=("data.*",)),
        Step("auth", "LIST sys/plugins/catalog/auth", 200, ignores=("data.keys",)),
        Step("secret", "LIST sys/plugins/catalog/secret", 200, ignores=("data.keys",)),
        Step("unknown kind", "LIST sys/plugins/catalog/nope", 405),
        Step("transit", "GET sys/plugins/catalog/secret/transit", 200),
        Step("unknown", "GET sys/plugins/catalog/secret/nope", 404),
    ),
)

_RELOADS: tuple[tuple[str, int, dict[str, Json]], ...] = (
    ("nothing", 400, {}),
    ("empty", 400, {"plugin": "", "mounts": []}),
    ("a scope alone", 400, {"scope": "nope"}),
    ("an unknown parameter", 400, {"foo": 1}),
    ("both", 400, {"plugin": "transit", "mounts": ["{m}/"], "scope": "nope"}),
    ("a wrong scope", 400, {"plugin": "nope", "scope": "nope"}),
    ("an unknown plug-in", 400, {"plugin": "nope"}),
    ("a plug-in in upper case", 400, {"plugin": "TRANSIT"}),
    ("a number", 400, {"plugin": 5}),
    ("a list as plug-in", 400, {"plugin": ["x"]}),
    ("a map as mounts", 400, {"mounts": {"a": 1}}),
    ("a list as scope", 400, {"plugin": "transit", "scope": ["x"]}),
    ("singleton token", 400, {"plugin": "token"}),
    ("singleton system", 400, {"plugin": "system"}),
    ("singleton identity", 400, {"plugin": "identity"}),
    ("singleton ns_token", 400, {"plugin": "ns_token"}),
    ("no such mount", 400, {"mounts": ["nope/"]}),
    ("no such auth method", 400, {"mounts": ["auth/nope"]}),
    ("no mount", 400, {"mounts": [""]}),
    ("a slash in front", 400, {"mounts": ["/{m}/"]}),
    ("a quote", 400, {"mounts": ['a"b']}),
    ("several that aren't there", 400, {"mounts": "nope,{m},sys/"}),
    ("mounts that are built in", 400, {"mounts": ["sys/", "cubbyhole", "identity", "auth/token"]}),
    ("a plug-in", 200, {"plugin": "transit"}),
    ("a method", 200, {"plugin": "userpass"}),
    ("one that isn't mounted", 200, {"plugin": "approle", "scope": "global"}),
    ("a mount", 200, {"mounts": ["{m}/"]}),
    ("a mount twice", 200, {"mounts": ["{m}", "{m}//"]}),
    ("below a mount", 200, {"mounts": "{m}/keys/k"}),
)

_reloading = Scenario(
    "sys-plugins-reload",
    engine="transit",
    steps=(
        Step("key", "POST {m}/keys/k", 200),
        *(Step(f"reload {name}", "POST sys/plugins/reload/backend", status, body) for name, status, body in _RELOADS),
        Step("the key is there", "GET {m}/keys/k", 200),
        Step("read", "GET sys/plugins/reload/backend", 405),
        Step("without a token", "POST sys/plugins/reload/backend", 403, {"plugin": "transit"}, token=NO_TOKEN),
        Step("policy", "POST sys/policies/acl/reloading", 204,
             {"policy": 'path "sys/plugins/reload/backend" { capabilities = ["update"] }'}),
        Step("token", "POST auth/token/create", 200, {"policies": ["reloading"]}, saves={"plain": "auth.client_token"}),
        Step("without sudo", "POST sys/plugins/reload/backend", 200, {"plugin": "transit"}, token="{plain}"),
    ),
)  # fmt: skip

_TREE_POLICY = 'path "sys/internal/inspect/router/*" {{ capabilities = ["read"{sudo}] }}'

_trees = Scenario(
    "sys-router",
    servers=Servers.FRESH,
    steps=(
        Step("mount", "POST sys/mounts/t", 204, {"type": "transit"}),
        Step("namespace", "POST sys/namespaces/n", 200, {}, random=("data.id",)),
        Step("mount in it", "POST sys/mounts/t", 204, {"type": "transit"}, headers={"X-Vault-Namespace": "n"}),
        # The trees are told in no order.
        *(
            Step(name, f"GET sys/internal/inspect/router/{name}", 200, ignores=(f"data.{name}.*",))
            for name in ("root", "storage", "accessor", "uuid")
        ),
        Step("no such tree", "GET sys/internal/inspect/router/nope", 404),
        Step("no tree", "GET sys/internal/inspect/router", 404),
        Step("list", "LIST sys/internal/inspect/router", 404),
        Step("write", "POST sys/internal/inspect/router/root", 405, {}),
        Step("in a namespace", "GET sys/internal/inspect/router/root", 400, headers={"X-Vault-Namespace": "n"}),
        Step("without a token", "GET sys/internal/inspect/router/root", 403, token=NO_TOKEN),
        *(
            step
            for name, sudo, status in (("plain", "", 403), ("sudo", ', "sudo"', 200))
            for step in (
                Step(f"policy {name}", f"POST sys/policies/acl/{name}", 204,
                     {"policy": _TREE_POLICY.format(sudo=sudo)}),
                Step(f"token {name}", "POST auth/token/create", 200, {"policies": [name]},
                     saves={name: "auth.client_token"}),
                Step(f"with {name}", "GET sys/internal/inspect/router/root", status, token=f"{{{name}}}",
                     ignores=("data.root.*",)),
            )
        ),
    ),
)  # fmt: skip

_more = Scenario(
    "sys-server-more",
    steps=(
        Step("step down", "POST sys/step-down", 204, {}),
        Step("step down without a token", "POST sys/step-down", 204, {}, token=NO_TOKEN),
        Step("counters", "GET sys/internal/counters/requests", 404),
        Step("token counters", "GET sys/internal/counters/tokens", 200, ignores=("data.*",)),
        Step("replication", "GET sys/replication/status", 404, token=NO_TOKEN),
        Step("leases without a type", "GET sys/leases/count", 404),
        Step("a lease that isn't there", "POST sys/leases/lookup", 400, {"lease_id": "nope"}),
        Step("no lease", "POST sys/leases/lookup", 400, {}),
        Step("renew a lease that isn't there", "POST sys/leases/renew", 400, {"lease_id": "nope"}),
        Step("revoke a lease that isn't there", "POST sys/leases/revoke", 204, {"lease_id": "nope"}),
        Step("cors", "GET sys/config/cors", 200),
        Step(
            "audited headers", "GET sys/config/auditing/request-headers", 200, ignores=("headers.*", "data.headers.*")
        ),
        Step("ha status", "GET sys/ha-status", 200, ignores=("data.nodes.*", "nodes.*")),
        Step("decode token without anything", "POST sys/decode-token", 400, {}, token=NO_TOKEN),
        Step("metrics", "GET sys/metrics?format=nope", 400),
        Step("monitor with a wrong level", "GET sys/monitor?log_level=nope", 400),
    ),
)

SCENARIOS = (_unsealed, _barrier, _initialisation, _single_share, _audit, _plugins, _reloading, _trees, _more)
