"""The seal through the API: initialising, unsealing, sealing, and the state that anybody may see."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest

from server.audit.stored import DeclaredDevice
from server.core.lifecycle import Core
from server.core.settings import Settings
from server.runtime.version import API_COMMIT_DATE, API_VERSION, VERSION
from server.system.routes import SYSTEM
from storage.memory import MemoryStore
from storage.seals.base import Seal, SealFault
from storage.seals.shamir import ShamirSeal
from storage.seals.static import open_static
from tests.support.systems import NewServer, Server

KEY = base64.b64encode(bytes(32)).decode()
STATUS = {
    "type": "shamir",
    "initialized": True,
    "sealed": True,
    "t": 2,
    "n": 3,
    "progress": 0,
    "nonce": "",
    "recovery_seal": False,
    "version": API_VERSION,
    "cryptoserve_version": VERSION,
    "commit_date": API_COMMIT_DATE,
    "migration": False,
    "storage_type": "inmem",
}


async def _initialized(new_server: NewServer) -> tuple[Server, list[str]]:
    server = await new_server()
    status, made = await server.ask("PUT", "sys/init", {"secret_shares": 3, "secret_threshold": 2})
    assert status == 200
    server.root_token = made["root_token"]
    return server, made["keys"]


async def test_initialising_hands_out_shares_and_the_root_token_once(new_server: NewServer) -> None:
    server = await new_server()
    assert await server.ask("GET", "sys/init") == (200, {"initialized": False})
    status, made = await server.ask("PUT", "sys/init", {"secret_shares": 3, "secret_threshold": 2})
    assert status == 200
    assert set(made) == {"keys", "keys_base64", "root_token"}
    assert [bytes.fromhex(key) for key in made["keys"]] == [base64.b64decode(key) for key in made["keys_base64"]]
    assert len(set(made["keys"])) == 3
    assert await server.ask("GET", "sys/init") == (200, {"initialized": True})
    again = await server.ask("PUT", "sys/init", {"secret_shares": 1, "secret_threshold": 1})
    assert again == (400, {"errors": ["Vault is already initialized"]})


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (None, "invalid seal configuration: shares must be at least one"),
        (
            {"secret_shares": 3, "secret_threshold": 4},
            "invalid seal configuration: threshold cannot be larger than shares",
        ),
        (
            {"secret_shares": 1, "secret_threshold": 1, "recovery_shares": 1, "recovery_threshold": 1},
            "parameters recovery_shares,recovery_threshold not applicable to seal type shamir",
        ),
        (
            {"secret_shares": 1, "secret_threshold": 1, "pgp_keys": ["x"]},
            "invalid seal configuration: error decoding given PGP key: illegal base64 data at input byte 0",
        ),
        (
            {"secret_shares": 1, "secret_threshold": 1, "pgp_keys": ["x", "y"]},
            "invalid seal configuration: count mismatch between number of provided PGP keys and number of shares",
        ),
        (
            {"secret_shares": 1, "secret_threshold": 1, "root_token_pgp_key": "x"},
            "error decoding given PGP key: illegal base64 data at input byte 0",
        ),
    ],
)
async def test_what_can_t_be_initialised_leaves_nothing(new_server: NewServer, body: object, text: str) -> None:
    server = await new_server()
    assert await server.ask("PUT", "sys/init", body) == (400, {"errors": [text]})
    assert await server.ask("GET", "sys/init") == (200, {"initialized": False})


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ({"secret_shares": 255, "secret_threshold": 255}, "Vault is already initialized"),
        ({"secret_shares": 2, "secret_threshold": 2, "pgp_keys": ["x", "x"]}, "Vault is already initialized"),
        ({"secret_shares": 1, "secret_threshold": 1, "root_token_pgp_key": "x"}, "Vault is already initialized"),
        (
            {"secret_shares": 5000, "secret_threshold": 5000, "pgp_keys": ["x"] * 5000},
            "invalid seal configuration: shares must be less than 256",
        ),
    ],
)
async def test_who_comes_too_late_makes_no_work(
    new_server: NewServer, monkeypatch: pytest.MonkeyPatch, body: object, text: str
) -> None:
    """Anybody may send this, so nothing is split and no key is read before it is clear that there is a use for it."""

    def work(*arguments: object) -> None:
        raise AssertionError("work was done")

    server = await (await new_server()).unsealed()
    monkeypatch.setattr("server.core.lifecycle.new_shares", work)
    monkeypatch.setattr("server.system.seal.seal.PgpKey", work)
    assert await server.ask("PUT", "sys/init", body, token="") == (400, {"errors": [text]})


async def test_shares_unseal_one_by_one(new_server: NewServer) -> None:
    server, keys = await _initialized(new_server)
    status, first = await server.ask("PUT", "sys/unseal", {"key": keys[0]}, token="")
    assert status == 200
    assert first == STATUS | {"progress": 1, "nonce": first["nonce"]}
    assert len(first["nonce"]) == 36
    assert await server.ask("PUT", "sys/unseal", {"key": keys[0]}) == (200, first)
    status, last = await server.ask("PUT", "sys/unseal", {"key": base64.b64encode(bytes.fromhex(keys[2])).decode()})
    assert status == 200
    unsealed = server.core.unsealed
    assert unsealed is not None
    cluster = {"cluster_name": unsealed.cluster.name, "cluster_id": unsealed.cluster.id}
    assert last == STATUS | {"sealed": False} | cluster
    assert await server.ask("GET", "sys/seal-status", token="") == (200, last)
    assert await server.ask("PUT", "sys/unseal", {"key": keys[1]}) == (200, last)
    assert await server.ask("PUT", "sys/unseal", {"reset": True}) == (400, {"errors": ["vault is unsealed"]})


async def test_unsealing_can_be_started_afresh(new_server: NewServer) -> None:
    server, keys = await _initialized(new_server)
    await server.ask("PUT", "sys/unseal", {"key": keys[0]})
    assert await server.ask("PUT", "sys/unseal", {"reset": True}) == (200, STATUS)


@pytest.mark.parametrize(
    ("body", "status", "text"),
    [
        (None, 400, "'key' must be specified in request body as JSON, or 'reset' set to true"),
        ({"key": ""}, 400, "'key' must be specified in request body as JSON, or 'reset' set to true"),
        ({"key": "zz"}, 400, "'key' must be a valid hex or base64 string"),
        ({"key": "00" * 15}, 400, "'key' must be a valid hex or base64 string"),
        ({"key": "ab"}, 400, "'key' must be a valid hex or base64 string"),
        ({"key": "  "}, 400, "'key' must be a valid hex or base64 string"),
        ({"key": "abab"}, 400, "invalid key: key is shorter than minimum 16 bytes"),
        ({"key": "AA=="}, 400, "invalid key: key is shorter than minimum 16 bytes"),
        ({"key": "ab" * 33, "migrate": True}, 500, "can't perform a seal migration, no migration seal found"),
    ],
)
async def test_what_is_no_share(new_server: NewServer, body: object, status: int, text: str) -> None:
    server, _ = await _initialized(new_server)
    assert await server.ask("PUT", "sys/unseal", body) == (status, {"errors": [text]})


async def test_only_who_may_seals(server: Server) -> None:
    assert await server.ask("PUT", "sys/seal", token="") == (403, {"errors": ["permission denied"]})
    token, _ = await server.token_for('path "sys/*" { capabilities = ["update"] }')
    assert (await server.ask("PUT", "sys/seal", token=token))[0] == 403
    assert server.core.unsealed is not None
    assert await server.ask("PUT", "sys/seal") == (204, None)
    assert server.core.unsealed is None
    assert await server.ask("GET", "sys/mounts") == (503, {"errors": ["Vault is sealed"]})


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("", 200),
        ("?activecode=299", 299),
        ("?activecode=%2B222", 222),
        ("?sealedcode=298&uninitcode=297", 200),
        ("?standbyok", 200),
        ("?standbyok=true&perfstandbyok=zz", 200),
        ("?activecode=", 400),
        ("?standbycode=x", 400),
        ("?standbyok=zz", 400),
        ("?activecode=599", 599),
        ("?activecode=600", 400),
        ("?activecode=999", 400),
        ("?standbycode=600", 400),
        ("?sealedcode=600", 400),
        ("?uninitcode=600", 400),
        ("?activecode=100", 400),
        ("?activecode=199", 400),
        ("?activecode=" + "9" * 5000, 400),
        ("?activecode=1000", 400),
        ("?activecode=99", 400),
        ("?activecode=-1", 400),
    ],
)
async def test_health_of_an_active_server(server: Server, query: str, status: int) -> None:
    answered, data = await server.ask("GET", f"sys/health{query}", token="")
    assert answered == status
    if status == 400:
        assert data == {"errors": []}
        return
    unsealed = server.core.unsealed
    assert unsealed is not None
    assert data == {
        "initialized": True,
        "sealed": False,
        "standby": False,
        "replication_performance_mode": "disabled",
        "replication_dr_mode": "disabled",
        "server_time_utc": int(server.clock()),
        "version": API_VERSION,
        "cryptoserve_version": VERSION,
        "cluster_name": unsealed.cluster.name,
        "cluster_id": unsealed.cluster.id,
    }


async def test_health_of_a_server_that_isn_t_active(new_server: NewServer) -> None:
    server = await new_server()
    assert (await server.ask("HEAD", "sys/health"))[0] == 501
    assert (await server.ask("GET", "sys/health?uninitcode=299"))[0] == 299
    await server.ask("PUT", "sys/init", {"secret_shares": 1, "secret_threshold": 1})
    status, data = await server.ask("GET", "sys/health")
    assert status == 503
    assert (data["initialized"], data["sealed"], data["standby"]) == (True, True, True)
    assert data["replication_performance_mode"] == data["replication_dr_mode"] == "unknown"
    assert "cluster_id" not in data
    assert (await server.ask("GET", "sys/health?sealedcode=204"))[0] == 204


async def test_what_else_is_open(server: Server) -> None:
    assert await server.ask("GET", "sys/leader", token="") == (200, {"ha_enabled": False})
    for method, path in (("POST", "sys/health"), ("HEAD", "sys/leader"), ("DELETE", "sys/init"), ("GET", "sys/unseal")):
        assert await server.ask(method, path, token="") == (405, {"errors": []})


async def test_new_keys_and_root_tokens_for_shares_are_refused(server: Server) -> None:
    for path in ("generate-root/attempt", "generate-root/update", "rekey/init", "rekey/update", "rekey/verify"):
        for method in ("GET", "PUT", "DELETE"):
            answer = await server.ask(method, f"sys/{path}", token="")
            assert answer == (405, {"errors": ["unsupported operation"]})
    await server.core.seal()
    assert await server.ask("GET", "sys/rekey/init", token="") == (503, {"errors": ["Vault is sealed"]})


async def test_an_automatic_seal_hands_out_recovery_shares(new_server: NewServer) -> None:
    server = await new_server(seal=open_static({"current_key": KEY, "current_key_id": "a"}))
    status, before = await server.ask("GET", "sys/seal-status")
    assert (status, before["recovery_seal"], before["recovery_seal_type"]) == (200, True, "shamir")
    refused = await server.ask("PUT", "sys/init", {"secret_shares": 1, "secret_threshold": 1})
    assert refused == (
        400,
        {"errors": ["parameters secret_shares,secret_threshold not applicable to seal type static"]},
    )
    status, made = await server.ask("PUT", "sys/init", {"recovery_shares": 3, "recovery_threshold": 2})
    assert status == 200
    assert (made["keys"], made["keys_base64"]) == ([], [])
    assert len(set(made["recovery_keys"])) == len(made["recovery_keys_base64"]) == 3
    assert (await server.ask("GET", "sys/health"))[0] == 200


async def test_nothing_is_initialised_while_a_declared_audit_device_does_not_work(
    new_server: NewServer, tmp_path: Path
) -> None:
    """Or the shares would be made and told nobody."""
    log = tmp_path / "audit.log"
    log.mkdir()
    device = DeclaredDevice("main", "file", options={"file_path": str(log)})
    server = await new_server(Settings(audit_devices=(device,)))
    body = {"secret_shares": 1, "secret_threshold": 1}
    status, refused = await server.ask("PUT", "sys/init", body)
    assert (status, refused["errors"][0].partition(";")[0]) == (400, "sanity check failed")
    assert await server.ask("GET", "sys/init") == (200, {"initialized": False})
    log.rmdir()
    status, made = await server.ask("PUT", "sys/init", body)
    assert status == 200
    assert (await server.ask("PUT", "sys/unseal", {"key": made["keys"][0]}))[1]["sealed"] is False
    assert log.read_text().count("sys/audit/test") >= 1


@pytest.mark.parametrize("before", ["shamir", "static"])
async def test_a_start_with_another_type_of_seal_is_refused(before: str) -> None:
    seals: dict[str, Seal] = {
        "shamir": ShamirSeal(),
        "static": open_static({"current_key_id": "one", "current_key": KEY}),
    }
    store = MemoryStore()
    core = Core(store, seals.pop(before), Settings(), SYSTEM)
    await core.start()
    await core.initialize(1, 1)
    ((after, seal),) = seals.items()
    with pytest.raises(SealFault, match=f"the seal was set up as '{before}', but is configured as '{after}'"):
        await Core(store, seal, Settings(), SYSTEM).start()
    await core.stop()


async def test_the_log_tells_of_initialising_and_unsealing(
    new_server: NewServer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", "server.core.lifecycle")
    server, keys = await _initialized(new_server)
    assert [record.message for record in caplog.records][-1:] == ["initialised"]
    for key in keys[:2]:
        await server.ask("PUT", "sys/unseal", {"key": key})
    assert (await server.ask("PUT", "sys/seal", token=server.root_token))[0] == 204
    assert [record.message for record in caplog.records][-3:] == ["initialised", "unsealed", "sealed"]
