"""What the server tells of itself and its mounts, and the two tools."""

from __future__ import annotations

import base64
import hashlib

import pytest

from engines.durations import format_time
from server.core.settings import Settings
from server.runtime.version import VERSION
from server.system.inspect import host
from tests.support.systems import NewServer, Server

PREFLIGHT = "preflight capability check returned 403, please ensure client's policies grant access to path"


async def _mounted(server: Server) -> None:
    for path, config in (("seen", {"listing_visibility": "unauth"}), ("a/b", {}), ("c", {})):
        await server.ask("POST", f"sys/mounts/{path}", {"type": "notes", "description": path, "config": config})
    await server.ask("POST", "sys/auth/m", {"type": "notes", "config": {"listing_visibility": "unauth"}})


async def test_without_a_token_listed_mounts_are_seen(server: Server) -> None:
    await _mounted(server)
    status, answer = await server.ask("GET", "sys/internal/ui/mounts", token="")
    assert status == 200
    assert answer["data"] == {
        "auth": {"m/": {"description": "", "options": {}, "type": "notes"}},
        "secret": {"seen/": {"description": "seen", "options": {}, "type": "notes"}},
    }
    refused = (403, {"errors": ["permission denied"]})
    assert await server.ask("GET", "sys/internal/ui/mounts/seen", token="") == refused
    assert await server.ask("GET", "sys/internal/ui/mounts", token="bad") == refused


async def test_with_a_token_those_of_its_policies_are_seen_too(server: Server) -> None:
    await _mounted(server)
    token, _ = await server.token_for('path "a/b/note/*" { capabilities = ["read"] }')
    _, answer = await server.ask("GET", "sys/internal/ui/mounts", token=token)
    assert set(answer["data"]["secret"]) == {"a/b/", "seen/", "cubbyhole/", "sys/"}
    assert set(answer["data"]["auth"]) == {"m/", "token/"}
    entry = (await server.ask("GET", "sys/mounts/a/b"))[1]["data"]
    assert answer["data"]["secret"]["a/b/"] == entry
    _, answer = await server.ask("GET", "sys/internal/ui/mounts/a/b/note/x", token=token)
    assert answer["data"] == entry | {"path": "a/b/"}
    for path in ("c", "nope/x", "a"):
        refused = (403, {"errors": [f'{PREFLIGHT} "{path}/"']})
        assert await server.ask("GET", f"sys/internal/ui/mounts/{path}", token=token) == refused
    _, answer = await server.ask("GET", "sys/internal/ui/mounts/auth/token/create", token=token)
    assert answer["data"]["path"] == "token/"


async def test_the_catalogue_of_plug_ins(server: Server) -> None:
    notes = {"builtin": True, "deprecation_status": "supported", "name": "notes", "version": "v2.7.2+builtin.bao"}
    assert (await server.ask("GET", "sys/plugins/catalog"))[1]["data"] == {
        "auth": ["notes"],
        "database": [],
        "secret": ["notes"],
        "detailed": [notes | {"type": "auth"}, notes | {"type": "secret"}],
    }
    assert (await server.ask("LIST", "sys/plugins/catalog/secret"))[1]["data"] == {"keys": ["notes"]}
    assert (await server.ask("LIST", "sys/plugins/catalog/other"))[0] == 405
    assert await server.ask("LIST", "sys/plugins/catalog/database") == (404, {"errors": []})
    _, answer = await server.ask("GET", "sys/plugins/catalog/secret/notes")
    assert (answer["data"]["name"], answer["data"]["version"]) == ("notes", "v2.7.2+builtin.bao")
    assert await server.ask("GET", "sys/plugins/catalog/secret/nope") == (404, {"errors": []})


async def test_the_versions_that_have_run(server: Server) -> None:
    status, answer = await server.ask("LIST", "sys/version-history")
    info = {"commit_date": "", "previous_version": None, "timestamp_installed": format_time(server.clock())}
    assert (status, answer["data"]) == (200, {"keys": [VERSION], "key_info": {VERSION: info}})
    assert (await server.ask("GET", "sys/version-history"))[0] == 405


async def test_the_configuration_is_shown_as_it_is_handed_in(new_server: NewServer) -> None:
    server = await (await new_server(settings=Settings(shown={"enable_ui": False}))).unsealed()
    assert (await server.ask("GET", "sys/config/state/sanitized"))[1]["data"] == {"enable_ui": False}


