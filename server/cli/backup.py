"""``cryptoserve backup FILE`` and ``restore FILE``: the storage of a configuration as one file, and back.

Entries stay encrypted, so both need no token and no shares, but access to the storage.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from cryptoserve_cli.command import Command, CommandFailed, Invocation
from cryptoserve_cli.flags import UsageError
from server.cli.config_flag import CONFIG_FLAG
from server.config import ConfigError, load_config
from server.config.settings import Storage
from server.runtime import plugins
from storage.base import Copyable, StorageFault

_PRIVATE = 0o077


def _back_up(invocation: Invocation) -> int:
    opener, storage = _storage(invocation)
    file = Path(invocation.flags.operands[0])
    try:
        entries = opener.back_up(storage.options, file)
    except (StorageFault, ValueError) as error:
        raise CommandFailed(str(error)) from error
    sys.stdout.write(f"backed up {entries} entries to {file}\n")
    return 0


def _restore(invocation: Invocation) -> int:
    opener, storage = _storage(invocation)
    file = Path(invocation.flags.operands[0])
    try:
        entries = opener.restore(storage.options, file)
    except (StorageFault, ValueError) as error:
        raise CommandFailed(str(error)) from error
    sys.stdout.write(f"restored {entries} entries from {file}\n")
    return 0


def _storage(invocation: Invocation) -> tuple[Copyable, Storage]:
    """The storage that the configuration names, and its ``Copyable``. New files are private to this account."""
    os.umask(_PRIVATE)
    files = invocation.flags.all("config")
    if not files:
        raise UsageError("expected the server's configuration (-config)")
    try:
        config = load_config(files, invocation.environment)
    except ConfigError as error:
        raise CommandFailed(str(error)) from error
    opener = plugins.load(plugins.STORAGE, config.storage.type)
    if not isinstance(opener, Copyable):
        raise CommandFailed(f"there is nothing to copy of storage {config.storage.type!r}")
    return opener, config.storage


BACKUP = Command(
    "Copy the storage to a file, while the server runs or not",
    _back_up,
    (CONFIG_FLAG,),
    ("FILE",),
    "FILE must not be there yet. It is as encrypted as the storage, and is opened with the shares, or the static key,\n"
    "that are valid now. Run it as the server's account.",
)
RESTORE = Command(
    "Put a backup in the place of an empty storage, with the server stopped",
    _restore,
    (CONFIG_FLAG,),
    ("FILE",),
    "A server that runs, and a storage that isn't empty, are left alone. Run it as the server's account.",
)
