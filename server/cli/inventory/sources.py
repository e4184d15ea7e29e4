"""Sources of the commands: a file, standard input, a snapshot of a server, or its present inventory.

A source is read into items, the key versions and algorithms that are in use according to it.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import httpx2
import msgspec

from cryptoserve_cli.command import CommandFailed, Invocation
from server.cli.status import address_in, transport_to
from server.inventory.documents.reading import FIELDS, Item, NotReadable, items_of
from server.processes.development import token_file

SNAPSHOT = "snapshot:"
MAX_BYTES = 256 * 1024 * 1024
_SECONDS = 120.0


def read_source(invocation: Invocation, source: str, *, use: bool = False) -> list[Item]:
    """The items of ``source``; "" is the server's present inventory, with ``use`` if asked for.

    Raises ``CommandFailed``.
    """
    if source.startswith(SNAPSHOT):
        data = ask(invocation, f"sys/inventory/snapshots/{quote(source.removeprefix(SNAPSHOT), safe='')}")
        return [_item_of_row(row) for row in data["data"]["versions"]]
    document = _read(source) if source else ask(invocation, "sys/inventory/cbom", use=str(use).lower())
    try:
        return items_of(document)
    except NotReadable as error:
        raise CommandFailed(str(error)) from None


def ask(invocation: Invocation, path: str, **query: str) -> Mapping[str, Any]:
    """The server's answer to reading ``path``. Raises ``CommandFailed``."""
    return decoded(ask_bytes(invocation, path, **query))


def ask_bytes(invocation: Invocation, path: str, **query: str) -> bytes:
    """As ``ask``, the answer as it is."""
    return _answer(invocation, "GET", path, query, None)


def send(invocation: Invocation, path: str, body: Mapping[str, str]) -> bytes:
    """The server's answer to an update of ``path``. Raises ``CommandFailed``."""
    return _answer(invocation, "POST", path, {}, msgspec.json.encode(body))


def _answer(invocation: Invocation, method: str, path: str, query: Mapping[str, str], body: bytes | None) -> bytes:
    flags = invocation.flags
    address = address_in(flags)
    headers = {"x-vault-token": _token(invocation.environment)}
    if namespace := flags.last("namespace"):
        headers["x-vault-namespace"] = namespace
    try:
        transport, base = transport_to(flags, address)
        with httpx2.Client(transport=transport, timeout=_SECONDS, trust_env=False) as client:
            given = f"?{urlencode(query)}" if query else ""
            answer = client.request(method, f"{base}/v1/{path}{given}", headers=headers, content=body)
    except (httpx2.HTTPError, OSError, ValueError) as error:
        raise CommandFailed(f"{address} doesn't answer: {str(error) or type(error).__name__}") from error
    if answer.status_code != httpx2.codes.OK:
        reason = answer.text[:500].strip() or "no reason given"
        raise CommandFailed(f"{address} answers {answer.status_code} to {path}: {reason}")
    return answer.content


def _token(environment: Mapping[str, str]) -> str:
    for variable in ("BAO_TOKEN", "VAULT_TOKEN"):
        if token := environment.get(variable, "").strip():
            return token
    try:
        return token_file(environment).read_text().strip()
    except OSError:
        raise CommandFailed("no token: set BAO_TOKEN") from None


def _read(source: str) -> Mapping[str, Any]:
    try:
        stream = sys.stdin.buffer if source == "-" else Path(source).open("rb")
        with stream:
            text = stream.read(MAX_BYTES + 1)
    except OSError as error:
        raise CommandFailed(f"{source}: {error.strerror or type(error).__name__}") from None
    if len(text) > MAX_BYTES:
        raise CommandFailed(f"{source} has more than {MAX_BYTES} bytes")
    return decoded(text)


def decoded(text: bytes) -> Mapping[str, Any]:
    """The JSON object in ``text``. Raises ``CommandFailed``."""
    try:
        found = msgspec.json.decode(text)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        raise CommandFailed("not JSON") from None
    if not isinstance(found, dict):
        raise CommandFailed("the document is not an object")
    return found


def _item_of_row(row: Mapping[str, Any]) -> Item:
    name = f"{row['namespace']}{row['mount']}{row['name']}"
    fields = {each: str(row.get(each, "")) for each in FIELDS}
    return Item(row["id"], name, row["algorithm"], is_key=True, fields={**fields, "key": name})