async def test_the_machine_is_described(server: Server) -> None:
    status, answer = await server.ask("GET", "sys/host-info")
    assert status == 200
    data = answer["data"]
    assert data["timestamp"] == format_time(server.clock())
    missing = [text.removeprefix("this system does not tell ") for text in answer["warnings"] or []]
    assert sorted([*data, *missing]) == sorted(["timestamp", *host.PARTS])
    if "memory" in data:
        memory = data["memory"]
        assert 0 < memory["available"] <= memory["total"]
        assert memory["used"] == memory["total"] - memory["available"]
        assert 0 <= memory["usedPercent"] <= 100
    if "cpu_times" in data:
        assert all(times["user"] >= 0 and times["idle"] >= 0 for times in data["cpu_times"])
        assert len(data["cpu_times"]) == len({times["cpu"] for times in data["cpu_times"]}) > 0


async def test_what_the_machine_doesn_t_tell_is_left_out(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(now: float) -> None:
        raise OSError

    monkeypatch.setattr(host, "PARTS", {**host.PARTS, "memory": refuse})
    status, answer = await server.ask("GET", "sys/host-info")
    assert status == 200
    assert "memory" not in answer["data"]
    assert "this system does not tell memory" in answer["warnings"]


@pytest.mark.parametrize(
    ("path", "body", "size"),
    [
        ("random", None, 32),
        ("random/16", None, 16),
        ("random/platform", {"bytes": "4"}, 4),
        ("random/all/5", {"bytes": 8}, 5),
    ],
)
async def test_random_bytes(server: Server, path: str, body: object, size: int) -> None:
    _, answer = await server.ask("POST", f"sys/tools/{path}", body)
    first = base64.b64decode(answer["data"]["random_bytes"])
    _, answer = await server.ask("POST", f"sys/tools/{path}", {**(body or {}), "format": "hex"})  # type: ignore[dict-item]
    second = bytes.fromhex(answer["data"]["random_bytes"])
    assert len(first) == len(second) == size
    assert first != second


async def test_what_random_says_of_its_parameters(server: Server) -> None:
    _, answer = await server.ask("POST", "sys/tools/random", {"source": "seal"})
    assert answer["warnings"] == [
        "Endpoint replaced the value of these parameters with the values captured from the endpoint's path: [source]"
    ]
    _, answer = await server.ask("POST", "sys/tools/random/all", {"urlbytes": "x", "bytes": 3, "nope": 1})
    assert len(base64.b64decode(answer["data"]["random_bytes"])) == 3
    assert [text.rpartition(": ")[2] for text in answer["warnings"]] == ["[nope]", "[urlbytes]"]
    _, answer = await server.ask("POST", "sys/tools/hash", {"input": "YWJj", "urlalgorithm": "md5"})
    assert answer["data"] == {"sum": hashlib.sha256(b"abc").hexdigest()}
    _, answer = await server.ask("POST", "sys/tools/random/seal/5")
    assert answer["warnings"] == ["no seal/entropy augmentation available, using platform entropy source"]
    text = 'error parsing url-set byte count: strconv.Atoi: parsing "abc": invalid syntax'
    assert await server.ask("POST", "sys/tools/random/abc") == (400, {"errors": [text]})
    _, answer = await server.ask("POST", "sys/tools/random/platform/7", {"drbg": "hmacdrbg"})
    assert (len(base64.b64decode(answer["data"]["random_bytes"])), answer["warnings"]) == (7, None)
    text = 'unsupported drbg "x"; must be "auto" or "hmacdrbg"'
    assert await server.ask("POST", "sys/tools/random", {"drbg": "x"}) == (400, {"errors": [text]})


@pytest.mark.parametrize(
    ("path", "body", "digest"),
    [
        ("hash", {"input": "YWJj"}, hashlib.sha256(b"abc")),
        ("hash/sha2-512", {"input": "YWJj", "algorithm": "sha2-256"}, hashlib.sha512(b"abc")),
        ("hash", {"input": "YWJj", "algorithm": "sha3-256"}, hashlib.sha3_256(b"abc")),
        ("hash", {}, hashlib.sha256(b"")),
    ],
)
async def test_hashes(server: Server, path: str, body: dict[str, object], digest: hashlib._Hash) -> None:
    assert (await server.ask("POST", f"sys/tools/{path}", body))[1]["data"] == {"sum": digest.hexdigest()}


async def test_the_tools_need_a_token(server: Server) -> None:
    for path in ("sys/tools/random", "sys/tools/hash", "sys/rotate", "sys/remount", "sys/capabilities-self"):
        assert await server.ask("POST", path, {}, token="") == (403, {"errors": ["permission denied"]})
