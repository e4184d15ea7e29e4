"""One of the two servers as a test sees it, and the documents in their backups."""

from __future__ import annotations

import base64
import itertools
import json
from dataclasses import dataclass
from typing import Any

from tests.support.products import Product
from tests.support.servers import Server

MOUNT = "interop"

_names = itertools.count(1)


def new_name() -> str:
    """A name that no other key of this run has."""
    return f"key-{next(_names)}"


class Side:
    """A server's transit engine. Paths are relative to its mount."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self.product: Product = server.product

    def mount(self) -> None:
        """Mount the engine that everything else here speaks to."""
        answer = self._server.request("POST", f"sys/mounts/{MOUNT}", {"type": "transit"})
        assert answer.status == 204, answer.body

    def read(self, path: str) -> dict[str, Any]:
        """The data of a read that succeeds."""
        return self._server.request("GET", f"{MOUNT}/{path}").data()

    def write(self, path: str, **body: Any) -> dict[str, Any]:
        """The data of a write that succeeds."""
        return self._server.request("POST", f"{MOUNT}/{path}", body).data()

    def delete(self, path: str) -> dict[str, Any]:
        """The data of a deletion that succeeds."""
        return self._server.request("DELETE", f"{MOUNT}/{path}").data()

    def refusal(self, path: str, **body: Any) -> str:
        """Why a write is refused."""
        answer = self._server.request("POST", f"{MOUNT}/{path}", body)
        assert answer.status >= 400, f"{path} answered {answer.status}: {answer.body!r}"
        errors: list[str] = answer.json()["errors"]
        return "; ".join(errors)

    def back_up(self, name: str) -> str:
        """The backup of a key."""
        text: str = self.read(f"backup/{name}")["backup"]
        return text


@dataclass(frozen=True, slots=True)
class Pair:
    """The side that a key comes from, and the one that it goes to."""

    maker: Side
    taker: Side


def document(backup: str) -> dict[str, Any]:
    """What a backup says of a key, without when it was backed up and restored, and without what nobody reads.

    The archive holds the versions in use too, and in OpenBao's as they were when they were made: without certificates.
    """
    decoded: dict[str, Any] = json.loads(base64.b64decode(backup))
    policy, entries = decoded["policy"], decoded["archived_keys"]["keys"]
    for entry in (*policy["keys"].values(), *entries):
        if entry["rsa_key"] is not None:
            entry["rsa_public_key"] = None  # OpenBao repeats it beside the private key if that was imported.
    first = policy["min_available_version"]
    archived = {first + index: entry for index, entry in enumerate(entries)}
    return {
        "policy": policy | {"backup_info": None, "restore_info": None},
        "archived": {number: entry for number, entry in archived.items() if number < policy["min_decryption_version"]},
        "count": len(entries),
    }


def edited(backup: str, **settings: Any) -> str:
    """The backup with other settings of the key."""
    decoded = json.loads(base64.b64decode(backup))
    decoded["policy"] |= settings
    return base64.b64encode(json.dumps(decoded).encode()).decode()


def settings_of(side: Side, name: str) -> dict[str, Any]:
    """What both sides tell of a key, without when it was backed up and restored."""
    read = side.read(f"keys/{name}")
    left_out = ["backup_info", "restore_info", "encryptions"]  # OpenBao doesn't count.
    if read["type"] == "hmac":
        left_out.append("keys")  # OpenBao doesn't tell when their versions were made.
    return {field: value for field, value in read.items() if field not in left_out}
