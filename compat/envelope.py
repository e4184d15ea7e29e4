"""The bodies of answers: Vault's envelope around data, the blocks it may hold, and the list of errors.

The envelope of an ordinary answer is bytes put together around the data, which alone is encoded.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from compat.json_text import encode

HEADERS: tuple[tuple[bytes, bytes], ...] = (
    (b"cache-control", b"no-store"),
    (b"content-type", b"application/json"),
    (b"strict-transport-security", b"max-age=31536000; includeSubDomains"),
)
"""What every answer of the API carries, those without a body included."""

_NO_ERRORS = b'{"errors":[]}\n'
_TAIL = b',"wrap_info":null,"warnings":null,"auth":null}\n'


@dataclass(frozen=True, slots=True)
class AuthBlock:
    """A token that was issued or renewed, as its new holder sees it."""

    client_token: str
    accessor: str
    policies: tuple[str, ...]
    token_policies: tuple[str, ...]
    metadata: Mapping[str, str] | None
    lease_duration_seconds: int
    renewable: bool
    token_type: str
    orphan: bool
    num_uses: int
    entity_id: str = ""
    identity_policies: tuple[str, ...] = ()

    def __repr__(self) -> str:
        """Without the token."""
        return f"AuthBlock(accessor={self.accessor!r})"

    def fields(self) -> dict[str, Any]:
        """The members of the block, in OpenBao's order."""
        fields: dict[str, Any] = {
            "client_token": self.client_token,
            "accessor": self.accessor,
            "policies": self.policies,
            "token_policies": self.token_policies,
        }
        if self.identity_policies:
            fields["identity_policies"] = self.identity_policies
        fields |= {
            "metadata": self.metadata,
            "lease_duration": self.lease_duration_seconds,
            "renewable": self.renewable,
            "entity_id": self.entity_id,
            "token_type": self.token_type,
            "orphan": self.orphan,
            "mfa_requirement": None,
            "num_uses": self.num_uses,
        }
        return fields


@dataclass(frozen=True, slots=True)
class WrapBlock:
    """Where a wrapped answer can be fetched, once."""

    token: str
    accessor: str
    ttl_seconds: int
    creation_time: str
    """RFC 3339, see ``durations.format_time``."""

    creation_path: str
    wrapped_accessor: str = ""

    def __repr__(self) -> str:
        """Without the token."""
        return f"WrapBlock(accessor={self.accessor!r})"

    def fields(self) -> dict[str, Any]:
        """The members of the block, in OpenBao's order."""
        fields: dict[str, Any] = {
            "token": self.token,
            "accessor": self.accessor,
            "ttl": self.ttl_seconds,
            "creation_time": self.creation_time,
            "creation_path": self.creation_path,
        }
        if self.wrapped_accessor:
            fields["wrapped_accessor"] = self.wrapped_accessor
        return fields


@dataclass(frozen=True, slots=True)
class Lease:
    """The lease that an answer's data stands under."""

    id: str
    duration_seconds: int
    renewable: bool


def success_body(
    request_id: str,
    data: Mapping[str, Any] | None,
    *,
    warnings: Sequence[str] = (),
    auth: AuthBlock | None = None,
    lease: Lease | None = None,
    wrap: WrapBlock | None = None,
    echo: bool = False,
) -> bytes:
    """The envelope. ``echo`` repeats the members of ``data`` beside it, as some paths of ``sys`` do.

    A wrapped answer is given as ``wrap`` and with ``request_id`` ``""``. ``request_id`` is plain ASCII.
    """
    if lease is None:
        leased = b'","lease_id":"","renewable":false,"lease_duration":0,"data":'
    else:
        leased = (
            b'","lease_id":' + encode(lease.id) + b',"renewable":' + (b"true" if lease.renewable else b"false")
            + b',"lease_duration":' + encode(lease.duration_seconds) + b',"data":'
        )  # fmt: skip
    encoded = encode(data)
    beginning = b'{"request_id":"'
    if echo and data:
        echoed = {name: value for name, value in data.items() if name not in _ENVELOPE_NAMES}
        beginning = encode(echoed)[:-1] + b',"request_id":"' if echoed else beginning
    head = beginning + request_id.encode("ascii") + leased + encoded
    if not warnings and auth is None and wrap is None:
        return head + _TAIL
    return (
        head + b',"wrap_info":' + encode(wrap.fields() if wrap else None)
        + b',"warnings":' + encode(list(warnings) or None)
        + b',"auth":' + encode(auth.fields() if auth else None) + b"}\n"
    )  # fmt: skip


_ENVELOPE_NAMES = frozenset(
    {"request_id", "lease_id", "renewable", "lease_duration", "data", "wrap_info", "warnings", "auth"}
)


def errors_body(texts: Sequence[str]) -> bytes:
    """The body of an error; without a text the list is empty."""
    return encode({"errors": texts}) + b"\n" if texts else _NO_ERRORS
