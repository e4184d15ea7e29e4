"""The configuration: its schema, its files, and the checks for production."""

from server.config.load import development_config, differences, load_config
from server.config.settings import AuditDevice, Config, Development, Listener, Seal, Storage
from server.config.source import NOWHERE, ConfigError, Place

__all__ = [
    "NOWHERE",
    "AuditDevice",
    "Config",
    "ConfigError",
    "Development",
    "Listener",
    "Place",
    "Seal",
    "Storage",
    "development_config",
    "differences",
    "load_config",
]
