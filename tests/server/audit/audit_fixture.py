"""A broker on memory storage, and the parts of entries that its tests share."""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

from engines.base import Operation
from server.audit.broker import Broker, DeclaredDevice
from server.audit.devices.base import DeviceFault, DeviceType
from server.audit.devices.file import FileDevice
from server.audit.entry import (
    AuditAuth,
    AuditMount,
    AuditNamespace,
    AuditRequest,
    AuditResponse,
    AuditSubject,
    AuditToken,
    client_id,
)
from server.audit.headers import AuditedHeaders
from server.audit.ledger.device.device import LedgerDevice
from server.audit.ledger.leading.ledger import LedgerHost
from storage.cache import ObjectCache
from storage.memory import MemoryStore
from storage.view import View

VERSION = "v2.7.2+builtin.bao"
ROOT = AuditNamespace("root")
TRANSIT = AuditMount(point="transit/", type="transit", accessor="transit_1", version=VERSION, auth=False)
CLIENT_TOKEN = "s.n0rocHJfQ8hbJkSDxJQxf0pM"


class ListDevice:
    """Keeps what it is given, and refuses when it is told to."""

    def __init__(self, settings: Mapping[str, str]) -> None:
        self.calls: list[bytes] = []
        self.failing = settings.get("failing") == "true"
        self.opened = False
        ListDevice.made.append(self)

    made: ClassVar[list[ListDevice]] = []

    def open(self) -> None:
        self.opened = True

    def write(self, lines: bytes) -> None:
        if self.failing:
            raise DeviceFault("told to fail")
        self.calls.append(lines)

    def write_immediately(self, lines: bytes) -> bool:
        self.write(lines)
        return True

    def reopen(self) -> None:
        self.opened = True

    def close(self) -> None:
        self.opened = False


class GateDevice(ListDevice):
    """Takes a write when the gate is open, and hangs until then."""

    def __init__(self, settings: Mapping[str, str]) -> None:
        super().__init__(settings)
        self.gate = threading.Event()
        self.gate.set()

    def write(self, lines: bytes) -> None:
        assert self.gate.wait(60), "the test has to open the gate"
        super().write(lines)

    def write_immediately(self, lines: bytes) -> bool:
        return False


TYPES: dict[str, DeviceType] = {
    "file": FileDevice,
    "gate": GateDevice,
    "ledger": LedgerDevice,
    "list": ListDevice,
}


class Held:
    """Storage and a cache over it, with brokers as several workers would have them."""

    def __init__(self) -> None:
        self.store = MemoryStore()
        self.cache = ObjectCache(self.store)

    async def broker(self, *declared: DeclaredDevice, load: bool = True, **options: Any) -> Broker:
        headers = AuditedHeaders(View(self.store, "sys/audited-headers/", self.cache))
        ledger = LedgerHost(View(self.store, "sys/audit-ledger/", self.cache))
        view = View(self.store, "sys/audit/", self.cache)
        broker = Broker(view, TYPES.get, declared, headers=headers, ledger=ledger, **options)
        if load:
            await broker.load()
        return broker


def token() -> AuditToken:
    auth = AuditAuth(
        policies=("default", "p"),
        token_policies=("default", "p"),
        accessor="accessor-of-bob",
        display_name="userpass-bob",
        metadata={"username": "bob"},
        ttl_seconds=3600,
        issue_time=1_795_565_805.5,
    )
    return AuditToken(auth, client_id(auth.policies, "root"))


def request(**changes: Any) -> AuditRequest:
    """An encrypt request of Bob's, with ``changes``."""
    subject: dict[str, Any] = {
        "operation": Operation.UPDATE,
        "path": "transit/encrypt/k",
        "namespace": ROOT,
        "mount": TRANSIT,
        "token": token(),
        "allowed": True,
        "granting_policies": ("p",),
    }
    fields: dict[str, Any] = {
        "id": "48e9660b-f458-6531-18c2-67cd0747c4a4",
        "data": {"plaintext": "aGVsbG8="},
        "client_token": CLIENT_TOKEN,
        "remote_address": "127.0.0.1",
        "remote_port": 4711,
    }
    for name, value in changes.items():
        (subject if name in subject else fields)[name] = value
    return AuditRequest(subject=AuditSubject(**subject), **fields)


def entries(path: Path) -> list[dict[str, Any]]:
    """What stands in a log, but for the test entry on top."""
    return [json.loads(line) for line in path.read_text().splitlines()][1:]


ANSWER = AuditResponse(data={"ciphertext": "vault:v1:x"})


def types(calls: list[bytes]) -> list[list[str]]:
    """What each call of a device's write held, but for the test entry."""
    return [[json.loads(line)["type"] for line in call.splitlines()] for call in calls[1:]]


async def run(broker: Broker, *, together: bool = False) -> None:
    await broker.finish(broker.hold(request()) if together else await broker.begin(request()), ANSWER)
