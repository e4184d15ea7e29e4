"""Entries against those that a real server wrote for the same requests, and what is hidden in them."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auth_methods.base import InvalidCredentials
from compat.json.text import parse_object
from engines.base import Operation
from engines.durations import format_time
from engines.faults import Denied, Failed, Fault, InvalidRequest, NotFound, Unauthenticated, UnsupportedPath
from server.audit.entry import (
    AuditAuth,
    AuditHeader,
    AuditMount,
    AuditNamespace,
    AuditRequest,
    AuditResponse,
    AuditToken,
    AuditWrap,
    client_id,
    raw_answer,
    refusal,
)
from server.audit.formatter import Formatter
from server.audit.hashing import MAX_DEPTH, Hasher
from server.audit.options import FormatOptions, read_options
from tests.server.audit.audit_fixture import CLIENT_TOKEN, ROOT, TRANSIT, VERSION, request, token

OBSERVED = json.loads((Path(__file__).parent / "audit_observed.json").read_text())["entries"]
SALT = b"salt of a device, 32 bytes long."
TIME = 1_795_565_805_070_833_639

USERPASS = AuditMount(point="auth/userpass/", type="userpass", accessor="u", version=VERSION, auth=True)
TOKENS = AuditMount(point="auth/token/", type="token", accessor="t", version=VERSION, auth=True)
NOBODY: dict[str, Any] = {"token": None, "client_token": "", "allowed": None, "granting_policies": ()}
PUBLIC: dict[str, Any] = {**NOBODY, "allowed": True}
BOB = AuditAuth(
    ("default", "p"), ("default", "p"), "acc", "userpass-bob", {"username": "bob"}, "e-1", "service", 3600, 1
)
ROOT_AUTH = AuditAuth(("root",), ("root",), "acc", "token", issue_time=1)
MADE = AuditAuth(("default", "p"), ("default", "p"), "acc", "token", {"a": "b"}, ttl_seconds=600, num_uses=3)


def bob(**changes: Any) -> AuditRequest:
    return request(**{"token": AuditToken(BOB, client_id((), "root", "e-1")), **changes})


def root(**changes: Any) -> AuditRequest:
    return request(
        **{"token": AuditToken(ROOT_AUTH, client_id(("root",), "root")), "granting_policies": ("root",), **changes}
    )


def nested() -> dict[str, Any]:
    return {"plaintext": "aGVsbG8=", "n": 5, "b": True, "nul": None, "o": {"x": ["a", 1, {"y": "z"}]}}


def wrap(path: str, **more: str) -> AuditWrap:
    return AuditWrap("s.wrapping", "wrapping-accessor", 60, format_time(1), path, **more)


DENIED = refusal(Denied())
UNKNOWN = refusal(Unauthenticated())
LIST = {"operation": Operation.LIST, "path": "transit/keys/", "data": {}}
CREATE = {"mount": TOKENS, "path": "auth/token/create"}

SCENARIOS: dict[str, tuple[AuditRequest, AuditResponse]] = {
    "login": (
        bob(**PUBLIC, mount=USERPASS, path="auth/userpass/login/bob", data={"password": "pw"}),
        AuditResponse(auth=replace(BOB, issue_time=0), client_token="s.x", login=True, entity_created=True),
    ),
    "login refused": (
        bob(**PUBLIC, mount=USERPASS, path="auth/userpass/login/bob", data={"password": "no"}),
        refusal(InvalidCredentials("invalid username or password"), public=True),
    ),
    "encrypt": (
        bob(data=nested()),
        AuditResponse(
            data={"ciphertext": "vault:v1:x", "key_version": 1},
            warnings=["Endpoint ignored these unrecognized parameters: [b n nul o]"],
        ),
    ),
    "list": (bob(**LIST), AuditResponse(data={"keys": ["k"]})),
    "batch error": (
        bob(data={"batch_input": [{"plaintext": "aGVsbG8="}, {"plaintext": "%%%"}]}),
        raw_answer(400, "application/json", b'{"data":{}}'),
    ),
    "invalid request": (bob(), refusal(InvalidRequest("illegal base64 data at input byte 0"))),
    "not found": (bob(operation=Operation.READ, path="transit/keys/nope", data={}), refusal(NotFound())),
    "unsupported path": (bob(operation=Operation.READ, path="transit/nope", data={}), refusal(UnsupportedPath())),
    "denied": (
        bob(operation=Operation.DELETE, data={}, allowed=False, granting_policies=(), error=DENIED.error),
        DENIED,
    ),
    "no route": (
        root(operation=Operation.READ, path="nomount/x", mount=None, data={}),
        refusal(NotFound('no handler for route "nomount/x". route entry not found.')),
    ),
    "bad token": (
        bob(**{**NOBODY, "client_token": "bad"}, error="permission denied"),
        UNKNOWN,
    ),
    "no token": (bob(**NOBODY, error="permission denied"), UNKNOWN),
    "wrapped": (bob(wrap_ttl_seconds=60), AuditResponse(wrap=wrap("transit/encrypt/k"))),
    "wrapped token": (
        root(**CREATE, data={"policies": ["p"], "meta": {"a": "b"}}, wrap_ttl_seconds=60),
        AuditResponse(wrap=wrap("auth/token/create", wrapped_accessor="made")),
    ),
    "token": (
        root(**CREATE, data={"policies": ["p"], "meta": {"a": "b"}, "num_uses": 3, "ttl": "10m"}),
        AuditResponse(auth=MADE, client_token="s.made"),
    ),
    "batch token": (
        request(
            **LIST,
            token=AuditToken(
                AuditAuth(
                    ("default", "p"),
                    ("default", "p"),
                    display_name="token",
                    token_type="batch",
                    ttl_seconds=600,
                    issue_time=1,
                ),
                "c",
            ),
        ),
        AuditResponse(data={"keys": ["k"]}),
    ),
    "headers": (
        bob(**LIST, headers=(AuditHeader("X-My", ("hello",), hmac=False), AuditHeader("X-Sec", ("sec",)))),
        AuditResponse(data={"keys": ["k"]}),
    ),
    "namespace": (
        root(
            operation=Operation.LIST,
            path="sys/policies/acl/",
            data={},
            namespace=AuditNamespace("c3mZgo", "n1/"),
            mount=AuditMount(point="n1/sys/", type="ns_system", accessor="s", version=VERSION, auth=False),
        ),
        AuditResponse(data={"keys": ["default"]}),
    ),
}

KNOWN_DIFFERENCES = ("mount_accessor",)
"""OpenBao leaves the accessor out of many request parts, though it is known."""


def lines(formatter: Formatter, asked: AuditRequest, answered: AuditResponse) -> list[bytes]:
    parts = formatter.parts(asked)
    return [formatter.request_line(parts, asked, TIME), formatter.response_line(parts, asked, answered, TIME)]


def normal(value: Any, key: str = "") -> Any:
    """``value`` with what differs from run to run replaced, as in the observations."""
    if isinstance(value, dict):
        return {name: normal(item, name) for name, item in value.items() if name not in KNOWN_DIFFERENCES}
    if isinstance(value, list):
        return [normal(item, key) for item in value]
    if isinstance(value, str):
        if re.fullmatch(r"hmac-sha256:[0-9a-f]{64}", value):
            return "HMAC"
        if re.fullmatch(r"\d{4}-\d\d-\d\dT[\d:.]+Z", value):
            return "TIME"
        if key in ("client_id", "entity_id") or (key == "id" and len(value) == 36):
            return "ID"
    return value


@pytest.mark.parametrize("name", SCENARIOS)
def test_entries_are_those_of_openbao(name: str) -> None:
    ours = [normal(json.loads(line)) for line in lines(Formatter(SALT, FormatOptions()), *SCENARIOS[name])]
    theirs = [normal(entry) for entry in OBSERVED[name]]
    assert ours == theirs


def test_all_that_was_observed_is_compared_but_one() -> None:
    assert set(OBSERVED) - set(SCENARIOS) == {"limited token"}


def test_a_limited_token_shows_what_is_left() -> None:
    auth = json.loads(lines(Formatter(SALT, FormatOptions()), bob(remaining_uses=3), AuditResponse())[0])["auth"]
    assert auth["remaining_uses"] == 3
    assert set(OBSERVED["limited token"][0]["auth"]) == set(auth) - {"entity_id"}


def test_hashes_are_hmac_sha256_of_the_salt() -> None:
    for text in ("", "a", "é" * 100):
        expected = "hmac-sha256:" + hmac.new(SALT, text.encode(), hashlib.sha256).hexdigest()
        assert Hasher(SALT).text(text) == expected == Formatter(SALT, FormatOptions()).hash(text)


def test_numbers_stay_unless_their_text_is_kept() -> None:
    hidden = Hasher(SALT).data(parse_object(b'{"a":[1,1.5,1e3,[1e3,"",null],{"b":"x"}],"c":1e3}'), frozenset())
    number, empty, letter = (Hasher(SALT).text(text) for text in ("1000.0", "", "x"))
    assert hidden == {"a": [1, 1.5, number, [number, empty, None], {"b": letter}], "c": number}


MARKER = "MARKER-b7c1"
markers = st.just(MARKER) | st.text(max_size=3).map(lambda text: text + MARKER)
values = st.recursive(
    markers
    | st.integers()
    | st.booleans()
    | st.none()
    | st.binary(max_size=4).map(lambda data: data + MARKER.encode()),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=10,
)
data = st.dictionaries(st.text(max_size=5), values, max_size=4)


@given(asked=data, answered=data, secret=markers)
def test_no_secret_is_written_in_the_clear(asked: dict[str, Any], answered: dict[str, Any], secret: str) -> None:
    auth = AuditAuth(("p",), ("p",), accessor=secret)
    incoming = request(
        data=asked,
        token=AuditToken(auth, "c"),
        client_token=secret,
        headers=(AuditHeader("X-Secret", (secret, secret)),),
    )
    outcome = AuditResponse(
        data=answered,
        auth=auth,
        client_token=secret,
        wrap=AuditWrap(secret, secret, 60, format_time(0), "p", wrapped_accessor=secret),
    )
    faults: list[Fault] = [kind(secret) for kind in (InvalidRequest, Denied, Failed, NotFound, Unauthenticated)]
    formatter = Formatter(SALT, FormatOptions())
    for response in [outcome, raw_answer(400, "text/plain", secret.encode()), *map(refusal, faults)]:
        for line in lines(formatter, incoming, response):
            json.loads(line)
            assert MARKER.encode() not in line
    assert MARKER.encode() in lines(Formatter(SALT, FormatOptions(log_raw=True)), incoming, outcome)[0]


def test_reprs_hold_no_secret() -> None:
    incoming = request(client_token=MARKER, data={"a": MARKER}, headers=(AuditHeader("x", (MARKER,)),))
    outcome = AuditResponse(data={"a": MARKER}, client_token=MARKER, wrap=AuditWrap(MARKER, MARKER, 1, "", "p", MARKER))
    assert MARKER not in repr(incoming) + repr(outcome) + repr(AuditAuth((), (), accessor=MARKER))


def test_keys_that_a_mount_shows_in_the_clear() -> None:
    mount = AuditMount(
        point="transit/",
        type="transit",
        accessor="a",
        version=VERSION,
        auth=False,
        non_hmac_request_keys=["x", "batch_input"],
        non_hmac_response_keys=["keys", "error"],
    )
    sent = {"x": ["p", {"r": "s", "x": "t"}], "m": {"x": "y", "z": {"x": {"k": "w"}}}, "X": "up"}
    entry, _ = lines(Formatter(SALT, FormatOptions()), request(mount=mount, data=sent), AuditResponse())
    assert normal(json.loads(entry)["request"]["data"]) == {
        "x": ["p", {"r": "HMAC", "x": "t"}],
        "m": {"x": "y", "z": {"x": {"k": "HMAC"}}},
        "X": "HMAC",
    }
    batch = {"batch_input": [{"plaintext": "a", "x": "clear"}]}
    _, entry = lines(
        Formatter(SALT, FormatOptions()), request(mount=mount, data=batch), AuditResponse({"keys": ["k"], "o": "o"})
    )
    logged = json.loads(entry)
    assert normal(logged["request"]["data"]) == {"batch_input": [{"plaintext": "HMAC", "x": "clear"}]}
    assert normal(logged["response"]["data"]) == {"keys": ["k"], "o": "HMAC"}


def test_options() -> None:
    options = read_options(
        {"hmac_accessor": "false", "prefix": "@cee: ", "elide_list_responses": "true"}, prefix_allowed=True
    )
    listed = request(operation=Operation.LIST, path="transit/keys/", data={})
    answer = AuditResponse({"keys": ["a", "b"], "key_info": {"a": {}, "b": {}}})
    for line in lines(Formatter(SALT, options), listed, answer):
        assert line.startswith(b'@cee: {"time":"')
        entry = json.loads(line.removeprefix(b"@cee: "))
        assert entry["auth"]["accessor"] == entry["request"]["client_token_accessor"] == "accessor-of-bob"
        assert entry["auth"]["client_token"] == Hasher(SALT).text(CLIENT_TOKEN)
    assert entry["response"]["data"] == {"keys": 2, "key_info": 2}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"format": "yaml"}, 'unknown format type "yaml"'),
        ({"format": "jsonx"}, "jsonx formatting has been removed"),
        ({"hmac_accessor": "maybe"}, 'strconv.ParseBool: parsing "maybe": invalid syntax'),
        ({"log_raw": "maybe"}, 'strconv.ParseBool: parsing "maybe": invalid syntax'),
        ({"prefix": "x"}, "audit log prefixing is not allowed"),
    ],
)
def test_wrong_options_are_refused(options: dict[str, str], message: str) -> None:
    with pytest.raises(InvalidRequest, match=re.escape(message)):
        read_options(options, prefix_allowed=False)


def test_one_token_object_serves_several_devices() -> None:
    one, other = Formatter(SALT, FormatOptions()), Formatter(SALT[::-1], FormatOptions())
    incoming = request(token=token())
    for _ in range(2):
        for formatter in (one, other):
            entry = json.loads(lines(formatter, incoming, AuditResponse())[0])
            assert entry["request"]["client_token"] == formatter.hash(CLIENT_TOKEN)
            assert entry["auth"]["accessor"] == formatter.hash("accessor-of-bob")
    assert CLIENT_TOKEN not in repr(incoming.subject.token and incoming.subject.token.prepared)


def test_what_fits_no_json_number_is_written_all_the_same() -> None:
    entry, _ = lines(Formatter(SALT, FormatOptions()), request(data={"n": 1 << 80, "f": 1.5}), AuditResponse())
    assert json.loads(entry)["request"]["data"] == {"n": 1 << 80, "f": 1.5}


def test_what_is_nested_too_deeply_is_refused() -> None:
    deep: Any = "x"
    for _ in range(MAX_DEPTH + 1):
        deep = [deep]
    with pytest.raises(InvalidRequest, match="nested too deeply"):
        Formatter(SALT, FormatOptions()).parts(request(data={"a": deep}))


def test_client_ids() -> None:
    """Those that OpenBao gave a root token and a token with two policies in the root namespace."""
    assert client_id(("root",), "root") == "0DHqvq2D77kL2/JTPSZkTMJbkFVmUu0TzMi0jiXcFy8="
    assert client_id(("p", "default"), "root") == "B9WcCFncFBURZTx5hOVveNQlG77suEpCEnA/jy7xAs8="
    assert client_id(("p",), "root", "entity") == "entity"


def test_the_namespace_of_policies_is_the_tokens() -> None:
    here = request(token=AuditToken(BOB, "c", "abc"), namespace=AuditNamespace("def", "d/"))
    entry = json.loads(lines(Formatter(SALT, FormatOptions()), here, AuditResponse())[0])
    assert entry["auth"]["policy_results"]["granting_policies"] == [{"name": "p", "namespace_id": "abc", "type": "acl"}]
    assert entry["request"]["namespace"] == {"id": "def", "path": "d/"}
    assert ROOT.id == "root"
    assert TRANSIT.request_clear == frozenset()


def test_what_an_entity_adds_is_told_from_the_tokens_own() -> None:
    auth = AuditAuth(["a", "b"], ["a"], entity_id="e", identity_policies=["b"])
    asked = bob(token=AuditToken(auth, "e"))
    written = json.loads(lines(Formatter(SALT, FormatOptions()), asked, AuditResponse())[0])["auth"]
    assert (written["policies"], written["token_policies"]) == (["a", "b"], ["a"])
    assert (written["identity_policies"], written["entity_id"]) == (["b"], "e")
