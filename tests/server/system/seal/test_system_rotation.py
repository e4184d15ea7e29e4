"""The barrier's key through the API: its state, and its rotation, by hand and when it is due."""

from __future__ import annotations

from typing import Any

import pytest

from engines.durations import format_time
from server.system.routes import SYSTEM
from tests.support.systems import Server

DAY = 24 * 3600


async def _status(server: Server) -> dict[str, Any]:
    status, answer = await server.ask("GET", "sys/key-status")
    assert status == 200
    data: dict[str, Any] = answer["data"]
    assert answer | data == answer
    return data


@pytest.mark.parametrize("path", ["sys/rotate", "sys/rotate/keyring"])
async def test_rotation_adds_a_key(server: Server, path: str) -> None:
    before = await _status(server)
    assert (before["term"], before["install_time"]) == (1, format_time(server.clock()))
    assert before["encryptions"] > 0
    server.clock.advance(10)
    assert await server.ask("POST", path) == (204, None)
    after = await _status(server)
    assert (after["term"], after["install_time"]) == (2, format_time(server.clock()))
    assert (await server.ask("GET", "sys/policies/acl/default"))[0] == 200
    assert (await server.ask("GET", path))[0] == 405


async def test_rotation_needs_sudo_and_its_settings_don_t(server: Server) -> None:
    token, _ = await server.token_for('path "sys/*" { capabilities = ["read", "update"] }')
    assert (await server.ask("POST", "sys/rotate", token=token))[0] == 403
    assert (await server.ask("POST", "sys/rotate/keyring", token=token))[0] == 403
    assert (await server.ask("GET", "sys/rotate/config", token=token))[0] == 200


async def test_the_settings_keep_what_isn_t_given(server: Server) -> None:
    async def written(**body: object) -> dict[str, Any]:
        assert await server.ask("POST", "sys/rotate/config", body) == (204, None)
        data: dict[str, Any] = (await server.ask("GET", "sys/rotate/config"))[1]["data"]
        return data

    assert await written() == {"enabled": True, "max_operations": 3_865_470_566, "interval": 0}
    assert await written(interval="48h") == {"enabled": True, "max_operations": 3_865_470_566, "interval": "48h0m0s"}
    assert await written(enabled=False, max_operations=1_000_000) == {
        "enabled": False,
        "max_operations": 1_000_000,
        "interval": "48h0m0s",
    }
    assert await written(interval=0) == {"enabled": False, "max_operations": 1_000_000, "interval": 0}


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ({"max_operations": 999_999}, "max_operations must be in the range [1000000,3865470566]"),
        ({"max_operations": 3_865_470_567}, "max_operations must be in the range [1000000,3865470566]"),
        ({"interval": "1h"}, "interval must be greater or equal to 24h0m0s"),
        ({"interval": -1},
         "Field validation failed: error converting input for field \"interval\": cannot provide negative value '-1'"),
    ],
)  # fmt: skip
async def test_settings_out_of_range(server: Server, body: dict[str, object], text: str) -> None:
    assert await server.ask("POST", "sys/rotate/config", body) == (400, {"errors": [text]})


async def test_a_key_that_is_too_old_is_rotated(server: Server) -> None:
    assert server.core.unsealed is not None
    system = SYSTEM.open(server.core, server.core.unsealed.root)
    await server.ask("POST", "sys/rotate/config", {"interval": DAY})
    server.clock.advance(DAY - 1)
    await system.tick(server.clock())
    assert (await _status(server))["term"] == 1
    server.clock.advance(1)
    await system.tick(server.clock())
    await system.tick(server.clock())
    assert (await _status(server))["term"] == 2
    await server.ask("POST", "sys/rotate/config", {"enabled": False})
    server.clock.advance(DAY)
    await system.tick(server.clock())
    assert (await _status(server))["term"] == 2
