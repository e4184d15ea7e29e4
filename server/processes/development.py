"""Development mode (``-dev``): its defaults, its banner, and the token that it stores.

The token is stored where the stock clients look for it (``~/.vault-token``, for ``bao`` too), so that commands work at
once. As with OpenBao, that overwrites an earlier token; ``-dev-no-store-token`` prevents it.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

DEFAULT_ADDRESS = "127.0.0.1:8200"


@dataclass(frozen=True, slots=True)
class DevelopmentKeys:
    """The secrets of a server that initialised and unsealed itself."""

    unseal_key: str = field(repr=False)
    """The only share of the seal, in base64."""

    root_token: str = field(repr=False)


def banner(urls: Sequence[str], keys: DevelopmentKeys, token_file: Path | None) -> str:
    """The text printed at the start: addresses, commands to paste, and the secrets of this run."""
    url = next((url for url in urls if not url.startswith("unix:")), urls[0])
    stored = f"The root token is in {token_file}, so the clients use it by themselves." if token_file else ""
    return f"""
CryptoServe in development mode: everything is kept in memory and gone when it stops.
Don't use it for anything that matters.

To use it from another terminal, paste:

    export BAO_ADDR={url} VAULT_ADDR={url}
    export BAO_TOKEN={keys.root_token} VAULT_TOKEN={keys.root_token}

It is unsealed, and transit is mounted at transit/. {stored}

Unseal Key: {keys.unseal_key}
Root Token: {keys.root_token}
"""


def token_file(environment: Mapping[str, str]) -> Path:
    """The path where clients look for a token."""
    for variable in ("BAO_TOKEN_PATH", "VAULT_TOKEN_PATH"):
        if path := environment.get(variable):
            return Path(path)
    return Path(environment.get("HOME") or Path.home()) / ".vault-token"


def store_token(token: str, path: Path) -> None:
    """Store ``token`` at ``path``, atomically, readable by its owner alone. Raises ``OSError``."""
    descriptor, temporary = tempfile.mkstemp(prefix=path.name, dir=path.parent)
    try:
        with os.fdopen(descriptor, "w") as file:
            file.write(token)
        os.replace(temporary, path)
    except OSError:
        os.unlink(temporary)
        raise
