"""Parameters are judged by what the route makes of them: every way to say a denied value is denied.

These ask ``Acl`` with the real bodies of routes; ``test_parameter_spelling`` asks whole servers.
"""

from __future__ import annotations

import json
from typing import Any

import pytest
from msgspec import Struct

from auth_methods.approle.roles import RoleBody as AppRoleBody
from auth_methods.approle.secret_ids import GenerateBody
from auth_methods.token.creation import CreateBody
from auth_methods.token.roles import RoleBody as TokenRoleBody
from auth_methods.userpass.users import UserBody
from compat.policies.parser import parse_policy
from engines.base import Body, Operation
from engines.transit.cipher.encrypt import Encryption
from engines.transit.cipher.stream import Streaming
from engines.transit.creation import KeyCreation
from engines.transit.random import RandomBySegment
from engines.transit.signature.hmac import Authentication
from engines.transit.signature.sign import Signing
from server.system.access.policies import WriteOldPolicyBody
from server.system.inspect.loggers import LevelBody
from server.system.mounts.remount import RemountBody
from server.system.mounts.table import EnableBody
from server.system.mounts.tuning import TuneBody
from server.tenants.policies.acl import Acl, compile_acl
from server.tenants.policies.parameters import Taken

WRITES = ["create", "update"]
ADMIN: list[Any] = [
    *("admin", "ADMIN", " admin", "Admin ", "x,admin", "x, ADMIN,y", "admin,"),
    *(["admin"], ["x", "admin"], [" Admin "], ["x", "ADMIN"]),
]
DAY: list[Any] = ["24h", "1d", "86400", 86400, "1440m", "23h60m", "86400s", "86400000ms", "+24h", "024h"]


def acl(**conditions: Any) -> Acl:
    """A policy with ``conditions`` for ``m``."""
    text = json.dumps({"path": {"m": {"capabilities": WRITES, **conditions}}})
    return compile_acl([parse_policy(text, "p")], 0)


def passes(compiled: Acl, body: type[Body], given: dict[str, Any], captured: dict[str, str] | None = None) -> bool:
    """Whether a request with ``given`` to a route that takes ``body`` may pass."""
    return compiled.check(Operation.UPDATE, "m", given, None, Taken(body, captured or {})).allowed


