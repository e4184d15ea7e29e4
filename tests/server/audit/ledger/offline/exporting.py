"""Entries that are exported, and the command that does it."""

from __future__ import annotations

from typing import Any

from cryptoserve_cli.dispatch import run_command
from server.audit.ledger.offline.exports.records import Record
from tests.server.audit.ledger.ledgers import ORIGIN, line, pair

REQUEST, RESPONSE = (Record(ORIGIN, index, entry) for index, entry in enumerate(pair(4), 4))
FAILED = Record(
    ORIGIN, 8, line({"type": "response", "error": 'bad = "x|y\\z"\nnext', "request": {"operation": "read"}})
)
OTHERS = [Record("other.example/log x", 9, entry) for entry in (b"", b"\xff\n", b'{"a":\n1}', b"[1]", b'{"time":1}')]


def run(capfdbinary: Any, *arguments: object) -> tuple[int, bytes, bytes]:
    status = run_command(["audit", "export", *map(str, arguments)], {"BAO_TOKEN": "t"})
    out, err = capfdbinary.readouterr()
    return status, out, err
