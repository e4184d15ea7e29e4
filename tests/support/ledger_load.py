"""Load on a server with an audit ledger, and what its directory has to show for it afterwards."""

from __future__ import annotations

import base64
import http.client
import json
import os
import re
import threading
import time
from collections import Counter
from pathlib import Path
from typing import Any

from server.audit.ledger.log.checkpoints import parse_checkpoint
from server.audit.ledger.log.policy import parse_policy
from server.audit.ledger.offline.findings import Report
from server.audit.ledger.offline.proven import ProvenLog
from server.audit.ledger.offline.sources import DirectorySource
from server.audit.ledger.offline.verify import Request, verify_directory
from tests.support.processes import members
from tests.support.servers import Server
from tests.support.waiting import wait_until

ORIGIN = "example.com/audit"
PLAINTEXT = base64.b64encode(b"what was acknowledged is in the log").decode()
_CHILD = b"server.audit.ledger.leading.child"


def declared(log: Path, *, workers: int = 2, more: str = "") -> str:
    """The settings of a server with a ledger at ``log``; ``more`` are further options, in HCL."""
    return f"""workers = {workers}
audit "ledger" "ledger" {{
  options {{
    dir = "{log}"
    origin = "{ORIGIN}"
    {more}
  }}
}}
"""


def ready(server: Server) -> None:
    """Initialise and unseal the server, and make the key that ``Load`` uses."""
    server.initialize()
    server.unseal()
    server.request("POST", "sys/mounts/transit", {"type": "transit"}).data()
    server.request("POST", "transit/keys/k", {}).data()


class Load(threading.Thread):
    """Requests without pause on one connection after the other; ``acknowledged`` has the ids of those answered 200."""

    def __init__(self, server: Server, namespace: str = "") -> None:
        """``namespace`` is the path of the namespace that is asked, with its slash; it has the key too."""
        super().__init__(daemon=True)
        self._path = f"/v1/{namespace}transit/encrypt/k"
        self.acknowledged: list[str] = []
        self.refused: list[int] = []
        self._server = server
        self._stopping = threading.Event()

    def run(self) -> None:
        while not self._stopping.is_set():
            connection = self._server.connect()
            try:
                while not self._stopping.is_set():
                    self._ask(connection)
            except (OSError, http.client.HTTPException, ValueError):
                time.sleep(0.02)
            finally:
                connection.close()

    def _ask(self, connection: http.client.HTTPConnection) -> None:
        body = json.dumps({"plaintext": PLAINTEXT})
        connection.request("POST", self._path, body, {"X-Vault-Token": self._server.root_token})
        response = connection.getresponse()
        read = response.read()
        if response.status == 200:
            self.acknowledged.append(json.loads(read)["request_id"])
        else:
            self.refused.append(response.status)

    def await_more(self, count: int) -> None:
        """Wait until so many more requests were acknowledged."""
        wanted = len(self.acknowledged) + count
        wait_until(lambda: len(self.acknowledged) >= wanted, lambda: f"{len(self.acknowledged)}, not {wanted}")

    def stop(self) -> list[str]:
        """End the load; the ids of what was acknowledged."""
        self._stopping.set()
        self.join()
        return self.acknowledged


def integrators(server: Server) -> list[int]:
    """The integrating processes of the server."""
    found = []
    for process in members(server.group):
        try:
            if _CHILD in Path(f"/proc/{process}/cmdline").read_bytes():
                found.append(process)
        except OSError:
            continue
    return found


def size_of(log: Path) -> int:
    """The size that the directory's checkpoint states; 0 if it has none."""
    try:
        return parse_checkpoint((log / "checkpoint").read_bytes())[0].size
    except FileNotFoundError:
        return 0


def await_size(log: Path, size: int) -> None:
    """Wait until the checkpoint covers ``size`` entries."""
    wait_until(lambda: size_of(log) >= size, lambda: f"the checkpoint stays at {size_of(log)}, {size} were expected")


def entries_of(log: Path) -> list[dict[str, Any]]:
    """The log's entries, proven up to the checkpoint's root."""
    source = DirectorySource(log)
    try:
        proven = ProvenLog(source)
        return [json.loads(entry) for _, bundle in proven.bundles(0) for entry in bundle]
    finally:
        source.close()


def verified(log: Path) -> Report:
    """The report on the directory, by its own policy; there must be no finding."""
    report = verify_directory(log, Request(policy=parse_policy((log / "policy").read_bytes())))
    assert not report.all_findings(), report.as_json()
    assert report.status() == 0, report.as_json()
    return report


def check_once(log: Path, acknowledged: list[str]) -> None:
    """Each acknowledged request has exactly one request entry and one response entry."""
    kinds = {"request": Counter[str](), "response": Counter[str]()}
    for entry in entries_of(log):
        if entry["type"] in kinds:
            kinds[entry["type"]][entry["request"]["id"]] += 1
    for kind, counts in kinds.items():
        wrong = [ident for ident in acknowledged if counts[ident] != 1]
        assert not wrong, f"{len(wrong)} of {len(acknowledged)} acknowledged requests don't have one {kind} entry"


def modes_of(path: Path) -> set[str]:
    """The modes of all that lies below ``path``, and its own."""
    found = [path, *path.rglob("*")]
    return {f"{'d' if one.is_dir() else 'f'}{os.stat(one).st_mode & 0o777:o}" for one in found}


def sizes_in(text: str) -> list[int]:
    """The numbers in a text."""
    return [int(number) for number in re.findall(r"\b\d+\b", text)]
