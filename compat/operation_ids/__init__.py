"""Operation ids as OpenBao's OpenAPI document has them: generated clients name their functions after these.

OpenBao assigns nearly all of them by hand, so they can't be derived from the paths. ``tests/conformance`` compares
every one with OpenBao's.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from compat.operation_ids.auth_methods import APPROLE, CERT, JWT, TOKEN, USERPASS
from compat.operation_ids.system import IDENTITY, SYSTEM
from compat.operation_ids.transit import TRANSIT

OPERATION_IDS: Mapping[str, Mapping[str, str]] = {
    "system": SYSTEM,
    "identity": IDENTITY,
    "transit": TRANSIT,
    "approle": APPROLE,
    "cert": CERT,
    "jwt": JWT,
    "token": TOKEN,
    "userpass": USERPASS,
    "cubbyhole": {
        # OpenBao documents one path for both.
        "get ": "cubbyhole-read-root",
        "post ": "cubbyhole-write-root",
        "delete ": "cubbyhole-delete-root",
    },
}
"""Operation ids by the type of the engine or auth method, then by method and path: ``post encrypt/{name}``."""

_VERBS = {"get": "read", "post": "write", "patch": "patch", "delete": "delete"}
_PARAMETER = re.compile(r"\{\w+\}")
_NO_WORD = re.compile(r"[^A-Za-z0-9]+")


def operation_id(engine_type: str, method: str, path: str, *, lists: bool) -> str:
    """The id of ``method`` on ``path`` below a mount; for paths that OpenBao lacks, derived by OpenBao's rule."""
    known = OPERATION_IDS.get(engine_type, {}).get(f"{method} {path}")
    if known is not None:
        return known
    words = _NO_WORD.sub("-", _PARAMETER.sub("", path)).strip("-")
    prefix = "" if engine_type == "system" else engine_type
    return "-".join(part for part in (prefix, "list" if lists else _VERBS[method], words) if part)