DENIED: list[tuple[type[Body], str, list[Any], list[dict[str, Any]], list[dict[str, Any]]]] = [
    (
        UserBody,
        "token_policies",
        ["admin"],
        [{name: value} for name in ("token_policies", "policies") for value in ADMIN],
        [{"token_policies": value} for value in ("x", ["x"], "administrator", "", [], "x,y")] + [{"password": "admin"}],
    ),
    (UserBody, "policies", ["admin"], [{"token_policies": value} for value in ADMIN], [{"policies": "x"}]),
    (
        UserBody,
        "token_policies",
        ["adm*"],
        [{"policies": ["x", "ADMIN"]}, {"policies": "x,admin"}],
        [{"policies": "x"}],
    ),
    (UserBody, "token_policies", ["a,b"], [{"policies": ["b", "a"]}, {"policies": "B, a"}], [{"policies": ["a"]}]),
    (UserBody, "token_ttl", ["24h"], [{name: day} for name in ("token_ttl", "ttl") for day in DAY], [{"ttl": "23h"}]),
    (UserBody, "token_bound_cidrs", [""], [{"bound_cidrs": []}, {"token_bound_cidrs": ""}], [{"bound_cidrs": "::1"}]),
    (UserBody, "token_type", ["default"], [{"token_type": ""}, {"token_type": "Default"}], [{"token_type": "batch"}]),
    (UserBody, "token_no_default_policy", [True], [{"token_no_default_policy": "1"}], [{"token_no_default_policy": 0}]),
    (AppRoleBody, "token_period", ["24h"], [{"period": 86400}, {"token_period": "86400"}], [{"period": 1}]),
    (
        AppRoleBody,
        "secret_id_bound_cidrs",
        ["0.0.0.0/0"],
        [{"bound_cidr_list": "::1, 0.0.0.0/0"}, {"secret_id_bound_cidrs": ["0.0.0.0/0"]}],
        [{"bound_cidr_list": "10.0.0.0/8"}],
    ),
    (AppRoleBody, "token_type", ["service"], [{"token_type": "default-service"}], [{"token_type": "batch"}]),
    (
        GenerateBody,
        "metadata",
        ["team=admin"],
        [
            *({"metadata": text} for text in ("team=admin", "a=b,team=admin", '{"team":"admin"}', " team = Admin ")),
            {"metadata": "eyJ0ZWFtIjogImFkbWluIn0="},
        ],
        [{"metadata": "team=x"}, {"metadata": '{"x":"admin"}'}],
    ),
    (
        CreateBody,
        "policies",
        ["admin"],
        [{"policies": value} for value in ADMIN if "," not in value],
        [{"policies": "x"}],
    ),
    (CreateBody, "ttl", ["24h"], [{"lease": day} for day in DAY], [{"ttl": "25h"}]),
    (
        CreateBody,
        "meta",
        [{"team": "a"}],
        [{"meta": "team=a"}, {"meta": {"x": "y", "team": "a"}}],
        [{"meta": "team=b"}],
    ),
    (CreateBody, "meta", ["team=*"], [{"meta": {"team": "x"}}, {"meta": ["a=b", "team=c"]}], [{"meta": {"x": "team"}}]),
    (TokenRoleBody, "token_period", ["24h"], [{"period": 86400}], [{"period": 86401}]),
    (TokenRoleBody, "allowed_policies", ["admin"], [{"allowed_policies": value} for value in ADMIN], []),
    (
        EnableBody,
        "type",
        ["transit"],
        [{"type": "transit"}, {"type": "plugin", "plugin_name": "transit"}],
        [{"type": "pqc"}],
    ),
    (EnableBody, "max_lease_ttl", ["24h"], [{"config": {"max_lease_ttl": day}} for day in DAY], [{"config": {}}]),
    (EnableBody, "options", ["jwks=public"], [{"options": {"jwks": "public"}}], [{"options": {"jwks": "x"}}]),
    (TuneBody, "max_lease_ttl", ["24h"], [{"max_lease_ttl": day} for day in DAY], [{"max_lease_ttl": "x"}]),
    (
        WriteOldPolicyBody,
        "policy",
        ["*sudo*"],
        [{name: value} for name in ("policy", "rules") for value in ("a sudo b", "YSBzdWRvIGI=", "SUDO")],
        [{"policy": "# none"}],
    ),
    (RemountBody, "to", ["secret"], [{"to": value} for value in ("secret", "/secret", "secret/", "//Secret/")], []),
    (KeyCreation, "exportable", [True], [{"exportable": value} for value in (True, "1", 1, "t", "TRUE", "True")], []),
    (
        KeyCreation,
        "not_after",
        ["2030-01-01T00:00:00Z"],
        [
            {"not_after": time}
            for time in ("2030-01-01T00:00:00+00:00", "1893456000", 1893456000, "2030-01-01T01:00:00+01:00")
        ],
        [{"not_after": "1893456001"}],
    ),
    (
        WriteOldPolicyBody,
        "expiration",
        ["1893456000"],
        [{"expiration": "2030-01-01T00:00:00Z"}, {"expiration": 1893456000}],
        [{"expiration": "2030-01-01T00:00:01Z"}],
    ),
    (
        AppRoleBody,
        "token_bound_cidrs",
        ["0.0.0.0/0"],
        [{"token_bound_cidrs": "10.0.0.0/8, 1.2.3.4/0"}, {"token_bound_cidrs": ["0.0.0.0/00"]}],
        [{"token_bound_cidrs": "0.0.0.0/1"}],
    ),
    (LevelBody, "level", ["warn"], [{"level": "warning"}, {"level": "WARNING"}], [{"level": "info"}]),
    (KeyCreation, "type", ["rsa-2048"], [{"type": "rsa-2048"}], [{"type": "rsa-4096"}]),
    (
        Signing,
        "hash_algorithm",
        ["sha1"],
        [{"hash_algorithm": "sha1"}, {"algorithm": "sha1"}],
        [{"algorithm": "sha2-512"}, {"hash_algorithm": ""}],
    ),
    (Signing, "hash_algorithm", ["sha2-256"], [{"hash_algorithm": ""}, {"algorithm": "sha2-256"}], []),
    (Signing, "signature_algorithm", ["pss"], [{"signature_algorithm": ""}], [{"signature_algorithm": "pkcs1v15"}]),
    (Signing, "salt_length", ["hash"], [{"salt_length": text} for text in ("hash", "HASH", "-1", -1, "-01")], []),
    (
        Encryption,
        "key_version",
        [1],
        [{"key_version": "1"}, {"key_version": "0x1"}, {"batch_input": [{"plaintext": ""}, {"key_version": 1}]}],
        [{"key_version": 2}, {"batch_input": [{"key_version": 2}]}, {"batch_input": None}, {"batch_input": "x"}],
    ),
    (
        Encryption,
        "context",
        ["dGVhbTE="],
        [
            {"context": "dGVhbTE=\n"},
            {"context": "dGVhbTF="},
            {"batch_input": [{"context": "dGVhbTE="}]},
            {"batch_input": [{"Context": "dGVh\nbTE="}]},
        ],
        [{"context": "dGVhbTI="}, {"batch_input": [{"context": "dGVhbTI="}]}],
    ),
    (Encryption, "plaintext", [], [{"plaintext": None}, {"batch_input": [{"plaintext": "x"}]}], [{"context": ""}]),
]


