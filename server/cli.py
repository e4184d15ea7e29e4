"""The command ``cryptoserve``: ``server`` runs one, ``version`` tells which.

Everything else is done by the stock ``bao`` and ``vault`` clients over the API.
"""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from server.config import Config, ConfigError, Development, development_config, load_config
from server.config.flags import Flag, Flags, UsageError, parse_flags, usage
from server.config.schema import TOP
from server.config.values import convert_text
from server.listeners import ListenFailed
from server.processes.development import DEFAULT_ADDRESS
from server.processes.single import run
from server.processes.worker_loop import OpenService
from server.runtime import malloc
from server.runtime.logs import configure_logs
from server.runtime.version import VERSION
from server.service import check_audit, claim_storage, open_service
from storage.base import StorageFault

_log = logging.getLogger(__name__)

SERVER_FLAGS = (
    Flag("config", "A configuration file, or a folder of .hcl and .json files. May be given several times.",
         environment=("BAO_CONFIG_PATH", "VAULT_CONFIG_PATH")),
    Flag("log-level", "trace, debug, info, warn or error. Stronger than the configuration."),
    Flag("log-format", "standard or json. Stronger than the configuration."),
    Flag("dev", "Development mode: in memory, unsealed, with transit mounted. Not for production.",
         takes_value=False),
    Flag("dev-root-token-id", "The root token of -dev; random if not given.",
         environment=("BAO_DEV_ROOT_TOKEN_ID", "VAULT_DEV_ROOT_TOKEN_ID")),
    Flag("dev-listen-address", f"Where -dev listens. The default is {DEFAULT_ADDRESS}.",
         environment=("BAO_DEV_LISTEN_ADDRESS", "VAULT_DEV_LISTEN_ADDRESS")),
    Flag("dev-no-store-token", "Don't leave the root token of -dev in ~/.vault-token.", takes_value=False,
         environment=("BAO_DEV_NO_STORE_TOKEN", "VAULT_DEV_NO_STORE_TOKEN")),
)  # fmt: skip

_USAGE = f"""Usage: cryptoserve <command> [flags]

Commands:
  server     Run a server
  version    Print the version

Flags of server:
{usage(SERVER_FLAGS)}
"""
_HELP = frozenset({"-h", "-help", "--help", "help"})
_VERSION = frozenset({"version", "-version", "--version", "-v"})


def main() -> int:
    """The entry point of the command. Gives the exit status: 0, or 1 with a line on standard error."""
    return run_command(sys.argv[1:], os.environ, open_service)


def run_command(arguments: Sequence[str], environment: Mapping[str, str], service: OpenService) -> int:
    """Do what ``arguments`` (without the program's name) say, and give the exit status."""
    command = arguments[0] if arguments else ""
    if command in _VERSION:
        sys.stdout.write(f"CryptoServe v{VERSION}\n")
        return 0
    if command in _HELP or (command == "server" and _HELP & set(arguments[1:])):
        sys.stdout.write(_USAGE)
        return 0
    try:
        if command != "server":
            raise UsageError(f"unknown command: {command}" if command else "a command is missing")
        flags = parse_flags(arguments[1:], SERVER_FLAGS, environment)
        read_config = _reader(flags, environment)
        config = read_config()
        configure_logs(config.log_level, config.log_format)
        for warning in config.warnings:
            _log.warning("%s", warning)
        check_audit(config)
        malloc.keep_freed()
        with claim_storage(config):
            run(config, service, read_config)
    except UsageError as error:
        sys.stderr.write(f"{error}\n\n{_USAGE}")
        return 1
    except (ConfigError, ListenFailed, StorageFault) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


def _reader(flags: Flags, environment: Mapping[str, str]) -> Callable[[], Config]:
    """What reads the configuration, now and at every reload; flags stay stronger than files."""
    over: dict[str, Any] = {}
    for name in ("log_level", "log_format"):
        flag = name.replace("_", "-")
        if flags.all(flag):
            word = next(word for word in TOP if word.name == name)
            over[name] = convert_text(word, flags.last(flag), f"flag -{flag}")
    development = Development(flags.last("dev-root-token-id"), store_token=not flags.has("dev-no-store-token"))

    def read() -> Config:
        if flags.has("dev"):
            address = flags.last("dev-listen-address", DEFAULT_ADDRESS)
            config = development_config(address, development, environment, flags.all("config"))
        else:
            config = load_config(flags.all("config"), environment)
        return replace(config, **over)

    return read


if __name__ == "__main__":
    sys.exit(main())
