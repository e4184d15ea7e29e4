"""New shares and root tokens: for OpenPGP keys, with automatic seals, and through several workers."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

import pytest
from pysequoia import Tsk, decrypt

from server.pipeline.open_routes import ListenerPermissions
from server.seal.ceremonies import ProgressRecord
from server.seal.shared_state import state_of
from storage.seals.shamir import ShamirSeal, combine
from tests.server.processes.crews import automatic_seal, crew_of
from tests.support.systems import NewServer, Server

OPEN = ListenerPermissions(rekey=True, generate_root=True)
APIS = pytest.mark.parametrize("path", ["sys/rekey", "sys/rotate/root"])


@pytest.fixture(scope="module")
def holders() -> list[Tsk]:
    """Two people with OpenPGP keys."""
    return [Tsk.generate(f"Holder {number} <{number}@example.com>") for number in range(2)]


def _public(holder: Tsk) -> str:
    return base64.b64encode(bytes(holder.extract_certificate())).decode()


def _fingerprint(holder: Tsk) -> str:
    return holder.extract_certificate().fingerprint


def _opened(holder: Tsk, message: str) -> str:
    content = decrypt(base64.b64decode(message), holder.decryptor()).bytes
    assert content is not None
    return content.decode()


async def _ask(server: Server, method: str, path: str, body: object = None) -> tuple[int, Any]:
    """The answer's data, by whichever API: with a token and in an envelope, or neither."""
    status, answer = await server.ask(method, path, body, permissions=OPEN)
    return status, answer["data"] if answer and "data" in answer else answer


async def _unsealed(new_server: NewServer, shares: int = 3, threshold: int = 2) -> tuple[Server, list[str]]:
    server = await new_server()
    made = await server.core.initialize(shares, threshold)
    server.root_token = made.root_token
    for share in made.shares[:threshold]:
        await server.core.unseal(share)
    return server, [share.hex() for share in made.shares]


async def _rekeyed(server: Server, path: str, shares: list[str], **wish: object) -> dict[str, Any]:
    status, begun = await _ask(server, "POST", f"{path}/init", {"secret_shares": 2, "secret_threshold": 2, **wish})
    assert status == 200
    for share in shares:
        status, done = await _ask(server, "POST", f"{path}/update", {"key": share, "nonce": begun["nonce"]})
        assert status == 200
    assert done["complete"]
    data: dict[str, Any] = done
    return data


async def _unseals(server: Server, shares: list[str]) -> bool:
    assert (await server.ask("POST", "sys/seal"))[0] == 204
    for share in shares:
        await server.ask("POST", "sys/unseal", {"key": share})
    return server.core.unsealed is not None


@APIS
async def test_new_shares_unseal_and_old_ones_don_t(new_server: NewServer, path: str) -> None:
    server, old = await _unsealed(new_server)
    made = await _rekeyed(server, path, old[:2])
    assert not await _unseals(server, old[:2])
    assert await _unseals(server, made["keys"])
    assert (await server.ask("GET", "sys/mounts"))[0] == 200


@APIS
async def test_the_root_key_changes_with_the_shares(new_server: NewServer, path: str) -> None:
    server, old = await _unsealed(new_server)
    state = server.core.shared_state.state
    assert state.root_key is not None and state.seal_key is not None
    before, seal_before = state.root_key.reveal(), state.seal_key.reveal()
    made = await _rekeyed(server, path, old[:2])
    assert state.root_key.reveal() != before
    assert state.seal_key.reveal() != seal_before
    assert state.seal_key.reveal() == combine([bytes.fromhex(key) for key in made["keys"]])
    assert await server.ask("POST", "sys/rotate/root") == (204, None)
    assert await _unseals(server, made["keys"])


