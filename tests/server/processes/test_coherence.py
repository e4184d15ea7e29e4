"""What one worker has changed, the next request to any other sees: never a stale answer, whatever the order."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from server.tenants.mounts.table import new_entry
from tests.server.processes.coherence import Client
from tests.server.processes.crews import crew_of

WORKERS = 3
STEPS = 300
TASKS = 4


@pytest.mark.parametrize("seed", range(3))
async def test_no_answer_is_ever_stale(tmp_path: Path, seed: int) -> None:
    async with crew_of(WORKERS, tmp_path) as crew:
        await crew.unsealed()
        unsealed = crew.members[0].core.unsealed
        assert unsealed is not None
        await unsealed.root.mounts.enable(new_entry("transit/", "transit"))
        await Client(crew.members, crew.root_token, "alone", seed).run(STEPS // 3)
        clients = [
            Client(crew.members, crew.root_token, f"client-{number}", seed * TASKS + number) for number in range(TASKS)
        ]
        await asyncio.gather(*(client.run(STEPS // TASKS) for client in clients))


async def test_the_barriers_key_is_rotated_under_way(tmp_path: Path) -> None:
    """A term that one worker has added is unknown to another until it meets it."""
    async with crew_of(2, tmp_path) as crew:
        await crew.unsealed()
        first, second = crew.members
        unsealed = first.core.unsealed
        assert unsealed is not None
        await unsealed.root.mounts.enable(new_entry("transit/", "transit"))
        token = crew.root_token
        for term in range(2, 6):
            rotating, other = (first, second) if term % 2 else (second, first)
            assert (await rotating.ask("POST", "sys/rotate", token=token))[0] == 204
            _, answer = await other.ask("GET", "sys/key-status", token=token)
            assert answer["data"]["term"] == term
            assert (await rotating.ask("POST", f"transit/keys/{term}", {}, token))[0] == 200
            assert (await other.ask("GET", f"transit/keys/{term}", token=token))[0] == 200
        assert (await first.core.runtime.barrier.key_status()).encryptions >= 1


async def test_what_is_known_of_a_caller_is_known_everywhere(tmp_path: Path) -> None:
    """An entity that two workers meet at once is one, and what it may do changes for the next request to either."""
    async with crew_of(2, tmp_path) as crew:
        await crew.unsealed()
        first, second = crew.members
        root = crew.root_token
        text = 'path "kv/{{identity.entity.name}}" { capabilities = ["read"] }'
        assert (await first.ask("PUT", "sys/policies/acl/named", {"policy": text}, root))[0] == 204
        role = {"allowed_entity_aliases": "*", "allowed_policies": "default"}
        assert (await first.ask("POST", "auth/token/roles/r", role, root))[0] == 204
        for number in range(5):
            body = {"entity_alias": f"caller-{number}"}
            made = await asyncio.gather(
                *(member.ask("POST", "auth/token/create/r", body, root) for member in (first, second) * 2)
            )
            assert [status for status, _ in made] == [200] * 4
            assert len({answer["auth"]["entity_id"] for _, answer in made}) == 1
        token, entity = made[0][1]["auth"]["client_token"], made[0][1]["auth"]["entity_id"]
        for number in range(6):
            changing, other = (first, second) if number % 2 else (second, first)
            for change, expected in (
                ({"name": f"n{number}", "policies": "named"}, (200, ["read"])),
                ({"policies": []}, (200, ["deny"])),
                ({"disabled": True}, (403, None)),
                ({"disabled": False}, (200, ["deny"])),
            ):
                assert (await changing.ask("POST", f"identity/entity/id/{entity}", change, root))[0] == 204
                asked = {"paths": f"kv/n{number}"}
                status, answer = await other.ask("POST", "sys/capabilities-self", asked, token)
                assert (status, answer.get("capabilities")) == expected
