"""Inputs of the commands of ``cryptoserve audit``: files named by flags, numbers, and a log's checkpoint."""

from __future__ import annotations

import ssl
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from urllib.parse import urlsplit

from cryptoserve_cli.command import CommandFailed
from cryptoserve_cli.flags import Flag, Flags, UsageError
from server.audit.ledger.log.notes import MAX_NOTE_BYTES, BadNote, decode_decimal
from server.audit.ledger.log.policy import MAX_POLICY_BYTES, Policy, parse_policy
from server.audit.ledger.log.tiles import MAX_SIZE
from server.audit.ledger.offline.findings import GOOD, WEAKER
from server.audit.ledger.offline.proven import ProvenLog, Trust
from server.audit.ledger.offline.sources import BadFile, DirectorySource, HttpSource, Unreadable
from server.audit.ledger.offline.verify import Kept

_API = "/v1/sys/audit-ledger/"
FORMATS = ("text", "json")
FORMAT_FLAG = Flag("format", "text or json. The default is text.")
KEPT_FLAG = Flag("kept", "A checkpoint of the log that was kept elsewhere. May be given several times.")
POLICY_FLAG = Flag("policy", "A tlog-policy file: the keys of logs and witnesses that are believed.")


def open_source(name: str, environment: Mapping[str, str]) -> DirectorySource | HttpSource:
    """The log in a directory or below a URL; that of a server is the log that its API gives out.

    A server is sent the token and namespace that ``bao`` would send, other logs aren't. The caller closes it. Raises
    ``CommandFailed``.
    """
    try:
        if not name.startswith(("http://", "https://")):
            return DirectorySource(Path(name))
        context = _tls(environment) if name.startswith("https://") else None
        plain = HttpSource(name, {}, context)
        if _API not in name and (urlsplit(name).path.strip("/") or _has_checkpoint(plain)):
            return plain
        plain.close()
        return HttpSource(name if _API in name else f"{name.rstrip('/')}{_API}log", _headers(environment), context)
    except (Unreadable, OSError) as error:
        raise CommandFailed(str(error)) from error


def _has_checkpoint(source: HttpSource) -> bool:
    """Whether a log is served at the root of a host, as those of others may be."""
    try:
        return source.read("checkpoint", MAX_NOTE_BYTES) is not None
    except (Unreadable, BadFile):
        return False


def _headers(environment: Mapping[str, str]) -> dict[str, str]:
    token, namespace = (
        environment.get(f"BAO_{name}") or environment.get(f"VAULT_{name}", "") for name in ("TOKEN", "NAMESPACE")
    )
    headers = {"X-Vault-Token": token, "X-Vault-Namespace": namespace}
    return {name: value for name, value in headers.items() if value}


def _tls(environment: Mapping[str, str]) -> ssl.SSLContext:
    """The authorities that ``bao`` would believe, or else the system's."""
    return ssl.create_default_context(cafile=environment.get("BAO_CACERT") or environment.get("VAULT_CACERT") or None)


def read_policy(flags: Flags) -> Policy | None:
    """The policy that ``-policy`` names. Raises ``CommandFailed``."""
    name = flags.last("policy")
    if not name:
        return None
    try:
        return parse_policy(read_file(name, MAX_POLICY_BYTES))
    except BadNote as error:
        raise CommandFailed(f"{name}: {error}") from error


def read_kept(flags: Flags) -> list[Kept]:
    """The checkpoints that ``-kept`` names. Raises ``CommandFailed``."""
    return [Kept(name, read_file(name, MAX_NOTE_BYTES)) for name in flags.all("kept")]


def read_trust(flags: Flags, progress: Callable[[int, int], None]) -> Trust | None:
    """The keys that ``-policy`` names, and those to which ``-kept`` may lead. Raises ``CommandFailed``."""
    policy = read_policy(flags)
    kept = [one.content for one in read_kept(flags)]
    return None if policy is None else Trust(policy, kept, progress=progress)


def told_weaker(log: ProvenLog) -> int:
    """The exit status of what was found in a log; what its signatures lack is told."""
    if not log.weaker:
        return GOOD
    sys.stderr.write(f"{log.weaker}\n")
    return WEAKER


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
