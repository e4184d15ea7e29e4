"""``cryptoserve server``: runs a server, or checks its configuration."""

from __future__ import annotations

import logging
import sys
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from cryptoserve_cli.command import Command, CommandFailed, Invocation
from cryptoserve_cli.flags import Flag, Flags
from server.cli.config_flag import CONFIG_FLAG
from server.config import Config, ConfigError, Development, development_config, load_config
from server.config.safety import check_flags
from server.config.schema import TOP
from server.config.values import convert_text
from server.listeners import ListenFailed
from server.processes.development import DEFAULT_ADDRESS
from server.processes.single import run
from server.processes.worker_loop import OpenService, ReadConfig
from server.runtime import malloc
from server.runtime.logs import configure_logs
from server.service import check_audit, check_config, claim_storage, load_console, open_service
from storage.base import StorageFault

_log = logging.getLogger(__name__)

FLAGS = (
    CONFIG_FLAG,
    Flag("test-config", "Check the configuration and the files that it names, print errors and warnings, and exit.",
         takes_value=False),
    Flag("log-level", "trace, debug, info, warn or error. Overrides the configuration."),
    Flag("log-format", "standard or json. Overrides the configuration."),
    Flag("dev", "Development mode: in memory, unsealed, with transit mounted. Not for production.",
         takes_value=False),
    Flag("dev-root-token-id", "Root token of -dev. Random if not given.",
         environment=("BAO_DEV_ROOT_TOKEN_ID", "VAULT_DEV_ROOT_TOKEN_ID")),
    Flag("dev-listen-address", f"Address that -dev listens on. The default is {DEFAULT_ADDRESS}.",
         environment=("BAO_DEV_LISTEN_ADDRESS", "VAULT_DEV_LISTEN_ADDRESS")),
    Flag("dev-no-store-token", "Don't write the root token of -dev to ~/.vault-token.", takes_value=False,
         environment=("BAO_DEV_NO_STORE_TOKEN", "VAULT_DEV_NO_STORE_TOKEN")),
)  # fmt: skip


def command(service: OpenService) -> Command:
    """The command that serves the service of ``service``."""

    def run_server(invocation: Invocation) -> int:
        try:
            read_config = _reader(invocation.flags, invocation.environment)
            config = read_config()
            if invocation.flags.has("test-config"):
                return _test(config)
            _serve(config, service, read_config)
        except (ConfigError, ListenFailed, StorageFault) as error:
            raise CommandFailed(str(error)) from error
        return 0

    return Command("Run a server", run_server, FLAGS, reloads=True)


def _serve(config: Config, service: OpenService, read_config: ReadConfig) -> None:
    configure_logs(config.log_level, config.log_format)
    for warning in config.warnings:
        _log.warning("%s", warning)
    check_audit(config)
    load_console(config)
    malloc.keep_freed()
    with claim_storage(config):
        run(config, service, read_config)


def _test(config: Config) -> int:
    """Print the warnings of a start, and that it would succeed; errors are raised."""
    for warning in config.warnings:
        sys.stderr.write(f"warning: {warning}\n")
    for warning in check_config(config):
        sys.stderr.write(f"warning: {warning}\n")
    sys.stdout.write("the configuration is valid\n")
    return 0


def _reader(flags: Flags, environment: Mapping[str, str]) -> ReadConfig:
    """The function that reads the configuration, now and at every reload; flags override files."""
    check_flags(flags, FLAGS, environment)
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


COMMAND = command(open_service)