@pytest.mark.parametrize(("body", "name", "listed", "denied", "passing"), DENIED)
def test_a_denied_value_is_denied_in_all_its_spellings(
    body: type[Body], name: str, listed: list[Any], denied: list[dict[str, Any]], passing: list[dict[str, Any]]
) -> None:
    compiled = acl(denied_parameters={name: listed})
    assert [given for given in denied if passes(compiled, body, given)] == []
    assert [given for given in passing if not passes(compiled, body, given)] == []


@pytest.mark.parametrize(
    ("body", "listed", "captured", "passing"),
    [
        (Authentication, {"algorithm": ["sha2-224"]}, {"name": "k", "urlalgorithm": "sha2-224"}, False),
        (Authentication, {"algorithm": ["sha2-224"]}, {"name": "k", "urlalgorithm": "sha2-256"}, True),
        (Authentication, {"algorithm": []}, {"name": "k", "urlalgorithm": "sha2-256"}, False),
        (Authentication, {"algorithm": []}, {"name": "k"}, True),
        (Authentication, {"name": []}, {"name": "k"}, True),
        (Authentication, {"name": ["k"]}, {"name": "k"}, False),
        (RandomBySegment, {"bytes": [64]}, {"segment": "064"}, False),
        (RandomBySegment, {"bytes": [64]}, {"segment": "seal"}, True),
        (UserBody, {"username": ["bob"]}, {"username": "BOB"}, False),
    ],
)
def test_what_is_in_the_path_is_a_parameter_too(
    body: type[Body], listed: dict[str, list[Any]], captured: dict[str, str], passing: bool
) -> None:
    """Where values are listed; the path itself is granted or denied by its rule."""
    assert passes(acl(denied_parameters=listed), body, {}, captured) is passing
    # That nothing may be sent says nothing of the path.
    assert passes(acl(denied_parameters={"*": []}), body, {}, captured)


@pytest.mark.parametrize(
    ("body", "listed", "passing", "refused"),
    [
        (
            UserBody,
            {"token_policies": ["app-*", "base"]},
            [
                {"token_policies": value}
                for value in ("app-x", "app-x,app-y", "base, app-z", ["app-x", "base"], ["base"])
            ],
            [
                *(
                    {"token_policies": value}
                    for value in ("app-x,admin", ["app-x", "admin"], ["admin"], "", [], "app-x,")
                ),
                {"policies": "admin"},
                {"token_policies": {"app-x": "admin"}},
            ],
        ),
        (
            UserBody,
            {"token_policies": ["app-*"], "*": []},
            [{"policies": "app-x"}, {"password": "x"}],
            [{"policies": "admin"}, {"policies": "app-x,admin"}],
        ),
        (UserBody, {"token_policies": ["a,b"]}, [{"token_policies": "a,b"}], [{"token_policies": "a"}]),
        (UserBody, {"token_policies": [["a", "b"]]}, [{"token_policies": ["a", "b"]}], [{"token_policies": "a,b,c"}]),
        (UserBody, {"token_policies": ["", "a"]}, [{"token_policies": ""}, {"token_policies": []}], []),
        (
            CreateBody,
            {"meta": ["team=app*"], "policies": ["x"]},
            [{"meta": "team=app1"}, {"meta": {"team": "app2"}}, {"policies": ["x"]}],
            [{"meta": {"team": "app", "role": "admin"}}, {"meta": ["team=app", "x=y"]}, {"policies": ["x", "y"]}],
        ),
        (
            GenerateBody,
            {"metadata": ["team=app*"]},
            [{"metadata": "team=app1"}, {"metadata": '{"team":"app1"}'}],
            [{"metadata": "team=app,role=admin"}, {"metadata": '{"team":"app","role":"admin"}'}, {"metadata": ""}],
        ),
        (
            Encryption,
            {"plaintext": [], "batch_input": [], "key_version": ["2"]},
            [
                {"plaintext": "x", "key_version": "2"},
                {"batch_input": [{"plaintext": "x"}, {"plaintext": "x", "context": "y"}]},
            ],
            [{"plaintext": "x", "key_version": "1"}, {"batch_input": [{"plaintext": "x", "key_version": 1}]}, {"x": 1}],
        ),
        (
            EnableBody,
            {"type": ["transit"], "*": []},
            [{"type": "transit"}],
            [{"plugin_name": "pqc"}, {"type": "plugin"}],
        ),
    ],
)
def test_every_element_has_to_be_allowed(
    body: type[Body],
    listed: dict[str, list[Any]],
    passing: list[dict[str, Any]],
    refused: list[dict[str, Any]],
) -> None:
    compiled = acl(allowed_parameters=listed)
    assert [given for given in passing if not passes(compiled, body, given)] == []
    assert [given for given in refused if passes(compiled, body, given)] == []


