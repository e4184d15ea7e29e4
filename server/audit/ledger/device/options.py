"""Options of the ledger device, checked as they are given."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from engines.durations import SECOND, InvalidDuration, parse_duration_nanoseconds
from engines.faults import InvalidRequest
from server.audit.ledger.log.notes import is_key_name

OPTIONS: Mapping[str, str] = {
    "dir": "Directory of the log: an absolute path on a local file system. Required.",
    "origin": "Name of the log in its checkpoints, such as `example.com/audit`. Required.",
    "durability": "`process` (the default): an entry outlives the server's processes. `power`: each request waits "
    "until its entries are on the disk.",
    "checkpoint_interval": "Time between checkpoints while there are new entries, from `100ms` to `1h`. Default: `1s`.",
    "required": "`true` (the default): a request fails if the ledger doesn't accept its entries, even if another "
    "device does. `false`: one working device is enough.",
    "witness_policy": "File in the format tlog-policy with the witnesses that are asked to sign, each with its URL. A "
    "reload (SIGHUP) reads it again.",
}

_SHORTEST_NANOSECONDS, _LONGEST_NANOSECONDS = SECOND // 10, 3600 * SECOND
_MAX_ORIGIN_BYTES = 200
"""The names of namespaces' logs begin with it, and no key has a name of more than 255 bytes."""

_TRUE = frozenset({"1", "t", "T", "TRUE", "true", "True"})
_FALSE = frozenset({"0", "f", "F", "FALSE", "false", "False"})


@dataclass(frozen=True, slots=True)
class LedgerOptions:
    """The options of one ledger."""

    directory: Path
    origin: str
    power: bool = False
    """Whether requests wait until their entries are on the disk."""

    interval_seconds: float = 1.0
    required: bool = True
    witness_policy: str = ""


def read_ledger_options(options: Mapping[str, str]) -> LedgerOptions:
    """The ledger's own options among ``options``. Raises ``InvalidRequest``."""
    if options.get("prefix"):
        raise InvalidRequest("a ledger has no prefix: its entries are hashed as they are")
    if _boolean(options, "log_raw", False):
        raise InvalidRequest("a ledger has no log_raw: what it keeps can't be taken out of it")
    directory = options.get("dir", "")
    if not directory:
        raise InvalidRequest("dir is required")
    if not os.path.isabs(directory) or "\0" in directory:
        raise InvalidRequest("dir must be an absolute path")
    durability = options.get("durability") or "process"
    if durability not in ("process", "power"):
        raise InvalidRequest(f'durability is "process" or "power", not "{durability}"')
    return LedgerOptions(
        Path(os.path.normpath(directory)),
        _origin(options.get("origin", "")),
        durability == "power",
        _interval(options.get("checkpoint_interval") or "1s"),
        _boolean(options, "required", True),
        _witness_policy(options.get("witness_policy", "")),
    )


def _origin(origin: str) -> str:
    if not origin:
        raise InvalidRequest("origin is required")
    if not is_key_name(origin) or not origin.isprintable():
        raise InvalidRequest("origin has no spaces, control characters or +")
    if len(origin.encode(errors="surrogatepass")) > _MAX_ORIGIN_BYTES:
        raise InvalidRequest(f"origin has at most {_MAX_ORIGIN_BYTES} bytes")
    return origin


def _witness_policy(path: str) -> str:
    if path and (not os.path.isabs(path) or "\0" in path):
        raise InvalidRequest("witness_policy must be an absolute path")
    return path


def _interval(text: str) -> float:
    try:
        nanoseconds = parse_duration_nanoseconds(text)
    except InvalidDuration as error:
        raise InvalidRequest(f"checkpoint_interval: {error}") from None
    if not _SHORTEST_NANOSECONDS <= nanoseconds <= _LONGEST_NANOSECONDS:
        raise InvalidRequest("checkpoint_interval is between 100ms and 1h")
    return nanoseconds / SECOND


def _boolean(options: Mapping[str, str], name: str, default: bool) -> bool:
    text = options.get(name)
    if not text:
        return default
    if text in _TRUE:
        return True
    if text in _FALSE:
        return False
    raise InvalidRequest(f'{name}: strconv.ParseBool: parsing "{text}": invalid syntax')
