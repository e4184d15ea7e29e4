"""Inputs of the commands of ``cryptoserve audit``: files named by flags, numbers, and a log's checkpoint."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from server.audit.ledger.log.notes import BadNote, decode_decimal
from server.audit.ledger.log.policy import MAX_POLICY_BYTES, Policy, parse_policy
from server.audit.ledger.log.tiles import MAX_SIZE
from server.audit.ledger.offline.sources import DirectorySource, HttpSource, Unreadable
from server.cli.command import CommandFailed
from server.config.flags import Flag, Flags, UsageError

FORMATS = ("text", "json")
FORMAT_FLAG = Flag("format", "text or json. The default is text.")
POLICY_FLAG = Flag("policy", "A tlog-policy file: the keys of logs and witnesses that are believed.")


def open_source(name: str, environment: Mapping[str, str]) -> DirectorySource | HttpSource:
    """The log in a directory or below a URL, there with the token and namespace that ``bao`` would use.

    The caller closes it.
    Raises ``CommandFailed``.
    """
    if name.startswith(("http://", "https://")):
        token = environment.get("BAO_TOKEN") or environment.get("VAULT_TOKEN", "")
        return HttpSource(name, token, environment.get("BAO_NAMESPACE") or environment.get("VAULT_NAMESPACE", ""))
    try:
        return DirectorySource(Path(name))
    except Unreadable as error:
        raise CommandFailed(str(error)) from error


def read_policy(flags: Flags) -> Policy | None:
    """The policy that ``-policy`` names. Raises ``CommandFailed``."""
    name = flags.last("policy")
    if not name:
        return None
    try:
        return parse_policy(read_file(name, MAX_POLICY_BYTES))
    except BadNote as error:
        raise CommandFailed(f"{name}: {error}") from error


def read_file(name: str, limit: int) -> bytes:
    """The content of a file of at most ``limit`` bytes. Raises ``CommandFailed``."""
    try:
        with Path(name).open("rb") as file:
            content = file.read(limit + 1)
    except OSError as error:
        raise CommandFailed(f"can't read {name}: {error.strerror}") from error
    if len(content) > limit:
        raise CommandFailed(f"can't read {name}: it has more than {limit} bytes")
    return content


def read_number(flags: Flags, name: str, default: int, limit: int = MAX_SIZE) -> int:
    """The whole number of a flag. Raises ``UsageError``."""
    text = flags.last(name)
    if not text:
        return default
    try:
        return decode_decimal(text, limit)
    except BadNote:
        raise UsageError(f"-{name}: expected a number of at most {limit}, got {text!r}") from None


def read_choice(flags: Flags, name: str, choices: tuple[str, ...]) -> str:
    """One of ``choices``, of which the first is the default. Raises ``UsageError``."""
    text = flags.last(name, choices[0])
    if text not in choices:
        raise UsageError(f"-{name}: expected {' or '.join(choices)}, got {text!r}")
    return text
