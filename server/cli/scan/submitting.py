"""Submission of a scan: its CycloneDX document becomes a version of an application on a server."""

from __future__ import annotations

from urllib.parse import quote

from cryptoserve_cli.command import CommandFailed, Invocation
from server.cli.inventory.sources import decoded, send


def submit(invocation: Invocation, mount: str, name: str, document: bytes) -> str:
    """A line on the version that the server made of ``document``. Raises ``CommandFailed``."""
    body = {"document": document.decode(), "version": invocation.flags.last("submit-version")}
    path = f"{quote(mount)}/applications/{quote(name, safe='')}"
    data = decoded(send(invocation, path, body)).get("data")
    if not isinstance(data, dict) or not isinstance(data.get("number"), int):
        raise CommandFailed("the server's answer isn't understood")
    return f"submitted to {mount} as version {data['number']} of {name}"
