"""Names of contexts, apps and teams, and the associated data that bind a ciphertext to them."""

from __future__ import annotations

import re

FORMAT = b"cryptoserve/1"
"""What the associated data begin with."""

_NAME = re.compile(r"[A-Za-z0-9_]([A-Za-z0-9._-]{0,126}[A-Za-z0-9_])?")
_MOUNT = re.compile(r"(?!\.{1,2}(/|$))[A-Za-z0-9._-]+(/(?!\.{1,2}(/|$))[A-Za-z0-9._-]+){0,15}")
_LONGEST_MOUNT = 512


def checked_name(name: str, what: str) -> str:
    """``name``, which is the name of a ``what``. Raises ``ValueError``, or ``TypeError`` if it is no text.

    1 to 128 ASCII characters: letters, digits and ``_``, with ``.`` and ``-`` inside.
    """
    if not isinstance(name, str):
        raise TypeError(f"{what}: expected str, got {type(name).__name__}")
    if _NAME.fullmatch(name) is None:
        raise ValueError(
            f"{what} {name[:200]!r}: expected 1 to 128 ASCII letters, digits and '_', with '.' and '-' inside"
        )
    return name


def checked_mount(path: str) -> str:
    """The path of a mount, without slashes around it. Raises ``ValueError``."""
    mount = path.strip("/")
    if len(mount) > _LONGEST_MOUNT or _MOUNT.fullmatch(mount) is None:
        raise ValueError(f"mount {path[:200]!r}: expected a path of ASCII letters, digits, '_', '.' and '-'")
    return mount


def associated_data(context: str, app_name: str, team: str) -> bytes:
    """``cryptoserve/1``, then context, app and team, each behind its length as two big-endian bytes.

    The names are checked, so none is longer than a length can tell, and no two triples give the same bytes.
    """
    parts = [checked_name(context, "context"), checked_name(app_name, "app_name"), checked_name(team, "team")]
    return FORMAT + b"".join(len(part).to_bytes(2, "big") + part.encode("ascii") for part in parts)
