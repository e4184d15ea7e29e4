"""``-config``: the flag of commands that read the server's configuration."""

from __future__ import annotations

from cryptoserve_cli.flags import Flag

CONFIG_FLAG = Flag(
    "config",
    "Configuration file, or folder of .hcl and .json files. May be given several times.",
    environment=("BAO_CONFIG_PATH", "VAULT_CONFIG_PATH"),
)
