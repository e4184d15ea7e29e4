"""Real server processes, ours and OpenBao, for the tests and benchmarks that must see a socket and a process.

Both products are driven alike: the same HCL but for the storage, the same HTTP API to initialise and unseal. A server
lives in a directory of its own (configuration, data, audit log, process log) and in a process group of its own, and the
group is ended when the ``with`` block is left, however it is left. Readiness is seen by asking the server, against a
deadline; a server that fails shows the end of its log.
"""

from __future__ import annotations

import http.client
import json
import os
import re
import signal
import ssl
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from tests.support import processes
from tests.support.products import HOST, Product, ServerFailed, Tls, configuration, free_port
from tests.support.waiting import attempts

CHECKOUT = Path(__file__).resolve().parents[2]

ROOT_TOKEN = "root"
"""The token of development servers."""

START_SECONDS = 30.0
STOP_SECONDS = 20.0
REQUEST_SECONDS = 120.0

_PORT_ATTEMPTS = 5
# What ours prints for each listener, and OpenBao for itself. Other lines of the log may name addresses too.
_PRINTED_ADDRESS = re.compile(r"(?:listening on|Api Address:) (https?)://(127\.0\.0\.1|localhost):([1-9][0-9]*)")


@dataclass(frozen=True, slots=True)
class Answer:
    """A response, read to its end."""

    status: int
    headers: Mapping[str, str]
    """By lower-case name; of a repeated header, the last."""
    body: bytes

    def json(self) -> dict[str, Any]:
        """The body as a JSON object; an empty body is an empty object."""
        value = json.loads(self.body or b"{}")
        if not isinstance(value, dict):
            raise ServerFailed(f"expected a JSON object, got {self.body[:200]!r}")
        return value

    def data(self) -> dict[str, Any]:
        """The envelope's ``data``; raises ``ServerFailed`` with the answer if the request was refused."""
        if self.status >= 300:
            raise ServerFailed(f"answered {self.status}: {self.body[:1000].decode(errors='replace')}")
        value: dict[str, Any] = self.json().get("data") or {}
        return value


