"""``cryptoserve status``: a server's seal status in the form of ``bao status``, with CryptoServe's own version.

The exit status is that of ``bao status``: 0 unsealed, 1 an error, 2 sealed.
"""

from __future__ import annotations

import json
import ssl
import sys
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import unquote, urlsplit

import httpx

from server.cli.command import Command, CommandFailed, Invocation
from server.config.flags import Flag, Flags, UsageError

UNSEALED_STATUS, SEALED_STATUS = 0, 2
DEFAULT_ADDRESS = "http://127.0.0.1:8200"
_PATH = "/v1/sys/seal-status"
_SECONDS = 20.0


def _variables(name: str) -> tuple[str, ...]:
    return f"BAO_{name}", f"VAULT_{name}"


FLAGS = (
    Flag("address", f"Where the server listens: a URL, or unix:///PATH. The default is {DEFAULT_ADDRESS}.",
         environment=_variables("ADDR")),
    Flag("ca-cert", "A PEM file with the authorities that the server's certificate may come from.",
         environment=_variables("CACERT")),
    Flag("client-cert", "A PEM file with the client's certificate.", environment=_variables("CLIENT_CERT")),
    Flag("client-key", "A PEM file with the key of that certificate.", environment=_variables("CLIENT_KEY")),
    Flag("tls-skip-verify", "Don't look at the server's certificate. Not for production.", takes_value=False,
         environment=_variables("SKIP_VERIFY")),
    Flag("format", "table or json.", environment=_variables("FORMAT")),
)  # fmt: skip

_ROWS = {
    "type": "Seal Type",
    "recovery_seal_type": "Recovery Seal Type",
    "initialized": "Initialized",
    "sealed": "Sealed",
    "n": "Total Shares",
    "t": "Threshold",
    "progress": "Unseal Progress",
    "nonce": "Unseal Nonce",
    "version": "Version",
    "cryptoserve_version": "CryptoServe Version",
    "commit_date": "Commit Date",
    "storage_type": "Storage Type",
    "cluster_name": "Cluster Name",
    "cluster_id": "Cluster ID",
}
"""The fields shown and their labels; ``bao status`` has the same, without CryptoServe's version."""


def _run(invocation: Invocation) -> int:
    form = invocation.flags.last("format", "table")
    if form not in ("table", "json"):
        raise UsageError(f"-format: expected table or json, got {form!r}")
    status = _ask(invocation.flags)
    if form == "json":
        sys.stdout.write(json.dumps(status, indent=2) + "\n")
    else:
        rows = list(_rows(status))
        width = max(len(name) for name, _ in rows) + 4
        sys.stdout.write("".join(f"{name:<{width}}{value}\n" for name, value in rows))
    return SEALED_STATUS if status.get("sealed", True) else UNSEALED_STATUS


def _rows(status: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    yield "Key", "Value"
    yield "---", "-----"
    for name, title in _ROWS.items():
        value = status.get(name)
        if name == "progress" and value:
            yield title, f"{value}/{status.get('t')}"
        elif name in ("progress", "nonce") and not (status.get("sealed") and value):
            continue
        elif value is not None:
            yield title, str(value).lower() if isinstance(value, bool) else str(value)


def _ask(flags: Flags) -> dict[str, Any]:
    """The server's ``sys/seal-status``. Raises ``CommandFailed``."""
    address = flags.last("address", DEFAULT_ADDRESS)
    parts = urlsplit(address)
    if parts.scheme not in ("http", "https", "unix"):
        raise UsageError(f"-address: expected http://, https:// or unix://, got {address!r}")
    try:
        transport, base = _transport(flags, address)
        with httpx.Client(transport=transport, timeout=_SECONDS, trust_env=False) as client:
            answer = client.get(base + _PATH)
        status = answer.json()
    except (httpx.HTTPError, OSError, ValueError) as error:
        raise CommandFailed(f"{address} doesn't tell its status: {str(error) or type(error).__name__}") from error
    if answer.status_code != 200 or not isinstance(status, dict):
        raise CommandFailed(f"{address} doesn't tell its status: it answers {answer.status_code}")
    return status


def _transport(flags: Flags, address: str) -> tuple[httpx.HTTPTransport, str]:
    if address.startswith("unix://"):
        return httpx.HTTPTransport(uds=unquote(address.removeprefix("unix://"))), "http://localhost"
    if address.startswith("http://"):
        return httpx.HTTPTransport(), address.rstrip("/")
    context = ssl.create_default_context(cafile=flags.last("ca-cert") or None)
    if flags.has("tls-skip-verify"):
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    if certificate := flags.last("client-cert"):
        context.load_cert_chain(certificate, flags.last("client-key") or None)
    return httpx.HTTPTransport(verify=context), address.rstrip("/")


COMMAND = Command(
    "Tell how a server is",
    _run,
    FLAGS,
    more="The exit status is 0 if the server is unsealed, 2 if it is sealed, and 1 if it doesn't tell.",
)