def test_what_is_in_the_path_has_to_be_among_the_allowed_values() -> None:
    compiled = acl(allowed_parameters={"algorithm": ["sha2-256"], "input": []})
    assert passes(compiled, Authentication, {"input": "x"}, {"name": "k", "urlalgorithm": "sha2-256"})
    assert not passes(compiled, Authentication, {"input": "x"}, {"name": "k", "urlalgorithm": "sha2-224"})
    assert passes(acl(allowed_parameters={"input": []}), Authentication, {}, {"urlalgorithm": "sha2-224"})


@pytest.mark.parametrize(
    ("body", "required", "passing", "refused"),
    [
        (UserBody, "token_policies", [{"token_policies": "x"}, {"policies": "x"}], [{}, {"password": "x"}]),
        (UserBody, "ttl", [{"token_ttl": 1}, {"ttl": ""}], [{"ttl": None}, {"token_ttl": None}]),
        (CreateBody, "ttl", [{"lease": "1h"}], [{"period": "1h"}]),
        (
            Encryption,
            "context",
            [
                {"context": "x"},
                {"batch_input": [{"context": "x"}, {"context": "y"}]},
                {"context": "x", "batch_input": None},
            ],
            [{}, {"batch_input": [{"context": "x"}, {}]}, {"context": "x", "batch_input": [{}]}, {"batch_input": [1]}],
        ),
        (Encryption, "batch_input", [{"batch_input": [{}]}], [{"plaintext": "x"}]),
        (EnableBody, "max_lease_ttl", [{"config": {"max_lease_ttl": 1}}], [{"config": {}}, {}]),
    ],
)
def test_what_is_required_has_to_reach_the_handler(
    body: type[Body], required: str, passing: list[dict[str, Any]], refused: list[dict[str, Any]]
) -> None:
    compiled = acl(required_parameters=[required])
    assert [given for given in passing if not passes(compiled, body, given)] == []
    assert [given for given in refused if passes(compiled, body, given)] == []


class _Line(Struct, kw_only=True):
    plaintext: str
    context: str = ""
    key_version: int = 0


def test_the_lines_of_a_stream_are_judged_as_items() -> None:
    def may(compiled: Acl, given: dict[str, Any], lines: list[_Line] | None) -> bool:
        taken = Taken(Streaming, {}, _Line, lines)
        return compiled.check(Operation.UPDATE, "m", given, None, taken).allowed

    denied = acl(denied_parameters={"key_version": [1], "context": ["QQ=="]})
    assert may(denied, {}, None) and may(denied, {}, [_Line(plaintext="x")])
    assert not may(denied, {}, [_Line(plaintext="x"), _Line(plaintext="x", key_version=1)])
    assert not may(denied, {}, [_Line(plaintext="x", context="QR==")])
    allowed = acl(allowed_parameters={"key_version": ["2"]})
    assert may(allowed, {"key_version": "2"}, [_Line(plaintext="x", key_version=2)])
    assert not may(allowed, {}, [_Line(plaintext="x", key_version=1)])
    required = acl(required_parameters=["context"])
    assert may(required, {}, None) and may(required, {"context": "x"}, [_Line(plaintext="x")])
    assert may(required, {}, [_Line(plaintext="x", context="y")])
    assert not may(required, {}, [_Line(plaintext="x", context="y"), _Line(plaintext="x")])
