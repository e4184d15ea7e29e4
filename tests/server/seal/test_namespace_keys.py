"""What lies on the disk: each tenant's entries are encrypted with keys that no other tenant's can stand in for."""

from __future__ import annotations

import base64
import sqlite3
from dataclasses import dataclass
from pathlib import Path

import pytest

from storage.barrier.barrier import Barrier
from storage.barrier.keyring import KEYRING_PATH, open_keyring
from storage.base import Damaged
from storage.envelope import derive_cipher, open_envelope
from storage.secret import Secret
from tests.server.processes.crews import crew_of

_HEADER_BYTES = 5
_SECRETS = {"a": "first-tenants-very-own-text", "b": "second-tenants-very-own-text"}


@dataclass(frozen=True, slots=True)
class Disk:
    """The database after the server has stopped, and what only a running server knows."""

    folder: Path
    entries: dict[str, bytes]
    root_key: bytes
    ids: dict[str, str]
    salts: dict[str, bytes]

    def of(self, name: str) -> dict[str, bytes]:
        """The entries of one tenant."""
        return {path: value for path, value in self.entries.items() if path.startswith(f"ns/{self.ids[name]}/")}

    def opened(self, path: str, tenant_id: str, salt: bytes) -> bytes:
        """An entry decrypted with the key of the namespace ``tenant_id``. Raises ``Damaged``."""
        keyring = open_keyring(self.entries[KEYRING_PATH], Secret(self.root_key))
        record = self.entries[path]
        term = keyring.terms[int.from_bytes(record[1:_HEADER_BYTES], "big")]
        cipher = derive_cipher(term.key.reveal(), salt, f"namespace {tenant_id}")
        return open_envelope(cipher, _HEADER_BYTES, path, record)


async def _written(folder: Path) -> Disk:
    """A server has had two tenants, each of which has put something secret everywhere that it can."""
    async with crew_of(1, folder) as crew:
        await crew.unsealed()
        member, root = crew.members[0], crew.root_token
        for name, text in _SECRETS.items():
            encoded = base64.b64encode(text.encode()).decode()
            asked = (
                ("POST", f"sys/namespaces/{name}", {"custom_metadata": {"note": text}}),
                ("POST", f"{name}/sys/mounts/transit", {"type": "transit", "description": text}),
                ("POST", f"{name}/transit/keys/k", {"exportable": True}),
                ("POST", f"{name}/sys/policies/acl/{name}", {"policy": f"# {text}"}),
                ("POST", f"{name}/transit/encrypt/k", {"plaintext": encoded}),
                ("POST", f"{name}/auth/token/create", {"policies": ["default"], "meta": {"note": text}}),
            )
            answers = [await member.ask(method, path, body, root) for method, path, body in asked]
            assert all(status < 300 for status, _ in answers), answers
            token = answers[-1][1]["auth"]["client_token"]
            assert (await member.ask("POST", f"{name}/cubbyhole/x", {"note": text}, token))[0] == 204
        unsealed = member.core.unsealed
        root_key = member.shared_state.state.root_key
        assert unsealed is not None and root_key is not None
        await member.core.runtime.cache.catch_up()
        await unsealed.load_namespaces()
        kept = root_key.reveal()
        found = {name: unsealed.namespaces.by_path[f"{name}/"] for name in _SECRETS}
    connection = sqlite3.connect(folder / "crew.db")
    try:
        entries: dict[str, bytes] = dict(connection.execute("SELECT key, value FROM entries"))
    finally:
        connection.close()
    return Disk(
        folder,
        entries,
        kept,
        {name: entry.id for name, entry in found.items()},
        {name: entry.salt for name, entry in found.items()},
    )


async def test_one_tenants_entries_cant_be_decrypted_with_anothers_key(tmp_path: Path) -> None:
    disk = await _written(tmp_path)
    for name, other in (("a", "b"), ("b", "a")):
        entries = disk.of(name)
        assert len(entries) > 10
        seen = b""
        for path in entries:
            seen += disk.opened(path, disk.ids[name], disk.salts[name])
            with pytest.raises(Damaged):
                disk.opened(path, disk.ids[other], disk.salts[other])
            with pytest.raises(Damaged):
                disk.opened(path, disk.ids[name], disk.salts[other])
            with pytest.raises(Damaged):
                disk.opened(path, disk.ids[other], disk.salts[name])
        assert _SECRETS[name].encode() in seen
        assert _SECRETS[other].encode() not in seen


async def test_the_files_hold_no_plaintext(tmp_path: Path) -> None:
    disk = await _written(tmp_path)
    content = b"".join(path.read_bytes() for path in disk.folder.iterdir() if path.is_file())
    assert len(content) > 10_000
    for text in _SECRETS.values():
        for form in (text.encode(), base64.b64encode(text.encode())[:-4], text[:12].encode()):
            assert form not in content
    for salt in disk.salts.values():
        assert salt not in content


async def test_an_entry_moved_to_another_tenant_is_damage(tmp_path: Path) -> None:
    """Even within the same namespace, an entry only opens where it was written."""
    disk = await _written(tmp_path)
    path = next(path for path in disk.of("a") if path.endswith("sys/mounts"))
    moved = path.replace(disk.ids["a"], disk.ids["b"])
    changed = Disk(disk.folder, {**disk.entries, moved: disk.entries[path]}, disk.root_key, disk.ids, disk.salts)
    for name in ("a", "b"):
        with pytest.raises(Damaged):
            changed.opened(moved, disk.ids[name], disk.salts[name])


async def test_a_namespace_that_isnt_served_cant_be_reached_through_the_barrier(tmp_path: Path) -> None:
    async with crew_of(1, tmp_path) as crew:
        await crew.unsealed()
        barrier: Barrier = crew.members[0].core.runtime.barrier
        for path in ("ns/nobody/x", "ns/root", "core/keyring", "ns//x", "other/root/x"):
            with pytest.raises(ValueError, match="in no namespace"):
                await barrier.get(path)
