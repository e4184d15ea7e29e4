"""Private parts of other projects that are subclassed here: pinned, and where an upgrade has to look."""

from __future__ import annotations

import tomllib
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest

from server.listeners.http1 import hypercorn_server
from server.listeners.http1 import protocol as http1
from server.listeners.http1 import server as http1_server
from server.listeners.http2 import codec

ROOT = Path(__file__).parents[2]
BORROWED: dict[type[Any], str] = {
    http1._Flow: "resume_reading",
    http1.BoundedProtocol: "connection_lost connection_made data_received on_body on_headers_complete on_message_begin "
    "on_message_complete on_response_complete send_400_response",
    http1_server._Server: "capture_signals on_tick startup",
    codec.BoundedDecoder: "_decode_indexed _decode_literal _update_encoding_context decode",
    codec.BoundedEncoder: "add encode header_table_size",
    codec.BoundedConnection: "MAX_CLOSED_STREAMS _receive_headers_frame _receive_settings_frame",
    hypercorn_server._Connection: "_close _idle_timeout _initiate_server_close _read_data protocol_send run",
    hypercorn_server.Http1: "_check_protocol _send_error_response",
    hypercorn_server._Chunks: "next_event",
}
"""Our subclasses, and what of their bases each replaces: a name that its base has no longer would never be called."""

PINNED = ("h2", "hpack", "hypercorn", "uvicorn")


@pytest.mark.parametrize(("ours", "names"), BORROWED.items(), ids=lambda value: getattr(value, "__name__", ""))
def test_what_is_replaced_is_there_to_be_replaced(ours: type[Any], names: str) -> None:
    base = ours.__mro__[1]
    replaced = {name for name in vars(ours) if hasattr(base, name) and not name.startswith("__")}
    assert replaced == set(names.split())


@pytest.mark.parametrize("name", PINNED)
def test_an_upgrade_is_a_change_to_the_code(name: str) -> None:
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["dependencies"]
    version = metadata.version(name)
    minor = version.rpartition(".")[0]
    assert any(one.startswith(f"{name}~={minor}.") for one in declared), (
        f"{name} {version} isn't within a pin of pyproject.toml"
    )