class Server:
    """One server and all that belongs to it. Entering starts the process; leaving ends it.

    ``development`` servers are in memory, unsealed, with the token ``root``. The others store durably, write a file
    audit log, and are sealed until ``initialize`` and ``unseal``. ``settings`` is HCL appended to the configuration,
    ``listener`` HCL for the listener's block, and ``command`` runs the server another way, as under a profiler. One
    that isn't ``audited`` has no file audit device; ``settings`` may declare others.
    """

    def __init__(
        self,
        product: Product,
        directory: Path,
        *,
        development: bool = False,
        tls: Tls | None = None,
        settings: str = "",
        listener: str = "",
        environment: Mapping[str, str] | None = None,
        command: Sequence[str] = (),
        audited: bool = True,
    ) -> None:
        self.product = product
        self.directory = directory
        self.development = development
        self.tls = tls
        self.root_token = ROOT_TOKEN if development else ""
        self.unseal_keys: list[str] = []
        self.port = 0
        self.start_seconds = 0.0
        self._settings = settings
        self._listener = listener
        self._environment = dict(environment or {})
        self._audited = audited
        self._command = list(command) or product.command()
        self._process: subprocess.Popen[bytes] | None = None
        self._log_start = 0
        directory.mkdir(parents=True, exist_ok=True)

    @property
    def address(self) -> str:
        """Where it listens, as ``BAO_ADDR`` wants it."""
        return f"{'https' if self.tls else 'http'}://{HOST}:{self.port}"

    @property
    def audit_path(self) -> Path:
        """The file that the audit device writes."""
        return self.directory / "audit.log"

    @property
    def group(self) -> int:
        """The process group, which is the process id of the first process."""
        if self._process is None:
            raise ServerFailed("the server has not been started")
        return self._process.pid

    @property
    def running(self) -> bool:
        """Whether the first process is alive."""
        return self._process is not None and self._process.poll() is None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is not None and fault is not None:
            fault.add_note(f"The end of the log of {self.product.value}:\n{self.log_end()}")
        self.kill()

    def start(self) -> None:
        """Start the process and wait until it answers, sealed or not."""
        for attempt in range(1, _PORT_ATTEMPTS + 1):
            self._spawn()
            try:
                self._await_answer()
            except ServerFailed as fault:
                self.kill()
                taken = self.product is Product.OPENBAO and "address already in use" in str(fault)
                if not taken or attempt == _PORT_ATTEMPTS:
                    raise
                continue
            return

    def initialize(self, shares: int = 1, threshold: int = 1) -> None:
        """Create the root key; keeps the shares and the root token here."""
        answer = self.request("POST", "sys/init", {"secret_shares": shares, "secret_threshold": threshold}, token="")
        if answer.status != 200:
            raise ServerFailed(f"sys/init answered {answer.status}: {answer.body!r}\n{self.log_end()}")
        opened = answer.json()
        self.unseal_keys = opened["keys_base64"][:threshold]
        self.root_token = opened["root_token"]

    def unseal(self) -> None:
        """Hand in the shares and wait until the server is active."""
        for key in self.unseal_keys:
            answer = self.request("POST", "sys/unseal", {"key": key}, token="")
            if answer.status != 200:
                raise ServerFailed(f"sys/unseal answered {answer.status}: {answer.body!r}\n{self.log_end()}")
        self.await_status(200)

    def await_status(self, status: int, seconds: float = START_SECONDS) -> None:
        """Wait until ``sys/health`` answers ``status``: 200 active, 503 sealed, 501 not initialised."""
        answered = 0
        for _ in attempts(seconds):
            if (answered := self.request("GET", "sys/health", token="").status) == status:
                return
        raise ServerFailed(f"sys/health still answers {answered}, not {status}\n{self.log_end()}")

    def request(
        self, method: str, path: str, body: Mapping[str, Any] | None = None, *, token: str | None = None
    ) -> Answer:
        """Send one request to ``/v1/PATH`` on a connection of its own, with the root token unless told otherwise."""
        headers = {"X-Vault-Token": self.root_token if token is None else token}
        encoded = None if body is None else json.dumps(body).encode()
        connection = self.connect()
        try:
            connection.request(method, f"/v1/{path}", encoded, {name: text for name, text in headers.items() if text})
            response = connection.getresponse()
            read = response.read()
        finally:
            connection.close()
        return Answer(response.status, {name.lower(): text for name, text in response.getheaders()}, read)

    def connect(self, seconds: float = REQUEST_SECONDS) -> http.client.HTTPConnection:
        """A client connection, still to be opened by its first request; the caller closes it."""
        if self.tls is None:
            return http.client.HTTPConnection(HOST, self.port, timeout=seconds)
        context = ssl.create_default_context(cafile=str(self.tls.authority))
        return http.client.HTTPSConnection(HOST, self.port, timeout=seconds, context=context)

    def stop(self) -> int:
        """Ask the server to end, and wait for all of it. The exit status of the first process."""
        process = self._process
        if process is None:
            raise ServerFailed("the server has not been started")
        process.send_signal(signal.SIGTERM)
        for _ in attempts(STOP_SECONDS, pause=0.005):
            if process.poll() is not None:
                break
        else:
            raise ServerFailed(f"still running {STOP_SECONDS:g} s after SIGTERM\n{self.log_end()}")
        self.await_end()
        self._process = None
        return process.returncode

    def kill(self) -> None:
        """End every process of the server with SIGKILL, as a power cut would; quiet if there is none."""
        if self._process is None:
            return
        try:
            os.killpg(self._process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self._process.wait()
        self.await_end()
        self._process = None

    def kill_first_process(self) -> None:
        """SIGKILL the process that was started and no other; those it started have to notice, and end."""
        process = self._process
        if process is None:
            raise ServerFailed("the server has not been started")
        process.kill()
        process.wait()
        self.await_end()
        self._process = None

    @property
    def workers(self) -> list[int]:
        """The processes beside the first one."""
        return [process for process in processes.members(self.group) if process != self.group]

    def kill_workers(self, chosen: Sequence[int]) -> None:
        """SIGKILL some of the processes in ``workers``, and wait until there are as many as before."""
        before = self.workers
        for process in chosen:
            os.kill(process, signal.SIGKILL)
        for _ in attempts(START_SECONDS, pause=0.005):
            if not set(chosen) & set(now := self.workers) and len(now) >= len(before):
                return
        raise ServerFailed(f"not all of processes {chosen} were replaced\n{self.log_end()}")

    def await_end(self) -> None:
        """Wait until no process of the server is left."""
        for _ in attempts(STOP_SECONDS, pause=0.005):
            if not (left := processes.members(self.group)):
                return
        raise ServerFailed(f"processes {left} outlived the server\n{self.log_end()}")

    def log_end(self, characters: int = 2000) -> str:
        """The end of what the processes have printed."""
        path = self.directory / "server.log"
        return path.read_text(encoding="utf-8", errors="replace")[-characters:] if path.exists() else "(no log)"

    def _spawn(self) -> None:
        self.port = 0 if self.product is Product.CRYPTOSERVE else free_port()
        arguments = [*self._command, "server", *self._flags()]
        environment = {
            **{name: text for name, text in os.environ.items() if not name.startswith(("BAO_", "VAULT_"))},
            "HOME": str(self.directory),
            "PYTHONPATH": str(CHECKOUT),
            "PYTHONUNBUFFERED": "1",
            **self._environment,
        }
        with (self.directory / "server.log").open("ab") as log:
            self._log_start = log.tell()
            self._process = subprocess.Popen(
                arguments,
                cwd=self.directory,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def _flags(self) -> list[str]:
        if self.development:
            flags = ["-dev", f"-dev-root-token-id={ROOT_TOKEN}", f"-dev-listen-address={HOST}:{self.port}"]
            if self._settings:
                path = self.directory / "settings.hcl"
                path.write_text(self._settings, encoding="utf-8")
                flags.append(f"-config={path}")
            return flags
        (self.directory / "data").mkdir(exist_ok=True)
        path = self.directory / "server.hcl"
        text = configuration(self.product, self.directory, self.port, self.tls, self._listener, audited=self._audited)
        path.write_text(text + self._settings, encoding="utf-8")
        return [f"-config={path}"]

    def _await_answer(self) -> None:
        started = time.perf_counter()
        for _ in attempts(START_SECONDS, pause=0.005):
            if not self.running:
                break
            if self.port == 0:
                self._read_address()
            if self.port:
                try:
                    answered = self.request("GET", "sys/health", token="").status
                except (OSError, http.client.HTTPException):
                    answered = 0
                # A development server is ready when it is unsealed, any other when it can say that it isn't.
                if answered == 200 or (answered and not self.development):
                    self.start_seconds = time.perf_counter() - started
                    return
        raise ServerFailed(f"{self.product.value} did not start\n{self.log_end()}")

    def _read_address(self) -> None:
        with (self.directory / "server.log").open("rb") as log:
            log.seek(self._log_start)
            found = _PRINTED_ADDRESS.search(log.read().decode(errors="replace"))
        if found is not None:
            self.port = int(found[3])
