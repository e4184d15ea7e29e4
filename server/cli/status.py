"""``cryptoserve status``: a server's seal status in the form of ``bao status``, with CryptoServe's own version.

The exit status is that of ``bao status``: 0 unsealed, 1 an error, 2 sealed. With ``-deep``, the server's deep health
checks follow, and the exit status is 3 if one fails.
"""

from __future__ import annotations

import json
import ssl
import sys
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import unquote, urlsplit

import httpx2

from cryptoserve_cli.command import Command, CommandFailed, Invocation
from cryptoserve_cli.flags import Flag, Flags, UsageError
from server.cli.connection_flags import CONNECTION_FLAGS, DEFAULT_ADDRESS, variables_of
from server.processes.development import token_file

UNSEALED_STATUS, SEALED_STATUS, FAILING_STATUS = 0, 2, 3
_PATH = "/v1/sys/seal-status"
_DEEP_PATH = "/v1/sys/health?deep=true"
_UNSEALED_CODES = (200, 500)
"""Statuses of ``_DEEP_PATH`` with an answer that tells of all checks."""

_SECONDS = 20.0
_FORBIDDEN = 403


FLAGS = (
    *CONNECTION_FLAGS,
    Flag("deep", "Have the server check storage, seal, audit devices, providers and clocks. The token of BAO_TOKEN or "
         "~/.vault-token needs read on sys/health.", takes_value=False),
    Flag("format", "table or json.", environment=variables_of("FORMAT")),
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
    status = _ask(invocation.flags, _PATH, {}, (200,))
    sealed = status.get("sealed", True)
    health: dict[str, Any] = {}
    if invocation.flags.has("deep") and not sealed:
        health = _deep(invocation)
    if form == "json":
        sys.stdout.write(json.dumps(status | health, indent=2) + "\n")
    else:
        _write_table(list(_rows(status)))
        if health:
            sys.stdout.write("\n")
            _write_table(list(_check_rows(health)))
    if sealed:
        return SEALED_STATUS
    return UNSEALED_STATUS if health.get("ok", True) else FAILING_STATUS


def _deep(invocation: Invocation) -> dict[str, Any]:
    """The results of the server's deep health checks. Raises ``CommandFailed``."""
    token = _token(invocation.environment)
    answer = _ask(invocation.flags, _DEEP_PATH, {"x-vault-token": token}, _UNSEALED_CODES)
    if not isinstance(answer.get("checks"), dict):
        raise CommandFailed("the server doesn't tell of deep checks")
    return {"ok": answer.get("ok") is True, "checks": answer["checks"]}


def _write_table(rows: Sequence[Sequence[str]]) -> None:
    widths = [max(len(row[column]) for row in rows) + 4 for column in range(len(rows[0]) - 1)]
    for row in rows:
        padded = "".join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=False))
        sys.stdout.write(f"{padded}{row[-1]}\n")


def _check_rows(health: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    """A line for each part of each check. What the server says of errors is printed without control characters."""
    yield "Check", "Milliseconds", "Result"
    yield "-----", "------------", "------"
    for name, check in health.get("checks", {}).items():
        parts = check.get("parts") or {"": check}
        for part, outcome in parts.items():
            result = "ok" if outcome.get("ok") else f"failed: {outcome.get('error', '')}"
            shown = "".join(character if character.isprintable() else "?" for character in result)
            yield f"{name} {part}".rstrip(), f"{outcome.get('milliseconds', 0):.1f}", shown


def _token(environment: Mapping[str, str]) -> str:
    """The token that the stock clients would send. Raises ``CommandFailed`` if there is none."""
    for variable in variables_of("TOKEN"):
        if token := environment.get(variable, "").strip():
            return token
    try:
        return token_file(environment).read_text().strip()
    except OSError:
        raise CommandFailed("-deep needs a token in BAO_TOKEN, with read on sys/health") from None


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


def _ask(flags: Flags, path: str, headers: Mapping[str, str], statuses: Collection[int]) -> dict[str, Any]:
    """The server's answer at ``path``, with one of ``statuses``. Raises ``CommandFailed``."""
    address = address_in(flags)
    try:
        transport, base = transport_to(flags, address)
        with httpx2.Client(transport=transport, timeout=_SECONDS, trust_env=False) as client:
            answer = client.get(base + path, headers=headers)
        status = answer.json()
    except (httpx2.HTTPError, OSError, ValueError) as error:
        raise CommandFailed(f"{address} doesn't tell its status: {str(error) or type(error).__name__}") from error
    if answer.status_code == _FORBIDDEN:
        raise CommandFailed(f"{address} refuses: the token has no read on sys/health, or isn't valid")
    if answer.status_code not in statuses or not isinstance(status, dict):
        raise CommandFailed(f"{address} doesn't tell its status: it answers {answer.status_code}")
    return status


def address_in(flags: Flags) -> str:
    """The server's address. Raises ``UsageError``."""
    address = flags.last("address", DEFAULT_ADDRESS)
    if urlsplit(address).scheme not in ("http", "https", "unix"):
        raise UsageError(f"-address: expected http://, https:// or unix://, got {address!r}")
    return address


def transport_to(flags: Flags, address: str) -> tuple[httpx2.HTTPTransport, str]:
    """The way to ``address`` that ``CONNECTION_FLAGS`` describe, and the beginning of URLs. Raises ``OSError``."""
    if address.startswith("unix://"):
        return httpx2.HTTPTransport(uds=unquote(address.removeprefix("unix://"))), "http://localhost"
    if address.startswith("http://"):
        return httpx2.HTTPTransport(), address.rstrip("/")
    context = ssl.create_default_context(cafile=flags.last("ca-cert") or None)
    if flags.has("tls-skip-verify"):
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    if certificate := flags.last("client-cert"):
        context.load_cert_chain(certificate, flags.last("client-key") or None)
    return httpx2.HTTPTransport(verify=context), address.rstrip("/")


COMMAND = Command(
    "Tell how a server is",
    _run,
    FLAGS,
    more=(
        "The exit status is 0 if the server is unsealed, 2 if it is sealed, 3 if a check of -deep fails, and 1 if it "
        "doesn't tell."
    ),
)
