"""Stored encrypted shares, kept at a rekeying for holders who lose theirs, until they are deleted."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from msgspec import Struct

from engines.faults import InvalidRequest
from storage.base import delete, put
from storage.view import View

_FOLDER = "sys/share-backup/"


class Backup(Struct, frozen=True):
    """Stored encrypted shares: in hexadecimal, by the fingerprint of the key that opens them."""

    nonce: str
    keys: dict[str, list[str]]


async def keep_backup(
    view: View, nonce: str, fingerprints: Sequence[str], shares: Sequence[bytes], *, recovery: bool
) -> None:
    """Store ``shares``, each encrypted for the key with the fingerprint at its index, replacing earlier ones."""
    keys: dict[str, list[str]] = {}
    for fingerprint, share in zip(fingerprints, shares, strict=True):
        keys.setdefault(fingerprint, []).append(share.hex())
    await put(view, _path(recovery), msgspec.msgpack.encode(Backup(nonce, keys)))


async def read_backup(view: View, *, recovery: bool) -> Backup:
    """The stored shares. Raises ``InvalidRequest`` if there are none."""
    value = await view.get(_path(recovery))
    if value is None:
        raise InvalidRequest("no backed-up keys found")
    return msgspec.msgpack.decode(value, type=Backup)


async def delete_backup(view: View, *, recovery: bool) -> None:
    """Delete the stored shares; no error if there are none."""
    await delete(view, _path(recovery))


def _path(recovery: bool) -> str:
    return _FOLDER + ("recovery" if recovery else "unseal")