@APIS
async def test_nothing_changes_before_new_shares_were_shown(new_server: NewServer, path: str) -> None:
    server, old = await _unsealed(new_server)
    made = await _rekeyed(server, path, old[:2], require_verification=True)
    nonce = made["verification_nonce"]
    assert (await _ask(server, "POST", f"{path}/verify", {"key": made["keys"][0], "nonce": nonce}))[0] == 200
    assert await _unseals(server, old[1:])
    # Sealing has ended the round.
    status, _ = await _ask(server, "POST", f"{path}/verify", {"key": made["keys"][1], "nonce": nonce})
    assert status == 400
    assert server.core.shared_state.state.rekeys == {}


@APIS
async def test_shares_for_pgp_keys_can_be_read_by_their_holders_alone(
    new_server: NewServer, path: str, holders: list[Tsk]
) -> None:
    server, old = await _unsealed(new_server)
    keys = [_public(holder) for holder in holders]
    made = await _rekeyed(server, path, old[:2], pgp_keys=keys, backup=True)
    assert made["pgp_fingerprints"] == [_fingerprint(holder) for holder in holders]
    shares = [_opened(holder, message) for holder, message in zip(holders, made["keys_base64"], strict=True)]
    with pytest.raises(Exception, match="decrypt"):
        _opened(holders[1], made["keys_base64"][0])
    backup_path = "sys/rekey/backup" if path == "sys/rekey" else f"{path}/backup"
    status, backup = await _ask(server, "GET", backup_path)
    assert (status, backup["nonce"]) == (200, made["nonce"])
    assert backup["keys"] == dict(zip(made["pgp_fingerprints"], ([key] for key in made["keys"]), strict=True))
    assert await _unseals(server, shares)
    assert (await _ask(server, "DELETE", backup_path))[0] == 204
    assert (await _ask(server, "GET", backup_path))[0] == 400


async def test_initialising_for_pgp_keys(new_server: NewServer, holders: list[Tsk]) -> None:
    server = await new_server()
    keys = [_public(holder) for holder in holders]
    body = {"secret_shares": 2, "secret_threshold": 2, "pgp_keys": keys, "root_token_pgp_key": keys[0]}
    status, made = await server.ask("PUT", "sys/init", body)
    assert status == 200
    assert [bytes.fromhex(key) for key in made["keys"]] == [base64.b64decode(key) for key in made["keys_base64"]]
    for holder, message in zip(holders, made["keys_base64"], strict=True):
        status, answer = await server.ask("PUT", "sys/unseal", {"key": _opened(holder, message)})
    assert (status, answer["sealed"]) == (200, False)
    server.root_token = _opened(holders[0], made["root_token"])
    assert (await server.ask("GET", "auth/token/lookup-self"))[0] == 200


async def test_a_root_token_for_a_pgp_key(new_server: NewServer, holders: list[Tsk]) -> None:
    server, shares = await _unsealed(new_server)
    status, begun = await _ask(server, "POST", "sys/generate-root/attempt", {"pgp_key": _public(holders[0])})
    assert (status, begun["pgp_fingerprint"], begun["otp"]) == (200, _fingerprint(holders[0]), "")
    for share in shares[1:]:
        body = {"key": share, "nonce": begun["nonce"]}
        status, done = await _ask(server, "POST", "sys/generate-root/update", body)
        assert status == 200
    server.root_token = _opened(holders[0], done["encoded_token"])
    _, looked_up = await server.ask("GET", "auth/token/lookup-self")
    assert looked_up["data"]["policies"] == ["root"]


async def test_what_is_no_key_is_refused_in_words(server: Server) -> None:
    for key, text in (("aGVsbG8=", "error parsing"), ("x" * 70_000, "65536 characters"), ("*", "illegal base64")):
        body = {"secret_shares": 1, "secret_threshold": 1, "pgp_keys": [key]}
        status, answer = await server.ask("POST", "sys/rotate/root/init", body)
        assert status == 400
        assert text in answer["errors"][0]
    assert server.core.shared_state.state.rekeys == {}


