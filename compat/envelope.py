"""Bodies of answers: Vault's envelope around data, its ``auth`` and ``wrap_info`` blocks, and the list of errors.

The envelope of an ordinary answer is assembled as bytes around the data, which alone is encoded.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from compat.json.text import encode

_NO_ERRORS = b'{"errors":[]}\n'
_TAIL = b',"wrap_info":null,"warnings":null,"auth":null}\n'


def success_body(
    request_id: str,
    data: Mapping[str, Any] | None,
    *,
    warnings: Sequence[str] = (),
    auth: Mapping[str, Any] | None = None,
    wrap: Mapping[str, Any] | None = None,
    echo: bool = False,
) -> bytes:
    """The envelope. ``echo`` repeats the members of ``data`` beside it, as some paths of ``sys`` do.

    ``auth`` and ``wrap`` are the blocks of those names, in OpenBao's order. A wrapped answer is given as ``wrap`` and
    with ``request_id`` ``""``. ``request_id`` is plain ASCII.
    """
    leased = b'","lease_id":"","renewable":false,"lease_duration":0,"data":'
    encoded = encode(data)
    beginning = b'{"request_id":"'
    if echo and data:
        echoed = {name: value for name, value in data.items() if name not in _ENVELOPE_NAMES}
        beginning = encode(echoed)[:-1] + b',"request_id":"' if echoed else beginning
    head = (beginning, request_id.encode("ascii"), leased, encoded)
    if not warnings and auth is None and wrap is None:
        return b"".join((*head, _TAIL))
    told = encode(list(warnings) or None)
    return b"".join((*head, b',"wrap_info":', encode(wrap), b',"warnings":', told, b',"auth":', encode(auth), b"}\n"))


_ENVELOPE_NAMES = frozenset(
    {"request_id", "lease_id", "renewable", "lease_duration", "data", "wrap_info", "warnings", "auth"}
)


def bare_body(data: Mapping[str, Any] | None) -> bytes:
    """``data`` alone, for paths whose answers have no envelope."""
    return encode(data) + b"\n"


def errors_body(texts: Sequence[str]) -> bytes:
    """The body of an error; without a text the list is empty."""
    return encode({"errors": texts}) + b"\n" if texts else _NO_ERRORS
