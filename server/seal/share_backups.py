"""Encrypted shares that were kept when they were made, for holders who lose theirs; until somebody deletes them."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from msgspec import Struct

from engines.faults import InvalidRequest
from storage.base import delete, put
from storage.view import View

_FOLDER = "sys/share-backup/"


class Backup(Struct, frozen=True):
    """Encrypted shares that were kept: in hexadecimal, by the fingerprint of the key that opens them."""

    nonce: str
    keys: dict[str, list[str]]


async def keep_backup(
    view: View, nonce: str, fingerprints: Sequence[str], shares: Sequence[bytes], *, recovery: bool
) -> None:
    """Keep ``shares``, each encrypted for the key with the fingerprint in its place, instead of earlier ones."""
    keys: dict[str, list[str]] = {}
    for fingerprint, share in zip(fingerprints, shares, strict=True):
        keys.setdefault(fingerprint, []).append(share.hex())
    await put(view, _path(recovery), msgspec.msgpack.encode(Backup(nonce, keys)))


async def read_backup(view: View, *, recovery: bool) -> Backup:
    """The shares that were kept. Raises ``InvalidRequest`` if there are none."""
    value = await view.get(_path(recovery))
    if value is None:
        raise InvalidRequest("no backed-up keys found")
    return msgspec.msgpack.decode(value, type=Backup)


async def delete_backup(view: View, *, recovery: bool) -> None:
    """Forget the shares that were kept; no error if there are none."""
    await delete(view, _path(recovery))


def _path(recovery: bool) -> str:
    return _FOLDER + ("recovery" if recovery else "unseal")