async def test_listeners_open_nothing_by_themselves(server: Server) -> None:
    for path in ("rekey/init", "generate-root/attempt"):
        assert await server.ask("GET", f"sys/{path}") == (405, {"errors": ["unsupported operation"]})
    only_one = ListenerPermissions(rekey=True)
    assert (await server.ask("GET", "sys/rekey/init", permissions=only_one))[0] == 200
    assert (await server.ask("GET", "sys/generate-root/attempt", permissions=only_one))[0] == 405


@pytest.mark.parametrize("automatic", [False, True])
async def test_each_step_may_come_through_another_worker(tmp_path: Path, automatic: bool) -> None:
    async with crew_of(3, tmp_path, automatic_seal if automatic else ShamirSeal) as crew:
        made = await crew.members[0].core.initialize(3, 2)
        crew.root_token = made.root_token
        if not automatic:
            for member, share in zip(crew.members, made.shares[:2], strict=False):
                await member.core.unseal(share)
        name = "recovery" if automatic else "root"

        async def ask(member: int, path: str, body: object = None, method: str = "POST") -> dict[str, Any]:
            answer = await crew.members[member].ask(method, f"sys/{path}", body, token=crew.root_token)
            assert answer[0] == 200, answer
            data: dict[str, Any] = answer[1]["data"]
            return data

        wish = {"secret_shares": 2, "secret_threshold": 2, "require_verification": True}
        nonce = (await ask(0, f"rotate/{name}/init", wish))["nonce"]
        await ask(1, f"rotate/{name}/update", {"key": made.shares[0].hex(), "nonce": nonce})
        assert (await ask(0, f"rotate/{name}/init", method="GET"))["progress"] == 1
        new = await ask(2, f"rotate/{name}/update", {"key": made.shares[1].hex(), "nonce": nonce})
        for number, key in enumerate(new["keys"]):
            done = await ask(number, f"rotate/{name}/verify", {"key": key, "nonce": new["verification_nonce"]})
        assert done["complete"]
        keys = {member.core.shared_state.state.root_key.reveal() for member in crew.members}  # type: ignore[union-attr]
        assert len(keys) == 1
        for member in crew.members:
            assert (await member.ask("POST", "sys/rotate/root", token=crew.root_token))[0] == 204
            assert (await member.ask("POST", "sys/rotate", token=crew.root_token))[0] == 204
            for reader in crew.members:
                assert (await reader.ask("GET", "sys/mounts", token=crew.root_token))[0] == 200
        nonce = (await ask(1, "generate-root-token/attempt", {"otp": "x" * 26}))["nonce"]
        await ask(2, "generate-root-token/update", {"key": new["keys"][0], "nonce": nonce})
        made_token = await ask(0, "generate-root-token/update", {"key": new["keys"][1], "nonce": nonce})
        decoded = await ask(1, "decode-token", {"encoded_token": made_token["encoded_token"], "otp": "x" * 26})
        assert (await crew.members[2].ask("GET", "sys/mounts", token=decoded["token"]))[0] == 200


async def test_what_is_sent_to_other_workers_shows_no_secret(new_server: NewServer) -> None:
    server, shares = await _unsealed(new_server)
    begun = await server.ask("POST", "sys/rotate/root/init", {"secret_shares": 1, "secret_threshold": 1})
    nonce = begun[1]["data"]["nonce"]
    await server.ask("POST", "sys/rotate/root/update", {"key": shares[0], "nonce": nonce})
    await server.ask("POST", "sys/generate-root-token/attempt", {"otp": "secret pad of 26 letters.."})
    state = server.core.shared_state.state
    record = state.record()
    assert state_of(record).record() == record
    shown = f"{record} {record.rekeys} {record.generation} {state.rekeys} {state.generation}"
    assert "secret pad" not in shown
    assert repr(bytes.fromhex(shares[0])) not in shown
    assert isinstance(record.rekeys[0].progress, ProgressRecord)
